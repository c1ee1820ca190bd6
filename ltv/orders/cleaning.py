"""Typed rows → orders: what is merged, what is left out, and the account of both."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine


@dataclass(frozen=True)
class Margin:
    """What is left of revenue: a share of it, or revenue less a cost column."""

    share: float | None

    def of(self, value: ir.Value, cost: ir.Value) -> ir.Value:
        if self.share is None:
            return (value - cost).cast(engine.MONEY)
        return (value * ibis.literal(f"{self.share:.6f}").cast("decimal(18, 6)")).cast(engine.MONEY)

    def __str__(self) -> str:
        return "revenue less cost" if self.share is None else f"{100 * self.share:.4g}% of revenue"


def last_day(rows: ir.Table) -> dt.date:
    return rows.day.max().to_pyarrow().as_py()


def audit_rows(rows: ir.Table, until: dt.date) -> pd.DataFrame:
    """What becomes of every row: rows, customers and money per rule; the kept and dropped rows add up to the input."""
    nobody, late = rows.customer.isnull(), rows.day > until
    fate = ibis.cases((nobody, "no customer"), (late, "after the window"), else_="kept")
    table = rows.mutate(rule=fate)
    counts = engine.run(
        table.group_by("rule").aggregate(
            rows=table.count(), customers=table.customer.nunique(), money=table.value.sum()
        )
    ).set_index("rule")
    why = {
        "kept": "in the window, with a customer",
        "no customer": "the customer is empty: the order cannot be followed",
        "after the window": f"later than until={until}",
    }
    audit = counts.reindex(list(why), fill_value=0)
    audit["dropped"] = audit.index != "kept"
    audit["why"] = list(why.values())
    return audit.astype({"rows": int, "customers": int, "money": float})


def daily_orders(rows: ir.Table, until: dt.date, margin: Margin, by: tuple[str, ...]) -> ir.Table:
    """One order per customer and day, amounts summed as decimals; with the day the customer was acquired."""
    kept = rows.filter(rows.customer.notnull() & (rows.day <= until))
    daily = kept.group_by("customer", "day").aggregate(
        value=kept.value.sum().cast(engine.MONEY),
        cost=kept.cost.sum().cast(engine.MONEY),
        lines=kept.count(),
        **{name: kept[name].min() for name in by},
    )
    orders = daily.mutate(margin=margin.of(daily.value, daily.cost))
    first = orders.day.min().over(ibis.window(group_by="customer"))
    return orders.mutate(first_day=first).select("customer", "day", "value", "margin", "first_day", "lines", *by)
