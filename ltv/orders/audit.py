"""The account of every input row: what became of it, how much money it carried, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine

KEPT, MATCHED, UNMATCHED = "kept", "refund of an order", "refund on its own day"
ALWAYS = (KEPT, "no customer", "after the window")
IN = (KEPT, MATCHED, UNMATCHED)
WHY = {
    KEPT: "in the window, with a customer",
    MATCHED: "booked to the day of the order it undoes",
    UNMATCHED: "no order found that it undoes: less margin on its own day, no order less",
    "no customer": "the customer is empty: the order cannot be followed",
    "stray date": "dated after today, or years away from all other rows",
    "after the window": "later than until={until}",
    "left out by name": "test and staff customers, as listed in the policy",
    "not a product": "postage, fees and the like, as listed in the policy",
    "duplicate line": "equal to an earlier line in every column",
    "not paid": "no money came in: {not paid} rows by their status",
    "cancelled": "called off: {cancelled} rows by their status",
    "draft or trial": "not sold: {draft or trial} rows by their status",
    "another status": "not among the statuses that the policy counts: {another status} rows",
    "zero amount": "a free line, which the policy does not count",
    "refund": "a negative amount, which the policy leaves out",
    "wholesale": "revenue above the {wholesale} quantile of customers",
    "shared address": "a customer with a tenth of all rows or more is no one person",
    "undone the same day": "an order refunded whole on its day is no order",
    "refund without an order": "the customer has no order in the window on or before it",
    "old customer": "{old}",
}
SHOWN = 3


@dataclass(frozen=True)
class Total:
    """Rows, customers and money, exact."""

    rows: int
    customers: int
    money: Decimal

    @classmethod
    def of(cls, rows: ir.Table, count: int) -> Total:
        """What `count` typed rows hold, refunds on an order's own row taken off."""
        value = rows.value.sum()
        if "refunded" in rows.columns:
            value -= rows.refunded.sum()
        row = engine.run(rows.aggregate(customers=rows.customer.nunique(), money=_exact(value))).iloc[0]
        return cls(count, int(row["customers"]), Decimal(row["money"] or 0))

    def faults(self, found: Total) -> list[str]:
        """Where what was `found` of these differs."""
        pairs = {
            "rows": (self.rows, found.rows),
            "customers": (self.customers, found.customers),
            "money": (self.money, found.money),
        }
        return [
            f"{name:<8} the account does not add up: {read:,} read, {told:,} accounted for. "
            "No number of this log can be trusted: report it as an error of ltv, with the columns and the policy"
            for name, (read, told) in pairs.items()
            if read != told
        ]


def _exact(money: ir.DecimalValue) -> ir.StringValue:
    """A sum as text: no digit is lost on its way to a Decimal."""
    return money.cast("decimal(38, 4)").cast("string")


def account(
    left_out: ir.Table, orders: ir.Table, refunds: ir.Table | None, facts: Mapping[str, object]
) -> tuple[pd.DataFrame, Total]:
    """Rows, customers, money, dropped, why and the first offenders, by rule; and what they are in all.

    `left_out` has the columns rule, customer, day, value, lines; `orders` and `refunds` are those of the log.
    """
    parts = [_kept(orders), *([_refunds(refunds)] if refunds is not None else []), _by_rule(left_out)]
    found = pd.concat(parts).groupby(level=0).sum()
    if refunds is not None:  # orders carry their refunds; the account shows both sides
        found.loc[KEPT, "money"] -= found["money"].get(MATCHED, Decimal(0))
    total = Total(int(found["rows"].sum()), _customers(left_out, orders), sum(found["money"], Decimal(0)))
    rules = [rule for rule in WHY if rule in found.index or rule in ALWAYS]
    audit = found.reindex(rules, fill_value=0)
    audit["money"] = audit["money"].astype(float).round(4) + 0.0
    audit["dropped"] = ~audit.index.isin(IN)
    audit["why"] = [WHY[rule].format(**facts) for rule in rules]
    offenders = _offenders(left_out) if audit.loc[audit["dropped"], "rows"].any() else {}
    audit["first"] = [offenders.get(rule, "") for rule in rules]
    return audit.rename_axis("rule").astype({"rows": int, "customers": int}), total


def _customers(left_out: ir.Table, orders: ir.Table) -> int:
    """Customers of orders, and those who are only among what was left out."""
    born = orders.filter(orders.day == orders.first_day).select("customer")
    others = left_out.filter(left_out.customer.notnull()).select("customer").distinct().anti_join(born, "customer")
    return sum(int(engine.run(part.count().as_table()).iloc[0, 0]) for part in (born, others))


def _decimal(counted: pd.DataFrame) -> pd.DataFrame:
    """Counts with their money, text so far, as decimals."""
    return counted.assign(money=[Decimal(0) if pd.isna(cell) else Decimal(cell) for cell in counted["money"]])


def _kept(orders: ir.Table) -> pd.DataFrame:
    row = orders.aggregate(
        rows=orders.lines.sum(), customers=(orders.day == orders.first_day).sum(), money=_exact(orders.value.sum())
    )
    return _decimal(engine.run(row)).fillna(0).set_index(pd.Index([KEPT]))


def _refunds(refunds: ir.Table) -> pd.DataFrame:
    return _by_rule(refunds.mutate(rule=refunds.matched.ifelse(MATCHED, UNMATCHED)))


def _by_rule(entries: ir.Table) -> pd.DataFrame:
    counted = entries.group_by("rule").aggregate(
        rows=entries.lines.sum(), customers=entries.customer.nunique(), money=_exact(entries.value.sum())
    )
    return _decimal(engine.run(counted)).set_index("rule").fillna(0)


def _offenders(left_out: ir.Table) -> dict[str, str]:
    """The first few rows that each rule took, as text."""
    order = [left_out.day, left_out.customer, left_out.value]
    place = ibis.row_number().over(ibis.window(group_by="rule", order_by=order))
    first = left_out.select("rule", "customer", "day", "value", place=place)
    first = engine.run(first.filter(first.place < SHOWN).order_by("rule", "place"))
    words: dict[str, list[str]] = {}
    for row in first.itertuples():
        who, day = ("nobody" if pd.isna(row.customer) else row.customer), str(row.day)[:10]
        words.setdefault(str(row.rule), []).append(f"{who} {day} {row.value:,.2f}")
    return {rule: "; ".join(rows) for rule, rows in words.items()}
