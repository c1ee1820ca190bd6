"""Typed rows → orders: what is merged, what is netted, what is left out, and the account of all three."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.orders.audit import account
from ltv.orders.newcomers import Truncation, find_truncation
from ltv.orders.policy import Policy
from ltv.orders.refunds import place_refunds

ENTRY = ("customer", "day", "value", "lines")


@dataclass(frozen=True)
class Margin:
    """What is left of revenue: a share of it, or revenue less a cost column."""

    share: float | None

    def sums(self, lines: ir.Table) -> dict[str, ir.Value]:
        """What must be summed besides `value` to know it."""
        return {"cost": lines.cost.sum().cast(engine.MONEY)} if self.share is None else {}

    def taken(self, summed: ir.Table) -> ir.Table:
        """The sums with their `margin`."""
        if self.share is None:
            return summed.mutate(margin=(summed.value - summed.cost).cast(engine.MONEY)).drop("cost")
        share = ibis.literal(f"{self.share:.6f}").cast("decimal(18, 6)")
        return summed.mutate(margin=engine.money_product(summed.value, share))

    def __str__(self) -> str:
        return "revenue less cost" if self.share is None else f"{100 * self.share:.4g}% of revenue"


@dataclass(frozen=True)
class Cleaned:
    """Orders, refunds (None where there are none), the account of every row, and what was found of old customers."""

    orders: ir.Table
    refunds: ir.Table | None
    audit: pd.DataFrame
    truncation: Truncation | None


@dataclass(frozen=True)
class Cleaner:
    """How rows become orders. `by` are the columns of attributes to keep, `days` the profile of the rows, `stray` the
    days that belong to no order.

    Rows may carry whole numbers as customers, which are grouped faster; all tables that come out have text.
    """

    connection: Any
    until: dt.date
    policy: Policy
    margin: Margin
    by: tuple[str, ...]
    days: pd.DataFrame
    stray: pd.DatetimeIndex

    def clean(self, rows: ir.Table) -> Cleaned:
        """Orders of all rows; where whole customers must go, once more without them."""
        orders, refunds, left_out = self._orders(rows.mutate(rule=self._rule(rows)))
        outcasts, truncation = self._outcasts(orders)
        if outcasts is not None:
            joined = _named(rows).left_join(outcasts, "customer").drop("customer_right")
            marked = joined.mutate(rule=ibis.coalesce(self._rule(joined), joined.outcast)).drop("outcast")
            orders, refunds, left_out = self._orders(marked)
        left_out = engine.keep(self.connection, left_out)
        facts = {
            "until": self.until,
            "wholesale": self.policy.wholesale,
            "old": truncation or "acquired before the log",
        }
        return Cleaned(orders, refunds, account(left_out, orders, refunds, facts), truncation)

    def _rule(self, rows: ir.Table) -> ir.StringValue:
        """The name of the first rule that leaves a row out, null where none does."""
        policy, cases = self.policy, list[tuple[ir.BooleanValue, str]]()
        if self.days["no_customer"].any():
            cases.append((rows.customer.isnull(), "no customer"))
        if len(self.stray):
            cases.append((rows.day.isin(list(self.stray.date)), "stray date"))
        if (self.days.index > pd.Timestamp(self.until)).any():
            cases.append((rows.day > self.until, "after the window"))
        if policy.leave_out:
            cases.append((rows.customer.cast("string").isin(policy.leave_out), "left out by name"))
        if policy.not_products:
            codes = [code.strip().lower() for code in policy.not_products]
            cases.append((rows["product"].strip().lower().isin(codes).fill_null(False), "not a product"))
        if policy.duplicates == "drop":
            cases.append((rows.again, "duplicate line"))
        if policy.zero == "drop":
            cases.append((rows.value == 0, "zero amount"))
        if policy.refunds == "drop":
            cases.append((rows.value < 0, "refund"))
        return ibis.cases(*cases, else_=ibis.null("string")) if cases else ibis.null("string")

    def _orders(self, marked: ir.Table) -> tuple[ir.Table, ir.Table | None, ir.Table]:
        """(orders, refunds, left out) of rows with their `rule`."""
        gone = _named(marked.filter(marked.rule.notnull()))
        left_out = gone.select("rule", "customer", "day", "value", lines=ibis.literal(1).cast("int64"))
        lines = marked.filter(marked.rule.isnull()).drop("rule")
        if not (self.days["bad_negative"].any() and self.policy.refunds == "net"):
            return self._dated(self._daily(lines)), None, left_out
        lines = _named(lines)
        placed = place_refunds(self.connection, lines)
        daily = engine.keep(self.connection, self._daily(lines.filter(lines.value >= 0)))
        back = engine.keep(self.connection, self._back(placed))
        netted = _net(daily, back)
        orders = self._dated(netted.filter(~netted.undone).drop("undone", "back_lines"))
        undone = netted.filter(netted.undone)
        nothing = undone.select(*ENTRY[:3], lines=undone.lines + undone.back_lines)
        born = orders.filter(orders.day == orders.first_day).select("customer", "first_day")
        known = back.left_join(born, "customer").drop("customer_right")
        known = known.anti_join(undone, ["customer", "day"])
        has_order = (known.day >= known.first_day).fill_null(False)
        orphans = known.filter(~has_order).select(*ENTRY)
        more = [nothing.mutate(rule=ibis.literal("undone the same day"))]
        more += [orphans.mutate(rule=ibis.literal("refund without an order"))]
        columns = left_out.columns
        left_out = ibis.union(left_out, *(part.select(*columns).cast(left_out.schema()) for part in more))
        return orders, engine.keep(self.connection, known.filter(has_order)), left_out

    def _daily(self, lines: ir.Table) -> ir.Table:
        """Lines of one customer and day as one order, amounts summed as decimals."""
        daily = lines.group_by("customer", "day").aggregate(
            value=lines.value.sum().cast(engine.MONEY),
            lines=lines.count(),
            **self.margin.sums(lines),
            **{name: lines[name].min() for name in self._kept_names(lines)},
        )
        return self.margin.taken(daily)

    def _kept_names(self, lines: ir.Table) -> tuple[str, ...]:
        return (*self.by, *(["acquired"] if "acquired" in lines.columns else []))

    def _back(self, placed: ir.Table) -> ir.Table:
        """Refunds by customer, the day they are booked to, and the day they were made."""
        dated = placed.mutate(
            refunded_on=placed.day, day=ibis.coalesce(placed.booked, placed.day), matched=placed.booked.notnull()
        )
        back = dated.group_by("customer", "day", "refunded_on", "matched").aggregate(
            value=dated.value.sum().cast(engine.MONEY), lines=dated.count(), **self.margin.sums(dated)
        )
        return self.margin.taken(back)

    def _dated(self, daily: ir.Table) -> ir.Table:
        """Orders with the day their customer was acquired."""
        daily = engine.keep(self.connection, daily)
        born = daily.group_by("customer").aggregate(first_day=daily.day.min())
        dated = engine.keep(self.connection, _named(daily.inner_join(born, "customer")))
        engine.forget(daily)
        return dated

    def _outcasts(self, orders: ir.Table) -> tuple[ir.Table | None, Truncation | None]:
        """Customers who must go for what their whole history shows (customer, outcast: the rule), or None."""
        found, truncation = [], None
        if self.policy.wholesale is not None:
            totals = orders.group_by("customer").aggregate(total=orders.value.sum().cast("float64"))
            above = totals.total > totals.total.quantile(self.policy.wholesale).as_scalar()
            found.append(totals.filter(above).select("customer", outcast=ibis.literal("wholesale")))
        if self.policy.old_customers == "leave out":
            if "acquired" in orders.columns:
                since = orders.day.min().to_pyarrow().as_py()
                old = orders.filter(orders.acquired < since)
            else:
                truncation = find_truncation(orders, self.until)
                old = orders.filter(orders.first_day < truncation.before) if truncation else None
            if old is not None:
                found.append(old.select("customer", outcast=ibis.literal("old customer")).distinct())
        if not found:
            return None, truncation
        both = ibis.union(*found) if len(found) > 1 else found[0]
        one = both.group_by("customer").aggregate(outcast=both.outcast.max())
        return engine.keep(self.connection, one), truncation


def _named(rows: ir.Table) -> ir.Table:
    """Rows with their customers as text."""
    return rows.mutate(customer=rows.customer.cast("string"))


def _net(daily: ir.Table, back: ir.Table) -> ir.Table:
    """Orders less the refunds booked to them; `undone` where nothing is left of one on its own day."""
    matched = back.filter(back.matched)
    taken = matched.group_by("customer", "day").aggregate(
        back=matched.value.sum().cast(engine.MONEY),
        back_margin=matched.margin.sum().cast(engine.MONEY),
        back_lines=matched.lines.sum().cast("int64"),
        last=matched.refunded_on.max(),
    )
    both = daily.left_join(taken, ["customer", "day"]).drop("customer_right", "day_right")
    value = (both.value + both.back.fill_null(0)).cast(engine.MONEY)
    return both.mutate(
        value=value,
        margin=(both.margin + both.back_margin.fill_null(0)).cast(engine.MONEY),
        undone=((value == 0) & (both.last == both.day)).fill_null(False),
        back_lines=both.back_lines.fill_null(0),
    ).drop("back", "back_margin", "last")
