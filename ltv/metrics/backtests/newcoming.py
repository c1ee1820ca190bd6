"""Newcomers of a holdout, kept apart: no forecast of known customers can hold them, one of their repeats can be graded."""

from __future__ import annotations

import ibis
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.metrics.backtests.bands import Totals, band
from ltv.metrics.backtests.holdouts import Holdout
from ltv.models import Fit
from ltv.units import EPOCH

Array = NDArray[np.float64]
PATHS, DRAWS = 100_000, 200


def newcomers(buying: Fit, holdout: Holdout, *, tau: float) -> pd.DataFrame:
    """Repeat orders of customers first seen inside the holdout, given how many came on which day.

    Rows raw and widened (shocks of scale `tau`): estimate, low, high (90 %), actual, n (newcomers), revenue (theirs,
    first orders included). A customer's repeats are expected from the population alone. No rows where nobody came.
    """
    arrivals = _arrivals(holdout)
    if arrivals.empty:
        return pd.DataFrame(columns=["estimate", "low", "high", "actual", "n", "revenue"])
    ages = arrivals["age_days"].to_numpy(float) / holdout.customers.unit.days
    n = arrivals["n"].to_numpy(float)
    mean = np.asarray(buying.model.expected_orders(ages)) @ n
    parameter = (np.asarray(buying.draws(DRAWS).expected_orders(ages)) @ n).var()
    totals = Totals(np.array([mean]), np.array([parameter]), np.array([_chance(buying, ages, n)]))
    facts = (arrivals["repeats"].sum(), int(n.sum()), arrivals["revenue"].sum())
    rows = {}
    for name, shock in {"raw": 0.0, "widened": tau}.items():
        ends = band(totals, 0, whole=True, tau=shock)
        rows[name] = (mean, ends["low"], ends["high"], *facts)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high", "actual", "n", "revenue"])


def _chance(buying: Fit, ages: Array, n: Array) -> float:
    """Variance of the total of simulated newcomers with these ages, at the fitted parameters."""
    edges, size = n.cumsum(), n.sum()
    rows = np.searchsorted(edges, (np.arange(PATHS) + 0.5) * size / PATHS)
    nothing = np.zeros(PATHS)
    who, when = buying.model.future_orders(np.random.default_rng(0), ages.max(), x=nothing, t_x=nothing, T=nothing)
    made = np.bincount(who[when <= ages[rows][who]], minlength=PATHS)
    expected = np.asarray(buying.model.expected_orders(ages))[rows]
    return float(((made - expected) ** 2).mean() * size)


def _arrivals(holdout: Holdout) -> pd.DataFrame:
    """By first day inside the holdout: n, repeat orders and all revenue until its end, and the age then."""
    t = holdout.log.table
    new = t.filter((t.first_day > ibis.literal(holdout.at)) & (t.day <= ibis.literal(holdout.until)))
    counted = new.group_by("first_day").aggregate(
        n=new.customer.nunique(), repeats=(new.day > new.first_day).sum(), revenue=new.value.sum()
    )
    age = (holdout.until - EPOCH).days - engine.day_number(counted.first_day)
    return engine.run(counted.mutate(age_days=age).drop("first_day").order_by("age_days"))
