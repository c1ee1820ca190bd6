"""Reports: what their cells return, the parameters they take, and how they become pages.

Everything a notebook needs is here by name; nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ltv.pages.blocks import Card, Cards, Definitions, Findings, Grade, Headline, Notes, Provenance
    from ltv.pages.figures import Figure
    from ltv.pages.formats import integer, interval, money, number, percent
    from ltv.pages.tables import Table
    from ltv.pages.triangle import Triangle

_HOME = {
    "blocks": ("Card", "Cards", "Definitions", "Findings", "Grade", "Headline", "Notes", "Provenance"),
    "figures": ("Figure",),
    "formats": ("integer", "interval", "money", "number", "percent"),
    "tables": ("Table",),
    "triangle": ("Triangle",),
}
__all__ = [
    "Card",
    "Cards",
    "Definitions",
    "Figure",
    "Findings",
    "Grade",
    "Headline",
    "Notes",
    "Provenance",
    "Table",
    "Triangle",
    "integer",
    "interval",
    "money",
    "number",
    "percent",
]


def __getattr__(name: str) -> Any:
    for module, names in _HOME.items():
        if name in names:
            return getattr(import_module(f"ltv.pages.{module}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
