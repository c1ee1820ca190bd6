"""Pictures of the data themselves: where rows went, what came in day by day, how much hangs on few customers."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from ltv.plots.drawing import label, picture
from ltv.plots.theme import ALARM, DATA, INK, MODEL, MUTED

COUNT = FuncFormatter(lambda count, _: f"{count:,.0f}")


@picture
def rows_left(frame: pd.DataFrame, ax: Axes) -> Axes:
    """What is left after each rule, as bars from `funnel`; the part that a rule took is pale."""
    y = np.arange(len(frame))[::-1]
    taken = frame["rows"].where(~frame.index.isin(["read", "in the log"]), 0)
    ax.barh(y, frame["rows_left"], color=DATA, height=0.6)
    ax.barh(y, taken, left=frame["rows_left"], color=ALARM, alpha=0.45, height=0.6, hatch="///", edgecolor="white")
    for at, (rows, gone) in zip(y, zip(frame["rows_left"], taken, strict=True), strict=True):
        label(ax, rows + gone, at, f"{rows:,.0f}" + (f"  (−{gone:,.0f})" if gone else ""), INK)
    ax.set_yticks(y, list(frame.index))
    ax.set(xlabel="rows", xlim=(0, frame["rows_left"].max() * 1.25))
    ax.xaxis.set_major_formatter(COUNT)
    return ax


@picture
def rows_each_day(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Rows by day from `rows_by_day`, with the usual number; days of ten times it are marked."""
    ax.plot(frame.index, frame["rows"], color=DATA, lw=0.8)
    ax.plot(frame.index, frame["usual"], color=MODEL, lw=1.8)
    label(ax, frame.index[-1], frame["usual"].iloc[-1], "usual", MODEL)
    jumps = frame[(frame["rows"] >= 10 * frame["usual"]) & (frame["usual"] > 0)]
    ax.plot(jumps.index, jumps["rows"], "o", mfc="none", color=ALARM)
    ax.set(ylabel="rows a day", ylim=(0, None))
    ax.yaxis.set_major_formatter(COUNT)
    return ax


@picture
def revenue_shares(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Share of revenue by tenth of customers, from `revenue_by_decile`."""
    ax.bar(frame.index, frame["estimate"], color=DATA, width=0.7)
    for tenth, share in frame["estimate"].items():
        label(ax, tenth, share, f"{share:.0%}", INK, xytext=(0, 7), ha="center")
    ax.axhline(0.1, color=MUTED, lw=0.8, ls=":")
    ax.set(xlabel="tenth of customers, the best first", ylabel="share of revenue")
    ax.set_xticks(list(frame.index))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    return ax
