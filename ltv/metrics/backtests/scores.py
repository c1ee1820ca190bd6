"""How good a forecast of customers was, from counted cells: scores, differences with intervals, ranking, calibration.

Every sum runs over cells weighted by their customers, so the work does not grow with their number.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ltv.metrics import intervals
from ltv.metrics.backtests.forecasts import Forecast

Array = NDArray[np.float64]
TINY = 1e-300


def score_table(forecasts: Sequence[Forecast], later: ArrayLike, n: ArrayLike) -> pd.DataFrame:
    """By forecast: log_score (mean log P(what came), nan without a distribution), rmse and bias of the mean forecast,
    mae of the median one, total, actual, naive.

    bias is total ÷ actual − 1 (nan where nothing came). `later` and `n` are the counts and customers of the rows.
    """
    later, n = np.asarray(later, float), np.asarray(n, float)
    actual = float(n @ later)
    rows = {}
    for forecast in forecasts:
        total = float(n @ forecast.mean)
        rows[forecast.name] = {
            "log_score": float(n @ log_scores(forecast, later) / n.sum()),
            "rmse": float(np.sqrt(n @ (forecast.mean - later) ** 2 / n.sum())),
            "bias": total / actual - 1 if actual else np.nan,
            "mae": float(n @ np.abs(forecast.quantile(0.5) - later) / n.sum()),
            "total": total,
            "actual": actual,
            "naive": forecast.naive,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("forecast")


def log_scores(forecast: Forecast, later: ArrayLike) -> Array:
    """log P(later) of each row; nan without a distribution."""
    return np.log(np.maximum(forecast.around(later)[1], TINY))


def lead(chosen: Forecast, others: Sequence[Forecast], later: ArrayLike, n: ArrayLike) -> pd.DataFrame:
    """How far `chosen` is ahead of each other forecast, with 90 % intervals over customers; above 0 it is better.

    estimate, low, high: of the mean log score per customer. rmse, rmse_low, rmse_high: of the root mean squared error,
    whose difference is that of the squared errors ÷ the sum of the two. better: in words. Shocks that all customers
    share are in no such interval.
    """
    later, n = np.asarray(later, float), np.asarray(n, float)
    own, error = log_scores(chosen, later), (chosen.mean - later) ** 2
    rows = {}
    for other in others:
        gain = _mean(own - log_scores(other, later), n)
        theirs = (other.mean - later) ** 2
        both = np.sqrt(n @ error / n.sum()) + np.sqrt(n @ theirs / n.sum())
        closer = _mean(theirs - error, n) / (both or 1.0)
        judged = closer if np.isnan(gain[0]) else gain
        rows[other.name] = (*gain, *closer, verdict(judged[1], judged[2]))
    names = ["estimate", "low", "high", "rmse", "rmse_low", "rmse_high", "better"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("against")


def verdict(low: float, high: float) -> str:
    """What an interval of a lead says.

    >>> verdict(0.1, 0.3), verdict(-0.1, 0.2), verdict(-0.2, -0.1)
    ('yes', 'cannot be told', 'no, worse')
    """
    return "yes" if low > 0 else "no, worse" if high < 0 else "cannot be told"


def _mean(value: Array, n: Array) -> Array:
    """Mean over customers with its 90 % interval."""
    size = n.sum()
    mean = n @ value / size
    half = special.ndtri(intervals.tails()[1]) * np.sqrt(n @ (value - mean) ** 2) / size
    return np.array([mean, mean - half, mean + half])


def deciles(predicted: ArrayLike, actual: ArrayLike, n: ArrayLike, *, groups: int = 10) -> pd.DataFrame:
    """Customers in tenths by forecast, highest first: n, forecast and actual per customer, lift, share (cumulative).

    lift is the tenth's actual mean ÷ that of all. `predicted` and `actual` are sums over the n customers of each row;
    rows with equal forecasts share the edge of a tenth in proportion.
    """
    predicted, actual, n = _ranked(predicted, actual, n)
    edges = np.arange(groups + 1) / groups * n.sum()
    through = np.append(0.0, n.cumsum())
    columns = {
        "n": np.diff(edges),
        "forecast": np.diff(np.interp(edges, through, np.append(0.0, predicted.cumsum()))),
        "actual": np.diff(np.interp(edges, through, np.append(0.0, actual.cumsum()))),
    }
    frame = pd.DataFrame(columns, index=pd.RangeIndex(1, groups + 1, name="tenth"))
    share = frame["actual"].cumsum() / max(actual.sum(), TINY)
    frame["forecast"] /= frame["n"]
    frame["actual"] /= frame["n"]
    return frame.assign(lift=frame["actual"] / max(actual.sum() / n.sum(), TINY), share=share)


def gini(predicted: ArrayLike, actual: ArrayLike, n: ArrayLike) -> float:
    """How well a forecast ranks customers: the Gini of what came in its order ÷ that in the perfect order.

    1 is perfect, 0 no better than chance. Sums over n customers per row, as in `deciles`; the perfect order needs
    rows in which all customers have the same actual, such as the cells of a holdout.

    >>> gini([3, 2, 1], [6, 2, 0], [1, 1, 1]), gini([1, 1, 1], [6, 2, 0], [1, 1, 1])
    (1.0, 0.0)
    """
    perfect = _area(*_ranked(actual, actual, n)[1:])
    return float(_area(*_ranked(predicted, actual, n)[1:]) / perfect) if perfect else 0.0


def _ranked(predicted: ArrayLike, actual: ArrayLike, n: ArrayLike) -> tuple[Array, Array, Array]:
    """The rows by falling forecast per customer, equal ones merged."""
    predicted, actual, n = (np.asarray(column, float) for column in (predicted, actual, n))
    _, where = np.unique(-predicted / n, return_inverse=True)
    sums = [np.bincount(where, column).astype(float) for column in (predicted, actual, n)]
    return sums[0], sums[1], sums[2]


def _area(actual: Array, n: Array) -> float:
    """Twice the area between the curve of cumulative shares and the diagonal."""
    x = np.append(0.0, n.cumsum()) / n.sum()
    y = np.append(0.0, actual.cumsum()) / (actual.sum() or 1.0)
    return float(((y[1:] + y[:-1]) * np.diff(x)).sum() - 1) if actual.sum() else 0.0


def reliability(probability: ArrayLike, happened: ArrayLike, n: ArrayLike, *, groups: int = 10) -> pd.DataFrame:
    """P(order) against the share who ordered, customers grouped by forecast: forecast, estimate, low, high (Wilson), n.

    Groups are about equally large; a probability that many customers share is not cut, so there may be fewer.
    """
    probability, happened, n = (np.asarray(column, float) for column in (probability, happened, n))
    order = np.argsort(probability, kind="stable")
    p, k, n = probability[order], (happened * n)[order], n[order]
    _, where = np.unique(p, return_inverse=True)
    size = np.bincount(where, n)
    middles = (size.cumsum() - size / 2) / size.sum()
    group = np.floor(middles * groups).astype(int)[where]
    seen, group = np.unique(group, return_inverse=True)
    people, came, expected = (np.bincount(group, column) for column in (n, k, n * p))
    low, high = intervals.wilson(came, people)
    columns = {"forecast": expected / people, "estimate": came / people, "low": low, "high": high, "n": people}
    return pd.DataFrame(columns, index=pd.Index(seen + 1, name="group"))


def brier(probability: ArrayLike, happened: ArrayLike, n: ArrayLike) -> tuple[float, float]:
    """The Brier score, and its skill over saying the overall share for everyone (1 perfect, 0 no better)."""
    p, y, n = (np.asarray(column, float) for column in (probability, happened, n))
    share = n @ y / n.sum()
    score, plain = float(n @ (p - y) ** 2 / n.sum()), float(share * (1 - share))
    return score, 1 - score / plain if plain else np.nan


def pit(forecast: Forecast, later: ArrayLike, n: ArrayLike, *, bins: int = 10) -> pd.DataFrame:
    """Shares of the randomised PIT by bin: flat where the forecast distributions are right.

    A customer's PIT is uniform between F(later − 1) and F(later); its mean over the randomness is counted, so nothing
    is drawn (Czado, Gneiting & Held 2009). estimate, with low and high around flat for as many independent customers.
    """
    n = np.asarray(n, float)
    below, at = forecast.around(later)
    share = np.diff([n @ pit_cdf(below, at, level) for level in np.arange(bins + 1) / bins]) / n.sum()
    half = special.ndtri(intervals.tails()[1]) * np.sqrt((1 / bins) * (1 - 1 / bins) / n.sum())
    ends = [
        f"{left:.0%}–{right:.0%}"
        for left, right in zip(np.arange(bins) / bins, np.arange(1, bins + 1) / bins, strict=True)
    ]
    columns = {"estimate": share, "low": 1 / bins - half, "high": 1 / bins + half, "n": n.sum()}
    return pd.DataFrame(columns, index=pd.Index(ends, name="PIT"))


def pit_cdf(below: Array, at: Array, level: float) -> Array:
    """P(randomised PIT ≤ level) of each row, whose PIT is uniform on [below, below + at]."""
    return np.clip((level - below) / np.maximum(at, TINY), 0.0, 1.0)
