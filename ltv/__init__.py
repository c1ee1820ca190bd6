"""Cohort retention, customer lifetime value and CAC payback, with an interval on everything.

Names are loaded when they are first used, so that `import ltv` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_WHERE = {
    "ltv.errors": ("DataError", "FitError", "LtvError", "ParameterError", "UnitError"),
    "ltv.units": ("Horizon", "Rate", "Unit", "annual"),
    "ltv.models": ("BGNBD", "Fit", "GammaGamma", "OrderValues", "Patterns", "fit"),
    "ltv.orders": ("Customers", "Orders", "read_orders", "split", "summarize"),
    "ltv.metrics": (
        "affordable",
        "average_retention",
        "cumulative_value",
        "equity",
        "grade",
        "payback",
        "project",
        "retention",
        "score",
        "track",
        "value",
        "value_by_recency",
    ),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'ltv' has no attribute {name!r}")
    found = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
