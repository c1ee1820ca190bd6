"""What was known at the end of a day and what happened afterwards, counted in the engine to (pattern, outcome)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import DataError
from ltv.models import Patterns
from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders, split
from ltv.units import Unit, period_index

Array = NDArray[np.float64]
PATTERN = ["frequency", "recency_days", "age_days"]
LIKE_PATTERNS = ["age_days", "frequency", "recency_days"]  # the order of `Customers.patterns`
WARM_UP, SHORTEST = 4, 28  # a window's first quarter, and four weeks at least, are for learning only


@dataclass(frozen=True)
class Holdout:
    """Customers as known at the end of a day, and their orders in the `days` after it.

    `cells` and `money` are the outcomes; a forecast must read `customers` and `cells` up to `lately` only.
    """

    customers: Customers
    log: Orders
    days: int

    @property
    def at(self) -> dt.date:
        return self.customers.orders.until

    @property
    def until(self) -> dt.date:
        return self.at + dt.timedelta(days=self.days)

    @property
    def span(self) -> float:
        """The horizon in the unit of the customers."""
        return self.days / self.customers.unit.days

    @cached_property
    def cells(self) -> pd.DataFrame:
        """One row per (frequency, recency_days, age_days, lately, later) with n customers.

        `lately` and `later` are the repeat orders of as many days before and after the origin.
        """
        keys = [*PATTERN, "lately", "later"]
        t = self.outcomes
        return engine.run(t.group_by(*keys).aggregate(n=t.count()).order_by(*keys))

    @cached_property
    def rows(self) -> dict[str, Array]:
        """The histories of `cells` as a model reads them: x, t_x and T, times in the unit of the customers."""
        return histories(self.cells, self.customers.unit)

    @cached_property
    def money(self) -> pd.DataFrame:
        """One row per pattern with n customers and sums over them, in the order of `Customers.patterns`.

        m, mm: the mean repeat order value and its square; v, vv: the revenue that came and its square; vm: Σ v·m.
        """
        t = self.outcomes
        m, v = t.mean_value, t.later_value
        totals = {name: value.sum() for name, value in {"m": m, "mm": m * m, "v": v, "vv": v * v, "vm": v * m}.items()}
        return engine.run(t.group_by(*PATTERN).aggregate(n=t.count(), **totals).order_by(*LIKE_PATTERNS))

    @cached_property
    def outcomes(self) -> ir.Table:
        """One row per customer, in the engine: PATTERN, lately, later, later_value (revenue) and mean_value so far."""
        end, length = ibis.literal(self.at), ibis.interval(days=self.days)
        t = self.log.table
        near = t.filter((t.first_day <= end) & (t.day > t.first_day) & (t.day > end - length) & (t.day <= end + length))
        after = near.day > end
        counts = near.group_by("customer").aggregate(
            lately=(~after).sum(),
            later=after.sum(),
            later_value=after.ifelse(near.value, ibis.literal(0).cast(engine.MONEY)).sum(),
        )
        c = self.customers.table.left_join(counts, "customer")
        known = c.select(
            *PATTERN,
            lately=c.lately.fill_null(0).cast("int64"),
            later=c.later.fill_null(0).cast("int64"),
            later_value=c.later_value.cast("float64").fill_null(0.0),
            mean_value=_mean_value(c),
        )
        return engine.keep(self.log.connection, known)

    @cached_property
    def pairs(self) -> tuple[Patterns, Array]:
        """Patterns and their later orders, distinct in (x, t_x, T, later): what `compare` reads."""
        merged = self.cells.groupby([*PATTERN, "later"], sort=False)["n"].sum().reset_index()
        x, t_x, T = histories(merged, self.customers.unit).values()
        patterns = Patterns(x, t_x, T, merged["n"].to_numpy(float), self.customers.unit)
        return patterns, merged["later"].to_numpy(float)


def _mean_value(c: ir.Table) -> ir.Value:
    """The mean value of a customer's repeat orders, 0 without one."""
    return (c.frequency > 0).ifelse(c.repeat_value.cast("float64") / c.frequency.nullif(0), 0.0)


def totals_after(customers: Customers, log: Orders, days: Sequence[int]) -> pd.DataFrame:
    """What these customers did after their window, in one pass for several horizons, in the order of their patterns.

    One row per pattern: n, m (sum of the mean repeat order values), and for each horizon d the orders k_d and the
    revenue v_d of the next d days.
    """
    at = customers.orders.until
    t = log.table
    after = t.filter((t.first_day <= ibis.literal(at)) & (t.day > ibis.literal(at)))
    sums, zero = {}, ibis.literal(0).cast(engine.MONEY)
    for length in days:
        soon = after.day <= ibis.literal(at + dt.timedelta(days=length))
        sums[f"k_{length}"] = soon.sum()
        sums[f"v_{length}"] = soon.ifelse(after.value, zero).sum()
    c = customers.table.left_join(after.group_by("customer").aggregate(**sums), "customer")
    totals = {name: c[name].cast("float64").fill_null(0.0).sum() for name in sums}
    counted = c.group_by(*PATTERN).aggregate(n=c.count(), m=_mean_value(c).sum(), **totals)
    return engine.run(counted.order_by(*LIKE_PATTERNS))


def acquired(frame: pd.DataFrame, at: dt.date) -> NDArray[np.int64]:
    """The acquisition month of each row of a frame with age_days at a day, as `units.period_index`."""
    ages, where = np.unique(frame["age_days"].to_numpy(), return_inverse=True)
    months = [period_index(at - dt.timedelta(days=int(age)), Unit.MONTH) for age in ages]
    return np.asarray(months, dtype=np.int64)[where]


def histories(frame: pd.DataFrame, unit: Unit) -> dict[str, Array]:
    """x, t_x and T of a frame of patterns in days, in `unit`."""
    return {
        "x": frame["frequency"].to_numpy(float),
        "t_x": frame["recency_days"].to_numpy(float) / unit.days,
        "T": frame["age_days"].to_numpy(float) / unit.days,
    }


def hold_out(orders: Orders, *, at: str | dt.date, days: int | None = None, unit: str | Unit = "week") -> Holdout:
    """The customers of the log up to the end of day `at`, with what they did in the next `days` (default: the rest).

    Raises DataError where the log does not reach so far.
    """
    at = dt.date.fromisoformat(str(at))
    left = (orders.until - at).days
    days = left if days is None else days
    if not 0 < days <= left:
        raise DataError("holdout", [f"days  {days} after {at} do not end by {orders.until}"])
    return Holdout(summarize(split(orders, at=at)[0], unit=unit), orders, days)


def middle(orders: Orders) -> dt.date:
    """The day that halves the window. Raises DataError where it is shorter than four weeks."""
    length = (orders.until - orders.since).days
    if length < SHORTEST:
        raise DataError("grade", [f"window  {length} days are too few to forecast one half from the other"])
    return orders.since + dt.timedelta(days=length // 2)


def earlier(holdout: Holdout) -> Holdout | None:
    """A holdout that ended when this one began, so that what it teaches was known: as long, or half of what there is.

    None where the log before the origin is shorter than four weeks.
    """
    log = holdout.customers.orders
    room = (log.until - log.since).days
    if room < SHORTEST:
        return None
    days = min(holdout.days, room // 2)
    return hold_out(log, at=log.until - dt.timedelta(days=days), unit=holdout.customers.unit)


def past_origins(orders: Orders, horizons: Sequence[int], *, most: int = 8) -> list[dt.date]:
    """Days to forecast from, evenly spread, two weeks apart at least: none in the first quarter of the window.

    The last one leaves room for the shortest horizon, in days.
    """
    length = (orders.until - orders.since).days
    first, last = max(length // WARM_UP, SHORTEST), length - min(horizons)
    if last < first:
        return []
    count = min(most, 1 + (last - first) // 14)
    return [orders.since + dt.timedelta(days=int(day)) for day in np.linspace(first, last, count)]
