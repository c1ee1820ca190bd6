"""Totals of a holdout, forecast by group: mean, parameter variance and chance variance, and the bands they make.

The mean is the model's own formula summed over patterns. What the parameters leave open is carried by the delta method
from the fit's covariance; what chance leaves open is measured on simulated paths at the fitted parameters. No customer
is needed one by one, and all groups and horizons share the same paths.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ltv.metrics.futures import SHOCK_DF
from ltv.models import Fit, Patterns

Array = NDArray[np.float64]
Index = NDArray[np.int64]
PATHS = 100_000  # customers simulated for the chance variance, over all repetitions
BAND_DRAWS = 4000


@dataclass(frozen=True)
class Worth:
    """What orders are worth: a Gamma-Gamma fit, and each pattern's mean repeat order value (0 without one)."""

    fit: Fit
    mean: Array


@dataclass(frozen=True)
class Totals:
    """Forecast totals of G groups: `mean`, `parameter` variance and `chance` variance, each of shape (G,)."""

    mean: Array
    parameter: Array
    chance: Array

    @property
    def log_sd(self) -> Array:
        """The standard deviation of log(outcome ÷ forecast), by the delta method."""
        return np.sqrt(self.parameter + self.chance) / np.maximum(self.mean, 1e-300)


def group_totals(
    buying: Fit, patterns: Patterns, groups: Index, spans: Sequence[float], *, worth: Worth | None = None, seed: int = 0
) -> list[Totals]:
    """Totals of orders (or of their value) by group and of all, the last entry, for each span ahead.

    `groups` gives each pattern a number from 0; spans are in the unit of the fit. Without `worth` each order counts 1.
    """
    chances = _chance(buying, patterns, groups, spans, worth, seed)
    found = []
    for span, chance in zip(spans, chances, strict=True):
        sums = _sums(patterns, groups, span, worth)
        values = worth and worth.fit.model
        base, parameter = sums(buying.model, values), _spread(buying, partial(sums, values=values))
        if worth is not None:
            parameter = parameter + _spread(worth.fit, partial(sums, buying.model))
        found.append(Totals(base, parameter, chance))
    return found


def _sums(patterns: Patterns, groups: Index, span: float, worth: Worth | None) -> Callable[..., Array]:
    """The sum over customers by group and of all, as a function of the two models."""

    def sums(model: Any, values: Any) -> Array:
        each = model.expected_orders(span, x=patterns.x, t_x=patterns.t_x, T=patterns.T) * patterns.n
        if worth is not None:
            base, slope = values.shrinkage(patterns.x)
            each = each * (base + slope * worth.mean)
        by_group = np.bincount(groups, each)
        return np.append(by_group, by_group.sum())

    return sums


def _spread(fit: Fit, value: Callable[[Any], Array]) -> Array:
    """Variance of each value over the parameters: slopes at the mode, by a hundredth of a standard error either way."""
    slopes = []
    for axis, sd in enumerate(np.sqrt(np.diag(fit.theta_covariance))):
        step = np.zeros(fit.theta.size)
        step[axis] = sd / 100
        ends = [value(fit.family.of_logs(fit.coordinates.logs(fit.theta + side * step))) for side in (1, -1)]
        slopes.append((ends[0] - ends[1]) / (sd / 50))
    slope = np.stack(slopes)
    return np.asarray(np.einsum("ig,ij,jg->g", slope, fit.theta_covariance, slope))


def _chance(
    buying: Fit, patterns: Patterns, groups: Index, spans: Sequence[float], worth: Worth | None, seed: int
) -> list[Array]:
    """Variance that chance leaves in each group's total: Σ (simulated − expected)² over customers, at the mode."""
    rng = np.random.default_rng([seed, 2])
    edges = np.cumsum(patterns.n)
    size = int(edges[-1])
    held = min(size, PATHS)
    rows = np.searchsorted(edges, (np.arange(held) + 0.5) * size / held)
    rows = np.tile(rows, max(1, PATHS // held // (1 if worth is None else 2)))
    history = {"x": patterns.x[rows], "t_x": patterns.t_x[rows], "T": patterns.T[rows]}
    who, when = buying.model.future_orders(rng, max(spans), **history)
    value = np.ones(who.size)
    if worth is not None:
        value = worth.fit.model.draw_order_values(rng, who, x=history["x"], mean=worth.mean[rows])
    found = []
    for span in spans:
        soon = when <= span
        made = np.bincount(who[soon], value[soon], minlength=rows.size)
        per_row = buying.model.expected_orders(span, x=patterns.x, t_x=patterns.t_x, T=patterns.T)
        if worth is not None:
            base, slope = worth.fit.model.shrinkage(patterns.x)
            per_row = per_row * (base + slope * worth.mean)
        spread = np.bincount(groups[rows], (made - per_row[rows]) ** 2, minlength=groups.max() + 1)
        by_group = spread * (size / rows.size)
        found.append(np.append(by_group, by_group.sum()))
    return found


def predictive(mean: float, variance: float, *, whole: bool, tau: float, seed: int = 0) -> Array:
    """Draws of a total with this mean and variance, times exp(ε), ε ~ t₄(0, τ): counts where `whole`, else money.

    A gamma, mixed to a negative binomial for counts; a Poisson where the variance is no larger than the mean.
    """
    rng = np.random.default_rng([seed, 3])
    excess = variance - mean if whole else variance
    draws = np.full(BAND_DRAWS, max(mean, 0.0))
    if mean > 0 and excess > 0:
        draws = rng.gamma(mean**2 / excess, excess / mean, BAND_DRAWS)
    if whole:
        draws = rng.poisson(draws).astype(float)
    return draws * np.exp(tau * rng.permutation(_shocks())) if tau else draws


@cache
def _shocks() -> Array:
    """Evenly spaced quantiles of t₄."""
    return np.asarray(special.stdtrit(SHOCK_DF, (np.arange(BAND_DRAWS) + 0.5) / BAND_DRAWS))


def band(totals: Totals, at: int, *, whole: bool, tau: float) -> dict[str, float]:
    """The 50 and 90 % band of group `at`: low, high, inner_low, inner_high."""
    draws = predictive(
        totals.mean[at], totals.parameter[at] + totals.chance[at], whole=whole, tau=tau, seed=at % len(totals.mean)
    )
    names, levels = ("low", "inner_low", "inner_high", "high"), (0.05, 0.25, 0.75, 0.95)
    return dict(zip(names, np.quantile(draws, levels).tolist(), strict=True))
