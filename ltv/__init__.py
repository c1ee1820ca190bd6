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
    "ltv.models": (
        "BGNBD",
        "Fit",
        "GammaGamma",
        "MBGNBD",
        "NBD",
        "OrderValues",
        "ParetoNBD",
        "Patterns",
        "fit",
        "independence",
    ),
    "ltv.orders": ("Customers", "Orders", "Policy", "read_orders", "split", "summarize"),
    "ltv.metrics": (
        "active_customers",
        "acquisition",
        "affordable",
        "average_retention",
        "channel_payback",
        "cohort_length",
        "backtest",
        "brought_next",
        "calendar_shocks",
        "compare",
        "core_metric",
        "cumulative_value",
        "equity",
        "fit_order_values",
        "funnel",
        "grade",
        "growth_accounting",
        "halve_cohorts",
        "largest_customers",
        "lag_sensitivity",
        "likely_to_order",
        "margin_sensitivity",
        "marginal_cac",
        "median_days",
        "metric_change",
        "mix_split",
        "model_beside",
        "modelled_repeats",
        "modelled_retention",
        "order_counts",
        "payback",
        "project",
        "read_costs",
        "refund_curve",
        "review",
        "review_channels",
        "projected_retention",
        "retention",
        "retention_trend",
        "revenue_accounting",
        "revenue_by_cohort",
        "revenue_by_decile",
        "revenue_retention",
        "rows_by_day",
        "same_customers",
        "score",
        "share_by",
        "time_to_order",
        "track",
        "two_spans",
        "value",
        "value_by_recency",
        "write_scores",
        "win_back",
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
