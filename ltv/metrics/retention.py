"""Who stays, cohort by cohort: shares active per age and money per acquired customer, unfinished cells left out."""

from __future__ import annotations

import datetime as dt

import ibis
import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.orders.log import Orders
from ltv.units import EPOCH, Unit, period_index, period_start

CLOCKS = ("anniversary", "calendar")
ALL = "all"


def retention(
    orders: Orders, *, period: str | Unit = "month", cohort: str | Unit | None = None, clock: str = "anniversary"
) -> pd.DataFrame:
    """Share of each acquisition cohort with an order in each period of its life (return *on* the period).

    A cohort is the calendar `cohort` (default: `period`) of the first order; "all" puts everybody into one. On the anniversary clock age k covers
    the days [k, k+1) · period of a customer's own life; on the calendar clock, the k-th calendar period after the
    cohort's. Age 0 holds the first order itself and is 1 by definition. Only customers who have lived through the whole of
    an age count in it, above and below the line; a cell with none of them is not `known`.

    Returns a frame by (cohort, age): estimate, low, high (Wilson, 90 %), n (customers), active, known.
    """
    period, cohort = Unit.of(period), _cohort(cohort or period)
    if clock not in CLOCKS:
        raise ParameterError(f"clock= is one of {', '.join(CLOCKS)}, not {clock!r}")
    if clock == "calendar" and period is not cohort:
        raise ParameterError(
            "on the calendar clock a cohort is a period: leave cohort= out, or use the anniversary clock"
        )
    cells = _cells(orders, period, cohort, clock)
    cells["estimate"] = cells["active"] / cells["n"].where(cells["known"])
    low, high = intervals.wilson(cells["active"], cells["n"])
    certain = cells.index.get_level_values("age") == 0  # everybody orders in the age of the first order
    low, high = np.where(certain, 1.0, low), np.where(certain, 1.0, high)
    cells["low"], cells["high"] = np.where(cells["known"], low, np.nan), np.where(cells["known"], high, np.nan)
    return cells[["estimate", "low", "high", "n", "active", "known"]]


def average_retention(cells: pd.DataFrame) -> pd.DataFrame:
    """Retention by age over all cohorts, weighted by customers, unknown cells left out.

    `cells` is what `retention` returns. The interval lets cohorts differ by more than chance. By age: estimate, low,
    high, n (customers), cohorts, known.
    """
    rows = {}
    for age, group in cells[cells["known"] & (cells["n"] > 0)].groupby(level="age"):
        share, low, high = intervals.clustered_share(group["active"], group["n"]) if age else (1.0, 1.0, 1.0)
        rows[age] = (share, low, high, int(group["n"].sum()), len(group), True)
    names = ["estimate", "low", "high", "n", "cohorts", "known"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("age")


def cumulative_value(
    orders: Orders, *, period: str | Unit = "month", cohort: str | Unit | None = None, of: str = "margin"
) -> pd.DataFrame:
    """Revenue (`of="value"`) or margin per acquired customer after `age` periods of life, first order included.

    Age 0 is the first order alone; age k adds all orders up to day k · period of a customer's own life. An age
    counts only customers who are that old. The interval (90 %) is that of a mean over customers, on the log scale.
    By (cohort, age): estimate, low, high, n, known.
    """
    if of not in ("value", "margin"):
        raise ParameterError(f'of= is "value" or "margin", not {of!r}')
    cells = _cells(orders, Unit.of(period), _cohort(cohort or period), "elapsed")
    mean = cells[of] / cells["n"].where(cells["known"])
    variance = (cells[f"{of}_square"] / cells["n"] - mean**2).clip(lower=0)
    low, high = intervals.positive_mean(mean, np.sqrt(variance / (cells["n"] - 1).clip(lower=1)))
    return pd.DataFrame({"estimate": mean, "low": low, "high": high, "n": cells["n"], "known": cells["known"]})


def _cohort(name: str | Unit) -> Unit | None:
    return None if name == ALL else Unit.of(name)


def _cells(orders: Orders, period: Unit, cohort: Unit | None, clock: str) -> pd.DataFrame:
    """Counts and cumulative money by (cohort, age) over the customers who have lived through the whole age."""
    births = _births(orders, period, cohort, clock)
    ages = np.arange(max(births["complete"].max(), 0))
    lived = ages < births["complete"].to_numpy()[:, None]
    sums = {"n": lived * births["n"].to_numpy()[:, None]}
    activity = _activity(orders, period, clock).set_index(["first_day", "age"])
    for name in map(str, activity):
        wide = activity[name].unstack("age", fill_value=0).reindex(index=births.index, columns=ages, fill_value=0)
        values = wide.fillna(0).to_numpy(float)
        sums[name] = lived * (values if name == "active" else values.cumsum(axis=1))
    cohorts = births["cohort"].to_numpy()
    labels = [period_start(index, cohort) if cohort else ALL for index in np.unique(cohorts)]
    index = pd.MultiIndex.from_product([labels, ages], names=["cohort", "age"])
    members = cohorts[None, :] == np.unique(cohorts)[:, None]
    cells = pd.DataFrame({name: (members @ matrix).ravel() for name, matrix in sums.items()}, index=index)
    cells["known"] = cells["n"] > 0
    return cells.astype({"n": int, "active": int})


def _births(orders: Orders, period: Unit, cohort: Unit | None, clock: str) -> pd.DataFrame:
    """By first day: customers, cohort index, and how many whole ages they have lived through."""
    t = orders.table.select("customer", "first_day").distinct()
    counted = t.group_by("first_day").aggregate(n=t.count())
    counted = counted.mutate(
        cohort=engine.period_index(counted.first_day, cohort) if cohort else 0,
        number=engine.day_number(counted.first_day),
    )
    births = engine.run(counted.order_by("first_day")).set_index("first_day")
    if clock == "calendar":
        births["complete"] = period_index(orders.until + dt.timedelta(days=1), period) - births["cohort"]
    else:
        age = (orders.until - EPOCH).days - births["number"]
        whole = (age + 1) / period.days if clock == "anniversary" else age / period.days + 1
        births["complete"] = np.floor(whole).astype(int)
    return births


def _activity(orders: Orders, period: Unit, clock: str) -> pd.DataFrame:
    """By first day and age (on the clock "elapsed", the first age by which it counts): active customers, money, and what the age adds to the sum of squared totals."""
    t = orders.table
    if clock == "calendar":
        age = engine.period_index(t.day, period) - engine.period_index(t.first_day, period)
    else:
        spans = (engine.day_number(t.day) - engine.day_number(t.first_day)) / period.days
        age = (spans.floor() if clock == "anniversary" else spans.ceil()).cast("int64")
    so_far = ibis.window(group_by="customer", order_by="day", preceding=(None, 0))
    # (c + v)² − c² summed over a customer's orders is the square of the total, so one pass gives every age's variance.
    gains = {
        f"{name}_square": (2 * t[name].sum().over(so_far) - t[name]).cast("decimal(18, 4)") * t[name]
        for name in ("value", "margin")
    }
    rows = t.mutate(age=age, **gains)
    return engine.run(
        rows.group_by("first_day", "age").aggregate(
            active=rows.customer.nunique(),
            **{name: rows[name].sum() for name in ("value", "margin", "value_square", "margin_square")},
        )
    )
