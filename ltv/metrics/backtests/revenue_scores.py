"""Revenue per customer, graded from sums by pattern: a forecast a + b·m is linear in the mean order value m."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv.metrics.backtests.forecasts import Forecast
from ltv.metrics.backtests.holdouts import LIKE_PATTERNS, Holdout, histories
from ltv.metrics.backtests.scores import deciles

Array = NDArray[np.float64]
Line = tuple[Array, Array]
MODEL = "model"


def revenue_forecasts(buying: Any, values: Any, naive: Sequence[Forecast], holdout: Holdout) -> dict[str, Line]:
    """Revenue forecast a + b·m of each pattern of `money`, by name.

    The model's (orders × Gamma-Gamma), and those of the naive order forecasts that are the same for all of a pattern,
    times the mean repeat order value so far.
    """
    money = holdout.money
    rows = histories(money, holdout.customers.unit)
    orders = np.asarray(buying.expected_orders(holdout.span, **rows))
    base, slope = values.shrinkage(rows["x"])
    repeats = rows["x"] * money["n"]
    each = float((rows["x"] * money["m"]).sum() / repeats.sum())
    found = {MODEL: (orders * base, orders * slope)}
    for forecast in naive:
        if forecast.naive and (level := _by_pattern(forecast, holdout)) is not None:
            found[f"{forecast.name} × mean order value" if level.any() else forecast.name] = (level * each, 0 * level)
    return found


def _by_pattern(forecast: Forecast, holdout: Holdout) -> Array | None:
    """The mean of a forecast for each pattern; None where customers of one pattern have different ones."""
    spread = holdout.cells[LIKE_PATTERNS].assign(mean=forecast.mean).groupby(LIKE_PATTERNS)["mean"].agg(["min", "max"])
    same = bool((spread["max"] - spread["min"] < 1e-9).all())
    return spread["min"].to_numpy(float) if same else None


def revenue_table(forecasts: Mapping[str, Line], holdout: Holdout) -> pd.DataFrame:
    """By forecast: rmse and bias of the revenue per customer, total and actual."""
    money = holdout.money
    n, actual = money["n"].to_numpy(float), float(money["v"].sum())
    rows = {}
    for name, (a, b) in forecasts.items():
        total = float(a @ n + b @ money["m"])
        cross = a @ money["v"] + b @ money["vm"]
        own = a**2 @ n + 2 * (a * b) @ money["m"] + b**2 @ money["mm"]
        squared = max(float(money["vv"].sum() - 2 * cross + own), 0.0)
        rows[name] = (np.sqrt(squared / n.sum()), total / actual - 1 if actual else np.nan, total, actual)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["rmse", "bias", "total", "actual"]).rename_axis(
        "forecast"
    )


def revenue_deciles(forecasts: Mapping[str, Line], holdout: Holdout) -> pd.DataFrame:
    """Customers in tenths by the model's revenue, pattern by pattern; see `scores.deciles`."""
    a, b = forecasts[MODEL]
    money = holdout.money
    n = money["n"].to_numpy(float)
    return deciles(a * n + b * money["m"], money["v"], n)
