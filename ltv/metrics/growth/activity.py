"""How busy customers are: active per day, week and month, orders per customer, and one core metric per kind of business."""

from __future__ import annotations

import datetime as dt

import ibis
import numpy as np
import pandas as pd
from scipy import special

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.periods import every_period, first_days, whole
from ltv.orders.log import Orders
from ltv.units import EPOCH, Horizon, Unit

WINDOWS = {"daily": 1, "weekly": 7, "monthly": 28}
BUSINESSES = ("commerce", "usage")


def active_customers(orders: Orders) -> pd.DataFrame:
    """Customers with an order on each day, in the 7 and in the 28 days up to it, and stickiness.

    28 days and not a month, so that every weekday counts four times. `estimate` is stickiness: the mean of `daily` over
    those 28 days ÷ `monthly`, the share of its days on which an active customer is active. Counted, not estimated:
    there is no interval. By day: estimate, n (= monthly), daily, weekly, monthly, known (28 days lie in the window).
    """
    t = orders.table
    mine = ibis.window(group_by="customer", order_by="day")
    t = t.select(day=engine.day_number(t.day), next=engine.day_number(t.day.lead().over(mine)))
    longest = max(WINDOWS.values()) + 1
    t = t.mutate(wait=ibis.least((t["next"] - t.day).fill_null(longest), longest))
    waits = engine.run(t.group_by("day", "wait").aggregate(n=t.count()).order_by("day", "wait"))
    first, last = (orders.since - EPOCH).days, (orders.until - EPOCH).days
    days = np.arange(first, last + 1)
    come = waits["day"].to_numpy(np.int64) - first
    columns = {}
    for name, width in WINDOWS.items():
        # An order keeps its customer active until the window has passed or the next order takes over.
        leave = come + np.minimum(waits["wait"].to_numpy(np.int64), width)
        change = np.zeros(len(days) + 1, np.int64)
        np.add.at(change, come, waits["n"])
        np.subtract.at(change, np.minimum(leave, len(days)), waits["n"])
        columns[name] = change.cumsum()[:-1]
    frame = pd.DataFrame(columns, index=pd.Index([EPOCH + dt.timedelta(days=int(day)) for day in days], name="day"))
    known = np.arange(len(days)) >= WINDOWS["monthly"] - 1
    mean = frame["daily"].rolling(WINDOWS["monthly"]).mean()
    frame.insert(0, "estimate", (mean / frame["monthly"].where(frame["monthly"] > 0)).where(known))
    frame.insert(1, "n", frame["monthly"])
    return frame.assign(known=known)


def order_counts(orders: Orders, *, window: str | Horizon = "12 months", most: int = 10) -> pd.DataFrame:
    """How many orders the active customers placed in the last `window` of the log: of every 100, how many placed 1, 2, ….

    With window="28 days" this is the L28 curve of days active. Counts from `most` on are one row. By orders: estimate
    (share of the active customers, Wilson 90 %), low, high, n (customers with so many), known (False where the log is
    shorter than the window).
    """
    span = Horizon.of(window)
    start = orders.until - dt.timedelta(days=round(span.days) - 1)
    t = orders.table.filter(orders.table.day >= start)
    each = t.group_by("customer").aggregate(orders=ibis.least(t.count(), most))
    counts = engine.run(each.group_by("orders").aggregate(n=each.count())).set_index("orders")["n"]
    n = counts.reindex(range(1, most + 1), fill_value=0)
    low, high = intervals.wilson(n, n.sum())
    share = n / n.sum() if n.sum() else n * np.nan
    frame = pd.DataFrame({"estimate": share, "low": low, "high": high, "n": n, "known": start >= orders.since})
    return frame.rename_axis("orders")


def core_metric(orders: Orders, *, business: str = "commerce") -> pd.DataFrame:
    """The one figure to watch: for commerce revenue from repeat orders per active customer, by calendar month; for usage
    customers active in a calendar week.

    The interval (90 %) is that of a mean over customers, or of the rate behind a count. By period (its first day):
    estimate, low, high, n (active customers), known (the window holds the whole period). Raises ParameterError.
    """
    if business not in BUSINESSES:
        raise ParameterError(f"business= is one of {', '.join(BUSINESSES)}, not {business!r}")
    unit = Unit.MONTH if business == "commerce" else Unit.WEEK
    t = orders.table.mutate(period=engine.period_index(orders.table.day, unit))
    again = (t.day > t.first_day).ifelse(t.value, ibis.literal(0).cast(engine.MONEY))
    each = t.group_by("customer", "period").aggregate(y=again.sum().cast(engine.MONEY))
    sums = engine.run(
        each.group_by("period").aggregate(
            n=each.count(), total=each.y.sum(), square=engine.product(each.y, each.y).sum()
        )
    ).set_index("period")
    sums = sums.reindex(every_period(orders, unit), fill_value=0)
    n = sums["n"].to_numpy(float)
    if business == "usage":
        mean, (low, high) = n, intervals.poisson(n)
    else:
        some = np.where(n > 0, n, np.nan)
        mean = sums["total"].to_numpy(float) / some
        variance = np.maximum(sums["square"].to_numpy(float) / some - mean**2, 0)
        low, high = intervals.positive_mean(mean, np.sqrt(variance / np.maximum(n - 1, 1)))
    columns = {"estimate": mean, "low": low, "high": high, "n": n.astype(int), "known": whole(orders, sums.index, unit)}
    return pd.DataFrame(columns).set_index(first_days(sums.index, unit))


def metric_change(metric: pd.DataFrame, *, periods: int = 3) -> pd.DataFrame:
    """The mean of the last `periods` whole periods of a metric over that of as many before them, less one.

    Student's interval (90 %) on the log scale from the scatter of the periods, so it holds what happens to all customers
    at once; a trend within them widens it. One row: estimate, low, high, n (periods compared), last, before, known.
    """
    seen = metric.loc[metric["known"] & (metric["estimate"] > 0), "estimate"].to_numpy(float)[-2 * periods :]
    if len(seen) < 2 * periods or periods < 2:
        unknown = {"estimate": np.nan, "low": np.nan, "high": np.nan, "n": len(seen), "last": np.nan, "before": np.nan}
        return pd.DataFrame([unknown | {"known": False}], index=pd.Index(["change"]))
    before, last = np.log(seen[:periods]), np.log(seen[periods:])
    spread = ((before.var(ddof=1) + last.var(ddof=1)) / periods) ** 0.5
    half = special.stdtrit(2 * periods - 2, intervals.tails()[1]) * spread
    change = np.expm1(last.mean() - before.mean() + np.array([0.0, -half, half]))
    ends = {"last": float(np.exp(last.mean())), "before": float(np.exp(before.mean()))}
    row = dict(zip(("estimate", "low", "high"), change, strict=True)) | {"n": 2 * periods} | ends | {"known": True}
    return pd.DataFrame([row], index=pd.Index(["change"]))
