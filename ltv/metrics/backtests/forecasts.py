"""A forecast of each customer's later orders: a mean, and where it is a distribution, the probability of each count."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ltv.metrics.backtests.holdouts import Holdout
from ltv.models.special import log_rising

Array = NDArray[np.float64]
Index = NDArray[np.int64]
LONGEST = 100_000
POISSON = 1e6  # a negative binomial of this size is Poisson to six digits


@dataclass(frozen=True)
class Forecast:
    """What is forecast for each row: `mean` orders, and P(k orders) of chosen rows by `pmf(k, rows)`, if it says so much.

    `naive` marks what an analyst would do without a model.
    """

    name: str
    mean: Array
    pmf: Callable[[Array, Index], Array] | None = None
    naive: bool = False

    def around(self, later: ArrayLike) -> tuple[Array, Array]:
        """F(later − 1) and P(later) of each row: what scores and the PIT need. nan without a distribution.

        >>> one = counts("five orders in two", np.array([2.5]), np.array([2.5]))
        >>> below, at = one.around([1])
        >>> round(float(below[0]), 4), round(float(at[0]), 4)  # Poisson(2.5)
        (0.0821, 0.2052)
        """
        later = np.asarray(later, dtype=np.int64)
        below = np.zeros(len(self.mean))
        if self.pmf is None:
            return below + np.nan, below + np.nan
        at = self.pmf(later.astype(float), np.arange(later.size))
        pending = np.flatnonzero(later > 0)
        k = 0
        while pending.size:
            below[pending] += self.pmf(np.full(pending.size, float(k)), pending)
            k += 1
            pending = pending[later[pending] > k]
        return np.clip(below, 0.0, 1.0), at

    def quantile(self, level: ArrayLike) -> Array:
        """The smallest count k with F(k) ≥ level, of each row; `level` below 1, one for all or one per row."""
        if self.pmf is None:
            return self.mean
        level = np.broadcast_to(np.asarray(level, float), self.mean.shape)
        found, reached = np.zeros(len(self.mean)), np.zeros(len(self.mean))
        pending = np.arange(len(self.mean))
        for k in range(LONGEST):
            reached[pending] += self.pmf(np.full(pending.size, float(k)), pending)
            found[pending] = k
            pending = pending[reached[pending] < level[pending] - 1e-12]
            if not pending.size:
                break
        return found

    @property
    def some(self) -> Array:
        """P(at least one order)."""
        if self.pmf is None:
            return np.full(len(self.mean), np.nan)
        return 1 - self.pmf(np.zeros(len(self.mean)), np.arange(len(self.mean)))


def modelled(model: Any, holdout: Holdout, rows: Mapping[str, Array] | None = None) -> Forecast:
    """A family's forecast of the rows of a holdout's cells (or of other rows), at these parameters."""
    rows, span = dict(rows or holdout.rows), holdout.span

    def pmf(k: Array, picked: Index) -> Array:
        return np.asarray(model.pmf(k, span, **{name: column[picked] for name, column in rows.items()}))

    return Forecast(model.title, np.asarray(model.expected_orders(span, **rows)), pmf)


def counts(name: str, mean: Array, variance: Array, *, naive: bool = True) -> Forecast:
    """A forecast known by mean and variance: negative binomial, or Poisson where the variance is no larger."""
    mean = np.asarray(mean, float)
    excess = np.maximum(variance - mean, mean**2 / POISSON)
    size = np.divide(mean**2, excess, out=np.full(len(mean), POISSON), where=excess > 0)

    def pmf(k: Array, rows: Index) -> Array:
        m, r = mean[rows], size[rows]
        log_choose = log_rising(r, k) - special.gammaln(k + 1)
        return np.exp(log_choose + special.xlogy(k, m / (r + m)) - r * np.log1p(m / r))

    return Forecast(name, mean, pmf, naive)
