"""What an order says once for all its lines: its customer, day and status, its total, and what was given back of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.orders.policy import Policy
from ltv.orders.schema import Columns, is_blank
from ltv.orders.statuses import Statuses

SURE, LEAST = 0.99, 5
"""So many of the orders with several lines must say one amount only, and so many such orders must there be."""
TOTAL = re.compile(r"(order|invoice|grand|cart|basket|checkout|receipt)[\W_]*(total|amount|value|revenue)", re.I)
EACH = re.compile(r"line|item|unit|price|each|per\b|sku|product", re.I)
"""Headings that say an order's total, and headings that say it is none."""


@dataclass(frozen=True)
class Whole:
    """Rows that know what their order says, whether they differ from those that were typed, and what to tell of it.

    Rows have, besides, `row` (their number in the input) and `further` (the amount stands on another line of the order).
    """

    rows: ir.Table
    changed: bool
    remarks: tuple[str, ...] = ()


def complete(connection: Any, typed: ir.Table, columns: Columns, policy: Policy) -> Whole:
    """Typed rows with what they leave empty taken from their order, where all its other lines agree, and totals counted once.

    An amount is an order's total where at least 99 % of the orders with several lines say one amount only (on each line,
    or on one of them and nothing on the others), at least five do, and totals differ between orders; or where its heading
    says so. An order that says several amounts is the sum of them.
    """
    if "order" not in typed.columns:
        return Whole(typed, changed=False)
    by_order = _by_order(typed)
    seen = _seen(by_order)
    empty = [name for name in ("customer", "day", "status") if seen.get(f"fill_{name}")]
    totals = _are_totals(seen, columns, policy)
    if not empty and not totals:
        return Whole(typed, changed=False)
    rows = typed.mutate(row=ibis.row_number() + 1)
    if empty:
        rows = _filled(rows, engine.keep(connection, _stated(by_order, empty)), empty)
    remarks = []
    if empty:
        filled = max(int(seen[f"rows_{name}"]) for name in empty)
        remarks = [
            f"Lines that leave their {' or '.join(empty)} empty take it from the other lines of their order: {filled:,} in all."
        ]
    if totals:
        rows = _once(rows)
        remarks.append(_told(str(columns.amount), seen))
    return Whole(rows, changed=True, remarks=tuple(remarks))


def _by_order(typed: ir.Table) -> ir.Table:
    """By order number: lines, what they leave empty, and the least and greatest of what they say."""
    lines = typed.filter(typed.order.notnull())
    blank = {"customer": lines.customer.isnull(), "day": lines.day.isnull() & is_blank(lines.date_text)}
    if "status" in lines.columns:
        blank["status"] = lines.status.isnull()
    bought = (lines.value >= 0).fill_null(False)
    counted: dict[str, ir.Value] = {
        "lines": lines.count(),
        "priced": bought.sum(),
        "unpriced": (lines.value.isnull() & is_blank(lines.amount_text)).sum(),
        "least": lines.value.min(where=bought),
        "most": lines.value.max(where=bought),
    }
    if "product" in lines.columns:
        counted |= {"product_low": lines["product"].min(), "product_high": lines["product"].max()}
    for name, empty in blank.items():
        counted |= {f"{name}_empty": empty.sum(), f"{name}_low": lines[name].min(), f"{name}_high": lines[name].max()}
    return lines.group_by("order").aggregate(**counted, second_low=lines.second.min())


def _seen(by_order: ir.Table) -> pd.Series:
    """What the orders with several lines show, in one row."""
    t = by_order
    whole = (t.customer_low == t.customer_high).fill_null(False) & (t.priced > 0) & (t.priced + t.unpriced > 1)
    one = whole & (t.least == t.most) & (t.most > 0)
    once, repeated = one & (t.unpriced > 0) & (t.priced == 1), one & (t.priced > 1)
    evidence = whole & (t.most > 0)
    if "product_low" in t.columns:  # equal lines of one product are more of it; of several, hardly ever
        several = (t.product_low != t.product_high).fill_null(False) | once
        evidence, repeated = evidence & several, repeated & several
    said = evidence & (once | repeated)
    counted: dict[str, ir.Value] = {
        "several": evidence.sum(),
        "once": once.sum(),
        "repeated": repeated.sum(),
        "said": said.sum(),
        "low": t.most.min(where=said).cast("float64"),
        "high": t.most.max(where=said).cast("float64"),
    }
    for name in ("customer", "day", "status"):
        if f"{name}_empty" in t.columns:
            fits = ((t[f"{name}_empty"] > 0) & (t[f"{name}_low"] == t[f"{name}_high"])).fill_null(False)
            counted |= {f"fill_{name}": fits.sum(), f"rows_{name}": t[f"{name}_empty"].sum(where=fits)}
    return engine.run(t.aggregate(**counted)).fillna(0).iloc[0]


def _are_totals(seen: pd.Series, columns: Columns, policy: Policy) -> bool:
    if policy.totals == "order":
        return True
    heading = columns.amount or ""
    if policy.totals == "line" or not columns.amount or columns.quantity or not seen["said"]:
        return False
    if seen["said"] < SURE * seen["several"]:
        return False
    if is_total(heading):
        return True
    return bool(seen["said"] >= LEAST and seen["low"] < seen["high"] and not EACH.search(heading))


def is_total(heading: str) -> bool:
    """Whether a heading says that an amount is an order's total.

    >>> is_total("Order Total"), is_total("Order line total"), is_total("Total")
    (True, False, False)
    """
    return bool(TOTAL.search(heading) and not EACH.search(TOTAL.sub("", heading)))


def _told(amount: str, seen: pd.Series) -> str:
    parts = [
        f"repeated on the lines of {int(seen['repeated']):,} orders" if seen["repeated"] else "",
        f"said on one line only of {int(seen['once']):,} orders" if seen["once"] else "",
    ]
    said = " and ".join(filter(None, parts)) or "the total of each order"
    return f'"{amount}" is {said}: it counts once an order. If it is the amount of a line, Policy(totals="line").'


def _stated(by_order: ir.Table, empty: list[str]) -> ir.Table:
    """What orders say on some lines and leave empty on others, where those that say it agree."""
    agreed = {
        f"{name}_said": (by_order[f"{name}_low"] == by_order[f"{name}_high"]).ifelse(
            by_order[f"{name}_low"], ibis.null(by_order[f"{name}_low"].type())
        )
        for name in empty
    }
    wanted = [by_order[f"{name}_empty"] > 0 for name in empty]
    some = wanted[0]
    for more in wanted[1:]:
        some |= more
    return by_order.filter(some).select("order", "second_low", **agreed)


def _filled(rows: ir.Table, stated: ir.Table, empty: list[str]) -> ir.Table:
    both = rows.left_join(stated, "order").drop("order_right")
    new: dict[str, ir.Value] = {}
    if "day" in empty:
        take = both.day.isnull() & is_blank(both.date_text) & both.day_said.notnull()
        new |= {"day": take.ifelse(both.day_said, both.day), "second": take.ifelse(both.second_low, both.second)}
    new |= {name: ibis.coalesce(both[name], both[f"{name}_said"]) for name in empty if name != "day"}
    return both.mutate(**new).drop("second_low", *(f"{name}_said" for name in empty))


def _once(rows: ir.Table) -> ir.Table:
    """Rows with an order's total on one line and nothing on its others; orders that say several amounts stay as they are."""
    given_back = (rows.refunded > 0).fill_null(False) if "refunded" in rows.columns else ibis.literal(False)
    side = rows.mutate(
        below=(rows.value < 0).fill_null(False),
        unpriced=rows.value.isnull() & is_blank(rows.amount_text),
        back=given_back,
    )
    alike = ["customer", "order", "below", "unpriced"]
    known = side.mutate(
        alone=_alone(side.value, alike),
        place=_place(alike),
        priced=side.value.max().over(ibis.window(group_by=["customer", "order"])),
        **(
            {"back_alone": _alone(side.refunded, [*alike[:2], "back"]), "back_place": _place([*alike[:2], "back"])}
            if "refunded" in rows.columns
            else {}
        ),
    )
    numbered, nothing = known.order.notnull(), ibis.literal(0).cast(engine.MONEY)
    further = numbered & ((known.alone & (known.place > 0)) | (known.unpriced & known.priced.notnull()))
    new = {"further": further, "value": further.ifelse(nothing, known.value)}
    new["cost"] = (further & is_blank(known.cost_text)).ifelse(nothing, known.cost)
    if "refunded" in rows.columns:
        again = numbered & known.back & known.back_alone & (known.back_place > 0)
        new["refunded"] = again.ifelse(nothing, known.refunded)
    once = known.mutate(**new)
    return once.select(*rows.columns, "further")


def _alone(value: ir.Value, key: list[str]) -> ir.BooleanValue:
    """Whether all lines of this key say one value."""
    group = ibis.window(group_by=key)
    return (value.min().over(group) == value.max().over(group)).fill_null(False)


def _place(key: list[str]) -> ir.IntegerValue:
    return ibis.row_number().over(ibis.window(group_by=key, order_by="row"))


def refund_faults(typed: ir.Table, columns: Columns, statuses: Statuses, *, refuse: bool) -> list[str]:
    """Rows that give more back than their order brought, or any at all where the policy refuses refunds."""
    rows = typed if "row" in typed.columns else typed.mutate(row=ibis.row_number() + 1)
    if none := statuses.none():
        rows = rows.filter(~rows.status.isin(none).fill_null(False))
    if "order" in rows.columns:
        numbered = rows.order.fill_null(ibis.literal("row ") + rows.row.cast("string"))
        groups = rows.mutate(order=numbered).group_by("customer", "order")
    else:
        groups = rows.group_by("customer", "row")
    sums = groups.aggregate(
        back=lambda t: t.refunded.sum(),
        paid=lambda t: t.value.sum(where=t.value > 0).fill_null(0),
        number=lambda t: t.row.min(where=t.refunded > 0),
    )
    wrong = sums.filter(sums.back > (0 if refuse else sums.paid))
    first = engine.run(wrong.order_by("number").limit(1))
    if first.empty:
        return []
    orders, row = int(wrong.count().to_pyarrow().as_py()), first.iloc[0]
    shown = f"first: row {int(row['number'])}, {row['back']:,.2f} of {row['paid']:,.2f}"
    if refuse:
        return [
            f'refunded {orders:,} orders gave money back by "{columns.refunded}" ({shown}). '
            'Refunds? pass policy=Policy(refunds="net")'
        ]
    return [
        f'refunded {orders:,} orders gave more back by "{columns.refunded}" than "{columns.amount}" says they brought '
        f"({shown}): amount= must be what was paid in all, tax and shipping included"
    ]
