"""The protocol by which a design of forecast is judged: many past days of a log, several horizons, nothing seen too early.

From every day of origin a design forecasts how often each known customer orders in the next h days, from fits and
weights that rest on the log up to that day alone: what is chosen or weighted, is so on forecasts that were over by then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize

from ltv import engine
from ltv.errors import DataError, FitError
from ltv.models import BGNBD, MBGNBD, NBD, ParetoNBD, Patterns, compare
from ltv.models.comparison import LEAVING, PREFERENCE
from ltv.models.fitting import fit
from ltv.orders.log import Orders
from ltv.units import EPOCH, Unit

Array = NDArray[np.float64]
FIRST, STEP, RECENT, SHORTEST = 84, 42, 91, 28  # days: the first origin, between origins, of a recent fit, before it
HORIZONS = (91, 182, 273, 364)
GRADED = 168  # days of a log before the first forecast that is graded: so much must be over to learn from
ENOUGH = 3  # past forecasts of one length, to learn weights from
TRUST = 20.0  # customers that the equal weights count as
FAMILIES = {"Pareto": ParetoNBD, "MBG": MBGNBD, "BG": BGNBD, "NBD": NBD}
MEMBERS = (*FAMILIES, *(f"{kind} {name}" for kind in ("recent", "half") for name in FAMILIES))
LEARNED = (42, *HORIZONS)  # lengths of past forecasts that may teach weights


@dataclass(frozen=True)
class Log:
    """The days on which customers ordered, sorted by customer and day, in days from the first of the log."""

    who: NDArray[np.int64]
    day: NDArray[np.int64]
    length: int

    @classmethod
    def of(cls, orders: Orders) -> Log:
        t = orders.table
        rows = engine.run(t.select("customer", day=engine.day_number(t.day)).distinct().order_by("customer", "day"))
        start = (orders.since - EPOCH).days
        who = np.unique(rows["customer"].to_numpy(object), return_inverse=True)[1]
        return cls(who.astype(np.int64), rows["day"].to_numpy(np.int64) - start, (orders.until - orders.since).days)

    @cached_property
    def born(self) -> NDArray[np.int64]:
        return self.day[np.flatnonzero(np.diff(self.who, prepend=-1))]

    def histories(self, at: int) -> Array:
        """x, recency and age in days of the customers known at the end of day `at`, one column each."""
        seen = self.day <= at
        x = np.bincount(self.who[seen], minlength=self.born.size) - 1
        last = np.zeros(self.born.size)
        last[self.who[seen]] = self.day[seen]
        known = self.born <= at
        return np.stack([x, last - self.born, at - self.born])[:, known].astype(float)

    def later(self, at: int, days: int) -> Array:
        """Their repeat orders in the next days, which must lie inside the log."""
        if at + days > self.length:
            raise DataError("protocol", [f"days  {days} after day {at} are not over"])
        soon = (self.day > at) & (self.day <= at + days)
        return np.bincount(self.who[soon], minlength=self.born.size)[self.born <= at].astype(float)

    def patterns(self, at: int) -> Patterns:
        x, recency, age = self.histories(at)
        return Patterns.count(x, recency / 7, age / 7, Unit.WEEK)


@dataclass(frozen=True)
class Cells:
    """What is forecast from one day for one horizon, and what came: by cell its history, later orders and customers,
    and what each member says of it: P(later orders) and the mean, shape (members, cells)."""

    at: int
    days: int
    patterns: Patterns
    later: Array
    members: tuple[str, ...]
    likely: Array
    mean: Array

    @property
    def n(self) -> Array:
        return self.patterns.n

    @property
    def made(self) -> float:
        return float(self.n @ self.later)

    def of(self, members: tuple[str, ...]) -> tuple[Array, Array]:
        """P and mean of these members; equal shares of the others where one could not be fitted."""
        rows = [self.members.index(name) for name in members if name in self.members]
        return self.likely[rows], self.mean[rows]


@dataclass
class Past:
    """All that has been computed of a log, each fit once."""

    log: Log
    models: dict[int, dict[str, Any]] = field(default_factory=dict)
    cells: dict[tuple[int, int], Cells] = field(default_factory=dict)
    rules: dict[tuple[int, str], str] = field(default_factory=dict)

    def origins(self) -> range:
        return range(FIRST, self.log.length - min(HORIZONS) + 1, STEP)

    def fitted(self, at: int) -> dict[str, Any]:
        """The members that can be fitted to what was known at the end of a day."""
        if at not in self.models:
            now, found = self.log.patterns(at), {}
            before = self.log.patterns(at - RECENT) if at - RECENT >= SHORTEST else None
            half = self.log.patterns(at // 2)
            for name, family in FAMILIES.items():
                for title, given in ((name, None), (f"recent {name}", before), (f"half {name}", half)):
                    if given is None and title != name:
                        continue
                    try:
                        found[title] = fit(family, now, given=given).model
                    except (FitError, DataError):
                        continue
            self.models[at] = found
        return self.models[at]

    def asked(self, at: int, days: int) -> Cells:
        if (at, days) not in self.cells:
            patterns, later = pairs(self.log, at, days)
            models, span = self.fitted(at), days / 7
            rows = {"x": patterns.x, "t_x": patterns.t_x, "T": patterns.T}
            likely = [np.maximum(model.pmf(later, span, **rows), 1e-300) for model in models.values()]
            mean = [model.expected_orders(span, **rows) for model in models.values()]
            self.cells[at, days] = Cells(at, days, patterns, later, tuple(models), np.array(likely), np.array(mean))
        return self.cells[at, days]

    def over(self, at: int, days: int) -> list[Cells]:
        """Forecasts that were over by the end of a day: of the longest horizon up to `days` with three of them, or none."""
        for length in sorted((h for h in LEARNED if h <= days), reverse=True):
            if len(ended := [origin for origin in self.origins() if origin + length <= at]) >= ENOUGH:
                return [self.asked(origin, length) for origin in ended]
        return []

    def rule(self, at: int, *, kind: str = "") -> str:
        """The family that the package's rule takes, tried in the middle of the log up to a day; `kind` "half" tries and
        means fits to the second half of what was known, "half leaving" those of families whose customers may leave."""
        key = (at, kind)
        if key not in self.rules:
            fitted, middle = self.fitted(at), at // 2
            given = self.log.patterns(middle // 2) if kind.startswith("half") else None
            families = LEAVING if kind.endswith("leaving") else PREFERENCE
            fit_of = pairs(self.log, middle, at - middle)
            try:
                chosen = compare(*fit_of, (at - middle) / 7, given=given, families=families).chosen
            except (DataError, FitError):
                chosen = BGNBD
            name = next(name for name, family in FAMILIES.items() if family is chosen)
            names = (f"{kind.removesuffix(' leaving')} {one}".strip() for one in (name, *FAMILIES))
            self.rules[key] = next((one for one in names if one in fitted), name)
        return self.rules[key]


def pairs(log: Log, at: int, days: int) -> tuple[Patterns, Array]:
    """Patterns and their later orders, distinct in both."""
    rows = np.concatenate([log.histories(at), log.later(at, days)[None]])
    (x, recency, age, later), n = np.unique(rows, axis=1, return_counts=True)
    return Patterns(x, recency / 7, age / 7, n.astype(float), Unit.WEEK), later


def weights(past: list[Cells], members: tuple[str, ...]) -> Array:
    """The weights of members that would have made the past forecasts best, drawn a little to equal ones.

    Overlapping forecasts count as the independent ones they are worth. Members absent from one of the past forecasts, or
    from all, share alike.
    """
    known = [(cells.of(members)[0], cells.n) for cells in past if set(members) <= set(cells.members)]
    if not known:
        return np.full(len(members), 1 / len(members))
    worth = 1 + (past[-1].at - past[0].at) / past[-1].days
    share = min(1.0, worth / len(known))

    def loss(z: Array) -> tuple[float, Array]:
        w = np.exp(z - z.max())
        w /= w.sum()
        value, slope = TRUST / len(w) * np.log(np.maximum(w, 1e-300)).sum(), TRUST / len(w) / np.maximum(w, 1e-300)
        for likely, n in known:
            mixed = w @ likely
            value += share * float(n @ np.log(mixed))
            slope = slope + share * (likely @ (n / mixed))
        return -value, -w * (slope - w @ slope)

    found = optimize.minimize(loss, np.zeros(len(members)), jac=True, method="L-BFGS-B")
    w = np.exp(found.x - found.x.max())
    return np.asarray(w / w.sum())


def score(cells: Cells, likely: Array, mean: Array) -> dict[str, float]:
    """Log score per 1,000 customers and the total, of a forecast of these cells."""
    return {
        "score": float(1000 * cells.n @ np.log(likely) / cells.n.sum()),
        "total": float(cells.n @ mean),
        "noise": float(cells.n @ (cells.later - mean) ** 2 / max(cells.n @ mean, 1e-9)),
    }


def run(orders: Orders, designs: Any) -> pd.DataFrame:
    """One row per day of origin, horizon and design: score, total, noise (squared error ÷ mean), made, customers, fallback."""
    past = Past(Log.of(orders))
    return pd.DataFrame(list(_rows(past, designs)))


def _rows(past: Past, designs: Any) -> Iterator[dict[str, Any]]:
    for at in past.origins():
        for days in (length for length in HORIZONS if at + length <= past.log.length):
            cells = past.asked(at, days)
            facts = {"at": at, "days": days, "made": cells.made, "customers": cells.n.sum(), "graded": at >= GRADED}
            for name, design in designs.items():
                yield facts | {"design": name} | design(past, cells)
