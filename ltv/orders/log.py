"""The order log after cleaning: one frozen object that carries the window, the money and where the rows went."""

from __future__ import annotations

import datetime as dt
import html
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError


@dataclass(frozen=True)
class Orders:
    """Orders of a window, one row per customer and day, and everything a metric must not be told twice.

    `table` has the columns customer (text), day (date), value and margin (DECIMAL(18,4)), first_day (the day the
    customer was acquired) and one column per attribute in `by` (as on that day). The window is [since, until],
    both days whole. Made by `read_orders`; only `split` changes the window.
    """

    table: ir.Table
    connection: Any = field(repr=False, compare=False)
    since: dt.date
    until: dt.date
    time_zone: str
    currency: str
    margin: str
    by: tuple[str, ...]
    audit: pd.DataFrame = field(repr=False, compare=False)
    source: str
    fingerprint: str

    @cached_property
    def size(self) -> dict[str, float]:
        """Orders, customers and revenue in the window."""
        t = self.table
        row = engine.run(
            t.aggregate(orders=t.count(), customers=t.customer.nunique(), revenue=t.value.sum(), margin=t.margin.sum())
        ).iloc[0]
        return {"orders": int(row.orders), "customers": int(row.customers)} | {
            name: float(row[name]) for name in ("revenue", "margin")
        }

    @property
    def margin_share(self) -> float:
        """Margin over revenue in the whole window."""
        return self.size["margin"] / self.size["revenue"] if self.size["revenue"] else 0.0

    @property
    def dropped(self) -> int:
        """Input rows that are in no order of this log; `audit` says which and why."""
        return int(self.audit.loc[self.audit["dropped"], "rows"].sum())

    def describe(self) -> dict[str, str]:
        """What this log is, as label and text: the same words for a repr, a notebook and a page."""
        size = self.size
        return {
            "Source": self.source,
            "Window": f"{self.since} to {self.until} ({self.time_zone})",
            "Orders": f"{size['orders']:,} of {size['customers']:,} customers",
            "Revenue": f"{size['revenue']:,.2f} {self.currency}",
            "Margin": f"{size['margin']:,.2f} {self.currency} ({self.margin})",
            "Rows left out": f"{self.dropped:,}" + (" (see audit)" if self.dropped else ""),
        }

    def __repr__(self) -> str:
        return "Orders\n" + "\n".join(f"  {label:<14} {text}" for label, text in self.describe().items())

    def _repr_html_(self) -> str:
        return description_html("Orders", self.describe())


def description_html(title: str, rows: dict[str, str]) -> str:
    """Label and text as a small table; every text is escaped."""
    body = "".join(
        f'<tr><th scope="row">{html.escape(label)}</th><td>{html.escape(text)}</td></tr>'
        for label, text in rows.items()
    )
    return f'<table class="ltv-description"><caption>{html.escape(title)}</caption><tbody>{body}</tbody></table>'


def split(orders: Orders, *, at: str | dt.date) -> tuple[Orders, Orders]:
    """The log as it was known at the end of day `at`, and what its customers did afterwards.

    The second log holds the orders of the first log's customers only; those acquired later are left out.
    Raises DataError when `at` leaves either side without a day.
    """
    at = dt.date.fromisoformat(str(at))
    if not orders.since <= at < orders.until:
        raise DataError("split", [f"at  {at} must be on or after {orders.since} and before {orders.until}"])
    t = orders.table
    before = replace(orders, table=t.filter(t.day <= at), until=at)
    after = replace(orders, table=t.filter((t.day > at) & (t.first_day <= at)), since=at + dt.timedelta(days=1))
    return before, after
