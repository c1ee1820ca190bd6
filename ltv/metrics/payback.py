"""When the money spent on customers comes back: margin per acquired customer, realised then projected, against CAC.

M(t) is the discounted net margin of a cohort's customers up to age t, divided by their number, first order included.
A customer is realised up to its own age and projected beyond, one path per draw shared by all ages: a first passage
needs joint paths, bands age by age do not give it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.futures import Base, futures, hold, match_moments, shocks, squared_gains
from ltv.models import Fit
from ltv.orders.customers import Customers
from ltv.units import Horizon, Rate, Unit, annual

Array = NDArray[np.float64]
Days = NDArray[np.int64]
TARGETS = (6, 12, 24)


@dataclass(frozen=True, repr=False)
class Projection:
    """Margin per acquired customer by day of age, path by path.

    `realised` (days + 1,) rests on orders that happened, `paths` (draws, days + 1) adds what is simulated, and
    `shocks` (draws,) are the factors of calendar shocks that all customers share (exp of a Student t₄ with scale
    0.12), which parameters and outcomes alone leave out; `next_cohort` (draws, targets) is the margin per customer of
    a next cohort of `next_size` at the target ages, shocks included, and `large_cohort` that of an endless one.
    """

    realised: Array
    paths: Array
    shocks: Array
    next_cohort: Array
    large_cohort: Array
    targets: tuple[int, ...]
    next_size: int
    customers: int
    youngest: int
    oldest: int
    currency: str

    @property
    def days(self) -> int:
        return len(self.realised) - 1

    def widened(self) -> Array:
        """The paths with the projected part multiplied by each path's shock."""
        return self.realised + (self.paths - self.realised) * self.shocks[:, None]

    def __repr__(self) -> str:
        ages = f"realised to day {self.youngest} for all, to day {self.oldest} for the oldest"
        return f"Projection of {self.customers:,} customers to day {self.days}, {len(self.paths)} paths ({ages})"

    @property
    def curve(self) -> pd.DataFrame:
        """M at the end of each month of age: estimate, low, high (90 %, widened), raw_low, raw_high, realised, n, known.

        `realised` is the part that has happened; `known` is true where every customer is that old; `n` counts the
        customers.
        """
        months = np.arange(int(self.days / Unit.MONTH.days) + 1)
        at = np.floor(months * Unit.MONTH.days).astype(int)
        raw, wide = self.paths[:, at], self.widened()[:, at]
        tails = intervals.tails()
        (low, high), (raw_low, raw_high) = np.quantile(wide, tails, axis=0), np.quantile(raw, tails, axis=0)
        return pd.DataFrame(
            {
                "estimate": raw.mean(axis=0),
                "low": low,
                "high": high,
                "raw_low": raw_low,
                "raw_high": raw_high,
                "realised": self.realised[at],
                "n": self.customers,
                "known": at <= self.youngest,
            },
            index=pd.Index(months, name="months"),
        )


def project(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    horizon: str | Horizon = "36 months",
    discount: float | Rate = annual(0.10),
    targets: Sequence[int] = TARGETS,
    next_size: int | None = None,
    draws: int = 400,
    seed: int = 0,
) -> Projection:
    """Margin per acquired customer to an age of `horizon`, discounted to acquisition at the order's own date.

    `targets` are ages in months at which a next cohort of `next_size` customers (default: as many as the last calendar month brought) is
    simulated by drawing that many customers from this one, each with its own completed path.
    """
    span = Horizon.of(horizon)
    days, rate = math.ceil(span.days), Rate.of(discount)
    if bad := [month for month in targets if not 0 < month * Unit.MONTH.days <= span.days]:
        raise ParameterError(f"targets {bad} are ages in months, above 0 and up to the horizon of {span}")
    base = hold(customers)
    ledger = _ledger(customers, rate, days)
    realised = np.bincount(ledger["age"], ledger["margin"], minlength=days + 1).cumsum() / base.size
    at = np.floor(np.asarray(targets) * Unit.MONTH.days).astype(int)
    size, factors, rng = next_size or last_cohort(customers), shocks(draws, seed), np.random.default_rng(seed)
    steps, squares = np.zeros((draws, days + 1)), np.zeros(days + 1)
    following, large = np.zeros((draws, len(at))), np.zeros((draws, len(at)))
    first, later = _past(base, ledger, at)
    share, length, seen = customers.orders.margin_share, customers.unit.days, 1
    ahead = np.maximum(span.in_(customers.unit) - base.T, 0)
    for number, future in enumerate(futures(base, buying, order_value, ahead, draws=draws, seed=seed)):
        age = np.minimum(base.age_days[future.who] + np.ceil(future.when * length).astype(int), days)
        margin = future.value * share * rate.discount(age)
        seen = len(future.picked)
        steps[number] = np.bincount(age, margin, minlength=days + 1) / seen
        squares += np.bincount(age, squared_gains(future.who, margin), minlength=days + 1) / seen / draws
        repeats = later + _by_target(future.who, age, margin, at, len(first))
        completed = (first + factors[number] * repeats)[:, future.picked]
        large[number], following[number] = completed.mean(axis=1), _next_cohort(completed, size, rng)
    projected = match_moments(steps.cumsum(axis=1), squares.cumsum(), seen=seen, size=base.size)
    return Projection(
        realised=realised,
        paths=realised + projected,
        shocks=factors,
        next_cohort=following,
        large_cohort=large,
        targets=tuple(targets),
        next_size=size,
        customers=base.size,
        youngest=int(base.age_days.min()),
        oldest=int(base.age_days.max()),
        currency=customers.orders.currency,
    )


def last_cohort(customers: Customers) -> int:
    """How many customers came in the last calendar month in which any did."""
    t = customers.table
    months = t.group_by(month=engine.period_index(t.first_day, Unit.MONTH)).aggregate(n=t.count())
    return int(engine.run(months.order_by("month"))["n"].iloc[-1])


def _ledger(customers: Customers, rate: Rate, days: int) -> pd.DataFrame:
    """Every order so far: customer, age in days, margin discounted to acquisition."""
    t = customers.orders.table
    age = (engine.day_number(t.day) - engine.day_number(t.first_day)).name("age")
    frame = engine.run(t.select("customer", age, "margin").order_by("customer", "age"))
    frame = frame[frame["age"] <= days]
    return frame.assign(margin=frame["margin"] * rate.discount(frame["age"]))


def _past(base: Base, ledger: pd.DataFrame, at: Days) -> tuple[Array, Array]:
    """Margin so far of each sampled customer: of the first order (m,), and of later ones by each target (targets, m)."""
    who = pd.Index(base.ids).get_indexer(ledger["customer"])
    held = who >= 0
    who, age, margin = who[held], ledger["age"].to_numpy(np.int64)[held], ledger["margin"].to_numpy(float)[held]
    first = age == 0
    count = len(base.ids)
    opening = np.bincount(who[first], margin[first], minlength=count).astype(float)
    return (
        opening,
        _by_target(who[~first], age[~first], margin[~first], at, count),
    )


def _by_target(who: Days, age: Days, margin: Array, at: Days, count: int) -> Array:
    """Sum of margin per customer up to each target age, shape (targets, customers)."""
    return np.stack([np.bincount(who[age <= day], margin[age <= day], minlength=count) for day in at])


def _next_cohort(completed: Array, size: int, rng: np.random.Generator) -> Array:
    """Mean margin of `size` customers like these, at each target.

    Drawn from a resample of the customers seen, so that not knowing their distribution counts as well as chance does.
    """
    seen = completed.shape[1]
    pool = np.asarray(rng.integers(0, seen, seen))
    return completed[:, pool[rng.integers(0, seen, size)]].mean(axis=1)


def payback(projection: Projection, *, cac: float, by: Sequence[int] = (3, 6, 12, 24)) -> pd.DataFrame:
    """Months until the margin of a cohort's customers covers what each of them cost, one row.

    The start of the last uninterrupted stretch with M(t) ≥ CAC, in days, shown in months. Columns: estimate (median),
    low, high (90 %, widened), raw_low, raw_high (without calendar shocks), paid_by_3 … (probability), beyond
    (probability that it takes longer than the horizon), n, known (true where it has already happened for
    certain). A time beyond the horizon is infinite: "not within 36 months".

    Raises ParameterError unless `cac` is above 0.
    """
    if not cac > 0:
        raise ParameterError(f"cac is what a customer cost, above 0, not {cac!r}")
    wide, raw = passage(projection.widened(), cac), passage(projection.paths, cac)
    month = Unit.MONTH.days
    low, middle, high = (_quantile(wide, q) / month for q in (intervals.tails()[0], 0.5, intervals.tails()[1]))
    raw_low, raw_high = (_quantile(raw, q) / month for q in intervals.tails())
    settled = projection.realised[min(projection.youngest, projection.days)] >= cac
    row = {"estimate": middle, "low": low, "high": high, "raw_low": raw_low, "raw_high": raw_high}
    row |= {f"paid_by_{months}": float((wide <= months * month).mean()) for months in by}
    row |= {"beyond": float(np.isinf(wide).mean()), "n": projection.customers, "known": bool(settled)}
    return pd.DataFrame([row], index=pd.Index([cac], name="cac"))


def passage(paths: Array, cac: float) -> Array:
    """Day on which the last uninterrupted stretch with M ≥ CAC starts, per path; infinite where the path ends below.

    >>> passage(np.array([[1.0, 3.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0]]), 3.0)
    array([ 3., inf])
    """
    below = paths < cac
    last_below = paths.shape[1] - 1 - np.argmax(below[:, ::-1], axis=1)
    start: Array = np.where(below.any(axis=1), last_below + 1.0, 0.0)
    return np.where(start < paths.shape[1], start, np.inf)


def _quantile(days: Array, probability: float) -> float:
    """An order statistic, so that a time beyond the horizon stays infinite instead of being averaged."""
    return float(np.quantile(days, probability, method="inverted_cdf"))


def affordable(projection: Projection, *, probability: float = 0.9) -> pd.DataFrame:
    """The highest CAC that a next cohort pays back within each target age with this probability.

    The (1 − probability) quantile of M(h). By months: estimate, even (an even chance), large_cohort (the estimate for
    an endless cohort: parameters and shocks only), n (size of the next cohort).
    """
    if not 0 < probability < 1:
        raise ParameterError(f"probability lies between 0 and 1, not {probability!r}")
    return pd.DataFrame(
        {
            "estimate": np.quantile(projection.next_cohort, 1 - probability, axis=0),
            "even": np.quantile(projection.next_cohort, 0.5, axis=0),
            "large_cohort": np.quantile(projection.large_cohort, 1 - probability, axis=0),
            "n": projection.next_size,
        },
        index=pd.Index(projection.targets, name="months"),
    )
