"""Intervals on the scale where they make sense: Wilson for a share, log for a positive mean, clusters for an average."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats would cost every report half a second

LEVEL = 0.90
Array = NDArray[np.float64]


def tails(level: float = LEVEL) -> tuple[float, float]:
    """The two probabilities that leave `level` between them: (0.05, 0.95) for 0.90."""
    return (1 - level) / 2, (1 + level) / 2


def wilson(successes: ArrayLike, n: ArrayLike, level: float = LEVEL) -> tuple[Array, Array]:
    """Wilson's score interval of a share (Wilson 1927); (0, 1) where n is 0. Shapes broadcast.

    >>> [round(float(v), 4) for v in wilson(0, 10)]
    [0.0, 0.2129]
    """
    k, n = np.asarray(successes, float), np.asarray(n, float)
    z = special.ndtri(tails(level)[1])
    size = np.where(n > 0, n, np.nan)
    share = k / size
    centre = (share + z * z / (2 * size)) / (1 + z * z / size)
    half = z / (1 + z * z / size) * np.sqrt(share * (1 - share) / size + z * z / (4 * size**2))
    low, high = np.clip(centre - half, 0, 1), np.clip(centre + half, 0, 1)
    return np.where(n > 0, low, 0.0), np.where(n > 0, high, 1.0)


def positive_mean(mean: ArrayLike, se: ArrayLike, level: float = LEVEL) -> tuple[Array, Array]:
    """Interval of a positive mean on the log scale: mean · exp(± z · se/mean); nan where the mean is not positive."""
    mean, se = np.asarray(mean, float), np.asarray(se, float)
    positive = np.where(mean > 0, mean, np.nan)
    factor = np.exp(special.ndtri(tails(level)[1]) * se / positive)
    return positive / factor, positive * factor


def clustered_share(successes: ArrayLike, n: ArrayLike, level: float = LEVEL) -> tuple[float, float, float]:
    """A share pooled over cohorts, Σk/Σn, with an interval that lets cohorts differ by more than chance.

    The variance is the larger of the binomial one and that of the ratio over cohorts (Cochran 1977, §6.3), Student
    with one degree of freedom less than there are cohorts, on the logit scale; one cohort alone gets Wilson's.
    """
    k, n = np.asarray(successes, float), np.asarray(n, float)
    share, cohorts = k.sum() / n.sum(), len(k)
    if cohorts < 2 or not 0 < share < 1:
        low, high = wilson(k.sum(), n.sum(), level)
        return share, float(low), float(high)
    binomial = share * (1 - share) / n.sum()
    between = cohorts / (cohorts - 1) * ((k - share * n) ** 2).sum() / n.sum() ** 2
    z = special.ndtri(tails(level)[1])
    spread = max(z**2 * binomial, special.stdtrit(cohorts - 1, tails(level)[1]) ** 2 * between) ** 0.5
    logit, half = np.log(share / (1 - share)), spread / (share * (1 - share))
    low, high = 1 / (1 + np.exp(-(logit + np.array([-half, half]))))
    return share, float(low), float(high)
