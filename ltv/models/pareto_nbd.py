"""Pareto/NBD: orders at a gamma-distributed rate until a death that comes at another gamma-distributed rate.

Schmittlein, Morrison & Colombo (1987), Management Science 33; the formulas follow Fader & Hardie (2005), "A Note
on Deriving the Pareto/NBD Model". Given x, t_x and T, an alive customer has λ ~ Gamma(r+x, α+T) and
μ ~ Gamma(s, β+T). Every integral over the moment of death is one of (1+u/A)^(−c) (1+u/B)^(−e), computed as such:
the papers' hypergeometric functions are never needed, and α = β is a point like any other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ltv.errors import ParameterError
from ltv.models.coordinates import Coordinates, gamma_block, joined
from ltv.models.data import Array, Patterns
from ltv.models.dropout import ParetoTotal
from ltv.models.family import Family, age_shift, corners, mean_rate, on_distinct, rows, span
from ltv.models.paths import first_orders
from ltv.models.special import integrate_decay, log_rising, power_decay, softplus
from ltv.models.status import NO_DROPOUT, SAME_DEATH, SAME_RATE, Status


@dataclass(frozen=True, repr=False)
class ParetoNBD(Family):
    """Pareto/NBD(r, α, s, β): rate λ ~ Gamma(r, α), death rate μ ~ Gamma(s, β), both in the unit of the data.

    >>> round(float(ParetoNBD(.553, 10.578, .606, 11.669).probability_alive(26, 30.857, 31)), 4)
    0.9979
    """

    r: Any
    alpha: Any
    s: Any
    beta: Any
    title: ClassVar[str] = "Pareto/NBD"
    reads: ClassVar[str] = "patterns"
    varying: ClassVar[tuple[int, ...]] = (0, 2)

    @classmethod
    def coordinates(cls, scale: float) -> Coordinates:
        return joined(gamma_block(scale, 0.0, 2.0, 0.0, 1.5), gamma_block(scale, -1.0, 2.0, 0.0, 1.5))

    @classmethod
    def total(cls, data: Patterns) -> ParetoTotal:
        return ParetoTotal(data)

    @classmethod
    def starts(cls, data: Patterns, coordinates: Coordinates) -> Array:
        return corners(mean_rate(data) + 0.5, coordinates.mean[1:])

    @classmethod
    def edge(cls, model: Any) -> Status | None:
        """Dropout is judged per order, as for the other families: the death rate against the buying rate."""
        if model.s / model.beta < 0.01 * model.r / model.alpha:
            return NO_DROPOUT
        if model.s > 20:
            return SAME_DEATH
        return SAME_RATE if model.r > 20 else None

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """log L(r, α, s, β | x, t_x, T) of each row: alive at T, or dead at some y in (t_x, T]."""
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        alive = (
            log_rising(self.r, x)
            - self.r * np.log1p(T / self.alpha)
            - x * np.log(self.alpha + T)
            - self.s * np.log1p(T / self.beta)
        )
        return alive + softplus(self._log_odds_dead(x, t_x, T))

    def _log_odds_dead(self, x: Array, t_x: Array, T: Array) -> Array:
        """log of P(dead) ÷ P(alive) at T; −∞ where the last order was at T itself."""
        A, B, after = self.alpha + t_x, self.beta + t_x, T - t_x
        integral = power_decay(after, self.r + x, A, self.s + 1, B)
        with np.errstate(divide="ignore"):
            return (
                np.log(integral)
                + np.log(self.s / B)
                + (self.r + x) * np.log1p(after / A)
                + self.s * np.log1p(after / B)
            )

    def probability_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, ahead: ArrayLike = 0.0) -> Array:
        """P(still a customer at T + ahead | x, t_x, T); ahead = 0 is the papers' P(alive)."""
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        survives = np.exp(-self.s * np.log1p(span(ahead, "ahead") / (self.beta + T)))
        return special.expit(-self._log_odds_dead(x, t_x, T)) * survives

    def probability_order(self, t: ArrayLike, *, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """P(at least one order in (T, T+t] | x, t_x, T): alive, and the order comes before the death.

        P(alive) · (r+x)/(α+T) · ∫₀ᵗ (1+u/(α+T))^(−r−x−1) (1+u/(β+T))^(−s) du.
        """
        t = span(t)
        x, t_x, T = rows(x=x, t_x=t_x, T=T)

        def per_alive(x: Array, T: Array) -> Array:
            R, A = self.r + x, self.alpha + T
            return np.minimum(R / A * power_decay(t, R + 1, A, self.s, self.beta + T), 1)

        future = on_distinct(per_alive, x, T, age_shift(self)) if t.ndim == 0 and self.shared() else per_alive(x, T)
        return self.probability_alive(x, t_x, T) * future

    def expected_orders(
        self,
        t: ArrayLike,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """E[orders in (T, T+t] | x, t_x, T], or E[X(t)] of a new customer without a history; t finite.

        P(alive) · (r+x)/(α+T) · ∫₀ᵗ ((β+T)/(β+T+u))^s du; the integral is (β+T)·L·(e^z − 1)/z with
        L = log(1 + t/(β+T)) and z = (1−s)L, so s = 1 is no special case.

        >>> round(float(ParetoNBD(.55315, 10.57633, .60625, 11.67150).expected_orders(52)), 3)
        1.473
        """
        t = span(t)
        if np.isinf(t).any():
            raise ParameterError("an infinite horizon needs a discount rate: use discounted_orders")
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        B = self.beta + T
        log_ratio = np.log1p(t / B)
        lived = B * log_ratio * special.exprel((1 - self.s) * log_ratio)
        return self.probability_alive(x, t_x, T) * (self.r + x) / (self.alpha + T) * lived

    def discounted_orders(
        self,
        t: ArrayLike,
        delta: float,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """∫₀ᵗ e^(−δu) dE[orders in (T, T+u]], δ a continuous rate per unit; t = inf is allowed where δ > 0.

        Raises ParameterError for an undiscounted infinite horizon: where s ≤ 1 the sum does not converge.
        """
        t, delta = span(t), float(span(delta, "delta"))
        if delta == 0:
            return self.expected_orders(t, x=x, t_x=t_x, T=T)
        x, t_x, T = rows(x=x, t_x=t_x, T=T)

        def lived(_: Array, T: Array) -> Array:
            B = self.beta + T
            return integrate_decay(
                lambda u: np.exp(-delta * u - self.s * np.log1p(u / B)),
                np.minimum(t, 40 / delta),
                1 / ((self.s + 1) / B + delta),
            )

        years = on_distinct(lived, 0 * x, T, age_shift(self)) if t.ndim == 0 and self.shared() else lived(x, T)
        return self.probability_alive(x, t_x, T) * (self.r + x) / (self.alpha + T) * years

    def pmf(
        self,
        k: ArrayLike,
        t: ArrayLike,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """P(k orders in (T, T+t] | x, t_x, T), or P(X(t) = k) of a new customer.

        Alive at T+t, or dead at some y before with k orders by then; or, for k = 0, dead before T.

        >>> round(float(ParetoNBD(.55, 10.56, .61, 11.64).pmf(0, 39)), 7)
        0.5959381
        """
        k, t = np.asarray(k, float), span(t)
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        alive = self.probability_alive(x, t_x, T)
        R, A, B = self.r + x, self.alpha + T, self.beta + T
        log_choose = log_rising(R, k) - special.gammaln(k + 1)

        def orders_by(u: Array) -> Array:
            """P(k orders within u | alive all the time)."""
            return np.exp(log_choose + special.xlogy(k, u / (A + u)) - R * np.log1p(u / A))

        dead = integrate_decay(
            lambda u: orders_by(u) * np.exp(-(self.s + 1) * np.log1p(u / B)),
            t + 0 * (k + R),
            1 / ((R + 1) / A + (self.s + 2) / B),
            extra=60,
        )
        survived = orders_by(t) * np.exp(-self.s * np.log1p(t / B))
        return alive * (survived + self.s / B * dead) + np.where(k > 0, 0, 1 - alive)

    def future_orders(
        self, rng: np.random.Generator, t: ArrayLike, *, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> tuple[np.ndarray, Array]:
        """One future path per row: (who, when), sorted by row, then time in (0, t]; `t` is one number or one per row."""
        x, t_x, T = np.broadcast_arrays(*np.atleast_1d(*rows(x=x, t_x=t_x, T=T)))
        alive = np.flatnonzero(rng.random(x.size) < self.probability_alive(x, t_x, T))
        shape, rate, s, beta = (
            np.broadcast_to(value, x.shape)[alive] for value in (self.r + x, self.alpha + T, self.s, self.beta + T)
        )
        buying = rng.standard_gamma(shape) / rate
        with np.errstate(divide="ignore", over="ignore"):  # who never dies has death at infinity
            death = rng.standard_exponential(alive.size) * beta / rng.standard_gamma(s)
        until = np.minimum(np.broadcast_to(span(t), x.shape)[alive], death)
        return first_orders(rng, alive, buying, until, np.full(alive.size, np.inf))
