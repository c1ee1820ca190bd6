"""How far past forecasts of totals were off beyond their own bands: the scale τ of shocks that all customers share.

log(actual ÷ forecast) of an origin is ε + noise, ε ~ t₄(0, τ), the noise normal with the forecast's own log standard
deviation, τ ~ half-normal(0.15).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ltv.metrics.lifetime_value.futures import SHOCK_DF, SHOCK_SD

Array = NDArray[np.float64]
PRIOR_SD = 0.15
FEWEST = 5
GRID = np.geomspace(0.002, 1.0, 160)
_LEVELS = (np.arange(32) + 0.5) / 32
_MIX = special.gammaincinv(SHOCK_DF / 2, _LEVELS) / (SHOCK_DF / 2)  # t₄ is a normal whose variance is 1 ÷ this gamma


@dataclass(frozen=True)
class Widening:
    """The scale `tau` of the shocks on a log total, and what it rests on.

    `tau` gives t₄(0, τ) the 90 % band of the posterior predictive shock; `origins` forecasts taught it, worth
    `effective` independent ones; with fewer than five origins τ is 0.12 and `learned` is false.
    """

    tau: float
    origins: int
    effective: float
    learned: bool

    @property
    def text(self) -> str:
        """Where τ comes from, in a sentence."""
        if not self.learned:
            many = "no past forecast" if not self.origins else f"only {self.origins} past forecasts"
            return f"τ = {self.tau:.2f} by convention: {many} of this length could be graded, fewer than {FEWEST}."
        return (
            f"τ = {self.tau:.2f}, learned from {self.origins} past forecasts (they overlap: worth "
            f"{self.effective:.1f} independent ones) and a prior of half-normal({PRIOR_SD})."
        )


def widening(log_errors: ArrayLike, log_sds: ArrayLike, *, effective: float | None = None) -> Widening:
    """τ from the log errors of past totals and the log standard deviations they claimed for themselves.

    Overlapping forecasts are worth `effective` independent ones: each counts with the power effective ÷ their number.

    >>> widening([.1, -.2], [.02, .02]).tau, widening([0.0] * 40, [.01] * 40).tau < .01
    (0.12, True)
    """
    e, sd = np.asarray(log_errors, float), np.asarray(log_sds, float)
    kept = np.isfinite(e) & np.isfinite(sd)
    e, sd = e[kept], sd[kept]
    worth = float(min(len(e), effective if effective is not None else len(e)))
    if len(e) < FEWEST:
        return Widening(SHOCK_SD, len(e), worth, False)
    variance = GRID[:, None, None] ** 2 / _MIX + sd[:, None] ** 2
    density = (np.exp(-(e[:, None] ** 2) / (2 * variance)) / np.sqrt(variance)).mean(axis=2)
    log_posterior = worth / len(e) * np.log(np.maximum(density, 1e-300)).sum(axis=1) - GRID**2 / (2 * PRIOR_SD**2)
    weights = np.exp(log_posterior - log_posterior.max()) * GRID  # the grid is even in log τ
    return Widening(_matched(weights / weights.sum()), len(e), worth, True)


def _matched(weights: Array) -> float:
    """The τ whose 95 % quantile is that of the mixture of t₄(0, τ) over the grid."""
    low, high = 0.0, GRID[-1] * 5
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if weights @ special.stdtr(SHOCK_DF, middle / GRID) < 0.95 else (low, middle)
    return float(high / special.stdtrit(SHOCK_DF, 0.95))


def independent(starts: Sequence[int], days: int) -> float:
    """How many forecasts of `days` that start on these days are worth: 1 + the days they span ÷ their length.

    >>> independent([0, 30, 60, 90], 30), independent([0, 30, 60, 90], 90)
    (4.0, 2.0)
    """
    if not len(starts):
        return 0.0
    return float(min(len(starts), 1 + (max(starts) - min(starts)) / days))
