"""Lapsed customers: how many would come back unaided, and what one who does is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.metrics import intervals
from ltv.metrics.lifetime_value.futures import shocks
from ltv.metrics.lifetime_value.value import PATTERN, Question
from ltv.models import Fit
from ltv.orders.customers import Customers
from ltv.units import Horizon, Rate, annual

GROUPS = {"one order": 1, "2–3 orders": 3, "4 or more orders": np.inf}


def win_back(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    lapsed: str | Horizon = "180 days",
    horizon: str | Horizon = "12 months",
    discount: float | Rate = annual(0.10),
    draws: int = 100,
) -> pd.DataFrame:
    """Customers without an order for `lapsed`, in totals by how often they had ordered.

    `estimate` is the share expected to order within `horizon` though nobody does anything, with low and high (90 %,
    credible). Who would come back anyway is not won. n (customers), returning (expected customers), value (their
    discounted margin within the horizon, expected) with value_low and value_high (90 %, with calendar shocks),
    value_if_back (value ÷ returning: what one who returns brings), days_since (median days since the last order), known.
    By group of orders so far; groups without customers are left out. Raises DataError where nobody has lapsed.
    """
    span = Horizon.of(lapsed)
    t = customers.table
    gone = replace(customers, table=t.filter(t.age_days - t.recency_days >= round(span.days)))
    if not engine.run(gone.table.aggregate(n=gone.table.count()))["n"].iloc[0]:
        raise DataError("win_back", [f"customers  everybody ordered in the last {span}"])
    patterns, length = gone.patterns, customers.unit.days
    group = np.searchsorted(list(GROUPS.values()), patterns.x + 1, side="left")
    question = Question(gone, buying, order_value, Horizon.of(horizon), Rate.of(discount), draws)
    means = _value_sums(gone)
    back, worth = np.zeros((2, draws, len(GROUPS)))
    models, ahead = buying.draws(draws), question.horizon.in_(customers.unit)
    for block in question.blocks():
        chance = models.probability_order(ahead, **block.history) * patterns.n[block.rows]
        money = block.a * patterns.n[block.rows] + block.b * means[block.rows]
        member = group[block.rows][:, None] == np.arange(len(GROUPS))
        back += chance @ member
        worth += money @ member
    member = group[:, None] == np.arange(len(GROUPS))
    n = patterns.n @ member
    since = np.rint((patterns.T - patterns.t_x) * length)
    typical = [_median(since[rows], patterns.n[rows]) for rows in member.T]
    return _totals(back, worth, n, shocks(draws)).assign(days_since=typical, known=True)[n > 0]


def _totals(back: np.ndarray, worth: np.ndarray, n: np.ndarray, shock: np.ndarray) -> pd.DataFrame:
    low, high = np.quantile(back / np.maximum(n, 1), intervals.tails(), axis=0)
    value_low, value_high = np.quantile(worth * shock[:, None], intervals.tails(), axis=0)
    returning, value = back.mean(axis=0), worth.mean(axis=0)
    columns = {
        "estimate": returning / np.maximum(n, 1),
        "low": low,
        "high": high,
        "n": n.astype(int),
        "returning": returning,
        "value": value,
        "value_low": value_low,
        "value_high": value_high,
        "value_if_back": np.divide(value, returning, out=np.full_like(value, np.nan), where=returning > 0),
    }
    return pd.DataFrame(columns, index=pd.Index(list(GROUPS), name="orders so far"))


def _value_sums(customers: Customers) -> np.ndarray:
    """The sum of mean repeat order values over the customers of each pattern; 0 for those without a repeat order."""
    t, patterns, length = customers.table, customers.patterns, customers.unit.days
    sums = engine.run(
        t.filter(t.frequency > 0)
        .group_by(*PATTERN)
        .aggregate(means=(t.repeat_value.cast("float64") / t.frequency).sum())
    )
    times = [np.rint(np.asarray(column) * length).astype(int) for column in (patterns.t_x, patterns.T)]
    keys = pd.MultiIndex.from_arrays([patterns.x.astype(int), *times])
    return sums.set_index(PATTERN)["means"].reindex(keys, fill_value=0.0).to_numpy()


def _median(values: np.ndarray, weights: np.ndarray) -> float:
    if not len(values):
        return np.nan
    order = np.argsort(values)
    through = weights[order].cumsum()
    return float(values[order][np.searchsorted(through, through[-1] / 2)])
