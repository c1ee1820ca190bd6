"""Margin per acquired customer: realised up to each customer's own age, projected beyond, path by path.

M(t) is the discounted net margin of a cohort's customers up to age t, divided by their number, first order included.
One joint path per draw is shared by all ages: a first passage needs joint paths, bands age by age do not give it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.cac_payback.asordered import as_ordered
from ltv.metrics.cac_payback.refunding import RefundCurve, refunds_of
from ltv.metrics.lifetime_value.futures import SHOCK_SD, Base, futures, hold, match_moments, shocks, squared_gains
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
    discount: Rate

    @property
    def days(self) -> int:
        return len(self.realised) - 1

    def undiscounted(self) -> Projection:
        """The same paths with money ahead counted in full, without a next cohort.

        What an age brings was discounted by that age alone, so the factor is divided out again day by day.
        """
        full = 1 / self.discount.discount(np.arange(self.days + 1))
        none = np.zeros((len(self.paths), 0))
        return replace(
            self,
            realised=(np.diff(self.realised, prepend=0.0) * full).cumsum(),
            paths=(np.diff(self.paths, axis=1, prepend=0.0) * full).cumsum(axis=1),
            next_cohort=none,
            large_cohort=none,
            targets=(),
            discount=Rate(0.0),
        )

    def widened(self) -> Array:
        """The paths with the projected part multiplied by each path's shock."""
        return self.realised + (self.paths - self.realised) * self.shocks[:, None]

    def __repr__(self) -> str:
        ages = f"realised to day {self.youngest} for all, to day {self.oldest} for the oldest"
        return f"Projection of {self.customers:,} customers to day {self.days}, {len(self.paths)} paths ({ages})"

    @property
    def curve(self) -> pd.DataFrame:
        """M at the end of each month of age: estimate, low, high (90 %, widened), raw_low, raw_high, realised, n, known,
        reached.

        `realised` is the part that has happened; `known` is true where every customer is that old, `reached` where one
        is; `n` counts the customers.
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
                "reached": at <= self.oldest,
            },
            index=pd.Index(months, name="months"),
        )


@dataclass(frozen=True)
class Terms:
    """How money ahead is counted: horizon, discount rate, ages of interest in months, seed, scale of calendar shocks."""

    horizon: Horizon
    discount: Rate
    targets: tuple[int, ...]
    draws: int
    seed: int
    tau: float = SHOCK_SD

    @classmethod
    def of(cls, horizon: str | Horizon, discount: float | Rate, targets: Sequence[int], draws: int, seed: int) -> Terms:
        """Raises ParameterError where a target lies beyond the horizon."""
        span = Horizon.of(horizon)
        if bad := [month for month in targets if not 0 < month * Unit.MONTH.days <= span.days]:
            raise ParameterError(f"targets {bad} are ages in months, above 0 and up to the horizon of {span}")
        return cls(span, Rate.of(discount), tuple(targets), draws, seed)

    @property
    def days(self) -> int:
        return math.ceil(self.horizon.days)

    @property
    def target_days(self) -> Days:
        return np.floor(np.asarray(self.targets) * Unit.MONTH.days).astype(np.int64)


def project(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    horizon: str | Horizon = "36 months",
    discount: float | Rate = annual(0.10),
    targets: Sequence[int] = TARGETS,
    next_size: int | None = None,
    tau: float = SHOCK_SD,
    draws: int = 400,
    seed: int = 0,
) -> Projection:
    """Margin per acquired customer to an age of `horizon`, discounted to acquisition at the order's own date.

    `order_value` is made by `fit_order_values`: it knows all orders, the first included, before refunds; those
    still to come are subtracted. `targets` are ages in months at which a next cohort of `next_size` customers (default: as many as the last
    calendar month brought) is simulated by drawing that many customers from this one, each with its own completed
    path. `tau` is the scale of calendar shocks.
    """
    terms = replace(Terms.of(horizon, discount, targets, draws, seed), tau=tau)
    base = hold(as_ordered(customers), first=True)
    groups = np.zeros(len(base.x), dtype=np.int64)
    run = simulate(
        customers,
        base,
        buying,
        order_value,
        groups=groups,
        terms=terms,
        refunds=refunds_of(customers),
        next_size=next_size,
    )
    return run.projection(0)


@dataclass(frozen=True)
class Run:
    """Simulated groups of customers (cohorts of a channel, or one group of all).

    `realised` (groups, days + 1), `paths` (draws, groups, days + 1), `sizes` and the youngest and oldest age (in days)
    of each group; `following` and `large` (draws, targets) as in `Projection`, over all groups.
    """

    realised: Array
    paths: Array
    sizes: Days
    youngest: Days
    oldest: Days
    shocks: Array
    following: Array
    large: Array
    next_size: int
    terms: Terms
    currency: str

    def projection(self, group: int | None = None) -> Projection:
        """One group, or all of them together, weighted by customers."""
        weights = self.sizes / self.sizes.sum() if group is None else np.eye(len(self.sizes))[group]
        picked = slice(None) if group is None else slice(group, group + 1)
        return Projection(
            realised=weights @ self.realised,
            paths=np.einsum("g,sgd->sd", weights[picked], self.paths[:, picked]),
            shocks=self.shocks,
            next_cohort=self.following,
            large_cohort=self.large,
            targets=self.terms.targets,
            next_size=self.next_size,
            customers=int(self.sizes[picked].sum()),
            youngest=int(self.youngest[picked].min()),
            oldest=int(self.oldest[picked].max()),
            currency=self.currency,
            discount=self.terms.discount,
        )


def simulate(
    customers: Customers,
    base: Base,
    buying: Fit,
    order_value: Fit,
    *,
    groups: Days,
    terms: Terms,
    refunds: RefundCurve | None,
    next_size: int | None = None,
) -> Run:
    """Complete the paths of `base`, whose customers belong to `groups` 0, 1, …, and of a next cohort like all of them.

    `base` and `order_value` know amounts before refunds; what refunds will take, of orders made and of orders to come,
    is drawn from the curve `refunds`.
    """
    days, draws, count, at = terms.days, terms.draws, int(groups.max()) + 1, terms.target_days
    sizes = np.rint(np.bincount(groups) * (base.size / len(groups))).astype(np.int64)
    ledger = _ledger(customers, base, terms)
    cell = groups[ledger["row"]] * (days + 1) + ledger["age"]
    realised = np.bincount(cell, ledger["margin"], minlength=count * (days + 1)).reshape(count, -1).cumsum(axis=1)
    realised /= np.bincount(groups)[:, None]
    size, factors = next_size or last_cohort(customers), shocks(draws, terms.seed, tau=terms.tau)
    rng = np.random.default_rng(terms.seed)
    steps, squares = np.zeros((draws, count, days + 1), np.float32), np.zeros(count * (days + 1))
    following, large = np.zeros((draws, len(at))), np.zeros((draws, len(at)))
    if refunds is not None:
        shares = refunds.drawn(rng, draws)
        young = np.flatnonzero((ledger["old"] < len(refunds.by_day) - 1) & (ledger["margin"] > 0))
        for number, taken in enumerate(_taken(refunds, shares, rng, ledger.iloc[young])):
            by_cell = np.bincount(cell[young], taken, minlength=steps[0].size).reshape(count, -1)
            steps[number] = -by_cell / np.bincount(groups)[:, None]
        ledger = ledger.assign(margin=ledger["margin"] * (1 - refunds.expected(ledger["old"].to_numpy())))
    first, later = _past(base, ledger, at)
    share, length, seen = customers.orders.margin_share, customers.unit.days, np.ones(count)
    ahead = np.maximum(terms.horizon.in_(customers.unit) - base.T, 0)
    for number, future in enumerate(futures(base, buying, order_value, ahead, draws=draws, seed=terms.seed)):
        age = np.minimum(base.age_days[future.who] + np.ceil(future.when * length).astype(np.int64), days)
        margin = future.value * share * terms.discount.discount(age)
        if refunds is not None:
            margin *= refunds.kept(rng, shares[number], len(margin))
        seen = np.maximum(np.bincount(groups[future.picked], minlength=count), 1)
        where = groups[future.who] * (days + 1) + age
        steps[number] += np.bincount(where, margin, minlength=count * (days + 1)).reshape(count, -1) / seen[:, None]
        squares += np.bincount(where, squared_gains(future.who, margin), minlength=count * (days + 1)) / draws
        repeats = later + _by_target(future.who, age, margin, at, len(first))
        completed = (first + factors[number] * repeats)[:, future.picked]
        large[number], following[number] = completed.mean(axis=1), _next_cohort(completed, size, rng)
    per_customer = (squares.reshape(count, -1) / seen[:, None]).cumsum(axis=1)
    paths = steps.cumsum(axis=2, dtype=np.float64)
    for group in range(count):
        means = match_moments(paths[:, group], per_customer[group], seen=int(seen[group]), size=int(sizes[group]))
        paths[:, group] = realised[group] + means
    ends = [base.age_days[groups == group] for group in range(count)]
    return Run(
        realised=realised,
        paths=paths,
        sizes=sizes,
        youngest=np.array([ages.min() for ages in ends]),
        oldest=np.array([ages.max() for ages in ends]),
        shocks=factors,
        following=following,
        large=large,
        next_size=size,
        terms=terms,
        currency=customers.orders.currency,
    )


def last_cohort(customers: Customers) -> int:
    """How many customers came in the last calendar month in which any did."""
    t = customers.table
    months = t.group_by(month=engine.period_index(t.first_day, Unit.MONTH)).aggregate(n=t.count())
    return int(engine.run(months.order_by("month"))["n"].iloc[-1])


def _ledger(customers: Customers, base: Base, terms: Terms) -> pd.DataFrame:
    """All money of the base so far: row of its customer, age in days, margin discounted to acquisition, and how old it is."""
    t = customers.orders.ledger
    held = engine.from_frame(
        customers.orders.connection, pd.DataFrame({"held": base.ids, "row": np.arange(len(base.ids))})
    )
    mine = t.inner_join(held, t.customer == held.held)
    age = (engine.day_number(mine.day) - engine.day_number(mine.first_day)).name("age")
    frame = engine.run(mine.select("row", age, "margin").order_by("row", "age", "margin"))
    frame = frame.assign(old=base.age_days[frame["row"]] - frame["age"])
    frame = frame[frame["age"] <= terms.days]
    return frame.assign(margin=frame["margin"] * terms.discount.discount(frame["age"]))


def _taken(curve: RefundCurve, shares: Array, rng: np.random.Generator, young: pd.DataFrame) -> Iterator[Array]:
    """Per draw of the curve, the margin that refunds will still take of each young order."""
    margin, old = young["margin"].to_numpy(), young["old"].to_numpy()
    for share in shares:
        yield curve.part * margin * (rng.random(len(margin)) < curve.still_to_come(share, old))


def _past(base: Base, ledger: pd.DataFrame, at: Days) -> tuple[Array, Array]:
    """Margin so far of each customer held: of the first order (m,), and of later ones by each target (targets, m)."""
    who, age, margin = (ledger[name].to_numpy() for name in ("row", "age", "margin"))
    first, count = age == 0, len(base.ids)
    opening = np.bincount(who[first], margin[first], minlength=count).astype(float)
    return opening, _by_target(who[~first], age[~first], margin[~first], at, count)


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
