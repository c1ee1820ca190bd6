"""What every picture shares: the theme around it, a word beside a line, and amounts on an axis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, to_hex
from matplotlib.ticker import FuncFormatter, MaxNLocator

from ltv.names import LONGEST, short
from ltv.plots.theme import COHORTS, INK, PALE, theme
from ltv.units import cents, counted_in, currency_prefix

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
    ax.annotate(short(text, 2 * LONGEST), (x, y), **(options | place))


def end_labels(ax: Axes, ends: Sequence[tuple[Any, float, str, str]], *, least: float = 13) -> None:
    """A word beside the end of each line (x, y, text, colour), moved apart where they would meet: `least` is in points.

    Call it when the limits of the axes are settled.
    """
    low, high = ax.get_ylim()
    points = ax.get_window_extent().height * 72 / ax.get_figure(root=True).dpi / (high - low)  # type: ignore[union-attr]
    at = -np.inf
    for x, y, text, color in sorted(ends, key=lambda end: end[1]):
        at = max(at + least, (y - low) * points)
        label(ax, x, y, short(text), color, xytext=(6, at - (y - low) * points))


def money(currency: str) -> FuncFormatter:
    """Amounts of a currency on an axis, written as in the text, without cents."""
    before = currency_prefix(currency)

    def show(amount: float, _: object = None) -> str:
        top = max(np.abs(shown.axis.get_view_interval())) if shown.axis else amount
        one, mark = (1e6, " m") if shown.axis and 1e7 <= top < 1e9 else counted_in(top)
        text = f"{abs(amount) / one:,.2f}".rstrip("0").rstrip(".") if mark else f"{abs(amount):,.0f}"
        return f"{'−' if round(amount) < 0 else ''}{before}{text}{mark if amount else ''}"

    shown = FuncFormatter(show)
    return shown


def rows_of_money(ax: Axes, names: Sequence[str], currency: str) -> None:
    """A named row each, from the top, and amounts along the bottom: few, for they may be long."""
    ax.set_yticks(range(len(names)), [short(name) for name in names])
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.xaxis.set_major_formatter(money(currency))
    ax.xaxis.set_major_locator(MaxNLocator(5))
    ax.grid(axis="x", color=PALE)
    ax.grid(axis="y", visible=False)


def amount(value: float, currency: str) -> str:
    """An amount beside a mark: as on an axis, with cents below 1,000."""
    small = abs(value) < 1000
    return f"{currency_prefix(currency)}{value:,.{cents(currency)}f}" if small else money(currency)(value)


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
