"""A fixed billing cycle: bills that come each month on the same day are no purchases, and no model of purchases holds."""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from ltv import engine

SPANS = {"week": (7, 7, 1), "month": (28, 31, 3), "quarter": (90, 92, 3), "year": (365, 366, 3)}
"""Shortest and longest length in days, and how many days a bill may come early or late."""
MISSED = 3
"""A gap of two or three periods is one with failed or paused bills between."""
SHARE, NEXT = 0.9, 0.6
"""Of all gaps so many follow the cycle; and so many are of one period, none missed."""
CUSTOMERS, BILLS = 30, 3
LOOKED_AT = 300_000
"""Orders from which a sample of customers is looked at."""


@dataclass(frozen=True)
class Cycle:
    """The period of the bills (`unit`: week, month, quarter or year), and the share of gaps between bills that follow it."""

    unit: str
    share: float

    def __str__(self) -> str:
        return (
            f"{self.share:.0%} of all gaps between a customer's orders are whole {self.unit}s: these are the bills of a subscription, "
            "not purchases that customers decide on."
        )


def find_cycle(orders: ir.Table, *, count: int) -> Cycle | None:
    """The billing cycle of a log (customer, day, first_day) of `count` orders; None where customers choose their days.

    At least 30 customers have three bills or more, and nine of ten gaps between a customer's bills are a
    calendar period, give or take three days, or two or three of them.
    """
    if count > LOOKED_AT:
        # Customers of every k-th day: the same ones on every engine.
        step = -(-count // LOOKED_AT)
        orders = orders.filter(engine.day_number(orders.first_day) % step == 0)
    day = engine.day_number(orders.day)
    own = ibis.window(group_by="customer", order_by="day")
    gaps = orders.select("customer", gap=day - day.lag().over(own))
    per = gaps.group_by("customer").aggregate(bills=gaps.count())
    many = per.aggregate(n=(per.bills >= BILLS).sum())
    if not engine.run(many).fillna(0)["n"].iloc[0] >= CUSTOMERS:
        return None
    known = gaps.filter(gaps.gap.notnull())
    counted = engine.run(known.group_by("gap").aggregate(n=known.count()).order_by("gap"))
    gap, n = counted["gap"].to_numpy(np.int64), counted["n"].to_numpy(float)
    found = {unit: (_within(gap, unit, MISSED) @ n / n.sum(), _within(gap, unit, 1) @ n / n.sum()) for unit in SPANS}
    unit = max(found, key=lambda unit: found[unit][1])
    share, following = found[unit]
    return Cycle(unit, float(share)) if share >= SHARE and following >= NEXT else None


def _within(gap: NDArray[np.int64], unit: str, most: int) -> NDArray[np.bool_]:
    """Which gaps are one to `most` periods."""
    shortest, longest, slack = SPANS[unit]
    return np.any([(gap >= k * shortest - slack) & (gap <= k * longest + slack) for k in range(1, most + 1)], axis=0)
