"""The orders still to come, simulated: one joint path per draw of the parameters, shared by everything asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ltv import engine
from ltv.models import Fit
from ltv.orders.customers import Customers

Array = NDArray[np.float64]
SHOCK_SD, SHOCK_DF = 0.12, 4
ROWS = 4_000_000  # customers × draws simulated at the most


@dataclass(frozen=True)
class Sample:
    """Customers whose future is simulated: all of them, or an even spread over the patterns of `size` customers.

    Arrays of one length: x, t_x, T (in the unit of the customers), mean (of repeat orders, 0 without one), age_days.
    """

    ids: NDArray[np.object_]
    x: Array
    t_x: Array
    T: Array
    mean: Array
    age_days: NDArray[np.int64]
    size: int

    @property
    def weight(self) -> float:
        """Customers that each sampled one stands for."""
        return self.size / len(self.x)


def sample(customers: Customers, draws: int) -> Sample:
    """As many customers as `draws` paths each allow, evenly spread over (frequency, recency, T)."""
    t = customers.table
    ordered = engine.run(
        t.select("customer", "frequency", "recency_days", "age_days", "repeat_value").order_by(
            "frequency", "recency_days", "age_days", "repeat_value", "customer"
        )
    )
    keep = min(len(ordered), max(ROWS // draws, 1000))
    chosen = ordered.iloc[np.linspace(0, len(ordered) - 1, keep).round().astype(int)]
    x = chosen["frequency"].to_numpy(float)
    return Sample(
        ids=chosen["customer"].to_numpy(object),
        x=x,
        t_x=chosen["recency_days"].to_numpy(float) / customers.unit.days,
        T=chosen["age_days"].to_numpy(float) / customers.unit.days,
        mean=chosen["repeat_value"].to_numpy(float) / np.maximum(x, 1),
        age_days=chosen["age_days"].to_numpy(np.int64),
        size=len(ordered),
    )


@dataclass(frozen=True)
class Future:
    """One draw: the sampled customer (row) of every future order, when (after T, in the unit) and its value."""

    who: NDArray[np.int64]
    when: Array
    value: Array


def futures(
    chosen: Sample, buying: Fit, order_value: Fit | None, span: Array | float, *, draws: int, seed: int = 0
) -> Iterator[Future]:
    """A future of the sampled customers per draw: parameters from the posterior, then outcomes given the history.

    `span`: how far to look beyond T, one number or one per customer, in the unit of the fit. Without `order_value` every
    order is worth 1.
    """
    rng = np.random.default_rng(seed)
    values = repeat(None) if order_value is None else _one_by_one(order_value.draws(draws))
    for model, worth in zip(_one_by_one(buying.draws(draws)), values, strict=False):
        who, when = model.future_orders(rng, span, x=chosen.x, t_x=chosen.t_x, T=chosen.T)
        value = worth.draw_order_values(rng, who, x=chosen.x, mean=chosen.mean) if worth else np.ones(len(who))
        yield Future(who, when, value)


def _one_by_one(model: Any) -> Iterator[Any]:
    """A model of S draws as S models of one."""
    columns = (np.ravel(getattr(model, field.name)) for field in fields(model))
    return (type(model)(*(float(parameter) for parameter in row)) for row in zip(*columns, strict=True))


def shocks(draws: int, seed: int = 0) -> Array:
    """Factors exp(ε), ε ~ t₄ · 0.12, by which a total is off because something happened to all customers at once.

    Parameters and chance leave such shocks out. 0.12 stands in until enough past forecasts have been graded.
    """
    return np.exp(SHOCK_SD * np.random.default_rng([seed, 1]).standard_t(SHOCK_DF, draws))
