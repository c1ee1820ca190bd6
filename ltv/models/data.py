"""What a likelihood needs to know of the customers: patterns with counts, never customers one by one."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ltv.errors import DataError
from ltv.units import Unit

Array = NDArray[np.float64]


def _columns(what: str, arrays: dict[str, object]) -> dict[str, Array]:
    columns = {name: np.asarray(values, dtype=float) for name, values in arrays.items()}
    faults = []
    if len({column.shape for column in columns.values()}) > 1 or next(iter(columns.values())).ndim != 1:
        faults.append("columns  must be one-dimensional and of one length")
    faults += [f"{k}  has values that are missing or infinite" for k, v in columns.items() if not np.isfinite(v).all()]
    if faults:
        raise DataError(what, faults)
    return columns


def _codes(column: Array, scale: float) -> tuple[Array, NDArray[np.int64]]:
    """Values and a code into them per row: whole days (or counts) are their own code, else the distinct values."""
    whole = np.rint(column * scale)
    if column.size and whole.min() >= 0 and whole.max() < 1e6 and np.abs(whole - column * scale).max() < 1e-6:
        return np.arange(whole.max() + 1) / scale, whole.astype(np.int64)
    values, code = np.unique(column, return_inverse=True)
    return values, code.astype(np.int64)


@dataclass(frozen=True)
class Patterns:
    """Buying patterns: `n` customers with `x` repeat orders, the last at age `t_x`, observed until age `T`.

    Shapes (k,). `t_x` and `T` are in `unit`. Raises DataError listing every fault.

    >>> Patterns(x=[0, 2], t_x=[0, 30.43], T=[38.86, 38.86], n=[3, 1], unit=Unit.WEEK).customers
    4
    """

    x: Array
    t_x: Array
    T: Array
    n: Array
    unit: Unit
    window: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        columns = _columns("patterns", {"x": self.x, "t_x": self.t_x, "T": self.T, "n": self.n})
        x, t_x, T, n = columns.values()
        faults = []
        if (x < 0).any() or (x != np.floor(x)).any():
            faults.append("x  (frequency) must be a whole number, 0 or more")
        if (t_x < 0).any() or (t_x > T).any():
            faults.append("t_x  (recency) must lie between 0 and T")
        if ((x == 0) & (t_x != 0)).any():
            faults.append("t_x  must be 0 where x is 0: no repeat order has an age")
        if (n <= 0).any():
            faults.append("n  (customers of a pattern) must be above 0")
        if faults:
            raise DataError("patterns", faults)
        for name, column in columns.items():
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    @classmethod
    def count(cls, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, unit: Unit, window: str = "") -> Patterns:
        """Patterns from one row per customer: equal rows are counted.

        >>> Patterns.count(x=[1, 1, 0], t_x=[2, 2, 0], T=[9, 9, 9], unit=Unit.WEEK).n.tolist()
        [1.0, 2.0]
        """
        columns = [np.asarray(column, float) for column in (x, t_x, T)]
        codes, key = [], np.zeros(columns[0].size, dtype=np.int64)
        for column, scale in zip(columns, (1.0, unit.days, unit.days), strict=True):
            values, code = _codes(column, scale)
            codes.append(values)
            key = key * values.size + code
        key, n = np.unique(key, return_counts=True)
        distinct = []
        for values in reversed(codes):
            key, code = np.divmod(key, values.size)
            distinct.append(values[code])
        return cls(distinct[2], distinct[1], distinct[0], n.astype(float), unit, window)

    @property
    def customers(self) -> int:
        return int(self.n.sum())

    @property
    def repeat_orders(self) -> int:
        return int((self.n * self.x).sum())


@dataclass(frozen=True)
class OrderValues:
    """Mean order values: `n` customers whose `x` orders were worth `mean` on average. Shapes (k,).

    `singles` says how unequal the orders of one customer are, which means alone do not: a row (x, customers, Σ log share)
    for each number of orders, with the share of each order in what its customer spent, summed over those customers and
    their orders. Shape (m, 3); without rows only means are known.

    >>> OrderValues(x=[2, 3], mean=[40.0, 35.0], n=[1, 1]).customers
    2
    """

    x: Array
    mean: Array
    n: Array
    unit: Unit | None = None
    window: str = field(default="", compare=False)
    singles: Array = field(default_factory=lambda: np.empty((0, 3)), compare=False)

    def __post_init__(self) -> None:
        columns = _columns("order values", {"x": self.x, "mean": self.mean, "n": self.n})
        x, mean, n = columns.values()
        faults = []
        if self.singles.shape[1:] != (3,) or not np.isfinite(self.singles).all():
            faults.append("singles  are rows of (x, customers, Σ log share)")
        if (x < 1).any():
            faults.append("x  must be at least 1: a mean needs an order")
        if (mean <= 0).any():
            faults.append("mean  must be above 0; leave the other customers out, and count them")
        if (n <= 0).any():
            faults.append("n  (customers of a pattern) must be above 0")
        if faults:
            raise DataError("order values", faults)
        for name, column in columns.items():
            column.setflags(write=False)
            object.__setattr__(self, name, column)

    @property
    def customers(self) -> int:
        return int(self.n.sum())
