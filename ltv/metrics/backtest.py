"""How good the forecast was: fit on the first part of the log, forecast the rest, compare with what happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import DataError
from ltv.metrics import intervals
from ltv.metrics.futures import hold, shocks, totals
from ltv.models import Fit, fit
from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders, split
from ltv.units import EPOCH, Unit

Array = NDArray[np.float64]
GOOD, FAIR = 0.05, 0.10


@dataclass(frozen=True)
class Grade:
    """A forecast of the repeat orders of a holdout, by customers known at its start, and what they did.

    `total`: one row per band (raw: parameters and chance; widened: with calendar shocks) with estimate, low, high,
    actual. `tone` is good, warn or bad; `text` says it in a sentence.
    """

    at: dt.date
    until: dt.date
    customers: int
    forecast: float
    actual: int
    total: pd.DataFrame
    tracking: pd.DataFrame

    @property
    def error(self) -> float:
        """Forecast over actual, less one."""
        return self.forecast / self.actual - 1 if self.actual else np.inf

    @property
    def covered(self) -> bool:
        """Whether the raw 90 % band held what happened."""
        raw = self.total.loc["raw"]
        return bool(raw["low"] <= self.actual <= raw["high"])

    @property
    def tone(self) -> str:
        miss = abs(self.error)
        return "good" if miss <= GOOD and self.covered else "warn" if miss <= FAIR else "bad"

    @property
    def text(self) -> str:
        raw, wide = self.total.loc["raw"], self.total.loc["widened"]
        way = "low" if self.error < 0 else "high"
        verdict = {
            "good": "the forecast was close",
            "warn": "the forecast was fair: plan with the widened band",
            "bad": "the forecast missed: do not plan on its narrow band",
        }[self.tone]
        return (
            f"Tested on its own past: fitted up to {self.at}, the model forecast {self.forecast:,.0f} repeat orders of "
            f"{self.customers:,} customers until {self.until}; they made {self.actual:,}. That is {abs(self.error):.1%} too "
            f"{way}, {'inside' if self.covered else 'outside'} its own 90 % band ({raw['low']:,.0f} to {raw['high']:,.0f}) and "
            f"{'inside' if wide['low'] <= self.actual <= wide['high'] else 'outside'} the band widened for calendar shocks "
            f"({wide['low']:,.0f} to {wide['high']:,.0f}): {verdict}."
        )


def grade(
    orders: Orders, family: type, *, at: str | dt.date | None = None, unit: str | Unit = "week", draws: int = 200
) -> Grade:
    """Fit `family` on the log up to day `at` (default: the middle of the window) and grade its forecast of the rest.

    Raises DataError when the window is too short to halve, FitError when the first half cannot be fitted.
    """
    length = (orders.until - orders.since).days
    if at is None and length < 28:
        raise DataError("grade", [f"window  {length} days are too few to forecast one half from the other"])
    before, after = split(orders, at=at or orders.since + dt.timedelta(days=length // 2))
    customers = summarize(before, unit=unit)
    buying = fit(family, customers)
    span = (orders.until - before.until).days / customers.unit.days
    counts = totals(hold(customers), buying, None, span, draws=draws)
    bands = {"raw": counts, "widened": counts * shocks(draws)}
    actual = int(after.size["orders"])
    rows = {name: (counts.mean(), *np.quantile(band, intervals.tails()), actual) for name, band in bands.items()}
    return Grade(
        at=before.until,
        until=orders.until,
        customers=customers.counts["customers"],
        forecast=float(counts.mean()),
        actual=actual,
        total=pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high", "actual"]),
        tracking=track(buying, customers, orders),
    )


def track(buying: Fit, customers: Customers, orders: Orders, *, draws: int = 100) -> pd.DataFrame:
    """Repeat orders of these customers week by week over the window of `orders`, as made and as the model expects them.

    Expected by the end of week w: Σ over customers of E[X(w − first day)], from the population alone. By week (its
    last day): actual, estimate, low, high (90 %, parameters), each cumulative, and fitted (the week was in the fit).
    """
    unit = customers.unit
    births = engine.run(
        customers.table.group_by("first_day").aggregate(n=customers.table.count()).order_by("first_day")
    )
    t = orders.table.filter(orders.table.first_day <= customers.orders.until)
    repeats = t.filter(t.day > t.first_day)
    daily = engine.run(repeats.group_by("day").aggregate(n=repeats.count()))
    weeks = pd.date_range(orders.since, orders.until, freq="7D")[1:] - pd.Timedelta(days=1)
    ends = _numbers(weeks)
    born, made = _numbers(births["first_day"]), _numbers(daily["day"])
    ages = np.maximum(ends[:, None] - born, 0)
    distinct, where = np.unique(ages, return_inverse=True)
    expected = buying.draws(draws).expected_orders(distinct / unit.days)
    totals = np.stack([(curve[where].reshape(ages.shape) * births["n"].to_numpy()).sum(axis=1) for curve in expected])
    low, high = np.quantile(totals, intervals.tails(), axis=0)
    actual = [daily["n"].to_numpy()[made <= end].sum() for end in ends]
    fitted = ends <= (customers.orders.until - EPOCH).days
    columns = {"actual": actual, "estimate": totals.mean(axis=0), "low": low, "high": high, "fitted": fitted}
    return pd.DataFrame(columns, index=pd.Index(weeks.date, name="week"))


def _numbers(days: object) -> NDArray[np.int64]:
    return pd.to_datetime(pd.Series(list(days))).to_numpy().astype("datetime64[D]").astype(np.int64)  # type: ignore[call-overload]
