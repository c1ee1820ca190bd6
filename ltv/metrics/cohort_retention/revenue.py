"""What cohorts bring: money per acquired customer, revenue retained, and revenue by cohort over calendar time."""

from __future__ import annotations

from dataclasses import replace

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.cohort_retention.cohorts import SMALL, Grid, lay_out
from ltv.metrics.periods import whole
from ltv.orders.log import Orders
from ltv.units import Unit, period_start


def cumulative_value(
    orders: Orders, *, period: str | Unit = "month", cohort: str | Unit | None = None, of: str = "margin"
) -> pd.DataFrame:
    """Revenue (`of="value"`) or margin per acquired customer after `age` periods of life, first order included.

    Age 0 is the first order alone; age k adds all orders up to day k · period of a customer's own life. An age
    counts only customers who are that old. Refunds that undo no order count on their own day. The interval (90 %) is that of a mean over customers, on the log scale.
    By (cohort, age): estimate, low, high, n, known.
    """
    if of not in ("value", "margin"):
        raise ParameterError(f'of= is "value" or "margin", not {of!r}')
    grid = replace(Grid.of(orders, period=period, cohort=cohort), clock="elapsed")
    births = grid.births()
    ages = np.arange(max(int(births["complete"].max()), 0))
    lived = ages < births["complete"].to_numpy()[:, None]
    sums = lay_out(engine.run(_gains(grid, of)), births, ages)
    so_far = {name: lived * matrix.cumsum(axis=1) for name, matrix in sums.items()}
    cells = grid.sum(births, ages, n=lived * births["n"].to_numpy()[:, None], **so_far)
    known = cells["n"] > 0
    mean = cells["total"] / cells["n"].where(known)
    variance = (cells["square"] / cells["n"] - mean**2).clip(lower=0)
    low, high = intervals.positive_mean(mean, np.sqrt(variance / (cells["n"] - 1).clip(lower=1)))
    return pd.DataFrame({"estimate": mean, "low": low, "high": high, "n": cells["n"].astype(int), "known": known})


def _gains(grid: Grid, of: str) -> ir.Table:
    """By (key…, age): the money of the age, and what it adds to the sum of squared totals of customers."""
    rows = grid.rows(money=True)
    so_far = ibis.window(group_by="customer", order_by="day", preceding=(None, 0))
    # (c + v)² − c² summed over a customer's orders is the square of the total, so one pass gives every age's variance.
    square = engine.product((2 * rows[of].sum().over(so_far) - rows[of]).cast(engine.MONEY), rows[of])
    rows = rows.mutate(square=square)
    return rows.group_by(*grid.keys, "age").aggregate(total=rows[of].sum(), square=rows.square.sum())


def revenue_retention(
    orders: Orders,
    *,
    period: str | Unit = "month",
    cohort: str | Unit | None = None,
    clock: str = "anniversary",
    kind: str = "net",
) -> pd.DataFrame:
    """Revenue of an age over that of age 0, the base, which holds the first order and all else in the first period.

    `kind="net"` lets customers spend more than in their base, and may exceed 1; "gross" counts each customer up to
    the own base at most, so that growth of some does not hide the loss of others. Only customers who have lived
    through the whole age count, above and below the line. The interval (90 %) is that of a ratio of sums over
    customers, on the log scale. By (cohort, age): estimate, low, high, n (customers), revenue, base, known, small.
    """
    if kind not in ("net", "gross"):
        raise ParameterError(f'kind= is "net" or "gross", not {kind!r}')
    grid = Grid.of(orders, period=period, cohort=cohort, clock=clock)
    births = grid.births()
    ages = np.arange(max(int(births["complete"].max()), 0))
    lived = ages < births["complete"].to_numpy()[:, None]
    sums = lay_out(engine.run(_against_base(grid, kind)), births, ages)
    for name in ("base", "base_square"):
        sums[name] = np.repeat(sums[name][:, :1], len(ages), axis=1)  # type: ignore[index]
    here = {name: lived * matrix for name, matrix in sums.items()}
    cells = grid.sum(births, ages, n=lived * births["n"].to_numpy()[:, None], **here)
    estimate, se = intervals.ratio(
        *(cells[name] for name in ("revenue", "base", "square", "cross", "base_square", "n"))
    )
    low, high = intervals.positive_mean(estimate, se)
    frame = pd.DataFrame({"estimate": estimate, "low": low, "high": high}, index=cells.index)
    money = cells[["revenue", "base"]]
    return frame.assign(n=cells["n"].astype(int), **money, known=cells["n"] > 0, small=cells["n"] < SMALL)


def _against_base(grid: Grid, kind: str) -> ir.Table:
    """By (key…, age): Σy, Σy², Σyb over customers, y the revenue of the age and b the base; Σb and Σb² in age 0."""
    rows = grid.rows(money=True)
    each = rows.group_by("customer", *grid.keys, "age").aggregate(y=rows.value.sum().cast(engine.MONEY))
    zero = ibis.literal(0).cast(engine.MONEY)
    bases = each.filter(each.age == 0).select("customer", b="y")
    each = each.left_join(bases, "customer").drop("customer_right").mutate(b=lambda t: t.b.fill_null(zero))
    if kind == "gross":
        each = each.mutate(y=ibis.greatest(ibis.least(each.y, each.b), zero))
    first = each.age == 0
    return each.group_by(*grid.keys, "age").aggregate(
        revenue=each.y.sum(),
        square=engine.product(each.y, each.y).sum(),
        cross=engine.product(each.y, each.b).sum(),
        base=first.ifelse(each.b, zero).sum(),
        base_square=first.ifelse(engine.product(each.b, each.b), engine.product(zero, zero)).sum(),
    )


def revenue_by_cohort(
    orders: Orders, *, period: str | Unit = "month", cohort: str | Unit | None = None
) -> pd.DataFrame:
    """Revenue of every calendar period by the cohort that brought it: the layers add up to all revenue, to the cent.

    By (cohort, period), both as first days: estimate (revenue; counted, not estimated), n (orders), customers, known
    (False where the log does not hold the whole period).
    """
    unit = Unit.of(period)
    layer = Unit.of(cohort or period)
    sums, counts = (
        t.mutate(cohort=engine.period_index(t.first_day, layer), period=engine.period_index(t.day, unit))
        for t in (orders.ledger, orders.table)
    )
    keys = ["cohort", "period"]
    money = engine.run(sums.group_by(*keys).aggregate(estimate=sums.value.sum())).set_index(keys)
    number = engine.run(counts.group_by(*keys).aggregate(n=counts.count(), customers=counts.customer.nunique()))
    cells = money.join(number.set_index(keys)).sort_index().fillna(0).astype({"n": int, "customers": int}).reset_index()
    cells["known"] = whole(orders, cells["period"], unit)
    cells["cohort"] = [period_start(index, layer) for index in cells["cohort"]]
    cells["period"] = [period_start(index, unit) for index in cells["period"]]
    return cells.set_index(["cohort", "period"])
