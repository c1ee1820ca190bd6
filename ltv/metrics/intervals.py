"""Intervals on the scale where they make sense: Wilson for a share, log for a positive mean, clusters for an average."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special  # scipy.stats would cost every report half a second

LEVEL = 0.90
Array = NDArray[np.float64]
Interval = tuple[Array, Array]


def tails(level: float = LEVEL) -> tuple[float, float]:
    """The two probabilities that leave `level` between them: (0.05, 0.95) for 0.90."""
    return (1 - level) / 2, (1 + level) / 2


def wilson(successes: ArrayLike, n: ArrayLike, level: float = LEVEL) -> Interval:
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


def positive_mean(mean: ArrayLike, se: ArrayLike, level: float = LEVEL) -> Interval:
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


def newcombe(k: ArrayLike, n: ArrayLike, other_k: ArrayLike, other_n: ArrayLike, level: float = LEVEL) -> Interval:
    """Interval of the difference other_k/other_n − k/n of two independent shares, from their Wilson intervals.

    Method 10 of Newcombe (1998), Statistics in Medicine 17, 873–890. Shapes broadcast.

    >>> [round(float(v), 4) for v in newcombe(48, 80, 56, 70, level=0.95)]  # the paper's first example
    [0.0524, 0.3339]
    """
    return _square_and_add(k, n, other_k, other_n, level)


def newcombe_paired(both: int, first: int, second: int, neither: int, level: float = LEVEL) -> tuple[float, float]:
    """Interval of (both + second)/n − (both + first)/n: the same n customers seen twice, `first` active only then, and so on.

    Method 10 of Newcombe (1998), Statistics in Medicine 17, 2635–2650: as for independent shares, less what their
    correlation φ explains (with his continuity correction).
    """
    n = both + first + second + neither
    margins = float((both + first) * (second + neither)) * float((both + second) * (first + neither))
    cross = float(both * neither - first * second)
    cross = max(cross - n / 2, 0.0) if cross > 0 else cross
    phi = cross / margins**0.5 if margins > 0 else 0.0
    low, high = _square_and_add(both + first, n, both + second, n, level, phi)
    return float(low), float(high)


def _square_and_add(
    k: ArrayLike, n: ArrayLike, other_k: ArrayLike, other_n: ArrayLike, level: float, phi: float = 0.0
) -> Interval:
    k, n, other_k, other_n = (np.asarray(v, float) for v in (k, n, other_k, other_n))
    low, high = wilson(k, n, level)
    other_low, other_high = wilson(other_k, other_n, level)
    share, other = k / np.where(n > 0, n, np.nan), other_k / np.where(other_n > 0, other_n, np.nan)
    down, up = (other - other_low, high - share), (other_high - other, share - low)
    root = [np.sqrt(np.maximum(a * a + b * b - 2 * phi * a * b, 0)) for a, b in (down, up)]
    return other - share - root[0], other - share + root[1]


def ratio(y: ArrayLike, x: ArrayLike, yy: ArrayLike, xy: ArrayLike, xx: ArrayLike, n: ArrayLike) -> tuple[Array, Array]:
    """R = Σy/Σx over n customers and its standard error, linearised: Σ(y − Rx)² needs sums only (Cochran 1977, §6.3).

    `yy`, `xy`, `xx` are Σy², Σxy and Σx². nan where Σx is not positive.
    """
    y, x, yy, xy, xx, n = (np.asarray(v, float) for v in (y, x, yy, xy, xx, n))
    base = np.where(x > 0, x, np.nan)
    value = y / base
    spread = np.maximum(yy - 2 * value * xy + value**2 * xx, 0) * n / np.maximum(n - 1, 1)
    return value, np.sqrt(spread) / base


def odds(gain: ArrayLike, loss: ArrayLike, level: float = LEVEL) -> tuple[Array, Array, Array]:
    """gain/loss of two counts with the interval of the ratio of their Poisson rates.

    Given their sum, the gain is binomial: Wilson's interval of its share, as odds. inf where nothing was lost.

    >>> [round(float(v), 3) for v in odds(30, 20)]
    [1.5, 0.937, 2.401]
    """
    gain, loss = np.asarray(gain, float), np.asarray(loss, float)
    low, high = wilson(gain, gain + loss, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        return gain / loss, low / (1 - low), np.where(loss > 0, high / (1 - high), np.inf)


def poisson(count: ArrayLike, level: float = LEVEL) -> Interval:
    """Interval of the mean behind a count, by the score: c + z²/2 ± z·√(c + z²/4).

    >>> [round(float(v), 2) for v in poisson(100)]
    [84.85, 117.86]
    """
    count, z = np.asarray(count, float), special.ndtri(tails(level)[1])
    half = z * np.sqrt(count + z * z / 4)
    return count + z * z / 2 - half, count + z * z / 2 + half
