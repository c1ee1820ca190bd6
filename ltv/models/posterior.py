"""Posterior draws without Markov chains: a multivariate t around the mode, and Pareto-smoothed weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from ltv.models.data import Array

DEGREES = 8


@dataclass(frozen=True)
class Posterior:
    """Weighted draws of the coordinates θ, shape (S, d), and how far to trust them.

    `k_hat` ≤ 0.7: the weights have settled (Vehtari et al. 2024). `effective` = 1/Σw², in draws.
    """

    theta: Array
    weights: Array
    k_hat: float
    effective: float
    method: str

    def resample(self, size: int, seed: int) -> Array:
        """`size` equally weighted θ spread evenly over the posterior, in a random but repeatable order."""
        order = np.argsort(self.theta[:, 0], kind="stable")
        level = (np.arange(size) + 0.5) / size
        picked = order[np.searchsorted(np.cumsum(self.weights[order]), level).clip(max=order.size - 1)]
        return self.theta[np.random.default_rng(seed).permutation(picked)]


def importance(
    log_target: Callable[[Array], Array], mode: Array, covariance: Array, draws: int, seed: int
) -> Posterior:
    """Draws from t₈(mode, covariance), weighted by target ÷ proposal; `log_target` maps (S, d) to (S,)."""
    rng = np.random.default_rng(seed)
    d = mode.size
    root = np.linalg.cholesky(covariance)
    z = rng.standard_normal((draws, d))
    stretch = np.sqrt(DEGREES / rng.chisquare(DEGREES, draws))
    theta = mode + (z * stretch[:, None]) @ root.T
    log_proposal = -0.5 * (DEGREES + d) * np.log1p((z**2).sum(1) * stretch**2 / DEGREES)
    log_weights = log_target(theta) - log_proposal
    log_weights = np.where(np.isfinite(log_weights), log_weights, -np.inf)
    smoothed, k_hat = smooth(log_weights)
    weights = np.exp(smoothed - special.logsumexp(smoothed))
    return Posterior(theta, weights, k_hat, float(1 / (weights**2).sum()), "importance sampling")


def normal(mode: Array, covariance: Array, draws: int, seed: int) -> Posterior:
    """Plain normal draws, for data so large that the posterior is normal and weights would cost minutes."""
    rng = np.random.default_rng(seed)
    theta = mode + rng.standard_normal((draws, mode.size)) @ np.linalg.cholesky(covariance).T
    return Posterior(theta, np.full(draws, 1 / draws), 0.0, float(draws), "normal approximation at the mode")


def smooth(log_weights: Array) -> tuple[Array, float]:
    """Replace the largest weights by the quantiles of a generalized Pareto tail; with its shape k̂.

    Vehtari, Simpson, Gelman, Yao & Gabry (2024), "Pareto smoothed importance sampling".
    """
    shifted = log_weights - log_weights.max()
    size = int(min(0.2 * shifted.size, 3 * np.sqrt(shifted.size)))
    if size < 5:
        return shifted, np.inf
    order = np.argsort(shifted)
    tail, cutoff = order[-size:], shifted[order[-size - 1]]
    excess = np.exp(shifted[tail]) - np.exp(cutoff)
    if excess[-1] <= 1e-12:
        return shifted, 0.0
    k, sigma = pareto_tail(np.maximum(excess, 1e-300))
    level = (np.arange(size) + 0.5) / size
    quantile = sigma * np.expm1(-k * np.log1p(-level)) / k if abs(k) > 1e-9 else -sigma * np.log1p(-level)
    smoothed = shifted.copy()
    smoothed[tail] = np.minimum(np.log(np.exp(cutoff) + quantile), 0.0)
    return smoothed, float(k)


def pareto_tail(excess: Array) -> tuple[float, float]:
    """Shape k and scale σ of a generalized Pareto from sorted excesses (Zhang & Stephens 2009; k shrunk)."""
    n = excess.size
    grid = 30 + int(np.sqrt(n))
    quarter = excess[int(n / 4 + 0.5) - 1]
    theta = 1 / excess[-1] + (1 - np.sqrt(grid / (np.arange(1, grid + 1) - 0.5))) / (3 * quarter)
    shape = np.log1p(-theta[:, None] * excess).mean(1)
    profile = n * (np.log(-theta / shape) - shape - 1)
    weight = np.exp(profile - special.logsumexp(profile))
    best = float(weight @ theta)
    k = float(np.log1p(-best * excess).mean())
    return (n * k + 10 * 0.5) / (n + 10), -k / best
