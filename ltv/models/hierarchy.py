"""The joint posterior of segments that share shapes: quadratics of their likelihoods, and draws from those."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ltv.models.coordinates import Coordinates
from ltv.models.data import Array
from ltv.models.newton import climb
from ltv.models.tables import Total

if TYPE_CHECKING:
    import pandas as pd

SPREAD = 0.5
"""The half-normal scale of the between-segment standard deviations."""
GRID = np.geomspace(0.02, 2.0, 17)


@dataclass(frozen=True)
class Quadratics:
    """Per segment the expansion of its log-likelihood at θ_g: slope (G, d) and precision (G, d, d), made PSD."""

    theta: Array
    slope: Array
    precision: Array

    def values(self, segment: int, theta: Array) -> Array:
        """The expansion of one segment at rows of θ, up to its constant."""
        away = theta - self.theta[segment]
        return away @ self.slope[segment] - 0.5 * np.einsum("si,ij,sj->s", away, self.precision[segment], away)


@dataclass(frozen=True)
class Drawn:
    """θ of every segment for every draw, shape (G, S, d), and the spread between segments."""

    theta: Array
    between: pd.DataFrame


class Hierarchy:
    """The joint posterior of segments; `v` are the coordinates that vary, `c` those in common."""

    def __init__(self, coordinates: Coordinates, totals: list[Total], varying: tuple[int, ...]) -> None:
        self.coordinates, self.totals = coordinates, totals
        self.v = np.array(varying)
        self.c = np.setdiff1d(np.arange(coordinates.mean.size), self.v)
        self.prior_precision = 1 / coordinates.sd**2

    def derivatives(self, segment: int, theta: Array) -> tuple[float, Array, Array]:
        """A segment's log-likelihood by θ."""
        jacobian, second = self.coordinates.bend(theta)
        with np.errstate(all="ignore"):
            value, slope, curve = self.totals[segment].derivatives(self.coordinates.logs(theta))
            hessian = jacobian.T @ curve @ jacobian + np.tensordot(slope, second, axes=1)
            return value, jacobian.T @ slope, hessian

    def at(self, segment: int, joint: Array) -> Array:
        """θ of a segment in the joint vector (c, μ, v_1, …, v_G)."""
        theta = np.empty(self.coordinates.mean.size)
        theta[self.c] = joint[: self.c.size]
        start = self.c.size + self.v.size * (1 + segment)
        theta[self.v] = joint[start : start + self.v.size]
        return theta

    def _rows(self, segment: int) -> NDArray[np.intp]:
        """Where a segment's coordinates, in the order of θ, lie in the joint vector."""
        rows = np.empty(self.coordinates.mean.size, dtype=np.intp)
        rows[self.c] = np.arange(self.c.size)
        rows[self.v] = self.c.size + self.v.size * (1 + segment) + np.arange(self.v.size)
        return rows

    def _prior(self, tau: Array) -> tuple[Array, Array]:
        """Precision matrix and mean of the joint normal prior of (c, μ, v_1, …) given τ."""
        k, m, segments = self.c.size, self.v.size, len(self.totals)
        size = k + m * (1 + segments)
        precision = np.zeros((size, size))
        precision[:k, :k] = np.diag(self.prior_precision[self.c])
        precision[k : k + m, k : k + m] = np.diag(self.prior_precision[self.v] + segments / tau**2)
        for g in range(segments):
            start = k + m * (1 + g)
            precision[start : start + m, start : start + m] = np.diag(1 / tau**2)
            precision[k : k + m, start : start + m] = precision[start : start + m, k : k + m] = -np.diag(1 / tau**2)
        mean = np.concatenate([self.coordinates.mean[self.c], np.tile(self.coordinates.mean[self.v], 1 + segments)])
        return precision, mean

    def expand(self, start: Array, tau: Array) -> Quadratics:
        """Climb to the joint mode given τ and expand every segment's likelihood there."""
        precision, mean = self._prior(tau)

        def joint(point: Array) -> tuple[float, Array, Array]:
            away = point - mean
            value, gradient, hessian = -0.5 * float(away @ precision @ away), -precision @ away, -precision.copy()
            for g in range(len(self.totals)):
                rows = self._rows(g)
                more, slope, curve = self.derivatives(g, self.at(g, point))
                value += more
                gradient[rows] += slope
                hessian[np.ix_(rows, rows)] += curve
            return value, gradient, hessian

        first = np.concatenate([start[self.c], np.tile(start[self.v], 1 + len(self.totals))])
        top = climb(joint, first, tolerance=1e-8)
        theta = np.stack([self.at(g, top.theta) for g in range(len(self.totals))])
        parts = [self.derivatives(g, row) for g, row in enumerate(theta)]
        return Quadratics(theta, np.stack([part[1] for part in parts]), np.stack([_psd(-part[2]) for part in parts]))

    def normal(self, quadratics: Quadratics, tau: Array) -> tuple[Array, Array]:
        """Precision and mean of the joint vector given τ, for the quadratics."""
        precision, mean = self._prior(tau)
        pull = precision @ mean
        precision = precision.copy()
        for g, (theta, slope, own) in enumerate(
            zip(quadratics.theta, quadratics.slope, quadratics.precision, strict=True)
        ):
            rows = self._rows(g)
            precision[np.ix_(rows, rows)] += own
            pull[rows] += slope + own @ theta
        return precision, np.asarray(np.linalg.solve(precision, pull), float)

    def weigh(self, quadratics: Quadratics) -> tuple[Array, Array]:
        """Grid points of τ, shape (K, m), and their posterior weights."""
        taus = np.array(list(product(GRID, repeat=self.v.size)))
        logs = []
        for tau in taus:
            prior, prior_mean = self._prior(tau)
            precision, mean = self.normal(quadratics, tau)
            away = mean - prior_mean
            fitted = sum(
                quadratics.values(g, self.at(g, mean)[None])[0] for g in range(len(self.totals))
            ) - 0.5 * float(away @ prior @ away)
            dets = np.linalg.slogdet(prior)[1] - np.linalg.slogdet(precision)[1]
            # half-normal prior of τ, and the grid is even in log τ
            logs.append(fitted + 0.5 * dets - 0.5 * float((tau / SPREAD) @ (tau / SPREAD)) + np.log(tau).sum())
        weights = np.array(logs)
        return taus, np.exp(weights - special.logsumexp(weights))

    def draw(self, quadratics: Quadratics, size: int, rng: np.random.Generator) -> Drawn:
        """Joint draws: τ from its grid, all else from its normal given τ."""
        import pandas as pd

        taus, weights = self.weigh(quadratics)
        counts = rng.multinomial(size, weights)
        joint = []
        for tau, count in zip(taus[counts > 0], counts[counts > 0], strict=True):
            precision, mean = self.normal(quadratics, tau)
            root = np.linalg.cholesky(precision)
            joint.append(mean + np.linalg.solve(root.T, rng.standard_normal((mean.size, count))).T)
        stacked = np.concatenate(joint)[rng.permutation(size)]
        theta = np.stack([stacked[:, self._rows(g)] for g in range(len(self.totals))])
        low, middle, high = (_grid_quantile(taus, weights, level) for level in (0.05, 0.5, 0.95))
        names = [self.coordinates.names[k] for k in self.v]
        between = pd.DataFrame({"sd": middle, "low": low, "high": high}, index=pd.Index(names, name="coordinate"))
        return Drawn(theta, between)


def _grid_quantile(points: Array, weights: Array, level: float) -> list[float]:
    """The quantile of each column of weighted points."""
    orders = points.argsort(0).T
    return [
        float(column[order][np.searchsorted(np.cumsum(weights[order]), level)])
        for column, order in zip(points.T, orders, strict=True)
    ]


def _psd(matrix: Array) -> Array:
    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return (vectors * np.maximum(values, 0)) @ vectors.T
