"""BG/NBD: orders at a gamma-distributed rate until a coin, beta-distributed, ends it after an order.

Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24. What is known of
a customer's future follows from λ ~ Gamma(r+x, α+T) and p ~ Beta(a, b+x), given that the customer is alive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from ltv.errors import ParameterError
from ltv.models.coordinates import Coordinates, beta_block, gamma_block, joined
from ltv.models.data import Array, Patterns
from ltv.models.family import Family, age_shift, corners, mean_rate, on_distinct, rows, span
from ltv.models.paths import first_orders
from ltv.models.special import integrate_decay, laplace_of_gamma_beta, log_rising, softplus
from ltv.models.status import NO_DROPOUT, SAME_DROPOUT, SAME_RATE, Status
from ltv.models.tables import BetaGeometricTotal


@dataclass(frozen=True, repr=False)
class BetaGeometric(Family):
    """What BG/NBD and MBG/NBD share; `coin_at_birth` is 1 where the first order too may be the last."""

    r: Any
    alpha: Any
    a: Any
    b: Any
    reads: ClassVar[str] = "patterns"
    varying: ClassVar[tuple[int, ...]] = (0, 2)
    coin_at_birth: ClassVar[int] = 0

    @classmethod
    def coordinates(cls, scale: float) -> Coordinates:
        return joined(gamma_block(scale, 0.0, 2.0, 0.0, 1.5), beta_block())

    @classmethod
    def total(cls, data: Patterns) -> BetaGeometricTotal:
        return BetaGeometricTotal(data, cls.coin_at_birth)

    @classmethod
    def starts(cls, data: Patterns, coordinates: Coordinates) -> Array:
        return corners(mean_rate(data) + 0.5, coordinates.mean[1:])

    @classmethod
    def edge(cls, model: Any) -> Status | None:
        if model.a < 0.01 * (model.a + model.b):
            return NO_DROPOUT
        if model.a + model.b > 50:
            return SAME_DROPOUT
        return SAME_RATE if model.r > 20 else None

    def log_likelihood(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """log L(r, α, a, b | x, t_x, T) of each row (eq. 6 of the paper, in rising factorials)."""
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        kept = x + self.coin_at_birth
        return (
            log_rising(self.r, x)
            + self.r * np.log(self.alpha)
            - (self.r + x) * np.log(self.alpha + T)
            + log_rising(self.b, kept)
            - log_rising(self.a + self.b, kept)
            + softplus(self._log_odds_gone(x, t_x, T))
        )

    def _log_odds_gone(self, x: Array, t_x: Array, T: Array) -> Array:
        """log of P(gone) ÷ P(alive); −∞ where no coin has been thrown yet."""
        thrown = x + self.coin_at_birth
        odds = (
            np.log(self.a)
            - np.log(self.b + np.maximum(thrown, 1) - 1)
            + (self.r + x) * (np.log(self.alpha + T) - np.log(self.alpha + t_x))
        )
        return np.where(thrown > 0, odds, -np.inf)

    def _posterior(self, x: Array, T: Array) -> tuple[Array, Array, Array, Array]:
        """R, A, a, B: λ ~ Gamma(R, A) and p ~ Beta(a, B) of a customer alive at T."""
        return self.r + x, self.alpha + T, self.a + 0 * x, self.b + x + self.coin_at_birth

    def probability_alive(self, x: ArrayLike, t_x: ArrayLike, T: ArrayLike, *, ahead: ArrayLike = 0.0) -> Array:
        """P(still a customer at T + ahead | x, t_x, T); ahead = 0 is the papers' P(alive).

        >>> round(float(BGNBD(.2426, 4.4137, .793, 2.4262).probability_alive(26, 30.857, 31)), 3)
        0.969
        """
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        alive = special.expit(-self._log_odds_gone(x, t_x, T))
        ahead = span(ahead, "ahead")
        return alive if not ahead.any() else alive * laplace_of_gamma_beta(ahead, *self._posterior(x, T))

    def probability_order(self, t: ArrayLike, *, x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> Array:
        """P(at least one order in (T, T+t] | x, t_x, T) = P(alive) · [1 − ((α+T)/(α+T+t))^(r+x)]."""
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        R, A, _, _ = self._posterior(x, T)
        return self.probability_alive(x, t_x, T) * -np.expm1(-R * np.log1p(span(t) / A))

    def expected_orders(
        self,
        t: ArrayLike,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """E[orders in (T, T+t] | x, t_x, T], or E[X(t)] of a new customer without a history; t finite.

        The integral of the order rate E[λ e^(−λps)] over s, which has no singular line where the closed form
        of the paper (eq. 10) has three (a = 1, a+b+x = 1, large t).

        >>> round(float(BGNBD(.243, 4.414, .793, 2.426).expected_orders(39, x=2, t_x=30.43, T=38.86)), 3)
        1.226
        """
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
        """∫₀ᵗ e^(−δs) dE[orders in (T, T+s]], δ a continuous rate per unit; t = inf is allowed where δ > 0.

        Raises ParameterError for an undiscounted infinite horizon: where a ≤ 1 the sum does not converge.
        """
        t, delta = span(t), float(span(delta, "delta"))
        if delta == 0 and np.isinf(t).any():
            raise ParameterError("an infinite horizon needs a discount rate: without one the sum may not converge")
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        end = np.minimum(t, 40 / delta) if delta else t

        def per_alive(x: Array, T: Array) -> Array:
            R, A, a, B = self._posterior(x, T)
            scale = 1 / (1 / A + (R + 1) * a / ((a + B) * A) + delta)
            integral = integrate_decay(
                lambda s: np.exp(-delta * s) * laplace_of_gamma_beta(s, R + 1, A, a, B), end, scale
            )
            return R / A * integral

        future = on_distinct(per_alive, x, T, age_shift(self)) if end.ndim == 0 and self.shared() else per_alive(x, T)
        return self.probability_alive(x, t_x, T) * future

    def pmf(
        self,
        k: ArrayLike,
        t: ArrayLike,
        *,
        x: ArrayLike | None = None,
        t_x: ArrayLike | None = None,
        T: ArrayLike | None = None,
    ) -> Array:
        """P(k orders in (T, T+t] | x, t_x, T), or P(X(t) = k) of a new customer (eq. 8 of the paper).

        Still buying after k orders, or stopped by the k-th; or, for k = 0, gone before.

        >>> round(float(BGNBD(.243, 4.414, .793, 2.426).pmf(0, 39)), 7)
        0.5737864
        """
        k, t = np.asarray(k, float), span(t)
        x, t_x, T = rows(x=x, t_x=t_x, T=T)
        alive = self.probability_alive(x, t_x, T)
        R, A, a, B = self._posterior(x, T)
        z = t / (A + t)
        orders = log_rising(R, k) - special.gammaln(k + 1) - R * np.log1p(t / A) + special.xlogy(k, z)
        kept = np.exp(log_rising(B, k) - log_rising(a + B, k))
        last = np.maximum(k, 1)
        stopped = kept * a / (B + last - 1) * special.betainc(last, R, z)
        return np.where(k > 0, alive * stopped, 1 - alive) + alive * kept * np.exp(orders)

    def future_orders(
        self, rng: np.random.Generator, t: ArrayLike, *, x: ArrayLike, t_x: ArrayLike, T: ArrayLike
    ) -> tuple[np.ndarray, Array]:
        """One future path per row: (who, when), the row and the time in (0, t] after T of each order.

        Sorted by row, then time. Parameters are scalars or one per row, shape (n,).
        """
        x, t_x, T = np.broadcast_arrays(*np.atleast_1d(*rows(x=x, t_x=t_x, T=T)))
        R, A, a, B = (np.broadcast_to(v, x.shape) for v in self._posterior(x, T))
        alive = np.flatnonzero(rng.random(x.size) < self.probability_alive(x, t_x, T))
        rate = rng.standard_gamma(R[alive]) / A[alive]
        coin = rng.beta(a[alive], B[alive])
        with np.errstate(divide="ignore", over="ignore"):
            last = 1 + np.floor(rng.standard_exponential(alive.size) / -np.log1p(-coin))
        return first_orders(rng, alive, rate, np.broadcast_to(span(t), x.shape)[alive], last)


class BGNBD(BetaGeometric):
    """BG/NBD(r, α, a, b): rate λ ~ Gamma(r, α); after every repeat order the customer leaves, p ~ Beta(a, b).

    A customer without repeat orders is alive by assumption. Fader, Hardie & Lee (2005).

    >>> BGNBD(r=.243, alpha=4.414, a=.793, b=2.426)
    BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
    """

    title: ClassVar[str] = "BG/NBD"


class MBGNBD(BetaGeometric):
    """MBG/NBD(r, α, a, b): as BG/NBD, but the first order too may be the last, with the same p.

    Batislam, Denizel & Filiztekin (2007); Hoppe & Wagner (2007).

    >>> round(float(MBGNBD(.525, 6.183, .891, 1.614).probability_alive(0, 0, 0)), 4)  # b/(a+b)
    0.6443
    """

    title: ClassVar[str] = "MBG/NBD"
    coin_at_birth: ClassVar[int] = 1
