"""A past campaign or month: what was forecast for its customers then against what they have brought since."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.metrics import intervals
from ltv.metrics.futures import hold, shocks, totals
from ltv.models import BGNBD, Family, GammaGamma, fit
from ltv.orders.customers import summarize
from ltv.orders.log import Orders, split
from ltv.units import Unit


def review(
    orders: Orders,
    *,
    acquired: tuple[str, str],
    at: str,
    only: dict[str, str] | None = None,
    family: type[Family] = BGNBD,
    unit: str | Unit = "week",
    draws: int = 200,
) -> pd.DataFrame:
    """What was forecast for the customers of a past campaign, and what they have brought since.

    `acquired` is the first and last day on which they came, `only` narrows them by attribute ({"channel": "ads"}), and the
    forecast is made as it would have been at the end of day `at`. One row: before (margin up to `at`), estimate, low, high
    (forecast of the margin from then to the end of the log, 90 %, widened), raw_low, raw_high, actual, n, covered.
    """
    before, after = split(orders, at=at)
    everybody = summarize(before, unit=unit)
    since, until = (dt.date.fromisoformat(day) for day in acquired)
    t = everybody.table.filter(everybody.table.first_day.between(since, until))
    for name, wanted in (only or {}).items():
        t = t.filter(t[name] == wanted)
    theirs = replace(everybody, table=t)
    if not engine.run(t.count().as_table()).iloc[0, 0]:
        raise DataError(
            "review", [f"acquired  no customer came from {since} to {until} with {only or 'any attribute'}"]
        )
    buying, order_value = fit(family, everybody), fit(GammaGamma, everybody)
    span = (orders.until - before.until).days / everybody.unit.days
    raw = totals(hold(theirs), buying, order_value, span, draws=draws) * before.margin_share
    wide, tails = raw * shocks(draws), intervals.tails()
    done = after.table.semi_join(t, "customer")
    actual = float(engine.run(done.aggregate(margin=done.margin.sum())).fillna(0)["margin"].iloc[0])
    so_far = engine.run(t.aggregate(margin=(t.first_margin + t.repeat_margin).sum()))["margin"].iloc[0]
    (low, high), (raw_low, raw_high) = np.quantile(wide, tails), np.quantile(raw, tails)
    row = {"before": float(so_far), "estimate": raw.mean(), "low": low, "high": high, "raw_low": raw_low}
    row |= {"raw_high": raw_high, "actual": actual, "n": theirs.counts["customers"], "covered": low <= actual <= high}
    return pd.DataFrame([row], index=pd.Index([f"{since} to {until}"], name="acquired"))
