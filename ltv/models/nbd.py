"""NBD: orders at a gamma-distributed rate, and nobody ever leaves. The baseline for every other family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ltv.errors import ParameterError
from ltv.models.coordinates import Coordinates, gamma_block
from ltv.models.data import Array, Patterns
from ltv.models.family import Family, corners, mean_rate, rows, span
from ltv.models.paths import first_orders
from ltv.models.special import log_rising
from ltv.models.status import SAME_RATE, Status
from ltv.models.tables import GammaPoissonTotal


@dataclass(frozen=True, repr=False)
class NBD(Family):
    """NBD(r, α): rate λ ~ Gamma(r, α), for ever. Ehrenberg (1959).

    Given x orders by age T, λ ~ Gamma(r+x, α+T); t_x carries nothing and is taken for one signature's sake.

    >>> round(float(NBD(.385, 12.07).expected_orders(39)), 3)
    1.244
    """

    r: Any
    alpha: Any
    title: ClassVar[str] = "NBD"
    reads: ClassVar[str] = "patterns"

    @classmethod
    def coordinates(cls, scale: float) -> Coordinates:
        return gamma_block(scale, 0.0, 2.0, 0.0, 1.5)

    @classmethod
    def total(cls, data: Patterns) -> GammaPoissonTotal:
        return GammaPoissonTotal(data)

    @classmethod
    def starts(cls, data: Patterns, coordinates: Coordinates) -> Array:
        return corners(mean_rate(data), coordinates.mean[1:])

    @classmethod
    def edge(cls, model: Any) -> Status | None:
        return SAME_RATE if model.r > 20 else None

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """log L(r, α | x, T) = log Γ(r+x)/Γ(r) + r log α − (r+x) log(α+T)."""
        x, _, T = rows(x=x, t_x=t_x, T=T)
        return log_rising(self.r, x) + self.r * np.log(self.alpha) - (self.r + x) * np.log(self.alpha + T)

    def probability_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, ahead: ArrayLike = 0.0) -> Array:
        """1: nobody leaves."""
        x, _, T = rows(x=x, t_x=t_x, T=T)
        return np.ones(np.broadcast_shapes(np.shape(self.r), x.shape, T.shape, np.shape(ahead)))

    def probability_order(self, t: ArrayLike, *, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """P(at least one order in (T, T+t] | x, T) = 1 − ((α+T)/(α+T+t))^(r+x)."""
        x, _, T = rows(x=x, t_x=t_x, T=T)
        return -np.expm1(-(self.r + x) * np.log1p(span(t) / (self.alpha + T)))

    def expected_orders(
        self,
        t: ArrayLike,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """E[orders in (T, T+t] | x, T] = t (r+x)/(α+T); without a history tr/α."""
        return self.discounted_orders(t, 0.0, x=x, t_x=t_x, T=T)

    def discounted_orders(
        self,
        t: ArrayLike,
        delta: float,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """(r+x)/(α+T) · (1 − e^(−δt))/δ, δ a continuous rate per unit; t = inf is allowed where δ > 0.

        Raises ParameterError for an undiscounted infinite horizon.
        """
        t, delta = span(t), float(span(delta, "delta"))
        if delta == 0 and np.isinf(t).any():
            raise ParameterError("an infinite horizon needs a discount rate: without one the sum does not converge")
        x, _, T = rows(x=x, t_x=t_x, T=T)
        return (self.r + x) / (self.alpha + T) * (-np.expm1(-delta * t) / delta if delta else t)

    def pmf(
        self,
        k: ArrayLike,
        t: ArrayLike,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """P(k orders in (T, T+t] | x, T), or P(X(t) = k) of a new customer: negative binomial."""
        k, t = np.asarray(k, float), span(t)
        x, _, T = rows(x=x, t_x=t_x, T=T)
        R, A = self.r + x, self.alpha + T
        log_p = log_rising(R, k) - special.gammaln(k + 1) + special.xlogy(k, t / (A + t))
        return np.exp(log_p - R * np.log1p(t / A))

    def future_orders(
        self, rng: np.random.Generator, t: ArrayLike, *, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> tuple[np.ndarray, Array]:
        """One future path per row: (who, when), sorted by row, then time in (0, t]; `t` is one number or one per row."""
        x, _, T = np.broadcast_arrays(*np.atleast_1d(*rows(x=x, t_x=t_x, T=T)))
        rate = rng.standard_gamma(np.broadcast_to(self.r + x, x.shape)) / (self.alpha + T)
        return first_orders(rng, np.arange(x.size), rate, np.broadcast_to(span(t), x.shape), np.full(x.size, np.inf))
