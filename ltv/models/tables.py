"""Weighted log-likelihoods of whole data sets, exact, through tables over distinct counts and distinct days.

Every special function depends on x alone and every logarithm on a day alone; rising factorials of whole x are
sums of logarithms, so neither gammaln nor its derivatives are needed. Per pattern one softplus remains.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ltv.models.data import Array, OrderValues, Patterns
from ltv.models.special import softplus

BLOCK = 1 << 16
"""Numbers at a time, draws times rows: larger arrays are fetched from the system page by page, which takes longer than a
logarithm of all they hold."""
CACHED = 1 << 13
"""Rows at a time: they fit the cache, and products so small stay on one thread (threads that wait for each other
on a busy machine made a fit ten times slower)."""


class Total(Protocol):
    """Total log-likelihood of a data set, as a function of the log parameters."""

    def values(self, logs: Array) -> Array:
        """One value per row of `logs`, shape (S, d) → (S,)."""

    def derivatives(self, logs: Array) -> tuple[float, Array, Array]:
        """Value, gradient (d,) and Hessian (d, d) at one point (d,)."""


def in_logs(parameters: Array, gradient: Array, hessian: Array) -> tuple[Array, Array]:
    """Derivatives by the logarithms of the parameters from those by the parameters."""
    slope = parameters * gradient
    return slope, hessian * np.outer(parameters, parameters) + np.diag(slope)


@dataclass(frozen=True)
class Rising:
    """Σ n log[z(z+1)…(z+x−1)] over rows, as Σ_j N_j log(z+j) with N_j the customers having x > j."""

    j: Array
    above: Array

    @classmethod
    def of(cls, x: Array, n: Array) -> Rising:
        counts = np.bincount(x.astype(np.intp), weights=n, minlength=1)
        above = np.cumsum(counts[::-1], dtype=float)[::-1][1:]
        return cls(np.arange(above.size, dtype=float), above)

    def value(self, z: Array) -> Array:
        return np.log(z[:, None] + self.j) @ self.above

    def derivatives(self, z: float) -> tuple[float, float]:
        inverse = 1 / (z + self.j)
        return float(inverse @ self.above), -float(inverse**2 @ self.above)


@dataclass(frozen=True)
class Days:
    """Distinct ages with the rows that hold them: a logarithm is taken once per age, then looked up."""

    ages: Array
    at: NDArray[np.intp]

    @classmethod
    def of(cls, ages: Array, days_per_unit: float | None) -> Days:
        if days_per_unit is not None and ages.size:
            whole = np.rint(ages * days_per_unit)
            if whole.max() < 1e6 and np.abs(whole - ages * days_per_unit).max() < 1e-6:
                return cls(np.arange(whole.max() + 1) / days_per_unit, whole.astype(np.intp))
        distinct, at = np.unique(ages, return_inverse=True)
        return cls(distinct, at)

    def sum(self, weights: Array) -> Array:
        return np.bincount(self.at, weights, self.ages.size).astype(float)


class GammaPoissonTotal:
    """NBD: Σ n [log Γ(r+x)/Γ(r) + r log α − (r+x) log(α+T)], by (log r, log α)."""

    def __init__(self, data: Patterns) -> None:
        self.customers = float(data.n.sum())
        self.rising = Rising.of(data.x, data.n)
        days = Days.of(data.T, data.unit.days)
        n, orders = days.sum(data.n), days.sum(data.n * data.x)
        used = n > 0
        self.ages, self.n, self.orders = days.ages[used], n[used], orders[used]

    def values(self, logs: Array) -> Array:
        r, alpha = np.exp(logs.T)
        log_age = np.log(alpha[:, None] + self.ages)
        head = self.rising.value(r) + r * np.log(alpha) * self.customers
        return head - r * (log_age @ self.n) - log_age @ self.orders

    def derivatives(self, logs: Array) -> tuple[float, Array, Array]:
        r, alpha = np.exp(logs)
        age = alpha + self.ages
        spread = r * self.n + self.orders
        d_rising, dd_rising = self.rising.derivatives(r)
        pull = float((self.n / age).sum())
        gradient = np.array(
            [
                d_rising + self.customers * np.log(alpha) - np.log(age) @ self.n,
                self.customers * r / alpha - (spread / age).sum(),
            ]
        )
        cross = self.customers / alpha - pull
        curve = -self.customers * r / alpha**2 + (spread / age**2).sum()
        hessian = np.array([[dd_rising, cross], [cross, curve]])
        return float(self.values(logs[None])[0]), *in_logs(np.array([r, alpha]), gradient, hessian)


class BetaGeometricTotal:
    """BG/NBD and MBG/NBD: the NBD's sum, the coins' Σ n log B(a, b+x)/B(a, b), and Σ n log(1 + e^w), where

    w = log a − log(b+x−1) + (r+x)[log(α+T) − log(α+t_x)] is the log-odds of having left after the last order.
    """

    def __init__(self, data: Patterns, coin_at_birth: int) -> None:
        self.orders_total = GammaPoissonTotal(data)
        self.coins = Rising.of(data.x + coin_at_birth, data.n)
        asked = np.flatnonzero(data.x + coin_at_birth > 0)
        self.x, self.n = data.x[asked], data.n[asked]
        self.thrown = self.x + coin_at_birth
        self.born = Days.of(data.t_x[asked], data.unit.days)
        self.seen = Days.of(data.T[asked], data.unit.days)

    def values(self, logs: Array) -> Array:
        step = max(1, BLOCK // max(self.x.size, 1))
        blocks = [self._values(logs[i : i + step]) for i in range(0, len(logs), step)]
        return np.concatenate(blocks)

    def _values(self, logs: Array) -> Array:
        r, alpha, a, b = np.exp(logs.T)
        u = np.take(np.log(alpha[:, None] + self.seen.ages), self.seen.at, axis=1)
        u -= np.take(np.log(alpha[:, None] + self.born.ages), self.born.at, axis=1)
        u *= r[:, None] + self.x
        largest = int(self.thrown.max(initial=0))
        by_count = np.log(a)[:, None] - np.log(b[:, None] + np.maximum(np.arange(largest + 1), 1) - 1)
        u += np.take(by_count, self.thrown.astype(np.intp), axis=1)
        gone = np.einsum("sk,k->s", softplus(u), self.n)
        return self.orders_total.values(logs[:, :2]) + self.coins.value(b) - self.coins.value(a + b) + gone

    def derivatives(self, logs: Array) -> tuple[float, Array, Array]:
        parameters = np.exp(logs)
        r, alpha, a, b = parameters
        log_value, gradient, hessian = self._gone(r, alpha, a, b)
        (db, ddb), (dc, ddc) = self.coins.derivatives(b), self.coins.derivatives(a + b)
        gradient[2:] += [-dc, db - dc]
        hessian[2:, 2:] += [[-ddc, -ddc], [-ddc, ddb - ddc]]
        slope, curve = in_logs(parameters, gradient, hessian)
        value, order_slope, order_curve = self.orders_total.derivatives(logs[:2])
        slope[:2] += order_slope
        curve[:2, :2] += order_curve
        coins = self.coins.value(np.array([b]))[0] - self.coins.value(np.array([a + b]))[0]
        return value + float(coins) + log_value, slope, curve

    def _gone(self, r: float, alpha: float, a: float, b: float) -> tuple[float, Array, Array]:
        """Σ n log(1 + e^w) with its derivatives by (r, α, a, b), in blocks that fit the cache."""
        age, last = alpha + self.seen.ages, alpha + self.born.ages
        logs, inverses = (np.log(age), np.log(last)), (1 / age, 1 / last)
        e = 1 / (b + np.maximum(np.arange(self.thrown.max(initial=0) + 1), 1) - 1)
        log_odds = np.log(a * e)
        value, gradient, hessian = 0.0, np.zeros(4), np.zeros((4, 4))
        for start in range(0, self.x.size, CACHED):
            part = slice(start, start + CACHED)
            n, c, seen, born = self.n[part], r + self.x[part], self.seen.at[part], self.born.at[part]
            thrown = self.thrown[part].astype(np.intp)
            slopes = np.empty((4, n.size))
            u = np.subtract(logs[0][seen], logs[1][born], out=slopes[0])
            inverse, inverse_last = inverses[0][seen], inverses[1][born]
            v = inverse - inverse_last
            np.multiply(c, v, out=slopes[1])
            slopes[2] = 1 / a
            np.negative(e[thrown], out=slopes[3])
            w = log_odds[thrown] + c * u
            small = np.exp(-np.abs(w))
            value += float((np.maximum(w, 0) + np.log1p(small)) @ n)
            gone = n * np.where(w > 0, 1, small) / (1 + small)
            doubt = gone * np.where(w > 0, small, 1) / (1 + small)
            gradient += slopes @ gone
            hessian += (slopes * doubt) @ slopes.T
            bent = gone @ np.stack([v, slopes[1] * (inverse + inverse_last), slopes[3] ** 2], axis=1)
            hessian[[0, 1], [1, 0]] += bent[0]
            hessian[[1, 3], [1, 3]] += [-bent[1], bent[2]]
        hessian[2, 2] -= gradient[2] / a
        return value, gradient, hessian


ALIKE = 1e4
"""The largest p that single orders teach: orders of one customer that differ by 1 %."""


class GammaGammaTotal:
    """Gamma-Gamma: Σ n log f(mean | p, q, v, x) + Σ log f(shares | p, x), by (log p, log q, log v).

    Orders of a customer are Gamma(p, ν), so their shares of what it spent are Dirichlet(p, …, p), whatever ν: what
    single orders add to their mean, and most of what is known of p.
    """

    def __init__(self, data: OrderValues) -> None:
        counts, at = np.unique(data.x, return_inverse=True)
        self.counts, self.n_of = counts, np.bincount(at, weights=data.n)
        self.x, self.n, self.spent = data.x, data.n, data.x * data.mean
        self.customers = float(data.n.sum())
        self.log_spent = float(data.n @ (data.x * np.log(self.spent)))
        self.single, self.single_n, shares = data.singles.T
        # Orders that are all alike would raise p without end: they are taken to vary by as little as ALIKE lets them.
        even = float(self.single_n @ (self.single * np.log(self.single)))
        least = float(self.single_n @ (self.single - 1)) / (2 * ALIKE)
        self.log_shares = -max(-float(shares.sum()), even + least)
        self.fixed = -float(data.n @ np.log(data.mean)) - self.log_shares

    def values(self, logs: Array) -> Array:
        step = max(1, BLOCK // self.x.size)
        return np.concatenate([self._values(logs[i : i + step]) for i in range(0, len(logs), step)])

    def _values(self, logs: Array) -> Array:
        p, q, v = np.exp(logs.T)
        lngamma = special.gammaln
        px = p[:, None] * self.counts
        head = (lngamma(px + q[:, None]) - lngamma(px)) @ self.n_of
        log_rate = np.log(v[:, None] + self.spent)
        tail = p * np.einsum("sk,k->s", log_rate, self.n * self.x) + q * np.einsum("sk,k->s", log_rate, self.n)
        known = self.customers * (q * np.log(v) - lngamma(q)) + p * self.log_spent + self.fixed
        dirichlet = lngamma(p[:, None] * self.single) - self.single * lngamma(p)[:, None]
        return head + known - tail + dirichlet @ self.single_n + p * self.log_shares

    def derivatives(self, logs: Array) -> tuple[float, Array, Array]:
        parameters = np.exp(logs)
        p, q, v = parameters
        psi, psi1 = special.digamma, lambda z: special.polygamma(1, z)
        px, x, n = p * self.counts, self.counts, self.customers
        both, alone = psi(px + q), psi(px)
        both1, alone1 = psi1(px + q), psi1(px)
        rate = v + self.spent
        log_rate, shape = np.log(rate), p * self.x + q
        gradient = np.array(
            [
                (both - alone) * x @ self.n_of + self.log_spent - log_rate @ (self.n * self.x),
                both @ self.n_of + n * (np.log(v) - psi(q)) - log_rate @ self.n,
                n * q / v - (self.n * shape / rate).sum(),
            ]
        )
        s, n_s = self.single, self.single_n
        gradient[0] += (psi(p * s) - psi(p)) * s @ n_s + self.log_shares
        pq = both1 * x @ self.n_of
        pv = -(self.n * self.x / rate).sum()
        qv = n / v - (self.n / rate).sum()
        hessian = np.array(
            [
                [(both1 - alone1) * x**2 @ self.n_of + (psi1(p * s) * s - psi1(p)) * s @ n_s, pq, pv],
                [pq, both1 @ self.n_of - n * psi1(q), qv],
                [pv, qv, -n * q / v**2 + (self.n * shape / rate**2).sum()],
            ]
        )
        return float(self._values(logs[None])[0]), *in_logs(parameters, gradient, hessian)
