"""Frame → axes. Each function draws one finding and returns its axes; none computes a number of its own."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator, PercentFormatter

from ltv.plots.drawing import amount, crossing, happened, label, money, picture, rows_of_money, shades
from ltv.plots.theme import ALARM, DATA, INK, MODEL, MONEY, MUTED, PALE
from ltv.units import period_names


@picture
def tracking(frame: pd.DataFrame, ax: Axes, *, unit: str = "week") -> Axes:
    """Cumulative repeat orders as made and as expected, with the end of the fitted part marked.

    `frame` as from `track`: index day, columns actual, estimate, low, high, fitted.
    """
    days = pd.to_datetime(pd.Index(frame.index))
    ax.plot(days, frame["actual"], color=DATA, lw=2)
    ax.plot(days, frame["estimate"], color=MODEL, lw=2, ls="--")
    ax.fill_between(days, frame["low"], frame["high"], color=MODEL, alpha=0.18, lw=0)
    made, forecast = frame[["actual", "estimate"]].iloc[-1]
    near = (
        7 if abs(made - forecast) < 0.05 * max(made, forecast) else 0
    )  # words that would stand on one another move apart
    up = near if made >= forecast else -near
    label(ax, days[-1], made, "made", DATA, xytext=(6, up))
    label(ax, days[-1], forecast, "forecast", MODEL, xytext=(6, -up))
    if not frame["fitted"].all():
        split = days[frame["fitted"].to_numpy()][-1]
        ax.axvline(split, color=MUTED, lw=1, ls=":")
        label(ax, split, ax.get_ylim()[1] * 0.96, "forecast starts", MUTED)
    ax.set(ylabel="repeat orders so far", xlabel="", ylim=(0, None))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda count, _: f"{count:,.0f}"))
    ax.margins(x=0.02)
    return ax


@picture
def retention_curve(frame: pd.DataFrame, ax: Axes, *, cells: pd.DataFrame | None = None, period: str = "month") -> Axes:
    """Share active by age: the average over cohorts with its interval, single cohorts behind it.

    `frame` as from `average_retention`, `cells` as from `retention`. Age 0 is left out: it is 1 by definition.
    """
    if cells is not None:
        for _, cohort in cells[cells["known"]].groupby(level="cohort"):
            lived = cohort.droplevel("cohort").loc[1:]
            ax.plot(lived.index, lived["estimate"], color=PALE, lw=1)
    later = frame.loc[1:]
    ax.fill_between(later.index, later["low"], later["high"], color=MODEL, alpha=0.2, lw=0)
    ax.plot(later.index, later["estimate"], color=MODEL, lw=2.4, marker="o", ms=4)
    ax.set(xlabel=f"age of the customer in {period}s", ylabel="share with an order", ylim=(0, None))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


@picture
def cumulative(frame: pd.DataFrame, ax: Axes, *, currency: str = "", period: str = "month") -> Axes:
    """Margin or revenue per acquired customer by age, one line a cohort, as far as all its customers have lived.

    `frame` as from `cumulative_value`.
    """
    known = frame[frame["known"]]
    cohorts = known.index.get_level_values("cohort").unique()
    for color, cohort, name in zip(shades(len(cohorts)), cohorts, period_names(cohorts), strict=True):
        part = known.loc[cohort]
        # A line that loses customers on the way would fall without anyone spending less.
        part = part[part["n"] == part["n"].max()]
        ax.plot(part.index, part["estimate"], color=color, lw=1.6)
        if len(cohorts) <= 4:
            ax.fill_between(part.index, part["low"], part["high"], color=color, alpha=0.15, lw=0)
        if len(cohorts) <= 4 or cohort in (cohorts[0], cohorts[-1]):
            below = (
                len(cohorts) > 4 and cohort == cohorts[-1]
            )  # the youngest line ends among the beginnings of the others
            label(ax, part.index[-1], part["estimate"].iloc[-1], name, INK, xytext=(6, -16 if below else 0))
    ax.set(xlabel=f"age of the customer in {period}s", ylabel="per acquired customer", ylim=(0, None))
    ax.yaxis.set_major_formatter(money(currency))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


@picture
def payback_curve(frame: pd.DataFrame, ax: Axes, *, when: pd.DataFrame | None = None, currency: str = "") -> Axes:
    """Cumulative margin per acquired customer: solid while nine tenths of it have happened, then dashed, with both bands;
    CAC as a line with the interval of their crossing.

    `frame` is `Projection.curve`: index months, columns estimate, low, high, raw_low, raw_high, realised; `when` as from
    `payback`.
    """
    past = happened(frame)
    ahead = frame.iloc[max(len(past) - 1, 0) :]
    ax.plot(past.index, past["estimate"], color=DATA, lw=2.2)
    ax.fill_between(ahead.index, ahead["low"], ahead["high"], color=MONEY, alpha=0.16, lw=0)
    ax.fill_between(ahead.index, ahead["raw_low"], ahead["raw_high"], color=MONEY, alpha=0.3, lw=0)
    ax.plot(ahead.index, ahead["estimate"], color=MONEY, lw=2.2, ls="--")
    if len(past) > 1:
        label(ax, past.index[len(past) // 2], past["estimate"].iloc[len(past) // 2], "realised", DATA, xytext=(8, -12))
    if len(ahead) > 1:
        label(ax, ahead.index[-1], ahead["estimate"].iloc[-1], "projected", MONEY)
    if when is not None:
        cac = float(when.index[0])
        ax.axhline(cac, color=ALARM, lw=1.4)
        label(
            ax,
            frame.index[-1],
            cac,
            f"CAC {amount(cac, currency)}",
            ALARM,
        )
        crossing(ax, when.iloc[0], cac, frame.index[-1])
    ax.set(xlabel="months since the first order", ylabel="margin per acquired customer", ylim=(0, None))
    ax.yaxis.set_major_formatter(money(currency))
    ax.xaxis.set_major_locator(MultipleLocator(6))
    ax.margins(x=0.02)
    return ax


@picture
def affordable_cac(frame: pd.DataFrame, ax: Axes, *, currency: str = "") -> Axes:
    """The highest CAC per target, safe and at an even chance, as dots on a line each.

    `frame` as from `affordable`: index months, columns estimate, even.
    """
    rows = np.arange(len(frame))
    ax.hlines(rows, frame["estimate"], frame["even"], color=PALE, lw=3)
    ax.plot(frame["estimate"], rows, "o", color=MODEL, ms=9)
    ax.plot(frame["even"], rows, "o", mfc="none", mec=INK, ms=9)
    for row, (safe, even) in enumerate(zip(frame["estimate"], frame["even"], strict=True)):
        label(ax, safe, row, amount(safe, currency), MODEL, xytext=(-10, 0), ha="right")
        label(ax, even, row, amount(even, currency), INK, xytext=(10, 0))
    rows_of_money(ax, [f"within {months} months" for months in frame.index], currency)
    ax.set_xlabel("highest CAC that pays back (filled: safe; open: an even chance)")
    ax.margins(x=0.25 if frame["even"].max() < 1e5 else 0.4)
    return ax


@picture
def value_by_recency(frame: pd.DataFrame, ax: Axes, *, currency: str = "") -> Axes:
    """Mean value per customer by time since the last order, with its interval, and how many customers that is.

    `frame`: index label, columns estimate, low, high, n.
    """
    rows = np.arange(len(frame))
    ax.barh(rows, frame["estimate"], color=MODEL, alpha=0.85, height=0.62)
    ax.errorbar(
        frame["estimate"],
        rows,
        xerr=np.abs(frame[["low", "high"]].to_numpy().T - frame["estimate"].to_numpy()),
        fmt="none",
        ecolor=INK,
        elinewidth=1.4,
        capsize=3,
    )
    for row, (top, n) in enumerate(zip(frame["high"], frame["n"], strict=True)):
        label(ax, top, row, f"{n:,} customers", MUTED)
    rows_of_money(ax, list(frame.index), currency)
    ax.set_xlabel("expected margin per customer")
    ax.margins(x=0.18)
    return ax
