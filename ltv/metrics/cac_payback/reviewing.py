"""Past forecasts of cohorts and channels beside what their customers have brought since."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ltv.errors import DataError, FitError, ParameterError
from ltv.metrics.cac_payback.acquisition import acquisition
from ltv.metrics.cac_payback.campaigns import review_day
from ltv.metrics.cac_payback.channels import AGES, ChannelPayback, channel_payback
from ltv.orders.costs import Costs
from ltv.orders.customers import summarize
from ltv.orders.log import Orders, split
from ltv.units import Unit, period_index, period_start


@dataclass(frozen=True)
class Review:
    """Forecasts made at the end of day `at`, by (channel, cohort) of cohorts that were whole by then.

    `cells`: n, cac, age (months), estimate, low, high (margin per customer up to that age as forecast then, 90 %,
    widened), actual (as known now), covered, payback_then, payback_now (months). Empty where nothing could be
    forecast then, for the reason in `reason`.
    """

    at: dt.date
    cells: pd.DataFrame
    reason: str = ""


def review_channels(
    orders: Orders,
    costs: Costs,
    now: ChannelPayback,
    *,
    at: str | dt.date | None = None,
    lag: Mapping[int, float] | None = None,
    unit: str | Unit = "week",
    **options: Any,
) -> Review:
    """What `channel_payback` would have said at the end of day `at` (default: `review_day`) beside what it says now.

    Each cohort is judged at the oldest age of 3, 6, 12 or 24 months that all its customers have reached by now and that
    some had not by `at`: what had happened by then was no forecast. `options` go to `channel_payback`, as for `now`.
    """
    day = dt.date.fromisoformat(str(at or review_day(orders)))
    before, _ = split(orders, at=day)
    sold = now.acquisition
    try:
        spent = acquisition(before, costs, channel=sold.channel, cohort=sold.cohort, lag=lag)
        then = channel_payback(summarize(before, unit=unit), spent, **options)
    except (DataError, FitError, ParameterError) as fault:
        return Review(day, pd.DataFrame(), f"Nothing could be forecast at the end of {day}: {fault}")
    rows = {}
    for (cohort, channel), cell in then.cells.iterrows():
        age = _age(cohort, sold.cohort, day, orders.until)
        if age is None or (cohort, channel) not in now.cells.index or f"margin_{age}" not in cell:
            continue
        today = now.cells.loc[(cohort, channel)]
        low, high, actual = cell[f"margin_{age}_low"], cell[f"margin_{age}_high"], today[f"margin_{age}"]
        rows[channel, cohort] = {
            "n": cell["n"], "cac": cell["cac"], "age": age, "estimate": cell[f"margin_{age}"], "low": low, "high": high,
            "actual": actual, "covered": bool(low <= actual <= high),
            "payback_then": cell.get("estimate", np.nan), "payback_now": today.get("estimate", np.nan),
        }  # fmt: skip
    if not rows:
        return Review(day, pd.DataFrame(), f"No cohort that was whole by {day} has reached an age of 3 months since.")
    frame = pd.DataFrame.from_dict(rows, orient="index").sort_index()
    return Review(day, frame.set_axis(pd.MultiIndex.from_tuples(frame.index, names=["channel", "cohort"])))


def _age(cohort: dt.date, unit: Unit, at: dt.date, until: dt.date) -> int | None:
    """The age at which a cohort is judged, None where it was not whole by `at` or no age qualifies."""
    youngest = period_start(period_index(cohort, unit) + 1, unit) - dt.timedelta(days=1)
    if youngest > at:
        return None
    ages = [age for age in AGES if (at - youngest).days < int(age * Unit.MONTH.days) <= (until - youngest).days]
    return max(ages, default=None)
