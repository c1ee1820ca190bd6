"""Typed rows → orders: what is merged, what is netted, what is left out, and the account of all three."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.orders.audit import Total, account
from ltv.orders.ids import shared, tidy_word
from ltv.orders.newcomers import Truncation, find_truncation
from ltv.orders.policy import Policy
from ltv.orders.refunds import place_refunds
from ltv.orders.statuses import Statuses
from ltv.units import GUESSED_MARGIN

LATE = ("undone the same day", "refund without an order")
"""Rules that are known only once refunds are placed."""
ENTRY = ("customer", "day", "value", "lines")


@dataclass(frozen=True)
class Margin:
    """What is left of revenue: a share of it, or revenue less a cost column."""

    share: float | None
    assumed: bool = False

    @classmethod
    def of(cls, share: float | None, *, cost: str | None) -> Margin:
        """Revenue less the cost column where one is named, else the share that was said, else an assumed one."""
        if cost:
            return cls(None)
        return cls(GUESSED_MARGIN, assumed=True) if share is None else cls(share)

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
        if self.share is None:
            return "revenue less cost"
        return f"{100 * self.share:.4g}% of revenue" + (", assumed until a margin is given" if self.assumed else "")


@dataclass(frozen=True)
class Cleaned:
    """Orders, refunds (None where there are none), the account of every row, and what was found of old customers."""

    orders: ir.Table
    refunds: ir.Table | None
    audit: pd.DataFrame
    total: Total
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
    statuses: Statuses

    def clean(self, rows: ir.Table) -> Cleaned:
        """Orders of all rows; customers who must go for what their whole history shows are taken out of them."""
        rows = self._with_given_back(rows)
        marked = rows.mutate(rule=self._rule(rows))
        orders, refunds, left_out = self._orders(marked)
        outcasts, truncation = self._outcasts(orders)
        if outcasts is not None:
            orders, refunds, left_out = self._without(outcasts, orders, refunds, left_out, marked)
        facts = {
            "until": self.until,
            "wholesale": self.policy.wholesale,
            "old": truncation or "acquired before the log",
            **{rule: self.statuses.named(found) for rule, found in self.statuses.left_out().items()},
        }
        audit, total = account(left_out, orders, refunds, facts)
        engine.forget(left_out)
        return Cleaned(orders, refunds, audit, total, truncation)

    def _with_given_back(self, rows: ir.Table) -> ir.Table:
        """Rows with what was given back on an order's own row as lines of their own (`own`), which no row of the input is."""
        if "refunded" not in rows.columns:
            return rows
        nothing = ibis.literal(0).cast(engine.MONEY)
        back = rows.filter(rows.refunded > 0)
        refunds = back.mutate(value=(-back.refunded).cast(engine.MONEY), cost=nothing, own=ibis.literal(True))
        return rows.mutate(own=ibis.literal(False)).drop("refunded").union(refunds.drop("refunded"))

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
            names = [tidy_word(name) for name in policy.leave_out] if policy.ids == "tidy" else policy.leave_out
            cases.append((rows.customer.cast("string").isin(names), "left out by name"))
        if policy.not_products:
            codes = [code.strip().lower() for code in policy.not_products]
            cases.append((rows["product"].strip().lower().isin(codes).fill_null(False), "not a product"))
        if policy.duplicates == "drop":
            cases.append((rows.again, "duplicate line"))
        for rule, found in self.statuses.left_out().items():
            cases.append((rows.status.isin(found).fill_null(False), rule))
        if policy.zero == "drop":
            further = rows.further if "further" in rows.columns else ibis.literal(False)
            cases.append(((rows.value == 0) & ~further, "zero amount"))
        if policy.refunds == "drop":
            cases.append((rows.value < 0, "refund"))
        return ibis.cases(*cases, else_=ibis.null("string")) if cases else ibis.null("string")

    def _orders(self, marked: ir.Table) -> tuple[ir.Table, ir.Table | None, ir.Table]:
        """(orders, refunds, left out) of rows with their `rule`."""
        left_out = engine.keep(self.connection, _entries(marked.filter(marked.rule.notnull())))
        lines = marked.filter(marked.rule.isnull()).drop("rule")
        own = "own" in lines.columns
        if not ((self.days["bad_negative"].any() or own) and self.policy.refunds == "net"):
            return self._dated(self._daily(lines)), None, left_out
        placed = place_refunds(self.connection, lines)
        daily = engine.keep(self.connection, self._daily(lines.filter(lines.value >= 0)))
        back = engine.keep(self.connection, self._back(placed))
        engine.forget(placed)
        netted = engine.keep(self.connection, _net(daily, back))
        engine.forget(daily)
        orders = self._dated(netted.filter(~netted.undone).drop("undone", "back_lines"))
        undone = netted.filter(netted.undone)
        nothing = undone.select(*ENTRY[:3], lines=undone.lines + undone.back_lines)
        born = orders.filter(orders.day == orders.first_day).select("customer", "first_day")
        # An order that is none takes the refunds booked to it along, and no other of its day.
        gone = undone.select("customer", "day", matched=ibis.literal(True))
        known = _named(back.anti_join(gone, ["customer", "day", "matched"])).left_join(born, "customer")
        known = engine.keep(self.connection, known.drop("customer_right", "own"))
        engine.forget(back)
        has_order = (known.day >= known.first_day).fill_null(False)
        orphans = known.filter(~has_order).select(*ENTRY)
        more = [_named(nothing).mutate(rule=ibis.literal("undone the same day"))]
        more += [orphans.mutate(rule=ibis.literal("refund without an order"))]
        columns = left_out.columns
        every = ibis.union(left_out, *(part.select(*columns).cast(left_out.schema()) for part in more))
        every = engine.keep(self.connection, every)
        refunds = engine.keep(self.connection, known.filter(has_order))
        for done in (left_out, known, netted):
            engine.forget(done)
        return orders, refunds, every

    def _daily(self, lines: ir.Table) -> ir.Table:
        """Lines of one customer and day as one order, amounts summed as decimals."""
        daily = lines.group_by("customer", "day").aggregate(
            value=lines.value.sum().cast(engine.MONEY),
            lines=_rows(lines),
            **self.margin.sums(lines),
            **{name: lines[name].min() for name in self._kept_names(lines)},
        )
        return self.margin.taken(daily)

    def _kept_names(self, lines: ir.Table) -> tuple[str, ...]:
        return (*self.by, *(["acquired"] if "acquired" in lines.columns else []))

    def _back(self, placed: ir.Table) -> ir.Table:
        """Refunds by customer, the day they are booked to, and the day they were made."""
        dated = placed.mutate(
            refunded_on=placed.day,
            day=ibis.coalesce(placed.booked, placed.day),
            matched=placed.booked.notnull(),
            own=placed.own if "own" in placed.columns else ibis.literal(False),
        )
        back = dated.group_by("customer", "day", "refunded_on", "matched").aggregate(
            value=dated.value.sum().cast(engine.MONEY),
            lines=_rows(dated),
            own=dated.own.any(),
            **self.margin.sums(dated),
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
        if self.policy.shared == "leave out":
            found.append(shared(orders).select("customer", outcast=ibis.literal("shared address")))
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

    def _without(
        self,
        outcasts: ir.Table,
        orders: ir.Table,
        refunds: ir.Table | None,
        left_out: ir.Table,
        marked: ir.Table,
    ) -> tuple[ir.Table, ir.Table | None, ir.Table]:
        """(orders, refunds, left out) less these customers; all their rows that no rule took before are left out."""
        ids = outcasts.mutate(customer=outcasts.customer.cast(marked.customer.type()))
        theirs = marked.filter(marked.rule.isnull()).drop("rule").inner_join(ids, "customer")
        late = left_out.rule.isin(LATE)
        parts = [left_out.filter(~late), left_out.filter(late).anti_join(outcasts, "customer")]
        whole = ibis.union(*parts, _entries(theirs.rename(rule="outcast")).cast(left_out.schema()))
        kept = [engine.keep(self.connection, part) for part in (orders.anti_join(outcasts, "customer"), whole)]
        back = None
        if refunds is not None:
            back = engine.keep(self.connection, refunds.anti_join(outcasts, "customer"))
            engine.forget(refunds)
        for done in (orders, left_out, outcasts):
            engine.forget(done)
        return kept[0], back, kept[1]


def _entries(rows: ir.Table) -> ir.Table:
    """Rows with a rule, as they stand in the account."""
    lines = (~rows.own).cast("int64") if "own" in rows.columns else ibis.literal(1).cast("int64")
    return _named(rows).select("rule", "customer", "day", "value", lines=lines)


def _rows(lines: ir.Table) -> ir.IntegerValue:
    """How many rows of the input these lines are."""
    return (~lines.own).sum().cast("int64") if "own" in lines.columns else lines.count()


def _named(rows: ir.Table) -> ir.Table:
    """Rows with their customers as text."""
    return rows.mutate(customer=rows.customer.cast("string"))


def _net(daily: ir.Table, back: ir.Table) -> ir.Table:
    """Orders less the refunds booked to them; `undone` where nothing is left of one on its own day.

    What an order's own row says was given back came back on a day that nobody knows: it was an order all the same.
    """
    matched = back.filter(back.matched)
    taken = matched.group_by("customer", "day").aggregate(
        back=matched.value.sum().cast(engine.MONEY),
        back_margin=matched.margin.sum().cast(engine.MONEY),
        back_lines=matched.lines.sum().cast("int64"),
        last=matched.refunded_on.max(),
        own=matched.own.any(),
    )
    both = daily.left_join(taken, ["customer", "day"]).drop("customer_right", "day_right")
    value = (both.value + both.back.fill_null(0)).cast(engine.MONEY)
    return both.mutate(
        value=value,
        margin=(both.margin + both.back_margin.fill_null(0)).cast(engine.MONEY),
        undone=((value == 0) & (both.last == both.day) & ~both.own).fill_null(False),
        back_lines=both.back_lines.fill_null(0),
    ).drop("back", "back_margin", "last", "own")
