"""One price: every order is worth the same, so that its value is known and nothing of it is estimated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from ltv.errors import FitError
from ltv.models.coordinates import Coordinates
from ltv.models.data import Array, OrderValues
from ltv.models.family import Family, rows
from ltv.models.fitting import KEPT, Fit, fit
from ltv.models.gamma_gamma import GammaGamma
from ltv.models.posterior import Posterior
from ltv.models.status import Status

SAME = 5e-5
"""Mean order values that differ by less are one price: amounts are kept in ten-thousandths."""
FEWEST = 10
"""Orders of at least two customers that make a price; fewer may be alike by chance."""
ALIKE = 0.10
"""Where Gamma-Gamma finds no spread to learn, customers whose means vary by less than this share count as alike."""
KNOWN = Status("known", "Every order is worth the same: its value is no estimate, and intervals hold orders only.")
NEARLY = Status("nearly one price", "Orders are worth so nearly the same that only their mean is used.")


@dataclass(frozen=True, repr=False)
class KnownValue(Family):
    """Every order of every customer is worth `value`, whatever the customer's history.

    It answers what `GammaGamma` answers.

    >>> float(KnownValue(29.0).expected_order_value())
    29.0
    """

    value: Any
    title: ClassVar[str] = "One price"
    reads: ClassVar[str] = "order_values"

    @classmethod
    def coordinates(cls, scale: float) -> Coordinates:
        """log(value ÷ scale)."""
        shift = np.log(scale)
        bend = (np.ones((1, 1)), np.zeros((1, 1, 1)))
        one = np.ones(1)
        return Coordinates(
            ("log value",), 0 * one, one, lambda th: th + shift, lambda logs: logs - shift, lambda _: bend
        )

    def shrinkage(self, x: ArrayLike) -> tuple[Array, Array]:
        """(A0, B0) with E[order value | x, mean] = A0 + B0·mean: the value and 0."""
        none = np.zeros(np.shape(x))
        return self.value + none, none * self.value

    def expected_order_value(self, x: ArrayLike | None = None, mean: ArrayLike | None = None) -> Array:
        """The value."""
        return self.value + np.zeros(np.shape(rows(x=x, mean=mean)[0]))

    def quantile(self, probability: ArrayLike, x: ArrayLike | None = None, mean: ArrayLike | None = None) -> Array:
        """The value, at every probability."""
        return self.expected_order_value(x, mean) + np.zeros(np.shape(probability))

    def draw_order_values(self, rng: np.random.Generator, who: ArrayLike, *, x: ArrayLike, mean: ArrayLike) -> Array:
        """The value per order in `who` (row numbers)."""
        x, _ = np.broadcast_arrays(*np.atleast_1d(*rows(x=x, mean=mean)))
        return np.broadcast_to(self.value, x.shape)[np.asarray(who, dtype=np.intp)].astype(float)


def one_price(data: OrderValues) -> bool:
    """Whether every mean order value is the same, to the ten-thousandth, and there are orders enough to say so."""
    return bool(np.ptp(data.mean) < SAME) and _enough(data)


def _enough(data: OrderValues) -> bool:
    return data.customers > 1 and bool(data.n @ data.x >= FEWEST)


def known_value(data: OrderValues, *, seed: int = 0) -> Fit:
    """The mean order value as a fit, with the standard error of a mean where orders are not all alike."""
    weights = data.n * data.x
    same = one_price(data)
    value = float(data.mean[0]) if same else float(weights @ data.mean / weights.sum())
    spread = 0.0 if same else _variation(data) ** 2 / data.customers
    theta = np.sqrt(spread) * np.random.default_rng(seed).standard_normal((KEPT, 1))
    return Fit(
        family=KnownValue,
        model=KnownValue(value),
        status=NEARLY if spread else KNOWN,
        log_likelihood=0.0,
        gradient_norm=0.0,
        covariance=np.array([[spread * value**2]]),
        customers=data.customers,
        rows=data.x.size,
        unit=data.unit,
        window=data.window,
        theta=np.zeros(1),
        theta_covariance=np.array([[max(spread, 1e-18)]]),
        scale=value,
        seed=seed,
        stored=Posterior(theta, np.full(KEPT, 1 / KEPT), 0.0, float(KEPT), "known"),
    )


def fit_worth(data: Any, *, seed: int = 0, by: Callable[..., Fit] = fit) -> Fit:
    """What orders are worth: Gamma-Gamma, or the one price where there is but one.

    `data`: order values, or an object that carries them. Where Gamma-Gamma cannot be fitted because the
    customers hardly differ (means that vary by less than a tenth), their mean is taken as the price. `by` fits
    Gamma-Gamma.

    >>> fit_worth(OrderValues(x=[1, 2, 5], mean=[29.0, 29.0, 29.0], n=[9, 4, 1])).model
    KnownValue(value=29)
    """
    data = data if isinstance(data, OrderValues) else data.order_values
    if one_price(data):
        return known_value(data, seed=seed)
    try:
        return by(GammaGamma, data, seed=seed)
    except FitError:
        if _variation(data) > ALIKE or not _enough(data):
            raise
        return known_value(data, seed=seed)


def _variation(data: OrderValues) -> float:
    """The coefficient of variation of customers' mean order values."""
    mean = float(data.n @ data.mean) / data.n.sum()
    return float(np.sqrt(data.n @ (data.mean - mean) ** 2 / data.n.sum())) / mean
