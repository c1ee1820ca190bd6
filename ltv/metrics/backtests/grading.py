"""How good the forecast was: fit on the first part of the log, forecast the rest, compare with what happened."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import DataError, FitError
from ltv.metrics import intervals
from ltv.metrics.backtests.bands import band, group_totals
from ltv.metrics.backtests.holdouts import Holdout, hold_out, middle
from ltv.metrics.backtests.outlooks import Outlook, forecast
from ltv.metrics.backtests.tracking import track
from ltv.metrics.lifetime_value.futures import SHOCK_SD
from ltv.models.known_value import fit_worth
from ltv.orders.log import Orders
from ltv.units import Unit

GOOD, FAIR = 0.05, 0.10
TRACKED = 1000  # draws behind the band of the tracking curve


@dataclass(frozen=True)
class Grade:
    """A forecast of the repeat orders of a holdout, by customers known at its start, and what they did.

    `family` made it, for the `reason` given. `total`: one row per band (raw: parameters and chance; widened: with
    calendar shocks of scale `tau`) with estimate, low, high, actual. `text` says how good it was.
    `order_value`: what an order of the holdout brought over what was expected of it (estimate, low, high), or None.
    """

    at: dt.date
    until: dt.date
    customers: int
    forecast: float
    actual: int
    total: pd.DataFrame
    tracking: pd.DataFrame
    family: Any
    reason: str
    tau: float = SHOCK_SD
    order_value: pd.Series | None = None

    @property
    def error(self) -> float:
        """Forecast over actual, less one."""
        return self.forecast / self.actual - 1 if self.actual else np.inf

    @property
    def covered(self) -> bool:
        """Whether the raw 90 % band held what happened."""
        return self._holds("raw")

    @property
    def tone(self) -> str:
        """good: within 5 % and inside its own band; warn: within 10 %, or inside the widened band; else bad."""
        miss = abs(self.error)
        if miss <= GOOD and self.covered:
            return "good"
        return "warn" if miss <= FAIR or self._holds("widened") else "bad"

    @property
    def way(self) -> str:
        """Whether the forecast was too low or too high."""
        return "low" if self.error < 0 else "high"

    @property
    def text(self) -> str:
        raw, wide = self.total.loc["raw"], self.total.loc["widened"]
        verdict = {
            "good": "The forecast was close",
            "warn": "Plan with the widened band",
            "bad": "The forecast missed: do not plan on it",
        }[self.tone]
        return (
            f"Tested on its own past: fitted up to {self.at}, it forecast {self.forecast:,.0f} repeat orders "
            f"of {self.customers:,} customers until {self.until}; they made {self.actual:,}. That is {abs(self.error):.1%} too "
            f"{self.way}, {'inside' if self.covered else 'outside'} its own 90% band ({raw['low']:,.0f} to {raw['high']:,.0f}) and "
            f"{'inside' if self._holds('widened') else 'outside'} the band widened for calendar shocks "
            f"({wide['low']:,.0f} to {wide['high']:,.0f}). {verdict}."
        )

    def _holds(self, name: str) -> bool:
        return bool(self.total.loc[name, "low"] <= self.actual <= self.total.loc[name, "high"])


def grade(
    orders: Orders,
    family: Any = None,
    *,
    at: str | dt.date | None = None,
    unit: str | Unit = "week",
    tau: float = SHOCK_SD,
    draws: int = TRACKED,
) -> Grade:
    """Fit on the log up to day `at` (default: the middle of the window) and grade the forecast of the rest.

    The forecast is that of `forecast` on the log up to `at`: no order that grades it has a say in it.
    `tau` is the scale of calendar shocks: 0.12 until a back-test has learned another. `draws` make the band of the
    tracking curve.

    Raises DataError when the window is too short to halve, FitError when the first part cannot be fitted.
    """
    holdout = hold_out(orders, at=at or middle(orders), unit=unit)
    outlook = forecast(holdout.customers, family)
    made = graded(holdout, outlook, tau=tau, draws=draws)
    return replace(made, order_value=order_value_ratio(holdout))


def graded(holdout: Holdout, outlook: Outlook, *, tau: float = SHOCK_SD, draws: int = TRACKED) -> Grade:
    """The grade of an outlook that has seen `holdout.customers` only."""
    patterns = holdout.customers.patterns
    [totals] = group_totals(outlook.known, patterns, np.zeros(len(patterns.x), dtype=np.int64), [holdout.span])
    actual = int(holdout.cells["n"] @ holdout.cells["later"])
    rows = {}
    for name, shock in {"raw": 0.0, "widened": tau}.items():
        ends = band(totals, -1, whole=True, tau=shock)
        rows[name] = (totals.mean[-1], ends["low"], ends["high"], actual)
    return Grade(
        at=holdout.at,
        until=holdout.until,
        customers=patterns.customers,
        forecast=float(totals.mean[-1]),
        actual=actual,
        total=pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high", "actual"]),
        tracking=track(outlook.new, holdout.customers, holdout.log, draws=draws),
        family=outlook.family,
        reason=outlook.reason,
        tau=tau,
    )


def order_value_ratio(holdout: Holdout) -> pd.Series | None:
    """Revenue of the holdout's orders over what a fit before them expected of those who placed them.

    Σ revenue ÷ Σ k·E[order value | x, mean] over customers with k > 0 orders, its interval linearised over customers.
    None where the order values cannot be fitted or nobody ordered.
    """
    try:
        values = fit_worth(holdout.customers).model
    except (DataError, FitError):
        return None
    x = np.unique(holdout.customers.patterns.x)
    base, slope = values.shrinkage(x)
    kinds = pd.DataFrame({"frequency": x.astype(np.int64), "base": base, "slope": slope})
    came = holdout.outcomes.filter(holdout.outcomes.later > 0)
    t = came.inner_join(engine.from_frame(holdout.log.connection, kinds), "frequency")
    y, e = t.later_value, t.later * (t.base + t.slope * t.mean_value)
    sums = t.aggregate(n=t.count(), y=y.sum(), x=e.sum(), yy=(y * y).sum(), xy=(e * y).sum(), xx=(e * e).sum())
    row = engine.run(sums).iloc[0]
    if not row["n"]:
        return None
    estimate, error = intervals.ratio(*(row[name] for name in ("y", "x", "yy", "xy", "xx", "n")))
    low, high = intervals.positive_mean(estimate, error)
    return pd.Series({"estimate": float(estimate), "low": float(low), "high": float(high)})
