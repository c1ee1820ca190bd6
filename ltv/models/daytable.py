"""The integral over the moment of death for many parameter draws at once, through a table over counts and days.

f(y) = (α+y)^(−r−x) (β+y)^(−s−1) is integrated once from every day to the last, for every count x; a pattern's
own integral is then the difference of two entries. Everything is relative to f at the day itself, so nothing
overflows, and powers of x grow by multiplication.
"""

from __future__ import annotations

import numpy as np

from ltv.models.data import Array, Patterns
from ltv.models.special import legendre, softplus
from ltv.models.tables import Days

CELLS = 1 << 17


class DayTable:
    """Σ n log(1 + e^w) of patterns on whole days; see `ParetoTotal` for w."""

    def __init__(self, x: Array, n: Array, born: Days, seen: Days) -> None:
        self.x, self.n = x.astype(np.intp), n
        self.last, self.until = born.at, seen.at
        self.ages = seen.ages if seen.ages.size >= born.ages.size else born.ages
        self.counts = np.unique(self.x)
        self.row = np.searchsorted(self.counts, self.x)
        self.earliest = np.full(self.counts.size, self.ages.size - 1)
        np.minimum.at(self.earliest, self.row, self.last)

    @classmethod
    def of(cls, data: Patterns) -> DayTable | None:
        """None where ages are not whole days, or the table would be larger than the work it saves."""
        born, seen = Days.of(data.t_x, data.unit.days), Days.of(data.T, data.unit.days)
        whole = all(np.array_equal(days.ages, np.arange(days.ages.size) / data.unit.days) for days in (born, seen))
        if not whole or data.x.max(initial=0) * seen.ages.size > 50 * data.x.size:
            return None
        return cls(data.x, data.n, born, seen)

    def nodes(self, parameters: Array) -> int:
        """Gauss–Legendre nodes per day: by the steepest decay within a day that any pattern meets."""
        r, alpha, s, beta = parameters.T[:, :, None]
        first, step = self.ages[self.earliest], self.ages[1]
        steep = (r + self.counts) * np.log1p(step / (alpha + first)) + (s + 1) * np.log1p(step / (beta + first))
        return 5 + int(steep.max())

    def values(self, parameters: Array) -> Array:
        """One value per row (r, α, s, β) of `parameters`."""
        block = max(1, CELLS // (self.counts.size * self.ages.size + self.x.size))
        parts = [self._values(parameters[i : i + block]) for i in range(0, len(parameters), block)]
        return np.concatenate(parts)

    def _values(self, parameters: Array) -> Array:
        """Arrays are (pattern, draw): a lookup then copies whole rows."""
        r, alpha, s, beta = parameters.T
        log_a, log_b = np.log(alpha + self.ages[:, None]), np.log(beta + self.ages[:, None])
        up_b = log_b[self.until] - log_b[self.last]
        log_fall = (r + self.x[:, None]) * (log_a[self.until] - log_a[self.last]) + s * up_b
        tails = self._tails(r, alpha, s, beta)
        integral = tails[self.last, self.row] - np.exp(-log_fall - up_b) * tails[self.until, self.row]
        w = np.log(np.maximum(integral, 1e-300)) + np.log(s) - log_b[self.last] + log_fall
        return np.einsum("k,ks->s", self.n, softplus(w))

    def _tails(self, r: Array, alpha: Array, s: Array, beta: Array) -> Array:
        """∫ f(y)/f(day) dy from each day to the last, shape (days, counts, S)."""
        base = np.minimum(alpha, beta)
        start, end = self.ages[:-1, None], self.ages[1:, None]
        width = np.log((base + end) / (base + start))
        z, weight = (v[:, None, None] for v in legendre(self.nodes(np.stack([r, alpha, s, beta], axis=1))))
        reach = (base + start) * np.expm1(width * z)
        shrink = 1 / (1 + reach / (alpha + start))
        power = shrink**r * (1 + reach / (beta + start)) ** -(s + 1) * (reach + base + start) * (width * weight)
        shrink_day = (alpha + start) / (alpha + end)
        fall = shrink_day**r * ((beta + start) / (beta + end)) ** (s + 1)
        panels, falls = np.empty((2, start.size, self.counts.size, r.size))
        x = 0
        for k, count in enumerate(self.counts):
            for _ in range(x, count):
                power, fall = power * shrink, fall * shrink_day
            x = count
            panels[:, k], falls[:, k] = power.sum(0), fall
        tails = np.zeros((start.size + 1, self.counts.size, r.size))
        for day in range(start.size - 1, -1, -1):
            tails[day] = panels[day] + falls[day] * tails[day + 1]
        return tails
