"""Intervals per customer whose levels are learned from an earlier holdout instead of taken from the model's word.

Distributional conformal prediction (Chernozhukov, Wüthrich & Zhu 2021) by frequency class: where the PITs of an
earlier origin had their 5 and 95 % quantiles, there the interval of today's distribution is cut.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv.metrics import intervals
from ltv.metrics.backtests.forecasts import Forecast
from ltv.metrics.backtests.holdouts import Holdout
from ltv.metrics.backtests.scores import pit_cdf

Array = NDArray[np.float64]
CLASSES = {"no repeat order": (0, 0), "1": (1, 1), "2 to 4": (2, 4), "5 and more": (5, np.inf)}
FEWEST = 50
CAP = 0.9999  # of a level: a distribution without an end has no quantile at 1


def levels(forecast: Forecast, holdout: Holdout) -> pd.DataFrame:
    """By frequency class: n, and the levels low and high between which 90 % of the PITs of this holdout fell.

    The upper one is raised by the finite-sample factor (n+1)/n; a class of fewer than 50 customers keeps 0.05 and 0.95.
    """
    cells = holdout.cells
    below, at = forecast.around(cells["later"])
    n, rows = cells["n"].to_numpy(float), {}
    for name, (least, most) in CLASSES.items():
        mine = cells["frequency"].between(least, most).to_numpy()
        size = float(n[mine].sum())
        ends = intervals.tails()
        if size >= FEWEST:
            low, high = (_level(below[mine], at[mine], n[mine], goal) for goal in _goals(size))
            ends = (low, high)
        rows[name] = (int(size), *ends)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["n", "low", "high"]).rename_axis("repeat orders")


def _goals(size: float) -> tuple[float, float]:
    low, high = intervals.tails()
    return low, min(high * (size + 1) / max(size, 1.0), 1.0)


def _level(below: Array, at: Array, n: Array, goal: float) -> float:
    """The level that a share `goal` of the PITs stays below."""
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if n @ pit_cdf(below, at, middle) < goal * n.sum() else (low, middle)
    return min(high, CAP)


def bounds(forecast: Forecast, frequency: Array, learned: pd.DataFrame) -> tuple[Array, Array]:
    """Low and high count of each row at the levels of its class; each end is a count the customer may make."""
    row = np.searchsorted([least for least, _ in CLASSES.values()], frequency, side="right") - 1
    low, high = learned["low"].to_numpy()[row], learned["high"].to_numpy()[row]
    return forecast.quantile(np.maximum(low, 1e-12)), forecast.quantile(high)


def conformal(now: Forecast, holdout: Holdout, learned: pd.DataFrame) -> pd.DataFrame:
    """What 90 % intervals per customer covered, by frequency class: the model's own (raw) and conformal ones.

    raw and conformal are shares of randomised PITs between the levels: right at 0.90 whatever the counts. covered and
    up_to are of the conformal interval in whole counts: the share of customers inside, and its mean upper end.
    `learned` comes from `levels` of an earlier holdout. n counts the customers.
    """
    cells = holdout.cells
    later, n = cells["later"].to_numpy(float), cells["n"].to_numpy(float)
    below, at = now.around(later)
    low, high = bounds(now, cells["frequency"].to_numpy(), learned)
    rows = {}
    for name, (least, most) in CLASSES.items():
        mine = cells["frequency"].between(least, most).to_numpy()
        if not mine.any():
            continue
        weight = n[mine] / n[mine].sum()
        inside = lambda ends, mine=mine, weight=weight: float(  # noqa: E731
            weight @ (pit_cdf(below[mine], at[mine], ends[1]) - pit_cdf(below[mine], at[mine], ends[0]))
        )
        rows[name] = {
            "n": int(n[mine].sum()),
            "raw": inside(intervals.tails()),
            "conformal": inside(learned.loc[name, ["low", "high"]].to_numpy(float)),
            "covered": float(weight @ ((low <= later) & (later <= high))[mine]),
            "up_to": float(weight @ high[mine]),
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("repeat orders")
