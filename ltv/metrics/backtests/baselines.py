"""What an analyst would forecast without a model. None of it reads a day after the origin.

The negative binomials are matched to mean and variance: of a cohort's last period, or of what customers with the same
recency and frequency did after an earlier origin.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv.metrics.backtests.forecasts import Forecast, counts
from ltv.metrics.backtests.holdouts import Holdout, acquired, earlier

Array = NDArray[np.float64]
FREQUENCY, RECENCY = (1, 2, 3, 5), (0.25, 0.5, 1.0, 2.0)  # repeat orders; days since the last order, in horizons
PRIOR = 1.0  # customers with the overall mean that every cell is given, so that an empty one has a forecast


def baselines(holdout: Holdout) -> list[Forecast]:
    """All zero, last period repeated, cohort average and RFM-cell mean, one forecast each for the rows of `cells`.

    The RFM cells are left out where the log before the origin is too short for an earlier one.
    """
    cells = holdout.cells
    nothing = np.zeros(len(cells))
    found = [
        Forecast("all zero", nothing, naive=True),
        Forecast("last period repeated", cells["lately"].to_numpy(float), naive=True),
        _cohort_average(holdout),
    ]
    before = earlier(holdout)
    return found if before is None else [*found, _rfm_cells(holdout, before)]


def _cohort_average(holdout: Holdout) -> Forecast:
    """What customers acquired in the same month did on average in the last period."""
    cells = holdout.cells
    mean, variance = _moments(acquired(cells, holdout.at), cells["lately"], cells["n"])
    return counts("cohort average", mean, variance)


def _rfm_cells(holdout: Holdout, before: Holdout) -> Forecast:
    """What customers in the same cell did after an earlier origin, stretched to this horizon where that one is shorter."""
    past, now = before.cells, holdout.cells
    cells = np.concatenate([_cell(past, before.days), _cell(now, holdout.days)])
    outcomes = pd.concat([past["later"], now["later"] * 0])
    mean, variance = _moments(cells, outcomes, pd.concat([past["n"], now["n"] * 0]))
    mean, variance = mean[len(past) :], variance[len(past) :]
    stretch = holdout.days / before.days  # of the mean; the customers differ as much as before
    return counts("RFM-cell mean", stretch * mean, stretch * mean + stretch**2 * np.maximum(variance - mean, 0))


def _cell(frame: pd.DataFrame, days: int) -> NDArray[np.int64]:
    """Recency in horizons × frequency, as one number."""
    since = (frame["age_days"] - frame["recency_days"]).to_numpy() / days
    return np.searchsorted(RECENCY, since) * 10 + np.searchsorted(
        FREQUENCY, frame["frequency"].to_numpy(), side="right"
    )


def _moments(group: NDArray[np.int64], counted: pd.Series, n: pd.Series) -> tuple[Array, Array]:
    """Mean and variance of a count over the customers of each row's group, with one customer of the overall mean added."""
    k, n = counted.to_numpy(float), n.to_numpy(float)
    _, where = np.unique(group, return_inverse=True)
    first, second = (n @ k + 0.5) / (n.sum() + 1), (n @ k**2 + 0.5) / (n.sum() + 1)
    size = np.bincount(where, n) + PRIOR
    mean = (np.bincount(where, n * k) + PRIOR * first) / size
    square = (np.bincount(where, n * k**2) + PRIOR * second) / size
    return mean[where], (square - mean**2)[where]
