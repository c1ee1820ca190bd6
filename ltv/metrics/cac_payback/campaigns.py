"""A past campaign or month: what was forecast for its customers then against what they have brought since."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.metrics import intervals
from ltv.metrics.backtests.outlooks import forecast
from ltv.metrics.lifetime_value.futures import hold, shocks, totals
from ltv.models import Family, fit_worth
from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders, split
from ltv.units import Unit

YEAR, RECENT = 365, 90


def review_day(orders: Orders) -> dt.date:
    """The day whose forecast is looked back on: a year before the end of the log, the middle of it where it is short."""
    middle = orders.since + (orders.until - orders.since) // 2
    return max(middle, orders.until - dt.timedelta(days=YEAR))


def review(
    orders: Orders,
    *,
    acquired: tuple[str, str] | None = None,
    at: str | dt.date | None = None,
    only: dict[str, str] | None = None,
    family: type[Family] | None = None,
    unit: str | Unit = "week",
    draws: int = 200,
) -> pd.DataFrame:
    """What was forecast for the customers of a past campaign, and what they have brought since.

    `acquired` is the first and last day on which they came (default: the last 90
    days of newcomers by then), `only` narrows them by
    attribute ({"channel": "ads"}), and the forecast is made as it would have been at the end of day `at` (default: a year
    before the end of the log), by `forecast`. One row: before (margin up to `at`), estimate, low, high (forecast of the margin from
    then to the end of the log, 90 %, widened), raw_low, raw_high, actual, n, covered, at.
    """
    at = dt.date.fromisoformat(str(at or review_day(orders)))
    before, after = split(orders, at=at)
    everybody = summarize(before, unit=unit)
    since, until = map(dt.date.fromisoformat, acquired) if acquired else _latest(everybody)
    t = everybody.table.filter(everybody.table.first_day.between(since, until))
    for name, wanted in (only or {}).items():
        t = t.filter(t[name] == wanted)
    theirs = replace(everybody, table=t)
    if not engine.run(t.count().as_table()).iloc[0, 0]:
        raise DataError(
            "review", [f"acquired  no customer came from {since} to {until} with {only or 'any attribute'}"]
        )
    buying, order_value = forecast(everybody, family).known, fit_worth(everybody)
    span = (orders.until - before.until).days / everybody.unit.days
    raw = totals(hold(theirs), buying, order_value, span, draws=draws) * before.margin_share
    wide, tails = raw * shocks(draws), intervals.tails()
    done = after.ledger.semi_join(t, "customer")
    actual = float(engine.run(done.aggregate(margin=done.margin.sum())).fillna(0)["margin"].iloc[0])
    so_far = engine.run(t.aggregate(margin=(t.first_margin + t.repeat_margin).sum()))["margin"].iloc[0]
    (low, high), (raw_low, raw_high) = np.quantile(wide, tails), np.quantile(raw, tails)
    row = {"before": float(so_far), "estimate": raw.mean(), "low": low, "high": high, "raw_low": raw_low}
    row |= {
        "raw_high": raw_high,
        "actual": actual,
        "n": theirs.counts["customers"],
        "covered": low <= actual <= high,
        "at": at,
    }
    return pd.DataFrame([row], index=pd.Index([f"{since} to {until}"], name="acquired"))


def _latest(customers: Customers) -> tuple[dt.date, dt.date]:
    """The 90 days up to that of the last newcomer, as far as the log goes back."""
    born = customers.table.first_day
    last: dt.date = engine.run(customers.table.aggregate(last=born.max()))["last"].iloc[0]
    last = pd.Timestamp(last).date()
    return max(last - dt.timedelta(days=RECENT - 1), customers.orders.since), last
