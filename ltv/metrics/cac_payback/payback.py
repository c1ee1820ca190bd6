"""When the money spent on customers comes back, and what the next customer may cost."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.metrics.cac_payback.projection import Projection
from ltv.units import Unit

Array = NDArray[np.float64]


def payback(projection: Projection, *, cac: float, by: Sequence[int] = (3, 6, 12, 24)) -> pd.DataFrame:
    """Months until the margin of a cohort's customers covers what each of them cost, one row.

    The start of the last uninterrupted stretch with M(t) ≥ CAC, in days, shown in months. Columns: estimate (median),
    low, high (90 %, widened), raw_low, raw_high (without calendar shocks), paid_by_3 … (probability), beyond
    (probability that it takes longer than the horizon), first_crossing (median of the first t with M(t) ≥ CAC), n, known
    (true where it has already happened for certain). A time beyond the horizon is infinite: "not within 36 months".

    Raises ParameterError unless `cac` is above 0.
    """
    if not cac > 0:
        raise ParameterError(f"cac is what a customer cost, above 0, not {cac!r}")
    wide, raw = passage(projection.widened(), cac), passage(projection.paths, cac)
    month = Unit.MONTH.days
    low, middle, high = (quantile(wide, q) / month for q in (intervals.tails()[0], 0.5, intervals.tails()[1]))
    raw_low, raw_high = (quantile(raw, q) / month for q in intervals.tails())
    row = {"estimate": middle, "low": low, "high": high, "raw_low": raw_low, "raw_high": raw_high}
    row |= {f"paid_by_{months}": float((wide <= months * month).mean()) for months in by}
    row |= {
        "beyond": float(np.isinf(wide).mean()),
        "first_crossing": quantile(crossing(projection.widened(), cac), 0.5) / month,
    }
    row |= {"n": projection.customers, "known": settled(projection, wide)}
    return pd.DataFrame([row], index=pd.Index([cac], name="cac"))


def passage(paths: Array, cac: float) -> Array:
    """Day on which the last uninterrupted stretch with M ≥ CAC starts, per path; infinite where the path ends below.

    >>> passage(np.array([[1.0, 3.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0]]), 3.0)
    array([ 3., inf])
    """
    below = paths < cac
    last_below = paths.shape[1] - 1 - np.argmax(below[:, ::-1], axis=1)
    start: Array = np.where(below.any(axis=1), last_below + 1.0, 0.0)
    return np.where(start < paths.shape[1], start, np.inf)


def crossing(paths: Array, cac: float) -> Array:
    """Day on which M first reaches CAC, per path: before `passage` where refunds take it back below; infinite if never.

    >>> crossing(np.array([[1.0, 3.0, 2.0, 4.0], [1.0, 1.0, 1.0, 1.0]]), 3.0)
    array([ 1., inf])
    """
    reached = paths >= cac
    day: Array = np.where(reached.any(axis=1), np.argmax(reached, axis=1).astype(float), np.inf)
    return day


def settled(projection: Projection, times: Array) -> bool:
    """Whether every path was paid back at an age that all customers have lived through: it has happened."""
    return bool(times.max() <= min(projection.youngest, projection.days))


def quantile(days: Array, probability: float) -> float:
    """An order statistic, so that a time beyond the horizon stays infinite instead of being averaged."""
    return float(np.quantile(days, probability, method="inverted_cdf"))


def affordable(projection: Projection, *, probability: float = 0.9) -> pd.DataFrame:
    """The highest CAC that a next cohort pays back within each target age with this probability.

    The (1 − probability) quantile of M(h). By months: estimate, even (an even chance), large_cohort (the estimate for
    an endless cohort: parameters and shocks only), n (size of the next cohort).
    """
    if not 0 < probability < 1:
        raise ParameterError(f"probability lies between 0 and 1, not {probability!r}")
    return pd.DataFrame(
        {
            "estimate": np.quantile(projection.next_cohort, 1 - probability, axis=0),
            "even": np.quantile(projection.next_cohort, 0.5, axis=0),
            "large_cohort": np.quantile(projection.large_cohort, 1 - probability, axis=0),
            "n": projection.next_size,
        },
        index=pd.Index(projection.targets, name="months"),
    )
