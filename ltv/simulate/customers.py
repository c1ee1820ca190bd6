"""Customers and order logs whose truth is known, drawn from a family."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ltv.models import Family, GammaGamma, Patterns
from ltv.models.data import Array
from ltv.units import Unit


def first_days(customers: int, days: int) -> Array:
    """First days 0 … days−1 spread evenly over the customers."""
    return np.floor(np.arange(customers) * (days / customers))


def simulate_customers(
    rng: np.random.Generator, buying: Any, born: ArrayLike, until: int, *, unit: Unit = Unit.WEEK
) -> tuple[Array, Array, Array, Array, np.ndarray]:
    """Rows (x, t_x, T) observed to the end of day `until`, times in `unit`, and all orders as (who, day).

    `born` is each customer's first day; orders fall on whole days, and those of one day are one order, as
    in a real log. Returns x, t_x, T, and the repeat orders' days and customers, sorted by customer and day.

    >>> from ltv.models import NBD
    >>> x, t_x, T, day, who = simulate_customers(np.random.default_rng(0), NBD(1, 8), [0, 7], 70)
    >>> T.tolist(), int(x.sum()) == day.size
    ([10.0, 9.0], True)
    """
    born = np.asarray(born, dtype=np.int64)
    nobody = np.zeros(born.size)
    who, when = buying.future_orders(rng, (until - born.min()) / unit.days, x=nobody, t_x=nobody, T=nobody)
    day = born[who] + np.ceil(when * unit.days).astype(np.int64)
    seen = day <= until
    who, day = who[seen], day[seen]
    new = np.ones(who.size, dtype=bool)
    new[1:] = (np.diff(who) > 0) | (np.diff(day) > 0)
    who, day = who[new], day[new]
    x = np.bincount(who, minlength=born.size).astype(float)
    last = born.copy()
    last[who] = day  # sorted by day, so the last one stays
    return x, (last - born) / unit.days, (until - born) / unit.days, day, who


def simulate_patterns(
    rng: np.random.Generator, buying: Family, born: ArrayLike, until: int, *, unit: Unit = Unit.WEEK
) -> Patterns:
    """The patterns of simulated customers, as an order log would give them.

    >>> from ltv.models import BGNBD
    >>> simulate_patterns(np.random.default_rng(0), BGNBD(.24, 4.4, .8, 2.4), first_days(500, 90), 365).customers
    500
    """
    x, t_x, T, _, _ = simulate_customers(rng, buying, born, until, unit=unit)
    return Patterns.count(x, t_x, T, unit)


def simulate_orders(
    rng: np.random.Generator,
    buying: Family,
    order_value: GammaGamma,
    *,
    customers: int,
    start: dt.date,
    acquisition_days: int,
    until: dt.date,
    unit: Unit = Unit.WEEK,
) -> pd.DataFrame:
    """An order log with the columns customer, date and amount (cents), sorted by date and customer.

    Customers arrive evenly over `acquisition_days` from `start`; parameters are in `unit`.

    >>> from ltv.models import BGNBD
    >>> log = simulate_orders(np.random.default_rng(0), BGNBD(.24, 4.4, .8, 2.4), GammaGamma(6.2, 3.7, 15.4),
    ...     customers=100, start=dt.date(2025, 1, 1), acquisition_days=90, until=dt.date(2025, 12, 31))
    >>> log.customer.nunique(), list(log.columns)
    (100, ['customer', 'date', 'amount'])
    """
    born = first_days(customers, acquisition_days)
    *_, day, who = simulate_customers(rng, buying, born, (until - start).days, unit=unit)
    day, who = np.concatenate([born, day]), np.concatenate([np.arange(customers), who])
    nothing = np.zeros(customers)
    amount = order_value.draw_order_values(rng, who, x=nothing, mean=nothing)
    log = pd.DataFrame(
        {
            "customer": who,
            "date": pd.Timestamp(start) + pd.to_timedelta(day, unit="D"),
            "amount": np.maximum(amount, 0.01).round(2),
        }
    )
    return log.sort_values(["date", "customer"], ignore_index=True)
