"""Totals of a holdout, forecast by group: mean, parameter variance and chance variance, and the bands they make.

The mean is the model's own formula summed over patterns. What the parameters leave open is carried by the delta method
from the fit's covariance; what chance leaves open is measured on simulated paths at the fitted parameters. No customer
is needed one by one, and all groups and horizons share the same paths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ltv.metrics.lifetime_value.futures import SHOCK_DF
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
    return both_totals(buying, patterns, groups, spans, worths=[worth], seed=seed)[0]


def both_totals(
    buying: Fit,
    patterns: Patterns,
    groups: Index,
    spans: Sequence[float],
    *,
    worths: Sequence[Worth | None],
    seed: int = 0,
) -> list[list[Totals]]:
    """`group_totals` for each of `worths`, on the same expected orders and the same simulated paths."""
    history = {"x": patterns.x, "t_x": patterns.t_x, "T": patterns.T}
    models = _nudged(buying)
    ahead = [[model.expected_orders(span, **history) for model in models] for span in spans]
    chances = _chance(
        buying, patterns, groups, dict(zip(spans, [each[0] for each in ahead], strict=True)), worths, seed
    )
    found = []
    for worth, chance in zip(worths, chances, strict=True):
        price = _price(worth, patterns)
        totals = []
        for each, by_chance in zip(ahead, chance, strict=True):
            sums = [_by_group(groups, patterns.n * orders * price) for orders in each]
            parameter = _variance(buying, sums)
            if worth is not None:
                prices = [_price(worth, patterns, model) for model in _nudged(worth.fit)]
                parameter = parameter + _variance(
                    worth.fit, [_by_group(groups, patterns.n * each[0] * one) for one in prices]
                )
            totals.append(Totals(sums[0], parameter, by_chance))
        found.append(totals)
    return found


def _price(worth: Worth | None, patterns: Patterns, model: Any = None) -> Array:
    """What an order of each pattern is expected to be worth."""
    if worth is None:
        return np.ones(len(patterns.x))
    base, slope = (worth.fit.model if model is None else model).shrinkage(patterns.x)
    return np.asarray(base + slope * worth.mean)


def _by_group(groups: Index, values: Array) -> Array:
    """Sums by group, and of all."""
    sums = np.bincount(groups, values)
    return np.append(sums, sums.sum())


def _nudged(fit: Fit) -> list[Any]:
    """The model at the mode, then at a hundredth of a standard error up and down each coordinate."""
    thetas = [fit.theta]
    for axis, sd in enumerate(np.sqrt(np.diag(fit.theta_covariance))):
        step = np.zeros(fit.theta.size)
        step[axis] = sd / 100
        thetas += [fit.theta + step, fit.theta - step]
    return [fit.family.of_logs(fit.coordinates.logs(theta)) for theta in thetas]


def _variance(fit: Fit, sums: Sequence[Array]) -> Array:
    """Variance over the parameters of totals known at the models of `_nudged`."""
    sd = np.sqrt(np.diag(fit.theta_covariance))
    slopes = (np.stack(sums[1::2]) - np.stack(sums[2::2])) / (sd[:, None] / 50)
    return np.asarray(np.einsum("ig,ij,jg->g", slopes, fit.theta_covariance, slopes))


def _chance(
    buying: Fit,
    patterns: Patterns,
    groups: Index,
    expected: Mapping[float, Array],
    worths: Sequence[Worth | None],
    seed: int,
) -> list[list[Array]]:
    """Variance that chance leaves in each group's total, by worth and span: Σ (simulated − expected)² at the mode."""
    rng = np.random.default_rng([seed, 2])
    edges = np.cumsum(patterns.n)
    size = int(edges[-1])
    held = min(size, PATHS)
    rows = np.tile(np.searchsorted(edges, (np.arange(held) + 0.5) * size / held), max(1, PATHS // held))
    history = {"x": patterns.x[rows], "t_x": patterns.t_x[rows], "T": patterns.T[rows]}
    who, when = buying.model.future_orders(rng, max(expected), **history)
    found = []
    for worth in worths:
        value, price = np.ones(who.size), _price(worth, patterns)
        if worth is not None:
            value = worth.fit.model.draw_order_values(rng, who, x=history["x"], mean=worth.mean[rows])
        spreads = []
        for span, orders in expected.items():
            made = np.bincount(who, value * (when <= span), minlength=rows.size)
            off = (made - (orders * price)[rows]) ** 2
            spreads.append(_by_group(groups[rows], off) * (size / rows.size))
        found.append(spreads)
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
