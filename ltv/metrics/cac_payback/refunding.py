"""Refunds still to come: what share of an order's money is given back by so many days after it.

An order is watched until the end of the log, so young orders have not shown all their refunds (right-censoring). The
share given back on day d after an order rests on the orders that are at least d days old, and on no others:
h(d) = Σ refunds d days after ÷ Σ amounts of orders at least d days old; R(d) = h(0) + … + h(d). Nothing is
assumed of the shape of the delay; beyond the longest delay seen nothing more is expected.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import ibis.expr.types as ir
import numpy as np
from numpy.typing import NDArray

from ltv import engine
from ltv.metrics import intervals
from ltv.orders.customers import Customers
from ltv.orders.log import Orders
from ltv.units import EPOCH

Array = NDArray[np.float64]
Days = NDArray[np.int64]
LENT = 10.0  # refunds of the whole log that a channel borrows to judge its own level


@dataclass(frozen=True)
class RefundCurve:
    """`by_day` (days,) h(d), `events` (days,) how many refunds of equal size each rests on, `part` what a refund takes of
    its order (weighted by money), `unmatched` the share of money given back by refunds that name no order, and
    `level`, `known`: a group's refunds over those expected of it, and how many refunds that rests on. `size` is the
    money of a refund.
    """

    by_day: Array
    events: Array
    part: float
    size: float
    unmatched: float
    level: float = 1.0
    known: float = np.inf

    @property
    def total(self) -> float:
        """The share of money that goes back in the end."""
        return float(self.level * self.by_day.sum() + self.unmatched)

    def drawn(self, rng: np.random.Generator, draws: int) -> Array:
        """R(d) of matched refunds, shape (draws, days): each day's share varies as its count of refunds does."""
        events = np.maximum(self.events, 1e-9)
        shares = self.by_day * rng.standard_gamma(events, (draws, events.size)) / events
        level = rng.standard_gamma(self.known, (draws, 1)) / self.known if np.isfinite(self.known) else 1.0
        return np.minimum(self.level * level * shares.cumsum(axis=1), 1.0)

    def still_to_come(self, share: Array, age: Days) -> Array:
        """P(an order is given back from now on | its age and that it has not been), by one draw of R; shape of `age`."""
        before = share[np.minimum(age, share.size - 1)]
        left = (share[-1] - before) / np.maximum(1 - before, 1e-9) / self.part
        return np.where(age < share.size - 1, np.minimum(left, 1.0), 0.0)

    def expected(self, age: Days) -> Array:
        """Expected share of an order's money that is still to be given back at this age."""
        return self.part * self.still_to_come(np.minimum(self.level * self.by_day.cumsum(), 1.0), age)

    def kept(self, rng: np.random.Generator, share: Array, count: int) -> Array:
        """What is left of each of `count` orders still to be made, by one draw of R."""
        back = rng.random(count) < min(share[-1] / self.part, 1.0)
        return np.asarray((1 - self.part * back) * (1 - self.unmatched))

    def half(self) -> int:
        """Days after which half of what goes back has gone back."""
        return int(np.searchsorted(self.by_day.cumsum(), self.by_day.sum() / 2))

    def interval(self, draws: int = 400) -> tuple[float, float]:
        """The 90 % interval of the share of money that goes back in the end."""
        share = self.drawn(np.random.default_rng(0), draws)[:, -1] + self.unmatched
        low, high = np.quantile(share, intervals.tails())
        return float(low), float(high)


def refund_curve(orders: Orders) -> RefundCurve | None:
    """How a log's money goes back, None where no refund is known."""
    if orders.refunds is None:
        return None
    r = orders.refunds
    sums = engine.run(r.group_by("matched").aggregate(value=r.value.sum())).set_index("matched")["value"]
    matched, unmatched = -float(sums.get(True, 0.0)), -float(sums.get(False, 0.0))
    back = r.filter(r.matched)
    sold = _sold(orders, orders.table, back)
    lost = min(unmatched / sold.sum(), 1.0) if sold.sum() > 0 else 0.0
    if not matched > 0:
        return RefundCurve(np.zeros(1), np.zeros(1), 1.0, 1.0, lost) if lost else None
    delay = (engine.day_number(back.refunded_on) - engine.day_number(back.day)).name("delay")
    rows = engine.run(back.select(delay, value=(-back.value).cast("float64")).order_by("delay", "value"))
    money, squares = (np.bincount(rows["delay"], rows["value"] ** power) for power in (1, 2))
    watched = sold[::-1].cumsum()[::-1][: money.size]
    events = np.divide(money**2, squares, out=np.zeros_like(money), where=squares > 0)
    size = float(squares.sum() / money.sum())
    return RefundCurve(money / watched, events, _part(orders.table, back), size, lost)


def refunds_of(customers: Customers) -> RefundCurve | None:
    """How these customers' money goes back: the curve of the log at their own level."""
    curve = refund_curve(customers.orders)
    return None if curve is None else of_group(curve, customers)


def of_group(curve: RefundCurve, customers: Customers) -> RefundCurve:
    """The curve at the level of some customers: their refunds over those expected of orders of their ages, shrunk to 1."""
    orders, whose = customers.orders, customers.table.select("customer")
    if orders.refunds is None or not curve.by_day.any():
        return curve
    back = orders.refunds.filter(orders.refunds.matched).semi_join(whose, "customer")
    seen = -float(engine.run(back.aggregate(money=back.value.sum())).fillna(0.0)["money"].iloc[0])
    sold = _sold(orders, orders.table.semi_join(whose, "customer"), back)
    reached = curve.by_day.cumsum()
    expected = float(sold @ reached[np.minimum(np.arange(sold.size), reached.size - 1)])
    known = LENT + expected / curve.size
    return replace(curve, level=(LENT + seen / curve.size) / known, known=known)


def still_to_come(orders: Orders, curve: RefundCurve) -> float:
    """Money that refunds are expected to take yet of the orders made."""
    end, t = (orders.until - EPOCH).days, orders.table
    left = engine.run(t.group_by(age=end - engine.day_number(t.day)).aggregate(value=t.value.sum()).order_by("age"))
    return float(left["value"] @ curve.expected(left["age"].to_numpy()))


def _sold(orders: Orders, table: ir.Table, back: ir.Table) -> Array:
    """Money of orders before their refunds, by the age of the order in days at the end of the log."""
    end = (orders.until - EPOCH).days
    parts = [
        engine.run(t.group_by(age=end - engine.day_number(t.day)).aggregate(v=t.value.sum())) for t in (table, back)
    ]
    sold = np.zeros((orders.until - orders.since).days + 1)
    for sign, part in zip((1, -1), parts, strict=True):
        sold += sign * np.bincount(part["age"], part["v"], minlength=sold.size)
    return sold


def _part(table: ir.Table, back: ir.Table) -> float:
    """What a refund takes of its order, weighted by money."""
    given = back.group_by("customer", "day").aggregate(back=(-back.value.sum()).cast("float64"))
    both = given.inner_join(table, ["customer", "day"])
    share = both.back / (both.back + both.value.cast("float64"))
    row = engine.run(both.aggregate(weighted=(share * both.back).sum(), money=both.back.sum())).iloc[0]
    # Rounded, because engines add floats in an order of their own.
    return round(float(min(max(row["weighted"] / row["money"], 0.05), 1.0)), 9) if row["money"] > 0 else 1.0
