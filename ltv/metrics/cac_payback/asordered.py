"""What customers ordered, before refunds: the amounts that tell a customer's level of spending.

A refund says that an order came back, not that its customer buys cheaply; and the first order is as much of a
customer's level as any later one. So payback learns order values from all orders as they were made, and takes
refunds off by a curve of their own (see `refunding`).
"""

from __future__ import annotations

from dataclasses import replace

import ibis
import numpy as np

from ltv import engine
from ltv.models import Fit, fit_worth
from ltv.orders.customers import Customers

SURE = 2.0  # standard errors by which first orders must differ from later ones to be put on their level


def as_ordered(customers: Customers) -> Customers:
    """The same customers with matched refunds added back, and first orders brought to the level of later ones.

    First orders may be cheaper (a welcome discount) or dearer than what follows. Among customers who came back the
    ratio Σ mean repeat order ÷ Σ first order is free of who comes back; first orders are multiplied by it where it
    differs from 1 by more than two standard errors.
    """
    t, back = customers.table, customers.orders.refunds
    if back is not None:
        undone = back.filter(back.matched)
        first = undone.day == undone.first_day
        zero = ibis.literal(0).cast(engine.MONEY)
        given = undone.group_by("customer").aggregate(
            first_back=first.ifelse(undone.value, zero).sum().cast(engine.MONEY),
            repeat_back=first.ifelse(zero, undone.value).sum().cast(engine.MONEY),
        )
        both = t.left_join(given, "customer").drop("customer_right")
        t = both.mutate(
            first_value=(both.first_value - both.first_back.fill_null(0)).cast(engine.MONEY),
            repeat_value=(both.repeat_value - both.repeat_back.fill_null(0)).cast(engine.MONEY),
            # Which of the repeat orders a refund undid is forgotten here, so these customers say nothing of single orders.
            repeat_logs=(both.repeat_back.fill_null(0) == 0).ifelse(both.repeat_logs, ibis.null(engine.LOG)),
        ).drop("first_back", "repeat_back")
    ratio = _later_to_first(replace(customers, table=t))
    if ratio != 1:
        t = t.mutate(first_value=(t.first_value.cast("float64") * ratio).cast(engine.MONEY))
    return customers if t is customers.table else replace(customers, table=engine.keep(customers.orders.connection, t))


def _later_to_first(customers: Customers) -> float:
    """Mean repeat order over first order of the same customers, 1 where they are not told apart."""
    t = customers.table.filter((customers.table.frequency > 0) & (customers.table.first_value > 0))
    later, first = t.repeat_value.cast("float64") / t.frequency, t.first_value.cast("float64")
    row = engine.run(
        t.aggregate(
            n=t.count(),
            a=later.sum(),
            b=first.sum(),
            aa=(later * later).sum(),
            ab=(later * first).sum(),
            bb=(first * first).sum(),
        )
    ).iloc[0]
    if row["n"] < 2 or not row["b"] > 0 or not row["a"] > 0:
        return 1.0
    ratio = float(row["a"] / row["b"])
    rest = row["aa"] - 2 * ratio * row["ab"] + ratio**2 * row["bb"]  # Σ (later − ratio·first)²
    error = float(np.sqrt(max(rest, 0.0))) / float(row["b"])
    # Rounded, because engines add floats in an order of their own.
    return round(ratio, 6) if abs(ratio - 1) > SURE * error else 1.0


def fit_order_values(customers: Customers, *, seed: int = 0) -> Fit:
    """Gamma-Gamma on all orders, the first one included, as they were made.

    >>> import ltv
    >>> round(float(fit_order_values(ltv.summarize(ltv.read_orders("cdnow_sample"))).model.expected_order_value()))
    33
    """
    return fit_worth(as_ordered(customers).all_order_values, seed=seed)
