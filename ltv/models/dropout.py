"""The Pareto/NBD likelihood of a whole data set, with its derivatives taken under the integral over the death."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ltv.models.data import Array, Patterns
from ltv.models.special import decay_end, legendre, log_nodes, nodes_for, power_tail, softplus
from ltv.models.tables import BLOCK, Days, GammaPoissonTotal, in_logs

CHUNK = 1 << 13
MANY = 8
PAIRS = [(i, j) for i in range(4) for j in range(i, 4)]


class ParetoTotal:
    """Σ n log L of Pareto/NBD by (log r, log α, log s, log β).

    The NBD's sum, the survival Σ n s log(β/(β+T)), and Σ n log(1 + e^w), where w is the log-odds of having died:
    w = log s + log ∫ (α+y)^(−r−x) (β+y)^(−s−1) dy over (t_x, T] + (r+x) log(α+T) + s log(β+T).
    """

    def __init__(self, data: Patterns) -> None:
        self.orders = GammaPoissonTotal(data)
        days = Days.of(data.T, data.unit.days)
        n = days.sum(data.n)
        self.ages, self.n_at = days.ages[n > 0], n[n > 0]
        waited = data.t_x < data.T
        self.x, self.n = data.x[waited], data.n[waited]
        self.t_x, self.T = data.t_x[waited], data.T[waited]
        self.data = data

    def values(self, logs: Array) -> Array:
        s, beta = np.exp(logs[:, 2:].T)
        survived = -s * (np.log1p(self.ages / beta[:, None]) @ self.n_at)
        return self.orders.values(logs[:, :2]) + survived + self._dead_many(np.exp(logs))

    def _dead_many(self, parameters: Array) -> Array:
        """Σ n log(1 + e^w) for each row of parameters; where there are many rows, through integrals at a few ages."""
        if len(parameters) > MANY:
            table = _Tails.of(self, parameters)
            if table is not None:
                return table.dead(parameters)
        return np.array([self._dead(row) for row in parameters])

    def _dead(self, parameters: Array) -> float:
        """Σ n log(1 + e^w)."""
        return sum(float(self._odds(parameters, part, 0)[0]) for part in self._parts())

    def _parts(self) -> list[slice]:
        return [slice(i, i + CHUNK) for i in range(0, self.x.size, CHUNK)]

    def derivatives(self, logs: Array) -> tuple[float, Array, Array]:
        parameters = np.exp(logs)
        _, _, s, beta = parameters
        value, slope, curve = self.orders.derivatives(logs[:2])
        gradient, hessian = np.zeros(4), np.zeros((4, 4))
        aged = beta + self.ages
        value -= float(s * (np.log1p(self.ages / beta) @ self.n_at))
        gradient[2:] = -np.log1p(self.ages / beta) @ self.n_at, s * (self.ages / (beta * aged)) @ self.n_at
        hessian[2, 3] = hessian[3, 2] = (self.ages / (beta * aged)) @ self.n_at
        hessian[3, 3] = -s * (1 / beta**2 - 1 / aged**2) @ self.n_at
        for part in self._parts():
            more, its_gradient, its_hessian = self._odds(parameters, part, 2)
            value += more
            gradient += its_gradient
            hessian += its_hessian
        own_slope, own_curve = in_logs(parameters, gradient, hessian)
        own_slope[:2] += slope
        own_curve[:2, :2] += curve
        return value, own_slope, own_curve

    def _odds(self, parameters: Array, part: slice, order: int) -> tuple[float, Array, Array]:
        """Σ n log(1 + e^w) of some patterns with its derivatives by (r, α, s, β)."""
        r, alpha, s, beta = parameters
        n, T = self.n[part], self.T[part]
        R, A, B, after = r + self.x[part], alpha + self.t_x[part], beta + self.t_x[part], T - self.t_x[part]
        integral, first, second = moments(R, A, s + 1, B, after, order)
        w = np.log(integral * s / B) + R * np.log1p(after / A) + s * np.log1p(after / B)
        small = np.exp(-np.abs(w))
        value = float((np.maximum(w, 0) + np.log1p(small)) @ n)
        if not order:
            return value, first, second
        dead = np.where(w > 0, 1, small) / (1 + small)
        # First and second derivatives of log f at the moment of death, averaged over it; logs are relative to T.
        at_T, bt_T = 1 / (alpha + T), 1 / (beta + T)
        scale = np.stack([np.ones_like(R), -R, np.ones_like(R), np.full_like(R, -(s + 1))])
        mean = first * scale
        slopes = mean + np.stack([np.log1p(after / A), R * at_T, 1 / s + np.log1p(after / B), s * bt_T])
        weight = n * dead
        hessian = (slopes * (weight * (1 - dead))) @ slopes.T - (mean * weight) @ mean.T
        for (i, j), moment in zip(PAIRS, second, strict=True):
            term = float((weight * scale[i] * scale[j]) @ moment)
            hessian[i, j] += term
            if i != j:
                hessian[j, i] += term
        square_a, square_b = second[PAIRS.index((1, 1))], second[PAIRS.index((3, 3))]
        ra, sb = weight @ (at_T - first[1]), weight @ (bt_T - first[3])
        hessian[0, 1] += ra
        hessian[1, 0] += ra
        hessian[2, 3] += sb
        hessian[3, 2] += sb
        hessian[1, 1] += weight @ (R * (square_a - at_T**2))
        hessian[2, 2] -= weight.sum() / s**2
        hessian[3, 3] += weight @ ((s + 1) * square_b - s * bt_T**2)
        return value, slopes @ weight, hessian


@dataclass(frozen=True)
class _Tails:
    """H(t) = ∫ f(y)/f(t) dy over (t, ∞), f(y) = (α+y)^(−r−x) (β+y)^(−s−1), at a few ages t and every count x.

    A pattern's own integral is H(t_x) − f(T)/f(t_x) H(T), and H(t)/(shift+t) is smooth in log(shift + t) (`log_nodes`):
    a few integrals a count serve all patterns.
    """

    shift: float
    points: Array
    counts: Array
    groups: list[_Group]

    @classmethod
    def of(cls, total: ParetoTotal, parameters: Array) -> _Tails | None:
        """None where a few ages and all counts are more than the patterns."""
        shift, ages = float(parameters[:, [1, 3]].min()), np.unique(np.concatenate([total.t_x, total.T]))
        points, weights = log_nodes(ages, shift)
        counts, of = np.unique(total.x, return_inverse=True)
        if points.size * counts.size >= total.x.size:
            return None
        groups = []
        for k in range(counts.size):
            rows = np.flatnonzero(of == k)
            t_x, T = total.t_x[rows, None], total.T[rows, None]
            born, seen = (weights[np.searchsorted(ages, age[:, 0])] * (shift + age) for age in (t_x, T))
            groups.append(_Group(t_x, T, total.n[rows], born, seen))
        return cls(shift, points, counts, groups)

    def dead(self, parameters: Array) -> Array:
        """Σ n log(1 + e^w) for each row of parameters."""
        block = max(1, BLOCK // (self.points.size * self.counts.size))
        parts = [self._dead(parameters[i : i + block]) for i in range(0, len(parameters), block)]
        return np.concatenate(parts)

    def _dead(self, parameters: Array) -> Array:
        """Arrays are (pattern, draw)."""
        r, alpha, s, beta = parameters.T
        at = self.points[:, None, None]
        tails = power_tail(r + self.counts[:, None], alpha + at, s + 1, beta + at) / (self.shift + at)
        gone = np.zeros(len(parameters))
        for k, group in enumerate(self.groups):
            up_a = np.log((alpha + group.T) / (alpha + group.t_x))
            up_b = np.log((beta + group.T) / (beta + group.t_x))
            log_fall = (r + self.counts[k]) * up_a + s * up_b
            integral = group.born @ tails[:, k] - np.exp(-log_fall - up_b) * (group.seen @ tails[:, k])
            w = np.log(np.maximum(integral, 1e-300)) + np.log(s / (beta + group.t_x)) + log_fall
            gone += group.n @ softplus(w)
        return gone


@dataclass(frozen=True)
class _Group:
    """The patterns of one count: ages (k, 1), and what leads from H/(shift+t) at the points to H at them (k, points)."""

    t_x: Array
    T: Array
    n: Array
    born: Array
    seen: Array


def moments(R: Array, A: Array, e: float, B: Array, after: Array, order: int) -> tuple[Array, Array, Array]:
    """∫ f du, f = (1+u/A)^(−R) (1+u/B)^(−e) over (0, after], and means under f of

    φ = (−log(1+u/A), 1/(A+u), −log(1+u/B), 1/(B+u)) and, for order 2, of their ten products.
    """
    scale = 1 / ((R + 1) / A + (e + 1) / B)
    width = np.log1p(decay_end(after, R, A, np.asarray(e), B) / scale)
    total = np.zeros((15 if order else 1, R.size))
    for node, weight in zip(*legendre(nodes_for(width)), strict=True):
        u = scale * np.expm1(width * node)
        la, lb = -np.log1p(u / A), -np.log1p(u / B)
        f = np.exp(R * la + e * lb) * (u + scale) * (width * weight)
        total[0] += f
        if order:
            phi = (la, 1 / (A + u), lb, 1 / (B + u))
            weighted = [f * value for value in phi]
            for i in range(4):
                total[1 + i] += weighted[i]
            for k, (i, j) in enumerate(PAIRS):
                total[5 + k] += weighted[i] * phi[j]
    means = total[1:] / total[0]
    return total[0], means[:4], means[4:]
