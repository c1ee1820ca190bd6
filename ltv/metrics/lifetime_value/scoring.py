"""Every customer's future, written by the engine: moments per pattern, joined to the customers; nothing is collected.

The value of a customer is linear in the mean order value m: V = D·(A₀ + B₀·m), with D the discounted expected orders
and A₀, B₀ the Gamma-Gamma shrinkage. D rests on the buying draws and A₀, B₀ on those of the order value, which are
independent, so the moments of A = D·A₀ and B = D·B₀ are products of theirs: those of A₀, B₀ are needed once per x, those
of D once per pattern. What follows given that a customer is alive depends on x and T alone, so it is computed once
per pair and handed to the patterns; only P(alive) is per pattern.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from ltv import engine
from ltv.errors import DataError
from ltv.metrics import intervals
from ltv.metrics.backtests.outlooks import forecast
from ltv.metrics.lifetime_value import writing
from ltv.models import Fit, fit_worth
from ltv.models.family import Pairs, age_shift, distinct
from ltv.models.fitting import WEIGHED
from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders
from ltv.units import Horizon, Rate, annual

Array = NDArray[np.float64]
PATTERN = ["frequency", "recency_days", "age_days"]


def score(
    customers: Customers,
    buying: Fit,
    order_value: Fit,
    *,
    horizon: str | Horizon = "12 months",
    discount: float | Rate = annual(0.10),
    draws: int = 200,
) -> ir.Table:
    """Every customer's future, as an expression in the engine that holds them.

    Columns: customer, the attributes, frequency; value, value_low, value_high (discounted margin of the orders within
    `horizon`); orders, orders_low, orders_high (expected, undiscounted); order_within_30_days; probability_alive;
    days_since_last_order; value_if_won_back (the same if the customer ordered today, that order included).
    Intervals are 90 %, credible (parameters), log-normal.
    """
    question = _Question(customers, buying, order_value, Horizon.of(horizon), Rate.of(discount), draws)
    moments = engine.lend(customers.orders.connection, pattern_scores(question))
    t = customers.table.inner_join(moments, PATTERN)
    m = (t.frequency > 0).ifelse(t.repeat_value.cast("float64") / t.frequency.nullif(0), 0.0)
    m = ibis.greatest(m, 0.0)  # repeat orders that refunds left below zero carry no value
    mean = t.a_mean + t.b_mean * m
    low, high = _interval(mean, t.a_var + 2 * m * t.ab_cov + m * m * t.b_var)
    orders_low, orders_high = _interval(t.orders, t.orders_var)
    return t.select(
        "customer",
        *customers.orders.by,
        "frequency",
        value=mean,
        value_low=low,
        value_high=high,
        orders=t.orders,
        orders_low=orders_low,
        orders_high=orders_high,
        order_within_30_days=t.order_within_30_days,
        probability_alive=t.probability_alive,
        days_since_last_order=t.age_days - t.recency_days,
        value_if_won_back=t.a_back + t.b_back * m,
    )


def write_scores(scored: ir.Table, to: str | Path) -> None:
    """Write scores: a CSV, Excel or Parquet file by its ending (Parquet as a folder on Spark), else a table of this name.

    Raises DataError when they cannot be written there.
    """
    if str(to) == Path(to).name and not Path(to).suffix:
        engine.write(scored, to)
    else:
        writing.write_file(scored, to)


def score_log(
    orders: Orders, to: str | Path, *, horizon: str | Horizon = "12 months", discount: float | Rate = annual(0.10)
) -> int:
    """Forecast the customers of a log (`forecast`), value their orders and write the scores of its customers into a file; how many stand in it."""
    customers = summarize(orders)
    count = int(customers.counts["customers"])
    writing.check_fits(to, count)
    buying, order_value = forecast(customers).known, fit_worth(customers)
    written = writing.write_file(score(customers, buying, order_value, horizon=horizon, discount=discount), to)
    if written != count:
        raise DataError("scores", [f"out  {to} holds {written:,} rows for {count:,} customers"])
    return written


def _interval(mean: ir.Value, variance: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The 90 % interval of a log-normal with this mean and variance."""
    spread = (1 + ibis.greatest(variance, 0.0) / (mean * mean).nullif(0)).ln().fill_null(0.0)
    width = spread.sqrt() * float(special.ndtri(intervals.tails()[1]))
    return mean * (-spread / 2 - width).exp(), mean * (width - spread / 2).exp()


@dataclass(frozen=True)
class _Question:
    """Value within `horizon`, discounted, at the log's margin, over draws of both fits."""

    customers: Customers
    buying: Fit
    order_value: Fit
    horizon: Horizon
    discount: Rate
    draws: int


def pattern_scores(question: Any) -> pd.DataFrame:
    """One row per pattern: the moments of A, B and the expected orders, P(order in 30 days), P(alive), A and B if won back."""
    patterns, unit = question.customers.patterns, question.customers.unit
    x, t_x, T = patterns.x, patterns.t_x, patterns.T
    pairs = Pairs.of_rows(x, T)
    points = balanced(question.buying, question.draws)
    spans = question.horizon.in_(unit), question.discount.per(unit), Horizon.of("30 days").in_(unit)

    def at(model: Any) -> tuple[Array, ...]:
        alive = np.ravel(model.probability_alive(x, t_x, T))
        given = pairs.spread(lambda x, T: _given_alive(model, x, T, spans), age_shift(model))
        D, E, soon, back = (np.take(row, pairs.back) for row in given)
        D, E = alive * D, alive * E
        return D, D * D, E, E * E, alive * soon, alive, back

    sums = {name: np.zeros(x.size) for name in ("D", "DD", "E", "EE", "soon", "alive", "back")}
    for point in points:
        for name, part in zip(sums, at(point), strict=True):
            sums[name] += part
    mean = {name: total / len(points) for name, total in sums.items()}
    return pd.DataFrame(
        {
            "frequency": x.astype(np.int64),
            "recency_days": np.rint(t_x * unit.days).astype(np.int64),
            "age_days": np.rint(T * unit.days).astype(np.int64),
            **_money(question, mean),
            "orders": mean["E"],
            "orders_var": np.maximum(mean["EE"] - mean["E"] ** 2, 0.0),
            "order_within_30_days": mean["soon"],
            "probability_alive": mean["alive"],
        }
    )


def _money(question: Any, mean: dict[str, Array]) -> dict[str, Array]:
    """Means, variances and covariance of A and B: products of independent moments."""
    x, share = question.customers.patterns.x, question.customers.orders.margin_share
    kinds, at = distinct(x)
    a, b = (
        np.broadcast_to(v, (question.draws, kinds.size))
        for v in question.order_value.draws(question.draws).shrinkage(kinds)
    )
    first = {"a": a.mean(axis=0)[at], "b": b.mean(axis=0)[at]}
    second = {"aa": (a * a).mean(axis=0)[at], "bb": (b * b).mean(axis=0)[at], "ab": (a * b).mean(axis=0)[at]}
    D, DD = mean["D"], mean["DD"]
    return {
        "a_mean": share * D * first["a"],
        "b_mean": share * D * first["b"],
        "a_var": share**2 * (DD * second["aa"] - (D * first["a"]) ** 2),
        "b_var": share**2 * (DD * second["bb"] - (D * first["b"]) ** 2),
        "ab_cov": share**2 * (DD * second["ab"] - D * D * first["a"] * first["b"]),
        "a_back": share * mean["back"] * first["a"],
        "b_back": share * mean["back"] * first["b"],
    }


def _given_alive(model: Any, x: Array, T: Array, spans: tuple[float, float, float]) -> Array:
    """Rows: discounted orders, orders and P(order within a month) of a customer alive at T; orders if won back."""
    span, delta, month = spans
    latest = {"x": x, "t_x": np.where(x > 0, T, 0.0), "T": T}
    returned = {"x": x + 1, "t_x": T, "T": T}
    alive = np.ravel(model.probability_alive(**latest))
    both = {name: np.concatenate([latest[name], returned[name]]) for name in latest}  # most pairs are in both
    D, back = np.split(np.ravel(model.discounted_orders(span, delta, **both)), 2)
    E, soon = model.expected_orders(span, **latest), model.probability_order(month, **latest)
    return np.stack([D / alive, np.ravel(E) / alive, np.ravel(soon) / alive, 1 + back])


def balanced(fit: Fit, draws: int) -> list[Any]:
    """Equally weighted models that stand for the posterior of a fit: its draws, or 2d points where it is taken as normal.

    θ ± √d·Lᵢ, with L the root of the covariance, have the mean and covariance of the normal posterior exactly
    (a cubature of degree three: McNamee & Stenger 1967).
    """
    if fit.size * fit.rows <= WEIGHED:
        some = fit.draws(draws)
        columns = [np.ravel(column) for column in some.parameters()]
        return [type(some)(*map(float, row)) for row in zip(*columns, strict=True)]
    root = np.linalg.cholesky(fit.theta_covariance) * np.sqrt(fit.theta.size)
    return [
        fit.family.of_logs(fit.coordinates.logs(fit.theta + side * column)) for column in root.T for side in (-1, 1)
    ]
