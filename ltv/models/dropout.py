"""The Pareto/NBD likelihood of a whole data set, with its derivatives taken under the integral over the death."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from ltv.models.data import Array, Patterns
from ltv.models.daytable import DayTable
from ltv.models.special import decay_end, legendre, nodes_for
from ltv.models.tables import Days, GammaPoissonTotal, in_logs

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

    @cached_property
    def day_table(self) -> DayTable | None:
        return DayTable.of(self.data)

    def values(self, logs: Array) -> Array:
        s, beta = np.exp(logs[:, 2:].T)
        survived = -s * (np.log1p(self.ages / beta[:, None]) @ self.n_at)
        return self.orders.values(logs[:, :2]) + survived + self._dead_many(np.exp(logs))

    def _dead_many(self, parameters: Array) -> Array:
        """Σ n log(1 + e^w) for each row of parameters; through a table where there are many rows."""
        if len(parameters) > MANY and self.day_table is not None:
            steep = np.array([self.day_table.nodes(row[None]) > 16 for row in parameters])
        else:
            steep = np.ones(len(parameters), dtype=bool)
        dead = np.empty(len(parameters))
        dead[steep] = [self._dead(row) for row in parameters[steep]]
        if not steep.all() and self.day_table is not None:
            dead[~steep] = self.day_table.values(parameters[~steep])
        return dead

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
