"""What a fitted family says of retention and of the next order, to lay beside what was observed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ltv.metrics import intervals
from ltv.metrics.cohort_retention.cohort_tables import retention
from ltv.metrics.cohort_retention.cohorts import ALL
from ltv.metrics.lifetime_value.futures import Base, Future, futures, hold
from ltv.models import Fit, ParetoNBD
from ltv.orders.customers import Customers
from ltv.units import Unit, period_index, period_start

Array = NDArray[np.float64]


def probability_in_age(model: Any, start: ArrayLike, length: float) -> Array:
    """P(at least one repeat order in (start, start + length]) of a new customer, in the unit of the model.

    NBD and (M)BG/NBD: P(alive at start) − E[e^(−λ·length); alive at start], and weighting a Gamma(r, α) rate by
    e^(−λh) leaves (α/(α+h))^r times a Gamma(r, α+h). Pareto/NBD: P(alive at start), and from then on a new customer
    whose death rate is Gamma(s, β + start). `start` of shape (k,) against parameters of shape (S, 1) gives (S, k).
    """
    start = np.asarray(start, float)
    alive = model.probability_alive(0.0, 0.0, 0.0, ahead=start)
    if isinstance(model, ParetoNBD):
        later = ParetoNBD(model.r, model.alpha, model.s, model.beta + start)
        return alive * later.probability_order(length, x=0.0, t_x=0.0, T=0.0)
    silent = np.exp(-model.r * np.log1p(length / model.alpha))
    thinned = replace(model, alpha=model.alpha + length)
    return alive - silent * thinned.probability_alive(0.0, 0.0, 0.0, ahead=start)


def modelled_retention(buying: Fit, *, period: str | Unit = "month", ages: int = 12, draws: int = 200) -> pd.DataFrame:
    """Retention on each age 1…`ages` (anniversary clock) of customers like those of the fit, from its parameters alone.

    By age: estimate, low, high (90 %, credible), n (customers of the fit), known (False: modelled).
    """
    unit = _unit(buying)
    length = Unit.of(period).days / unit.days
    at = np.arange(1, ages + 1)
    shares = probability_in_age(buying.draws(draws), at * length, length)
    return _modelled(shares, pd.Index(at, name="age"), buying)


def modelled_repeats(buying: Fit, *, days: Sequence[int] = range(1, 366), draws: int = 200) -> pd.DataFrame:
    """Share of customers like those of the fit who have placed their second order by each day: 1 − P(X(t) = 0).

    By days: estimate, low, high (90 %, credible), n (customers of the fit), known (False: modelled).
    """
    shares = 1 - buying.draws(draws).pmf(0, np.asarray(days, float) / _unit(buying).days)
    return _modelled(shares, pd.Index(days, name="days"), buying)


def _modelled(shares: Array, index: pd.Index, buying: Fit) -> pd.DataFrame:
    low, high = np.quantile(shares, intervals.tails(), axis=0)
    columns = {"estimate": shares.mean(axis=0), "low": low, "high": high, "n": buying.customers, "known": False}
    return pd.DataFrame(columns, index=index)


def _unit(buying: Fit) -> Unit:
    return buying.unit or Unit.DAY


def projected_retention(
    customers: Customers,
    buying: Fit,
    *,
    period: str | Unit = "month",
    cohort: str | Unit | None = None,
    ages: int | None = None,
    draws: int = 100,
) -> pd.DataFrame:
    """Retention on each age (anniversary clock) with the ages still to come filled in by the model, up to age `ages`
    (default: the last one that any customer has lived through).

    A cell that all of the cohort has lived through is what `retention` says of it. In the others customers who have
    lived through the age count as observed, the rest by their simulated futures, given their own history; the
    interval (90 %) is predictive: parameters and chance, for these customers. By (cohort, age): estimate, low, high,
    n (customers of the cohort), known.
    """
    unit, rows = Unit.of(period), None if cohort == ALL else Unit.of(cohort or period)
    cells = retention(customers.orders, period=unit, cohort=cohort)
    last = int(cells.index.get_level_values("age").max()) if ages is None else ages
    base = hold(customers)
    lives = _Lives.of(base, customers, unit, rows, last)
    span = np.maximum((last + 1) * unit.days - base.age_days, 0) / customers.unit.days
    shares = np.stack([lives.active(future) for future in futures(base, buying, None, span, draws=draws)])
    index = pd.MultiIndex.from_product([lives.labels, range(last + 1)], names=["cohort", "age"])
    seen = cells.reindex(index)
    n = seen["n"].groupby(level="cohort").transform("max").to_numpy(float)
    lived = seen["n"].fillna(0).to_numpy(float)
    final = (seen["active"].fillna(0).to_numpy() + shares.reshape(draws, -1) * (n - lived)) / n
    low, high = np.quantile(final, intervals.tails(), axis=0)
    known = lived == n
    columns = {
        name: np.where(known, seen[name], value)
        for name, value in (("estimate", final.mean(axis=0)), ("low", low), ("high", high))
    }
    return pd.DataFrame(columns | {"n": n.astype(int), "known": known}, index=index)


@dataclass(frozen=True)
class _Lives:
    """Where each held customer stands: cohort, ages lived through, and whether active in the age under way."""

    labels: list[object]
    cohort: NDArray[np.int64]
    complete: NDArray[np.int64]
    under_way: NDArray[np.bool_]
    age_days: NDArray[np.int64]
    day: float
    period: float
    ages: int

    @classmethod
    def of(cls, base: Base, customers: Customers, period: Unit, cohort: Unit | None, last: int) -> _Lives:
        days, where = np.unique(base.age_days, return_inverse=True)
        until = customers.orders.until
        births = [until - dt.timedelta(days=int(day)) for day in days]
        names = [period_start(period_index(born, cohort), cohort) if cohort else ALL for born in births]
        labels = sorted(set(names), key=str)
        codes = np.array([labels.index(name) for name in names])[where]
        complete = np.floor((base.age_days + 1) / period.days).astype(np.int64)
        recency = np.rint(base.t_x * customers.unit.days)
        here = np.floor(recency / period.days).astype(np.int64) == complete
        return cls(list(labels), codes, complete, here, base.age_days, customers.unit.days, period.days, last + 1)

    def active(self, future: Future) -> Array:
        """By (cohort, age): of the simulated customers who have not lived through the age, the share active in it."""
        picked = np.arange(len(future.picked)), future.picked
        # Orders of one customer stand together: the first row of each (customer, age) counts it once.
        age = np.floor((self.age_days[future.who] + future.when * self.day) / self.period).astype(np.int64)
        age = np.maximum(age, self.complete[future.who])
        now = picked[1][self.under_way[picked[1]]]
        who, age = np.append(future.who, now), np.append(age, self.complete[now])
        pairs = np.unique((who * self.ages + age)[age < self.ages])
        size = (len(self.labels), self.ages)
        count = np.bincount(
            self.cohort[pairs // self.ages] * self.ages + pairs % self.ages, minlength=size[0] * size[1]
        )
        start = np.minimum(self.complete[picked[1]], self.ages)
        waiting = np.zeros((size[0], self.ages + 1))
        np.add.at(waiting, (self.cohort[picked[1]], start), 1)
        return count.reshape(size) / np.maximum(waiting.cumsum(axis=1)[:, :-1], 1)
