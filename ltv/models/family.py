"""What every family is: a frozen set of positive parameters that broadcasts against rows of customers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ltv.errors import ParameterError
from ltv.models.coordinates import Coordinates
from ltv.models.data import Array
from ltv.models.special import log_nodes
from ltv.models.status import Status
from ltv.models.tables import Total


@dataclass(frozen=True)
class Family:
    """Parameters, each a positive number or an array: (S, 1) is S draws against n rows, (n,) one set per row.

    Raises ParameterError where a parameter is not positive and finite.
    """

    title: ClassVar[str]
    reads: ClassVar[str]
    varying: ClassVar[tuple[int, ...]] = (0,)
    """The coordinates that differ between segments when they are pooled: means, never shapes."""

    def __post_init__(self) -> None:
        for name, value in zip(self.names(), self.parameters(), strict=True):
            array = np.asarray(value, dtype=float)
            if not (np.isfinite(array).all() and (array > 0).all()):
                raise ParameterError(f"{self.title}: {name} must be positive and finite, not {value!r}")
            object.__setattr__(self, name, array if array.ndim else float(array))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        return tuple(field.name for field in fields(cls))

    def parameters(self) -> tuple[Any, ...]:
        return tuple(getattr(self, name) for name in self.names())

    @classmethod
    def scale(cls, data: Any) -> float:
        """What makes the coordinates free of units: the median age, or the median order value."""
        return weighted_median(data.T if cls.reads == "patterns" else data.mean, data.n)

    @classmethod
    def coordinates(cls, scale: float) -> Coordinates:
        """The coordinates of a fit to data of this scale."""
        raise NotImplementedError

    @classmethod
    def total(cls, data: Any) -> Total:
        """The log-likelihood of all of `data` at once."""
        raise NotImplementedError

    @classmethod
    def starts(cls, data: Any, coordinates: Coordinates) -> Array:
        """Where a climb may begin, one row each: the data's own mean, and corners around the prior means."""
        raise NotImplementedError

    @classmethod
    def edge(cls, model: Any) -> Status | None:
        """The edge of the parameter space that this model lies at, if any."""
        return None

    @classmethod
    def of_logs(cls, logs: ArrayLike) -> Self:
        """From log parameters: shape (d,) gives scalars, (S, d) gives fields of shape (S, 1)."""
        values = np.exp(np.asarray(logs, dtype=float))
        return cls(*(values if values.ndim == 1 else np.moveaxis(values[..., None], -2, 0)))

    def shared(self) -> bool:
        """Whether all rows of a draw have the same parameters."""
        return all(np.ndim(value) == 0 or np.shape(value)[-1] == 1 for value in self.parameters())

    def __repr__(self) -> str:
        shown = [
            f"{name}={value:.4g}" if isinstance(value, float) else f"{name}={value.shape}"
            for name, value in zip(self.names(), self.parameters(), strict=True)
        ]
        return f"{type(self).__name__}({', '.join(shown)})"


def rows(**columns: ArrayLike | None) -> tuple[Array, ...]:
    """The columns as float arrays; all None is one new customer (0, 0, …), some None is an error."""
    missing = [name for name, column in columns.items() if column is None]
    if missing and len(missing) < len(columns):
        raise ParameterError(f"give {', '.join(columns)} together; missing: {', '.join(missing)}")
    return tuple(np.asarray(0.0 if column is None else column, dtype=float) for column in columns.values())


def span(t: ArrayLike, what: str = "t") -> Array:
    t = np.asarray(t, dtype=float)
    if np.isnan(t).any() or (t < 0).any():
        raise ParameterError(f"{what} must be 0 or more, not {t!r}")
    return t


def on_distinct(f: Callable[[Array, Array], Array], x: Array, T: Array, shift: float) -> Array:
    """f(x, T), smooth in log(shift + T), computed once per distinct pair of rows and handed back to every row."""
    x, T = np.broadcast_arrays(x, T)
    if x.ndim != 1 or x.size < 256:
        return f(x, T)
    pairs = Pairs.of_rows(x, T)
    return np.take(pairs.spread(f, shift), pairs.back, axis=-1)


@dataclass(frozen=True)
class Pairs:
    """Distinct (x, T), as places `of` and `at` in the distinct counts and ages, and `back`, which of them each row has."""

    counts: Array
    ages: Array
    of: NDArray[np.intp]
    at: NDArray[np.intp]
    back: NDArray[np.intp]

    @classmethod
    def of_rows(cls, x: Array, T: Array) -> Pairs:
        (counts, of), (ages, at) = distinct(x), distinct(T)
        key = of * ages.size + at
        if counts.size * ages.size > 10 * x.size:
            pairs, back = np.unique(key, return_inverse=True)
        else:
            used = np.zeros(counts.size * ages.size, dtype=bool)
            used[key] = True
            pairs, back = np.flatnonzero(used), (np.cumsum(used) - 1)[key]
        return cls(counts, ages, pairs // ages.size, pairs % ages.size, back)

    def spread(self, f: Callable[[Array, Array], Array], shift: float) -> Array:
        """f(x, T), smooth in log(shift + T), at every pair: where there are many ages, from a few of them (`log_nodes`)."""
        points, weights = log_nodes(self.ages, shift)
        if points.size * self.counts.size >= self.of.size:
            return f(self.counts[self.of], self.ages[self.at])
        grid = f(np.repeat(self.counts, points.size), np.tile(points, self.counts.size))
        return (grid.reshape(*grid.shape[:-1], self.counts.size, points.size) @ weights.T)[..., self.of, self.at]


def along(f: Callable[[Array], Array], t: Array, shift: float) -> Array:
    """f(t) by (…, t), t ascending from 0 or later, for f(t)/t smooth in log(shift + t) and f(0) = 0.

    Where there are many t, from the mean rate f(t)/t at a few of them (`log_nodes`): orders or value by age cost a series
    at every age.
    """
    points, weights = log_nodes(t, shift)
    return f(t) if points.size >= t.size else t * (f(points) / points @ weights.T)


def age_shift(model: Any) -> float:
    """What is added to an age before its logarithm: the least α, in Pareto/NBD the least of α and β (of all draws)."""
    return float(min(np.min(getattr(model, name)) for name in ("alpha", "beta") if hasattr(model, name)))


def distinct(values: Array) -> tuple[Array, NDArray[np.intp]]:
    """np.unique with its inverse, without sorting all rows where a sample of them already has nearly all values."""
    known = np.unique(values[:: max(1, values.size // 4096)])
    at = np.searchsorted(known, values).clip(max=known.size - 1)
    strange = known[at] != values
    if strange.any():
        known = np.union1d(known, values[strange])
        at = np.searchsorted(known, values)
    return known, at


def corners(first: float, rest: Array) -> Array:
    """The 2^d corners at distance 1 from `rest`, all with the same first coordinate."""
    signs = np.array(np.meshgrid(*[[-1.0, 1.0]] * rest.size)).reshape(rest.size, -1).T
    return np.column_stack([np.full(len(signs), first), rest + signs])


def weighted_median(values: Array, n: Array) -> float:
    """The median of `values` each counted n times; the largest where that is 0."""
    known, at = distinct(values)
    half = np.searchsorted(np.cumsum(np.bincount(at, n)), n.sum() / 2)
    return float(known[half]) or float(known[-1])


def mean_rate(data: Any) -> float:
    """The log of the repeat orders in the median age at the overall rate."""
    return float(np.log((data.n @ data.x) / (data.n @ data.T) * weighted_median(data.T, data.n)))
