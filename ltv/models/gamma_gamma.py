"""Gamma-Gamma: what an order is worth. Fader & Hardie (2013), "The Gamma-Gamma Model of Monetary Value"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ltv.models.coordinates import Coordinates, spend_block
from ltv.models.data import Array, OrderValues
from ltv.models.family import Family, corners, rows
from ltv.models.status import HEAVY_TAIL, Status
from ltv.models.tables import GammaGammaTotal


@dataclass(frozen=True, repr=False)
class GammaGamma(Family):
    """Gamma-Gamma(p, q, v): orders ~ Gamma(p, ν) of a customer with ν ~ Gamma(q, v).

    `x` orders of mean value `mean` are what is known of a customer; ν is then Gamma(q + px, v + x·mean).
    p is that of single orders where the data know them (`OrderValues.singles`): means of few orders say little of it, and
    orders drawn with a p from means are too even. `mean` and `v` are money. The mean over customers, pv/(q−1), exists where q > 1; a fit keeps it so.

    >>> round(float(GammaGamma(p=6.25, q=3.74, v=15.44).expected_order_value()), 2)
    35.22
    """

    p: Any
    q: Any
    v: Any
    title: ClassVar[str] = "Gamma-Gamma"
    reads: ClassVar[str] = "order_values"

    @classmethod
    def coordinates(cls, scale: float) -> Coordinates:
        return spend_block(scale)

    @classmethod
    def total(cls, data: OrderValues) -> GammaGammaTotal:
        return GammaGammaTotal(data)

    @classmethod
    def starts(cls, data: OrderValues, coordinates: Coordinates) -> Array:
        return corners(0.2, coordinates.mean[1:])

    @classmethod
    def edge(cls, model: Any) -> Status | None:
        return HEAVY_TAIL if model.q < 1.05 else None

    def log_likelihood(self, x: ArrayLike, mean: ArrayLike) -> Array:
        """log f(mean | p, q, v, x) of each row (eq. 1a of the note), x ≥ 1 and mean > 0."""
        x, mean = rows(x=x, mean=mean)
        px = self.p * x
        return (
            special.gammaln(px + self.q)
            - special.gammaln(px)
            - special.gammaln(self.q)
            + self.q * np.log(self.v)
            + px * np.log(x)
            + (px - 1) * np.log(mean)
            - (px + self.q) * np.log(self.v + x * mean)
        )

    def _posterior(self, x: ArrayLike | None, mean: ArrayLike | None) -> tuple[Array, Array]:
        """Shape and rate of ν given x orders of this mean; a mean of no orders carries nothing."""
        x, mean = rows(x=x, mean=mean)
        return self.q + self.p * x, self.v + np.where(x > 0, x * mean, 0.0)

    def shrinkage(self, x: ArrayLike) -> tuple[Array, Array]:
        """(A0, B0) with E[order value | x, mean] = A0 + B0·mean: pv/(px+q−1) and px/(px+q−1).

        >>> A0, B0 = GammaGamma(6.25, 3.74, 15.44).shrinkage(2)
        >>> round(float(A0 + B0 * 40), 2)
        39.14
        """
        px = self.p * np.asarray(x, float)
        below = px + self.q - 1
        return self.p * self.v / below, px / below

    def expected_order_value(self, x: ArrayLike | None = None, mean: ArrayLike | None = None) -> Array:
        """E[p/ν | x, mean] = p(v + x·mean)/(px + q − 1) (eq. 5); without a history pv/(q−1)."""
        shape, rate = self._posterior(x, mean)
        return self.p * rate / (shape - 1)

    def quantile(self, probability: ArrayLike, x: ArrayLike | None = None, mean: ArrayLike | None = None) -> Array:
        """The quantile of a customer's own mean order value p/ν; it exists where q ≤ 2 too.

        >>> round(float(GammaGamma(6.25, 3.74, 15.44).quantile(.5)), 1)
        28.3
        """
        shape, rate = self._posterior(x, mean)
        return self.p * rate / special.gammainccinv(shape, np.asarray(probability, float))

    def draw_order_values(self, rng: np.random.Generator, who: ArrayLike, *, x: ArrayLike, mean: ArrayLike) -> Array:
        """A value per order in `who` (row numbers): one ν per row, given x and mean; orders ~ Gamma(p, ν)."""
        x, mean = np.broadcast_arrays(*np.atleast_1d(*rows(x=x, mean=mean)))
        shape, rate = (np.broadcast_to(value, x.shape) for value in self._posterior(x, mean))
        nu = rng.standard_gamma(shape) / rate
        who = np.asarray(who, dtype=np.intp)
        return rng.standard_gamma(np.broadcast_to(self.p, x.shape)[who]) / nu[who]
