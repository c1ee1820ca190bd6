"""Do old cohorts still speak for new ones? The same family fitted cohort by cohort, compared at an age all have lived."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ltv.errors import FitError
from ltv.models import Fit, Patterns
from ltv.models.fitting import fit
from ltv.orders.customers import Customers

Array = NDArray[np.float64]
MOST, REPEATERS = 6, 50
LARGE, SURE = 0.10, 0.99


@dataclass(frozen=True)
class Drift:
    """Repeat orders that a new customer makes by the age `days`, by acquisition cohort, and whether they moved.

    `frame`, by cohort (its first day to its last): n, repeaters, estimate, low, high (90 %), and the parameters. `change` is
    the newest cohort ÷ the others, less one, with its 99 % interval; `p_value` is of no difference between any cohorts.
    """

    frame: pd.DataFrame
    days: int
    change: float
    low: float
    high: float
    p_value: float

    @property
    def warning(self) -> bool:
        """The newest cohort differs by more than a tenth, and by more than chance explains."""
        return bool(abs(self.change) > LARGE and (self.low > 0 or self.high < 0))

    @property
    def text(self) -> str:
        """The finding in a sentence."""
        if len(self.frame) < 2:
            return "There are too few repeaters to compare old cohorts with new ones."
        way = "more" if self.change > 0 else "fewer"
        found = f"The newest cohort makes {abs(self.change):.0%} {way} repeat orders by day {self.days} than the others"
        band = f"99% interval {self.low:+.0%} to {self.high:+.0%}".replace("-", "−")
        if self.warning:
            return f"{found} ({band}): old cohorts no longer speak for new ones; fit recent cohorts alone."
        return f"{found} ({band}): no sign that old cohorts mislead about new ones."


def drift(customers: Customers, family: Any) -> Drift:
    """Cut the customers into up to six cohorts of equal size by first day, fit each, and compare.

    A cohort needs 50 repeaters. The age of comparison is the median age of the newest cohort, so that none is
    projected beyond its life. Cohorts that cannot be fitted are left out.
    """
    patterns = customers.patterns
    groups = _cut(patterns)
    newest = patterns.T[groups == groups.max()]
    t = float(np.median(newest))
    rows, logs = {}, []
    for number in range(groups.max() + 1):
        part = _part(patterns, groups == number)
        try:
            fitted = fit(family, part)
        except FitError:
            continue
        mean, sd = _log_orders(fitted, t)
        logs.append((mean, sd))
        ends = np.exp(mean + np.array([0.0, -1.0, 1.0]) * special.ndtri(0.95) * sd)
        columns = {"n": part.customers, "repeaters": int(part.n[part.x > 0].sum())}
        columns |= dict(zip(("estimate", "low", "high"), ends.tolist(), strict=True))
        rows[_name(customers, part)] = columns | dict(zip(family.names(), fitted.model.parameters(), strict=True))
    frame = pd.DataFrame.from_dict(rows, orient="index").rename_axis("cohort")
    return Drift(frame, round(t * customers.unit.days), *_compared(np.array(logs)))


def _cut(patterns: Patterns) -> NDArray[np.int64]:
    """A cohort number for each pattern, 0 the oldest: equal customers, 50 repeaters each, days never torn apart."""
    days, where = np.unique(-patterns.T, return_inverse=True)
    n, repeaters = np.bincount(where, patterns.n), np.bincount(where, patterns.n * (patterns.x > 0))
    for count in range(min(MOST, len(days)), 1, -1):
        middle = (n.cumsum() - n / 2) / n.sum()
        _, group = np.unique(np.floor(middle * count), return_inverse=True)
        if np.bincount(group, repeaters).min() >= REPEATERS:
            return np.asarray(group[where], dtype=np.int64)
    return np.zeros(len(patterns.x), dtype=np.int64)


def _part(patterns: Patterns, mine: NDArray[np.bool_]) -> Patterns:
    x, t_x, T, n = (column[mine] for column in (patterns.x, patterns.t_x, patterns.T, patterns.n))
    return Patterns(x, t_x, T, n, patterns.unit, patterns.window)


def _name(customers: Customers, part: Patterns) -> str:
    ages = np.rint(np.array([part.T.max(), part.T.min()]) * part.unit.days).astype(int)
    first, last = (customers.orders.until - dt.timedelta(days=int(age)) for age in ages)
    return f"{first} to {last}"


def _log_orders(fitted: Fit, t: float) -> tuple[float, float]:
    """log E[X(t)] of a new customer and its standard error, by the delta method."""

    def value(theta: Array) -> float:
        model: Any = fitted.family.of_logs(fitted.coordinates.logs(theta))
        return float(np.log(model.expected_orders(t)))

    steps = np.diag(np.sqrt(np.diag(fitted.theta_covariance)) / 100)
    slope = np.array([value(fitted.theta + step) - value(fitted.theta - step) for step in steps]) / (2 * np.diag(steps))
    return value(fitted.theta), float(np.sqrt(slope @ fitted.theta_covariance @ slope))


def _compared(logs: Array) -> tuple[float, float, float, float]:
    """The newest against the precision-weighted mean of the others, and the test that all are equal (Cochran's Q)."""
    if len(logs) < 2:
        return 0.0, 0.0, 0.0, 1.0
    value, weight = logs[:, 0], logs[:, 1] ** -2.0
    mean = weight @ value / weight.sum()
    p_value = float(special.chdtrc(len(value) - 1, weight @ (value - mean) ** 2))
    others = weight[:-1] @ value[:-1] / weight[:-1].sum()
    half = special.ndtri((1 + SURE) / 2) * np.sqrt(1 / weight[-1] + 1 / weight[:-1].sum())
    change = value[-1] - others + np.array([0.0, -half, half])
    return (*np.expm1(change).tolist(), p_value)
