"""Repeat orders week by week, as made and as a model expects them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.metrics import intervals
from ltv.models import Fit
from ltv.models.family import age_shift, along
from ltv.orders.customers import Customers
from ltv.orders.log import Orders
from ltv.units import EPOCH

Array = NDArray[np.float64]


def track(buying: Fit, customers: Customers, orders: Orders, *, draws: int = 100) -> pd.DataFrame:
    """Repeat orders of these customers week by week over the window of `orders`, as made and as the model expects them.

    Expected by the end of week w: Σ over customers of E[X(w − first day)], from the population alone. By week (its
    last day): actual, estimate, low, high (90 %, parameters), each cumulative, and fitted (the week was in the fit).
    """
    unit = customers.unit
    births = engine.run(
        customers.table.group_by("first_day").aggregate(n=customers.table.count()).order_by("first_day")
    )
    t = orders.table.filter(orders.table.first_day <= customers.orders.until)
    repeats = t.filter(t.day > t.first_day)
    daily = engine.run(repeats.group_by("day").aggregate(n=repeats.count()))
    weeks = pd.date_range(orders.since, orders.until, freq="7D")[1:] - pd.Timedelta(days=1)
    ends = _numbers(weeks)
    born, made = _numbers(births["first_day"]), _numbers(daily["day"])
    ages = np.maximum(ends[:, None] - born, 0)
    distinct, where = np.unique(ages, return_inverse=True)
    population = buying.draws(draws)
    expected = along(population.expected_orders, distinct / unit.days, age_shift(population))
    totals = np.stack([(curve[where].reshape(ages.shape) * births["n"].to_numpy()).sum(axis=1) for curve in expected])
    low, high = np.quantile(totals, intervals.tails(), axis=0)
    actual = [daily["n"].to_numpy()[made <= end].sum() for end in ends]
    fitted = ends <= (customers.orders.until - EPOCH).days
    columns = {"actual": actual, "estimate": totals.mean(axis=0), "low": low, "high": high, "fitted": fitted}
    return pd.DataFrame(columns, index=pd.Index(weeks.date, name="week"))


def _numbers(days: object) -> NDArray[np.int64]:
    return pd.to_datetime(pd.Series(list(days))).to_numpy().astype("datetime64[D]").astype(np.int64)  # type: ignore[call-overload]
