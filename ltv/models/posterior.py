"""Posterior draws: a multivariate t around the mode with Pareto-smoothed weights; walkers where those do not settle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from ltv.models.data import Array

DEGREES = 8
ROUNDS = 5
BENT = 0.5  # above this k̂ the weights have a tail that the ends of an interval feel: another proposal is added
WIDER = 3.0  # a proposal for a bent posterior reaches beyond what the draws so far have seen of it
SETTLED = 0.7  # the largest k̂ of weights whose averages can be trusted (Vehtari et al. 2024)
WALKERS = 500
SWEEPS = 40
ENOUGH = 100  # independent draws below which walkers are not believed either


@dataclass(frozen=True)
class Posterior:
    """Weighted draws of the coordinates θ, shape (S, d), and how far to trust them.

    `k_hat` ≤ `SETTLED`: the weights have settled; 0 where there are none. `effective` = 1/Σw², in draws; of walkers,
    what their memory leaves.
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


def evenly(theta: Array, size: int, seed: int) -> Array:
    """`size` of equally weighted θ, spread evenly over them."""
    return Posterior(theta, np.full(len(theta), 1 / len(theta)), 0.0, len(theta), "").resample(size, seed)


@dataclass(frozen=True)
class Proposal:
    """A multivariate t with 8 degrees of freedom: tails heavier than a posterior's keep weights bounded."""

    centre: Array
    root: Array

    @classmethod
    def around(cls, centre: Array, covariance: Array) -> Proposal:
        return cls(np.asarray(centre, float), np.asarray(np.linalg.cholesky(covariance), float))

    def draw(self, rng: np.random.Generator, size: int) -> Array:
        z = rng.standard_normal((size, self.centre.size))
        return self.centre + z * np.sqrt(DEGREES / rng.chisquare(DEGREES, size))[:, None] @ self.root.T

    def log_density(self, theta: Array) -> Array:
        """Up to a constant that all proposals of one dimension share."""
        z = np.linalg.solve(self.root, (theta - self.centre).T)
        half = (DEGREES + self.centre.size) / 2
        return -half * np.log1p((z**2).sum(0) / DEGREES) - np.log(np.diag(self.root)).sum()


def importance(
    log_target: Callable[[Array], Array], mode: Array, covariance: Array, draws: int, seed: int
) -> Posterior:
    """Draws from a t around the mode, weighted by target ÷ proposal; `log_target` maps (S, d) to (S,).

    Where the weights have a heavy tail (k̂ above `BENT`, or an effective sample below a quarter), up to five more
    proposals are added, each matched to the weighted draws so far but wider, and all draws are weighted by the
    mixture (Owen & Zhou 2000; Cornuet et al. 2012). Where that does not settle, walkers start from the draws.
    """
    rng = np.random.default_rng(seed)
    proposals = [Proposal.around(mode, covariance)]
    theta = proposals[0].draw(rng, draws)
    target = log_target(theta)
    for _ in range(ROUNDS):
        posterior = weigh(theta, target, proposals)
        if posterior.k_hat <= BENT and posterior.effective >= draws / 4:
            break
        centre = posterior.weights @ theta
        away = theta - centre
        matched = WIDER * (away * posterior.weights[:, None]).T @ away + 0.05 * covariance
        proposals.append(Proposal.around(centre, matched))
        more = proposals[-1].draw(rng, draws)
        theta, target = np.concatenate([theta, more]), np.concatenate([target, log_target(more)])
    posterior = weigh(theta, target, proposals)
    return posterior if posterior.k_hat <= SETTLED else walk(log_target, posterior, seed)


def walk(log_target: Callable[[Array], Array], start: Posterior, seed: int) -> Posterior:
    """500 walkers from the draws of `start`: their places after 80, 120 and 160 sweeps of the stretch move.

    The move of Goodman & Weare (2010), affine invariant and with no setting to tune: each walker goes along the line
    through a random walker of the other half. `effective` follows from the correlation of one place with the next.
    """
    rng = np.random.default_rng([seed, 1])
    at = start.resample(WALKERS, seed)
    height, half, places = log_target(at), WALKERS // 2, []
    for sweep in range(4 * SWEEPS):
        for mine, others in ((slice(None, half), slice(half, None)), (slice(half, None), slice(None, half))):
            stretch = (1 + rng.random(half)) ** 2 / 2  # density ∝ 1/√z on [1/2, 2]
            anchor = at[others][rng.integers(half, size=half)]
            proposed = anchor + stretch[:, None] * (at[mine] - anchor)
            reached = log_target(proposed)
            gain = (at.shape[1] - 1) * np.log(stretch) + reached - height[mine]
            taken = np.isfinite(reached) & (np.log(rng.random(half)) < gain)
            at[mine] = np.where(taken[:, None], proposed, at[mine])
            height[mine] = np.where(taken, reached, height[mine])
        if (sweep + 1) % SWEEPS == 0:
            places.append(at.copy())
    places = places[1:]  # the first still remembers the start
    memory = max(np.corrcoef(a, b)[0, 1] for a, b in zip(places[-2].T, places[-1].T, strict=True))
    size = len(places) * WALKERS
    effective = size * (1 - memory) / (1 + memory) if memory > 0 else size
    method = f"{WALKERS} walkers (k̂ {start.k_hat:.2f} of {start.method})"
    k_hat = 0.0 if effective >= ENOUGH else start.k_hat
    return Posterior(np.concatenate(places), np.full(size, 1 / size), k_hat, float(effective), method)


def weigh(theta: Array, log_target: Array, proposals: list[Proposal]) -> Posterior:
    """Smoothed weights of draws taken in equal numbers from each proposal."""
    mixture = special.logsumexp([proposal.log_density(theta) for proposal in proposals], axis=0)
    log_weights = np.where(np.isfinite(log_target), log_target - mixture, -np.inf)
    smoothed, k_hat = smooth(log_weights)
    weights = np.exp(smoothed - special.logsumexp(smoothed))
    method = "importance sampling" + (f", {len(proposals)} proposals" if len(proposals) > 1 else "")
    return Posterior(theta, weights, k_hat, float(1 / (weights**2).sum()), method)


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
