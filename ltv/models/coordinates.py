"""The coordinates of fits and posteriors: unbounded, without a unit, and with mild priors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from ltv.models.data import Array


@dataclass(frozen=True)
class Coordinates:
    """θ ↔ logarithms of the parameters, with independent normal priors on θ.

    `bend` gives the Jacobian d log parameters/dθ, shape (d, d), and the second derivatives, (d, d, d).
    """

    names: tuple[str, ...]
    mean: Array
    sd: Array
    logs: Callable[[Array], Array]
    theta: Callable[[Array], Array]
    bend: Callable[[Array], tuple[Array, Array]]

    def log_prior(self, theta: Array) -> Array:
        """Σ log N(θ; mean, sd²) up to a constant, one per row of θ."""
        return -0.5 * (((theta - self.mean) / self.sd) ** 2).sum(-1)


def gamma_block(scale: float, rate_mean: float, rate_sd: float, shape_mean: float, shape_sd: float) -> Coordinates:
    """(log(shape/rate · scale), log shape) for a gamma mixing distribution; scale is a median age."""
    jacobian = np.array([[0.0, 1.0], [-1.0, 1.0]])
    shift = np.array([0.0, np.log(scale)])
    return Coordinates(
        ("log mean", "log shape"),
        np.array([rate_mean, shape_mean]),
        np.array([rate_sd, shape_sd]),
        logs=lambda theta: theta @ jacobian.T + shift,
        theta=lambda logs: (logs - shift) @ np.linalg.inv(jacobian).T,
        bend=lambda theta: (jacobian, np.zeros((2, 2, 2))),
    )


def beta_block() -> Coordinates:
    """(logit(a/(a+b)), log(a+b)) for a beta mixing distribution."""

    def logs(theta: Array) -> Array:
        mean, size = theta[..., 0], theta[..., 1]
        return np.stack([size + special.log_expit(mean), size + special.log_expit(-mean)], axis=-1)

    def theta(logs: Array) -> Array:
        a, b = logs[..., 0], logs[..., 1]
        return np.stack([a - b, np.logaddexp(a, b)], axis=-1)

    def bend(theta: Array) -> tuple[Array, Array]:
        share = special.expit(theta[0])
        second = np.zeros((2, 2, 2))
        second[:, 0, 0] = -share * (1 - share)
        return np.array([[1 - share, 1.0], [-share, 1.0]]), second

    return Coordinates(("logit mean", "log size"), np.array([-1.0, 1.0]), np.array([1.5, 1.5]), logs, theta, bend)


def joined(first: Coordinates, second: Coordinates) -> Coordinates:
    """Two blocks side by side."""
    k = len(first.names)

    def bend(theta: Array) -> tuple[Array, Array]:
        d = theta.size
        jacobian, hessian = np.zeros((d, d)), np.zeros((d, d, d))
        jacobian[:k, :k], hessian[:k, :k, :k] = first.bend(theta[:k])
        jacobian[k:, k:], hessian[k:, k:, k:] = second.bend(theta[k:])
        return jacobian, hessian

    def side_by_side(f: Callable[[Array], Array], g: Callable[[Array], Array]) -> Callable[[Array], Array]:
        return lambda point: np.concatenate([f(point[..., :k]), g(point[..., k:])], axis=-1)

    return Coordinates(
        first.names + second.names,
        np.concatenate([first.mean, second.mean]),
        np.concatenate([first.sd, second.sd]),
        side_by_side(first.logs, second.logs),
        side_by_side(first.theta, second.theta),
        bend,
    )


def spend_block(scale: float) -> Coordinates:
    """(log(pv/(q−1) ÷ scale), log p, log(q−1)) for Gamma-Gamma: q > 1 by construction."""

    def logs(theta: Array) -> Array:
        mean, p, above = theta[..., 0], theta[..., 1], theta[..., 2]
        return np.stack([p, np.logaddexp(0, above), mean + np.log(scale) + above - p], axis=-1)

    def theta(logs: Array) -> Array:
        p, q, v = logs[..., 0], logs[..., 1], logs[..., 2]
        above = np.log(np.expm1(np.maximum(q, 1e-12)))
        return np.stack([p + v - above - np.log(scale), p, above], axis=-1)

    def bend(theta: Array) -> tuple[Array, Array]:
        share = special.expit(theta[2])
        second = np.zeros((3, 3, 3))
        second[1, 2, 2] = share * (1 - share)
        return np.array([[0.0, 1.0, 0.0], [0.0, 0.0, share], [1.0, -1.0, 1.0]]), second

    return Coordinates(
        ("log mean", "log p", "log (q-1)"),
        np.array([0.0, 1.0, 0.7]),
        np.array([1.0, 1.5, 1.0]),
        logs,
        theta,
        bend,
    )
