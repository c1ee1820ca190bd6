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
from ltv.orders.audit import MATCHED, UNMATCHED
from ltv.orders.cycle import Cycle, find_cycle
from ltv.orders.newcomers import Truncation
from ltv.orders.policy import DEFAULT, Policy


@dataclass(frozen=True)
class Orders:
    """Orders of a window, one row per customer and day, and everything a metric must not be told twice.

    `table` has the columns customer (text), day (date), value and margin (DECIMAL(18,4), net of the refunds booked to
    that order), first_day (the day the customer was acquired), lines and one column per attribute in `by` (as on that
    day). `refunds`, where there are any: customer, day (of the order undone, or its own), refunded_on, matched, value
    and margin (below zero), lines, first_day. The window is [since, until], both days whole. `audit` accounts for
    every row, `days` (rows and money by day, as read, without stray days) and `signs` (sentences) show damage; `alarms` are
    the signs that move every number of a page; without `amounts` every order is worth 0. Made by `read_orders`; only `split` changes the window.
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
    refunds: ir.Table | None = field(default=None, repr=False, compare=False)
    days: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False, compare=False)
    signs: tuple[str, ...] = ()
    alarms: tuple[str, ...] = ()
    policy: Policy = DEFAULT
    truncation: Truncation | None = None
    amounts: bool = True

    def require_amounts(self, what: str) -> None:
        """Raise DataError where the log has no amounts: `what` is about money."""
        if not self.amounts:
            raise DataError(
                what,
                [
                    "amount  the log was read without amounts: name their column with amount= (--amount); retention, growth_accounting, "
                    "backtest and data_quality can be made without"
                ],
            )

    @cached_property
    def cycle(self) -> Cycle | None:
        """The billing cycle these orders follow, None where customers choose their days."""
        return find_cycle(self.table, count=int(self.size["orders"]))

    def require_purchases(self, what: str, *, billing: str = "refuse") -> None:
        """Raise DataError where the orders are bills on a fixed cycle, unless `billing` is "forecast": `what` forecasts purchases."""
        if billing != "forecast" and self.cycle is not None:
            raise DataError(
                what,
                [
                    f"date     {self.cycle} A forecast of purchases does not hold for them. retention and growth_accounting do; "
                    "billing=forecast (-p billing=forecast) makes this one all the same"
                ],
            )

    @property
    def ledger(self) -> ir.Table:
        """All money with its day: the orders, net, and the refunds that undo none of them, on their own day.

        Columns customer, day, first_day, value, margin. Money metrics read this; counts of orders read `table`.
        """
        columns = ["customer", "day", "first_day", "value", "margin"]
        if self.refunds is None:
            return self.table.select(*columns)
        own = self.refunds.filter(~self.refunds.matched)
        return self.table.select(*columns).union(own.select(*columns))

    @cached_property
    def size(self) -> dict[str, float]:
        """Orders and customers in the window, and all its money: revenue and margin, less every refund."""
        t, money = self.table, self.ledger
        row = engine.run(t.aggregate(orders=t.count(), customers=t.customer.nunique())).iloc[0]
        sums = engine.run(money.aggregate(revenue=money.value.sum(), margin=money.margin.sum())).fillna(0).iloc[0]
        return {name: int(row[name]) for name in ("orders", "customers")} | {
            name: float(sums[name]) for name in ("revenue", "margin")
        }

    @cached_property
    def margin_share(self) -> float:
        """Margin over revenue in the whole window."""
        row = engine.run(self.table.aggregate(margin=self.table.margin.sum(), revenue=self.table.value.sum())).iloc[0]
        return float(row.margin / row.revenue) if row.revenue else 0.0

    @property
    def dropped(self) -> int:
        """Input rows that are in no order of this log; `audit` says which and why."""
        return int(self.audit.loc[self.audit["dropped"], "rows"].sum())

    def describe(self) -> dict[str, str]:
        """What this log is, as label and text: the same words for a repr, a notebook and a page."""
        size = self.size
        money = {
            "Revenue": f"{size['revenue']:,.2f} {self.currency}",
            "Margin": f"{size['margin']:,.2f} {self.currency} ({self.margin})",
        }
        return {
            "Source": self.source,
            "Window": f"{self.since} to {self.until} ({self.time_zone})",
            "Orders": f"{size['orders']:,} of {size['customers']:,} customers",
            **(money if self.amounts else {"Revenue": "not known: the log has no amounts"}),
            "Rows left out": f"{self.dropped:,}" + (" (see audit)" if self.dropped else ""),
            **self._remarks(),
        }

    def _remarks(self) -> dict[str, str]:
        """What only some logs have to say: refunds, old customers, choices that are not the default, signs of damage."""
        remarks = {}
        if self.refunds is not None:
            rows, money = self.audit["rows"], self.audit["money"]
            given = [(money.get(rule, 0.0), int(rows.get(rule, 0)), rule) for rule in (MATCHED, UNMATCHED)]
            remarks["Refunds"] = "; ".join(
                f"{m:,.2f} {self.currency} in {n:,} rows, {rule}"
                if n
                else f"{m:,.2f} {self.currency} on the rows of their orders"
                for m, n, rule in given
                if n or m
            )
        if self.truncation is not None:
            remarks["Old customers"] = str(self.truncation)
        if changed := self.policy.changed():
            remarks["Policy"] = ", ".join(f"{name}: {choice}" for name, choice in changed.items())
        if self.cycle is not None:
            remarks["Billing cycle"] = str(self.cycle)
        if self.signs:
            remarks["Look at this"] = " ".join(self.signs)
        return {label: text for label, text in remarks.items() if text}

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

    Refunds made after `at` are not known before it: the first log shows those orders whole, the second books the refunds
    to their own day. The second log holds the orders of the first log's customers only; those acquired later are
    left out. Raises DataError when `at` leaves either side without a day.
    """
    at = dt.date.fromisoformat(str(at))
    if not orders.since <= at < orders.until:
        raise DataError("split", [f"at  {at} must be on or after {orders.since} and before {orders.until}"])
    t, r = orders.table, orders.refunds
    early, late = t.filter(t.day <= at), t.filter((t.day > at) & (t.first_day <= at))
    known = later = None
    if r is not None:
        known, unknown = r.filter(r.refunded_on <= at), r.filter((r.refunded_on > at) & (r.first_day <= at))
        early = _whole_again(early, unknown.filter(unknown.matched & (unknown.day <= at)))
        undoes_early = unknown.matched & (unknown.day <= at)
        later = unknown.mutate(
            matched=unknown.matched & ~undoes_early, day=undoes_early.ifelse(unknown.refunded_on, unknown.day)
        )
    before = replace(orders, table=early, refunds=known, until=at)
    after = replace(orders, table=late, refunds=later, since=at + dt.timedelta(days=1))
    return before, after


def _whole_again(table: ir.Table, refunds: ir.Table) -> ir.Table:
    """Orders without these refunds, which are booked to them but not yet made."""
    back = refunds.group_by("customer", "day").aggregate(value=refunds.value.sum(), margin=refunds.margin.sum())
    both = table.left_join(back, ["customer", "day"], rname="{name}_back")
    whole = {name: (both[name] - both[f"{name}_back"].fill_null(0)).cast(engine.MONEY) for name in ("value", "margin")}
    return both.mutate(**whole).select(*table.columns)
