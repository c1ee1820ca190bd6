"""The core metric in words, for every report that opens with it."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from ltv.metrics.growth.activity import metric_change
from ltv.orders import Orders
from ltv.pages import blocks, formats

LABELS = {"commerce": "Repeat revenue per active customer", "usage": "Weekly active customers"}
SPANS = {"commerce": "month", "usage": "week"}


def period_name(day: dt.date, period: str) -> str:
    """A calendar period by its first day, as people say it.

    >>> period_name(dt.date(1998, 4, 1), "month"), period_name(dt.date(1998, 4, 1), "quarter")
    ('April 1998', 'Q2 1998')
    """
    if period == "month":
        return f"{day:%B %Y}"
    return f"Q{(day.month + 2) // 3} {day.year}" if period == "quarter" else f"the week of {day}"


def metric_card(metric: pd.DataFrame, log: Orders, *, business: str) -> blocks.Card:
    """The latest whole period of the core metric, its interval, and how the last three compare with the three before."""
    known = metric[metric["known"] & metric["estimate"].notna()]
    if known.empty:
        return blocks.Card(LABELS[business], formats.UNKNOWN, note=f"the log holds no whole {SPANS[business]}")
    row, show = known.iloc[-1], _show(log, business)
    note = f"{period_name(row.name, SPANS[business])}; {change_words(metric, business=business)}"
    numbers = (row["estimate"], row["low"], row["high"])
    interval = formats.interval(row["low"], row["high"], show)
    return blocks.Card(LABELS[business], show(row["estimate"]), interval, note, numbers=numbers)


def change_words(metric: pd.DataFrame, *, business: str) -> str:
    """The last three periods against the three before, with the interval, in half a sentence."""
    change, span = metric_change(metric).iloc[0], SPANS[business]
    if not change["known"]:
        return f"too few whole {span}s for a trend"
    moved = not change["low"] <= 0 <= change["high"]
    ends = f"{change['estimate']:+.0%}, {change['low']:+.0%} to {change['high']:+.0%}".replace("-", "−")
    way = "higher" if change["estimate"] > 0 else "lower"
    verdict = f"{way} than" if moved else "not clearly different from"
    return f"the last three {span}s are {verdict} the three before ({ends})"


def metric_alt(metric: pd.DataFrame, log: Orders, *, business: str) -> str:
    """The finding of the core metric's picture for those who do not see it."""
    known, show = metric[metric["known"] & metric["estimate"].notna()], _show(log, business)
    if known.empty:
        return f"{LABELS[business]}: the log holds no whole {SPANS[business]} yet."
    first, last = (period_name(known.index[at], SPANS[business]) for at in (0, -1))
    return (
        f"{LABELS[business]} by {SPANS[business]}: {show(known['estimate'].iloc[0])} in {first}, "
        f"{show(known['estimate'].iloc[-1])} in {last}; {change_words(metric, business=business)}."
    )


def _show(log: Orders, business: str) -> formats.Show:
    return formats.integer if business == "usage" else lambda value: formats.money(value, log.currency)
