"""Order values before they are fitted: with the first order, compressed, and checked against the buying rate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ltv.errors import DataError
from ltv.models.data import Array, OrderValues
from ltv.units import Unit

if TYPE_CHECKING:
    import pandas as pd

CLASSES = (1, 2, 3, 4, 6, 10, 20)
"""Lowest number of orders of each frequency class."""


def with_first_order(
    x: ArrayLike, mean: ArrayLike, first: ArrayLike, *, unit: Unit | None = None, window: str = ""
) -> OrderValues:
    """Order values that count the first order too: x+1 orders worth (first + x·mean)/(x+1), one row per customer.

    `x` repeat orders of mean value `mean` (anything where x = 0) after a first order worth `first`. Customers
    whose orders were all free are left out. The fit's `x` is then a number of orders, not of repeats.

    >>> with_first_order([0, 2], [0, 40.0], [10.0, 10.0]).mean.tolist()
    [10.0, 30.0]
    """
    x, mean, first = (np.asarray(column, dtype=float) for column in (x, mean, first))
    spent = first + np.where(x > 0, x * mean, 0.0)
    paid = spent > 0
    orders = x[paid] + 1
    return OrderValues(orders, spent[paid] / orders, np.ones(orders.size), unit, window)


def shares_of_orders(who: ArrayLike, values: ArrayLike) -> Array:
    """`OrderValues.singles` of orders one by one: `who` placed each (row numbers), `values` above 0.

    >>> shares_of_orders([0, 0, 1], [10.0, 30.0, 7.0]).round(3).tolist()  # log .25 + log .75
    [[1.0, 1.0, 0.0], [2.0, 1.0, -1.674]]
    """
    who, values = np.asarray(who, dtype=np.int64), np.asarray(values, dtype=float)
    x, spent = np.bincount(who), np.bincount(who, values)
    logs = np.bincount(who, np.log(values / spent[who]))
    counts = np.unique(x[x > 0])
    return np.array([[k, (x == k).sum(), logs[x == k].sum()] for k in counts], dtype=float)


def compressed(data: OrderValues, error: float = 1e-5) -> OrderValues:
    """Rows of equal x whose means are close counted as one, at their average log mean.

    Within a bin of width h in log mean the log-likelihood of a customer moves by at most (px+q)h²/32: its second
    derivative in log mean is at most (px+q)/4 and the average log is exact to first order. The bins are
    h = √(32·error/(1+x)), so a customer is off by less than `error`·max(p, q).

    >>> compressed(OrderValues([1, 1, 2], [10.0, 10.0001, 10.0], [1, 1, 1])).n.tolist()
    [2.0, 1.0]
    """
    log_mean = np.log(data.mean)
    cell = np.floor(log_mean / np.sqrt(32 * error / (1 + data.x))).astype(np.int64)
    cell -= cell.min()
    key = data.x.astype(np.int64) * (int(cell.max()) + 1) + cell
    if key.max() > 20 * key.size + 1_000_000:
        key = np.unique(key, return_inverse=True)[1]
    n = np.bincount(key, data.n).astype(float)
    used = np.flatnonzero(n)
    x = np.bincount(key, data.n * data.x)[used] / n[used]
    mean = np.exp(np.bincount(key, data.n * log_mean)[used] / n[used])
    return OrderValues(np.rint(x), mean, n[used], data.unit, data.window, data.singles)


@dataclass(frozen=True)
class Independence:
    """Whether customers who order more also order dearer, which Gamma-Gamma assumes they do not.

    `table`, by frequency class: customers, orders, observed (mean order value, each order counted once), expected
    (pv/(q−1) of the family), ratio, low, high (90 %). `slope` is the change of log order value per doubling of
    orders with its 90 % interval; `independent` says that the interval holds 0, or that
    the slope is below 5 %.
    """

    table: pd.DataFrame
    slope: float
    low: float
    high: float

    @property
    def independent(self) -> bool:
        return (self.low <= 0 <= self.high) or abs(self.slope) < 0.05

    @property
    def text(self) -> str:
        band = f"{self.slope:+.1%} per doubling of orders ({self.low:+.1%} to {self.high:+.1%})"
        if self.independent:
            return f"Order value does not move with frequency: {band}."
        way = "dearer" if self.slope > 0 else "cheaper"
        return f"Frequent customers order {way}: {band}. Gamma-Gamma assumes none."


def independence(model: Any, data: OrderValues) -> Independence:
    """Observed over expected order value by frequency class, and the slope of log value on log₂ frequency.

    Each order counts once; errors are over customers. Raises DataError with fewer than two frequencies.
    """
    import pandas as pd

    if np.unique(data.x).size < 2:
        raise DataError("order values", ["x  all customers have one frequency: nothing to compare"])
    group = np.searchsorted(CLASSES, data.x, side="right") - 1
    expected = float(model.expected_order_value())
    rows = {}
    for k in np.unique(group):
        here = group == k
        n, x, mean = data.n[here], data.x[here], data.mean[here]
        orders = float(n @ x)
        observed = float(n @ (x * mean)) / orders
        error = float(np.sqrt(n @ (x * (mean - observed)) ** 2)) / orders / observed
        ratio = observed / expected
        rows[CLASSES[k]] = {
            "customers": int(n.sum()),
            "orders": int(orders),
            "observed": observed,
            "expected": expected,
            "ratio": ratio,
            "low": ratio * np.exp(-1.645 * error),
            "high": ratio * np.exp(1.645 * error),
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("orders from")
    return Independence(table, *_slope(model, data))


def _slope(model: Any, data: OrderValues) -> tuple[float, float, float]:
    """Least squares of log mean on log₂ x, with a robust error.

    The log of a mean of few orders is low by log(px) − ψ(px), which would look like a slope; it is added back.
    """
    z, y = np.log2(data.x), np.log(data.mean) + np.log(model.p * data.x) - special.digamma(model.p * data.x)
    lever = z - data.n @ z / data.n.sum()
    size = data.n @ lever**2
    slope = float(data.n @ (lever * y) / size)
    rest = y - data.n @ y / data.n.sum() - slope * lever
    error = float(np.sqrt(data.n @ (lever * rest) ** 2) / size)
    return slope, slope - 1.645 * error, slope + 1.645 * error
