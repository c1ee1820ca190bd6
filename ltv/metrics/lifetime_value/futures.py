"""The orders still to come, simulated: one joint path per draw of the parameters, shared by everything asked of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from itertools import repeat
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ltv import engine
from ltv.models import Fit
from ltv.orders.customers import Customers

Array = NDArray[np.float64]
Index = NDArray[np.int64]
SHOCK_SD, SHOCK_DF = 0.12, 4
HELD = 200_000  # customers held in memory at the most
ROWS = 2_000_000  # customers × draws simulated at the most


@dataclass(frozen=True)
class Base:
    """The customers whose future is simulated, as arrays in the order of (frequency, recency, T, value).

    x, t_x and T are in the unit of the customers. `mean` is that of `orders` orders: the repeat orders (0 without one),
    or all of them with the first. Of more than 200,000 customers an even spread is held; `size` counts them all.
    """

    ids: NDArray[np.object_]
    x: Array
    t_x: Array
    T: Array
    orders: Array
    mean: Array
    age_days: Index
    size: int


def hold(customers: Customers, *, first: bool = False) -> Base:
    """The customers of a log as arrays, an even spread of them where they are too many.

    With `first` the first order too tells what a customer's orders are worth.
    """
    t = customers.table
    size = customers.counts["customers"]
    spent = (t.first_value + t.repeat_value if first else t.repeat_value).name("spent")
    ordered = t.select("customer", "frequency", "recency_days", "age_days", spent).order_by(
        "frequency", "recency_days", "age_days", "spent", "customer"
    )
    rows = engine.run(engine.every(ordered, -(-size // HELD)))
    x = rows["frequency"].to_numpy(float)
    orders = np.where(rows["spent"] > 0, x + 1, 0) if first else x  # orders that were all free tell nothing
    return Base(
        ids=rows["customer"].to_numpy(object),
        x=x,
        t_x=rows["recency_days"].to_numpy(float) / customers.unit.days,
        T=rows["age_days"].to_numpy(float) / customers.unit.days,
        orders=orders,
        mean=np.maximum(rows["spent"].to_numpy(float), 0) / np.maximum(orders, 1),
        age_days=rows["age_days"].to_numpy(np.int64),
        size=size,
    )


@dataclass(frozen=True)
class Future:
    """One draw: which customers of the base were simulated, and the customer, time (after T) and value of each order."""

    picked: Index
    who: Index
    when: Array
    value: Array


def futures(
    base: Base, buying: Fit, order_value: Fit | None, span: Array | float, *, draws: int, seed: int = 0
) -> Iterator[Future]:
    """A future per draw: parameters from the posterior, then outcomes given each customer's history.

    `span`: how far to look beyond T, one number or one per customer, in the unit of the fit. Without `order_value` every
    order is worth 1. Large bases are sampled, each draw anew and evenly over the patterns.
    """
    rng = np.random.default_rng(seed)
    count = min(len(base.x), max(ROWS // draws, 1000))
    span = np.broadcast_to(span, base.x.shape)
    values = repeat(None) if order_value is None else _one_by_one(order_value.draws(draws))
    for model, worth in zip(_one_by_one(buying.draws(draws)), values, strict=False):
        picked = np.floor((np.arange(count) + rng.random()) * (len(base.x) / count)).astype(np.int64)
        history = {"x": base.x[picked], "t_x": base.t_x[picked], "T": base.T[picked]}
        row, when = model.future_orders(rng, span[picked], **history)
        value = np.ones(len(row))
        if worth is not None:
            value = worth.draw_order_values(rng, row, x=base.orders[picked], mean=base.mean[picked])
        yield Future(picked, picked[row], when, value)


def _one_by_one(model: Any) -> Iterator[Any]:
    """A model of S draws as S models of one."""
    columns = (np.ravel(getattr(model, field.name)) for field in fields(model))
    return (type(model)(*(float(parameter) for parameter in row)) for row in zip(*columns, strict=True))


def squared_gains(who: Index, amount: Array) -> Array:
    """What each order adds to its customer's squared total; orders are sorted by customer, then time."""
    through = amount.cumsum()
    before = through - amount
    before = before - before[np.searchsorted(who, who)]
    return (before + amount) ** 2 - before**2


def match_moments(means: Array, squares: Array, *, seen: int, size: int) -> Array:
    """Means per customer over draws (axis 0), with the chance variation of `seen` customers brought to that of `size`.

    `squares` is the mean over customers of their squared totals: it bounds what chance adds to one customer.
    """
    if seen == size:
        return means
    centre, total = means.mean(axis=0), means.var(axis=0)
    chance = np.maximum(squares - centre**2, 0)
    wanted = np.maximum(total - chance / seen, 0) + chance / size
    return centre + (means - centre) * np.sqrt(np.divide(wanted, total, out=np.ones_like(total), where=total > 0))


def totals(
    base: Base, buying: Fit, order_value: Fit | None, span: float, *, draws: int, weight: Any = None, seed: int = 0
) -> Array:
    """Total over all customers of the orders to come (or of their value), one number per draw.

    `weight` turns the times of orders (after T) into factors, such as a discount.
    """
    sums, chance, seen = np.zeros(draws), 0.0, 1
    for number, future in enumerate(futures(base, buying, order_value, span, draws=draws, seed=seed)):
        amount = future.value if weight is None else future.value * weight(future.when)
        seen = len(future.picked)
        sums[number] = amount.sum() / seen
        each = np.bincount(np.searchsorted(future.picked, future.who), amount, minlength=seen)
        # Neighbours have like histories, and the sample is even over them: what sets two apart is chance.
        chance += float(np.mean(np.diff(each) ** 2)) / 2 / draws if seen > 1 else 0.0
    squares = sums.mean() ** 2 + chance
    return match_moments(sums, np.asarray(squares), seen=seen, size=base.size) * base.size


def shocks(draws: int, seed: int = 0, *, tau: float = SHOCK_SD) -> Array:
    """Factors exp(ε), ε ~ t₄(0, τ), by which a total is off because something happened to all customers at once.

    Parameters and chance leave such shocks out. 0.12 stands in until a back-test has learned another τ. One shock from
    each of `draws` equal slices of t₄, in random order: a tail this heavy would make the ends of a band a matter of luck.
    """
    levels = (np.random.default_rng([seed, 1]).permutation(draws) + 0.5) / draws
    return np.exp(tau * special.stdtrit(SHOCK_DF, levels))
