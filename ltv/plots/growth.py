"""Pictures of growth: where customers and revenue come from and go to, who is active, and the figure to watch."""

from __future__ import annotations

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter

from ltv.plots.drawing import label, money, picture
from ltv.plots.theme import ALARM, DATA, INK, MODEL, MONEY, MUTED
from ltv.units import period_names

# Colour and hatching both, so that the parts stay apart in grey.
PARTS: dict[str, tuple[str, str]] = {
    "new": (MODEL, ""),
    "resurrected": (MONEY, "///"),
    "expansion": ("#56b4e9", "|||"),
    "churned": (ALARM, ""),
    "contraction": ("#e69f00", "\\\\\\"),
}
LOST = ("churned", "contraction")
COUNT = FuncFormatter(lambda count, _: f"{count:,.0f}")


@picture
def gains_and_losses(frame: pd.DataFrame, ax: Axes, *, currency: str = "") -> Axes:
    """What each period gained, above the line, and lost, below it; the quick ratio stands over the bars.

    `frame` as from `growth_accounting`, or from `revenue_accounting` with a `currency`. Periods that are not known are
    left out.
    """
    known = frame[frame["known"]]
    x = np.arange(len(known))
    top, bottom = np.zeros(len(known)), np.zeros(len(known))
    with mpl.rc_context({"hatch.color": "white", "hatch.linewidth": 1.2}):
        for part, (color, hatch) in PARTS.items():
            if part not in known:
                continue
            height = known[part].to_numpy(float) * (-1 if part in LOST else 1)
            base = bottom if part in LOST else top
            ax.bar(x, height, bottom=base, width=0.74, color=color, hatch=hatch, label=part, edgecolor="white", lw=0.4)
            base += height
    for at, ratio in zip(x, known["estimate"], strict=True):
        if np.isfinite(ratio):
            label(
                ax,
                at,
                top[at],
                f"{ratio:.2f}" if ratio < 1 else f"{ratio:.1f}",
                INK,
                xytext=(0, 8),
                ha="center",
                size=9,
            )
    ax.axhline(0, color=INK, lw=0.8)
    _months(ax, known.index)
    ax.set(ylabel="revenue" if currency else "customers")
    ax.yaxis.set_major_formatter(money(currency) if currency else COUNT)
    ax.use_sticky_edges = False  # a bar of no height would pin the limit to the bar below it
    ax.margins(y=0.12, x=0.01)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=5, fontsize=9)
    ax.set_title("over the bars: quick ratio", fontsize=9, pad=24 if currency else 6)
    return ax


def _months(ax: Axes, days: pd.Index) -> None:
    """Not more ticks than can be read: the first day of every so many periods."""
    step = max(1, -(-len(days) // 9))
    at = np.arange(0, len(days), step)
    stamps = pd.to_datetime(days[at])
    form = "%b %Y" if all(stamp.day == 1 for stamp in pd.to_datetime(days)) else "%d %b %y"
    ax.set_xticks(at, [stamp.strftime(form) for stamp in stamps])


@picture
def layers(frame: pd.DataFrame, ax: Axes, *, currency: str = "") -> Axes:
    """Revenue of every period as layers, one per cohort, the oldest at the bottom and darkest.

    `frame` as from `revenue_by_cohort`. Periods that are not known are left out.
    """
    known = frame["estimate"].where(frame["known"]).unstack("cohort").dropna(how="all").fillna(0.0)
    x = np.arange(len(known))
    shades = mpl.colormaps["cividis"](np.linspace(0.05, 0.92, max(known.shape[1], 2)))
    below = np.zeros(len(known))
    for color, cohort, name in zip(shades, known, period_names(known), strict=False):
        layer = known[cohort].to_numpy()
        ax.fill_between(x, below, below + layer, color=color, edgecolor="white", lw=0.5)
        if known.shape[1] <= 8 and layer[-1:].sum() > 0:
            label(ax, x[-1], below[-1] + layer[-1] / 2, name, INK, size=9)
        below = below + layer
    _months(ax, known.index)
    ax.set(ylabel="revenue", ylim=(0, None))
    ax.yaxis.set_major_formatter(money(currency))
    ax.margins(x=0)
    return ax


@picture
def active(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Customers active on a day, in 7 days and in 28 days up to it.

    `frame` as from `active_customers`. Days whose 28 days are not in the log are left out.
    """
    known = frame[frame["known"]]
    known = known[:: -max(1, len(known) // 1000)][::-1]  # up to the last day: a line has not more places than that
    days = pd.to_datetime(pd.Index(known.index))
    for name, color, style in (("monthly", MODEL, "-"), ("weekly", MONEY, "--"), ("daily", DATA, ":")):
        ax.plot(days, known[name], color=color, lw=1.8, ls=style)
        if len(known):
            label(
                ax,
                days[-1],
                known[name].iloc[-1],
                {"monthly": "28 days", "weekly": "7 days", "daily": "1 day"}[name],
                color,
            )
    ax.set(ylabel="customers with an order", ylim=(0, None))
    ax.yaxis.set_major_formatter(COUNT)
    ax.margins(x=0.07)
    return ax


@picture
def orders_each(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Of the active customers, the share with 1, 2, 3, … orders.

    `frame` as from `order_counts`.
    """
    reach = np.abs(frame[["low", "high"]].to_numpy().T - frame["estimate"].to_numpy())
    ax.bar(frame.index, frame["estimate"], color=MODEL, alpha=0.85, width=0.72)
    ax.errorbar(frame.index, frame["estimate"], yerr=reach, fmt="none", ecolor=INK, elinewidth=1.1, capsize=2)
    for orders, row in frame.iterrows():
        label(ax, orders, row["high"], f"{row['n']:,.0f}", MUTED, xytext=(0, 8), ha="center", size=9)
    ax.set_xticks(frame.index, [f"{n}" for n in frame.index[:-1]] + [f"{frame.index[-1]}+"])
    ax.set(xlabel="orders per customer", ylabel="share of active customers", ylim=(0, None))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.margins(y=0.12)
    return ax


@picture
def metric(frame: pd.DataFrame, ax: Axes, *, currency: str = "") -> Axes:
    """One figure over calendar time with its band; periods that the log does not hold whole are left out.

    `frame` as from `core_metric`; with a `currency` the figure is money.
    """
    known = frame[frame["known"]]
    days = pd.to_datetime(pd.Index(known.index))
    ax.fill_between(days, known["low"], known["high"], color=MODEL, alpha=0.2, lw=0)
    few: dict[str, Any] = {"marker": "o", "ms": 4} if len(known) <= 40 else {}
    ax.plot(days, known["estimate"], color=MODEL, lw=2, **few)
    ax.set(ylim=(0, None), ylabel="repeat revenue per active customer" if currency else "active customers")
    ax.yaxis.set_major_formatter(money(currency) if currency else COUNT)
    ax.yaxis.set_major_locator(MaxNLocator(5))
    ax.margins(x=0.02)
    return ax
