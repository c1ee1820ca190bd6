"""What one more customer costs, where that is more than customers cost on average."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ltv.metrics import intervals
from ltv.metrics.cac_payback.acquisition import CUT, Acquisition

Array = NDArray[np.float64]
PERIODS, VARIES = 12, 0.2
STEPS, NOTHING = 50, 1e-6
FLATTERS = "spend follows demand, so this flatters"


def marginal_cac(acquired: Acquisition) -> pd.DataFrame:
    """CAC ÷ β by channel with spend, β being the elasticity of its new customers to its spend.

    E[customers of a period] = exp(a)·spend^β by quasi-Poisson regression over whole cohorts, those without a customer
    included; the interval is that of β (Student t, overdispersion estimated, at least Poisson's). Index channel: n (periods), cac, elasticity,
    estimate, low, high (90 %; infinite where β may be 0), known, remark. Refused (known false) below 12 periods
    and where spend varies by less than a fifth of its mean; else the remark is that spend follows demand.
    """
    rows = {name: _judged(periods) for name, periods in _periods(acquired).items()}
    names = ["n", "cac", "elasticity", "estimate", "low", "high", "known", "remark"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=names).rename_axis("channel")


def _periods(acquired: Acquisition) -> dict[str, pd.DataFrame]:
    """Spend and customers of each whole period with spend, by channel."""
    cells = acquired.cells.reset_index()
    cut = set(cells.loc[cells["remark"] == CUT, "cohort"])
    empty = acquired.unmatched[acquired.unmatched["cohort"] != ""]
    empty = empty.assign(cohort=pd.to_datetime(empty["cohort"]).dt.date, customers=0)
    both = pd.concat([cells[cells["cost"] > 0], empty[empty["cost"] > 0]])[["channel", "cohort", "customers", "cost"]]
    both = both[~both["cohort"].isin(cut)]
    return {str(name): rows.sort_values("cohort") for name, rows in both.groupby("channel")}


def _judged(periods: pd.DataFrame) -> dict[str, object]:
    spend, customers = periods["cost"].to_numpy(float), periods["customers"].to_numpy(float)
    count, total = len(periods), customers.sum()
    row = {"n": count, "cac": spend.sum() / total if total else np.nan, "known": False}
    if count < PERIODS:
        return row | {"remark": f"fewer than {PERIODS} whole periods with spend"}
    if spend.std(ddof=1) < VARIES * spend.mean():
        return row | {"remark": "spend hardly varies, so its effect cannot be seen"}
    if total < PERIODS:
        return row | {"remark": "fewer customers than periods"}
    beta, error = elasticity(spend, customers)
    if not np.isfinite(error):
        return row | {"remark": "customers came only where spend was high, so that any effect fits"}
    reach = special.stdtrit(count - 2, intervals.tails()[1]) * error
    high, middle, low = (row["cac"] / b if b > 0 else np.inf for b in (beta - reach, beta, beta + reach))
    return row | {
        "elasticity": beta, "estimate": middle, "low": low, "high": high, "known": True, "remark": FLATTERS,
    }  # fmt: skip


def elasticity(spend: Array, customers: Array) -> tuple[float, float]:
    """β of E[customers] = exp(a)·spend^β and its standard error (McCullagh & Nelder 1989, quasi-likelihood).

    The error is infinite where the likelihood has no maximum.

    >>> beta, error = elasticity(np.array([1.0, 2, 4, 8]), np.array([10.0, 20, 40, 80]))
    >>> round(beta, 9)
    1.0
    """
    lever = np.log(spend) - np.log(spend).mean()
    design = np.column_stack([np.ones_like(lever), lever])
    at = np.array([np.log(max(customers.mean(), 1e-9)), 0.0])
    for _ in range(STEPS):
        mean = np.exp(design @ at)
        step = np.linalg.lstsq(design.T @ (mean[:, None] * design), design.T @ (customers - mean))[0]
        at = at + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-9:
            break
    mean = np.exp(design @ at)
    if np.abs(step).max() >= 1e-9 or mean.min() < NOTHING:
        return float(at[1]), np.inf
    spread = ((customers - mean) ** 2 / mean).sum() / (len(spend) - 2)
    covariance = max(spread, 1.0) * np.linalg.inv(design.T @ (mean[:, None] * design))
    return float(at[1]), float(np.sqrt(covariance[1, 1]))
