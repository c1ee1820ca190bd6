"""Pictures of who stays: retention beside the model, one age over time, and the wait for the next order."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from ltv.plots.drawing import end_labels, label, picture
from ltv.plots.theme import DATA, INK, MODEL, MUTED, PALE

ORDINALS = {2: "second order", 3: "third order", 4: "fourth order"}
STYLES = ("-", "--", ":")


@picture
def retention_beside_model(
    frame: pd.DataFrame,
    ax: Axes,
    *,
    cells: pd.DataFrame | None = None,
    modelled: pd.DataFrame | None = None,
    period: str = "month",
) -> Axes:
    """Share active by age as observed, with its band, single cohorts behind it and the model's share beside it.

    `frame` as from `average_retention`, `cells` as from `retention`, `modelled` as from `modelled_retention`. Age 0 is
    left out: it is 1 by definition.
    """
    if cells is not None:
        for _, cohort in cells[cells["known"] & ~cells["small"]].groupby(level="cohort"):
            lived = cohort.droplevel("cohort").loc[1:]
            ax.plot(lived.index, lived["estimate"], color=PALE, lw=0.8)
    later = frame.loc[1:]
    ax.fill_between(later.index, later["low"], later["high"], color=DATA, alpha=0.16, lw=0)
    ax.plot(later.index, later["estimate"], color=DATA, lw=2.2, marker="o", ms=4)
    if modelled is not None and len(modelled):
        ax.fill_between(modelled.index, modelled["low"], modelled["high"], color=MODEL, alpha=0.25, lw=0)
        ax.plot(modelled.index, modelled["estimate"], color=MODEL, lw=2, ls="--")
        label(ax, modelled.index[-1], modelled["estimate"].iloc[-1], "model", MODEL)
    if len(later):
        top = later["high"].iloc[: len(later) // 3 + 1]
        label(ax, top.index[-1], top.iloc[-1], "observed", DATA, xytext=(6, 14))
    ax.set(xlabel=f"age of the customer in {period}s", ylabel="share active", ylim=(0, None))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.margins(x=0.06)
    return ax


@picture
def trend(frame: pd.DataFrame, ax: Axes, *, age: str = "month 1") -> Axes:
    """Retention at one age, cohort by cohort, with intervals and the straight line through them.

    `frame` is `Trend.cohorts`: index cohort, columns estimate, low, high, line.
    """
    days = pd.to_datetime(pd.Index(frame.index.get_level_values("cohort")))
    reach = np.abs(frame[["low", "high"]].to_numpy().T - frame["estimate"].to_numpy())
    ax.errorbar(days, frame["estimate"], yerr=reach, fmt="o", color=DATA, ms=5, elinewidth=1.2, capsize=2)
    ax.plot(days, frame["line"], color=MODEL, lw=2, ls="--")
    ax.set(xlabel="cohort", ylabel=f"share active in {age}", ylim=(0, None))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.margins(x=0.04)
    return ax


@picture
def next_order(curves: pd.DataFrame, ax: Axes, *, modelled: pd.DataFrame | None = None, days: int = 365) -> Axes:
    """Kaplan–Meier: share that has placed the next order by so many days after the last, one line per order.

    `curves` as from `time_to_order`; `modelled`, as from `modelled_repeats`, is the second order by the model.
    """
    ends = []
    for number, style in zip(curves.index.get_level_values("order").unique(), STYLES, strict=False):
        curve = curves.loc[number].loc[:days]
        if curve.empty:
            continue
        at = np.append(0, curve.index)
        ax.step(at, np.append(0, curve["estimate"]), where="post", color=DATA, lw=2, ls=style)
        ax.fill_between(curve.index, curve["low"], curve["high"], color=DATA, alpha=0.15, lw=0)
        ends.append((curve.index[-1], curve["estimate"].iloc[-1], ORDINALS.get(number, f"order {number}"), INK))
    if modelled is not None and len(modelled):
        shown = modelled.loc[:days]
        ax.fill_between(shown.index, shown["low"], shown["high"], color=MODEL, alpha=0.25, lw=0)
        ax.plot(shown.index, shown["estimate"], color=MODEL, lw=1.8, ls="--")
        middle = len(shown) * 2 // 3
        label(ax, shown.index[middle], shown["estimate"].iloc[middle], "second, by the model", MODEL, xytext=(4, -12))
    for mark in (30, 60, 90, 365):
        if mark <= days:
            ax.axvline(mark, color=MUTED, lw=0.6, ls=":")
    ax.set(
        xlabel="days since the order before", ylabel="share that ordered again", ylim=(0, None), xlim=(0, days * 1.16)
    )
    end_labels(ax, ends)
    ax.set_xticks([mark for mark in (0, 30, 60, 90, 180, 270, 365) if mark <= days])
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax
