"""Whether a share moved from cohort to cohort, when cohorts differ by more than chance anyway."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ltv.metrics import intervals

Array = NDArray[np.float64]
FEWEST = 4  # cohorts; two degrees of freedom are left for their scatter


@dataclass(frozen=True)
class Trend:
    """The straight line (on the logit scale) through a share of successive cohorts.

    `change`: the share at the last cohort less that at the first, on the line, with `low` and `high` (90 %). `p` is the
    probability of a slope as steep if nothing moved; `correlation` is how alike customers of one cohort are beyond
    chance (0: chance alone). `cohorts`: estimate, low, high, n, known and the `line`, by cohort. A trend that is not
    `known` is nan, and `why` says what is missing.
    """

    change: float
    low: float
    high: float
    p: float
    correlation: float
    cohorts: pd.DataFrame = field(repr=False, compare=False)
    why: str = ""

    @property
    def known(self) -> bool:
        return not self.why

    @property
    def moved(self) -> bool:
        """Whether the interval of the change leaves out 0."""
        return self.known and not self.low <= 0 <= self.high


def retention_trend(cells: pd.DataFrame, *, age: int) -> Trend:
    """Whether retention at one age moved over the cohorts of `cells` (what `retention` returns, one row a cohort).

    Logistic regression on the day of the cohort with the weights of Williams (1982), Applied Statistics 31: cohorts
    vary by more than chance, by as much as they are seen to scatter about the line; Student's t with two degrees of
    freedom less than there are cohorts. Where chance alone explains the scatter this is a little cautious.
    Not known with fewer than 4 cohorts that have lived through the age, or where nobody or everybody is active.
    """
    at = cells.xs(age, level="age") if age in cells.index.get_level_values("age") else cells.iloc[:0]
    at = at[at["known"] & (at["n"] > 0)]
    k, n = at["active"].to_numpy(float), at["n"].to_numpy(float)
    if len(at) < FEWEST or not 0 < k.sum() < n.sum():
        why = f"{len(at)} cohorts have lived through age {age}; {FEWEST} are needed, with some customers active and some not"
        blank = at.assign(line=np.nan)[["estimate", "low", "high", "n", "known", "line"]]
        return Trend(np.nan, np.nan, np.nan, np.nan, np.nan, blank, why)
    days = (
        pd.to_datetime(pd.Index(at.index.get_level_values("cohort"))).to_numpy().astype("datetime64[D]").astype(float)
    )
    x = (days - days.min()) / (days.max() - days.min())
    line, slope, se, correlation = _williams(k, n, x)
    freedom = len(at) - 2
    half = special.stdtrit(freedom, intervals.tails()[1]) * se
    centre, about = line
    ends = [_change(centre, slope + step, about) for step in (0.0, -half, half)]
    p = float(2 * special.stdtr(freedom, -abs(slope) / se))
    cohorts = at[["estimate", "low", "high", "n", "known"]].assign(line=special.expit(centre + slope * (x - about)))
    return Trend(ends[0], ends[1], ends[2], p, correlation, cohorts)


def _change(centre: float, slope: float, about: float) -> float:
    """The share at x = 1 less that at x = 0, on the line that passes `centre` at x = `about`."""
    return float(special.expit(centre + slope * (1 - about)) - special.expit(centre - slope * about))


def _williams(k: Array, n: Array, x: Array) -> tuple[tuple[float, float], float, float, float]:
    """((logit at the mean x, the mean x), slope, its standard error, intra-cohort correlation ≥ 0)."""

    def fit(correlation: float) -> tuple[Array, Array, Array, float]:
        weight = 1 / (1 + (n - 1) * correlation)
        theta = np.array([special.logit((k.sum() + 0.5) / (n.sum() + 1)), 0.0])
        design = np.stack([np.ones_like(x), x])
        for _ in range(50):
            share = special.expit(theta @ design)
            information = (design * (weight * n * share * (1 - share))) @ design.T
            step = np.linalg.solve(information, design @ (weight * (k - n * share)))
            theta = theta + np.clip(step, -3, 3)
            if np.abs(step).max() < 1e-10:
                break
        share = special.expit(theta @ design)
        pearson = float((weight * (k - n * share) ** 2 / np.maximum(n * share * (1 - share), 1e-300)).sum())
        return theta, information, weight * n * share * (1 - share), pearson

    def excess(correlation: float) -> float:
        return fit(correlation)[3] - (len(k) - 2)

    correlation = 0.0
    if excess(0.0) > 0:
        from scipy import optimize  # a quarter of a second that only this case needs

        correlation = optimize.brentq(excess, 0.0, 1.0) if excess(1.0) < 0 else 1.0
    theta, information, weight, _ = fit(correlation)
    about = float(weight @ x / weight.sum())
    se = float(np.linalg.inv(information)[1, 1] ** 0.5)
    return (float(theta[0] + theta[1] * about), about), float(theta[1]), se, float(correlation)
