"""What changed since the last run: figures that left their interval, closed months that were restated."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from ltv.pages.records import Record

LISTED = 6


def told_before(earlier: Record | None, key: str) -> dict[str, Any]:
    """What the run before this one told, if it had other data or another program: made again, a page stays as it is."""
    if earlier is None or not earlier.file:
        return {}
    if earlier.key == key:
        return dict(earlier.before)
    told = {"cards": earlier.cards, "grade": dict(earlier.grade), "closed": dict(earlier.closed)}
    return {"as_of": earlier.headline.get("as_of", ""), **told}


def changes(before: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Sentences about what a reader of the earlier page would have to unlearn; one saying so when there is nothing.

    >>> changes({"cards": [], "grade": {}, "closed": {"2026-01": [3, 10.0]}},
    ...         {"cards": [], "grade": {}, "closed": {"2026-01": [4, 10.0]}})
    ['The closed month 2026-01 was **restated**: 3 orders are now 4.']
    """
    said = [*_graded(before["grade"], found["grade"]), *_moved(before["cards"], found["cards"])]
    said += _restated(before["closed"], found["closed"])
    return said or ["No figure left its earlier interval, and no closed month was restated."]


def _graded(old: Mapping[str, str], new: Mapping[str, str]) -> list[str]:
    if not old or not new or old["tone"] == new["tone"]:
        return []
    return [f"The forecast is now graded **{new['word'].lower()}**; it was graded {old['word'].lower()}."]


def _moved(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]]) -> list[str]:
    earlier = {card["label"]: card for card in old}
    said = []
    for card in new:
        was = earlier.get(card["label"])
        if was is None or not was["interval"] or len(was["numbers"]) != 3 or not card["numbers"]:
            continue
        _, low, high = was["numbers"]
        if not low <= card["numbers"][0] <= high:
            way = "above" if card["numbers"][0] > high else "below"
            said.append(
                f"**{card['label']}** is {card['value']}, {way} its earlier interval: {was['value']} ({was['interval']})."
            )
    return said


def _restated(old: Mapping[str, Sequence[float]], new: Mapping[str, Sequence[float]]) -> list[str]:
    said = []
    for month, (orders, revenue) in old.items():
        now_orders, now_revenue = new.get(month, (0, 0.0))
        parts = [f"{orders:,.0f} orders are now {now_orders:,.0f}"] * (orders != now_orders)
        parts += [f"revenue of {revenue:,.2f} is now {now_revenue:,.2f}"] * (revenue != now_revenue)
        if parts:
            said.append(f"The closed month {month} was **restated**: {', '.join(parts)}.")
    more = len(said) - LISTED
    return said[:LISTED] + [f"{more} more closed month{'s were' if more > 1 else ' was'} **restated**."] * (more > 0)


def closed_months(log: Any) -> dict[str, list[float]]:
    """Orders and revenue of every calendar month that ended within the log's window."""
    from ltv import engine
    from ltv.units import Unit

    t = log.table
    sums = t.group_by(month=engine.period_index(t.day, Unit.MONTH)).aggregate(orders=t.count(), revenue=t.value.sum())
    frame = engine.run(sums.order_by("month"))
    open_from = (log.until + dt.timedelta(days=1)).year * 12 + (log.until + dt.timedelta(days=1)).month - 1
    return {
        f"{month // 12}-{month % 12 + 1:02d}": [int(orders), round(float(revenue), 4)]
        for month, orders, revenue in frame.itertuples(index=False)
        if month < open_from
    }
