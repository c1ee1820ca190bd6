"""What every picture shares: the theme around it, a word beside a line, and amounts on an axis."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.ticker import FuncFormatter

from ltv.plots.theme import COHORTS, INK, theme
from ltv.units import currency_prefix

HAPPENED = 0.9  # a sum is drawn solid while this share of it has happened


def picture(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """Run a drawing function in the theme, on the axes given or on new ones."""

    @wraps(draw)
    def drawn(frame: pd.DataFrame, ax: Axes | None = None, **options: Any) -> Axes:
        with theme():
            return draw(frame, ax if ax is not None else plt.subplots()[1], **options)

    return drawn


def label(ax: Axes, x: object, y: float, text: str, color: str, **place: Any) -> None:
    """A word beside a line instead of a legend entry; its colour is a second sign, never the only one."""
    options: dict[str, Any] = {"xytext": (6, 0), "textcoords": "offset points", "va": "center", "color": color}
    ax.annotate(text, (x, y), **(options | place))


def money(currency: str) -> FuncFormatter:
    """Whole amounts of a currency on an axis, written as in the text."""
    before = currency_prefix(currency)
    return FuncFormatter(lambda amount, _: f"{'−' if round(amount) < 0 else ''}{before}{abs(amount):,.0f}")


def shades(count: int) -> list[str]:
    """So many colours of cohorts, the oldest palest."""
    steps = LinearSegmentedColormap.from_list("cohorts", COHORTS)
    return [to_hex(steps(at)) for at in np.linspace(0, 1, count)]


def happened(frame: pd.DataFrame) -> pd.DataFrame:
    """The ages up to the last one that a customer has reached and of which nine tenths rest on what has happened.

    Columns reached, realised, estimate.
    """
    solid = frame["reached"] & (frame["realised"] >= HAPPENED * frame["estimate"])
    return frame[solid[::-1].cummax()[::-1]]


def crossing(ax: Axes, row: pd.Series, cac: float, end: float) -> None:
    """Where a curve crosses CAC: a dot at the median and a bar over its interval, cut at the end of the horizon."""
    ax.plot(
        [min(row["low"], end), min(row["high"], end)], [cac, cac], color=INK, lw=5, alpha=0.45, solid_capstyle="butt"
    )
    if row["estimate"] <= end:
        ax.plot([row["estimate"]], [cac], "o", color=INK, ms=5)
