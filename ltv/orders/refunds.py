"""Which order a refund undoes.

Three rules, the surest first: the same order number; the same amount (of the same product) of the same customer,
latest first; a part of what the customer's last order (of that product) before it is still worth. A refund that none of
them places stays on its own day.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir

from ltv import engine


def place_refunds(connection: Any, lines: ir.Table) -> ir.Table:
    """The negative lines (customer, day, value, cost, …) with `booked`: the day of the order each undoes, or null.

    `lines` holds customer, day, second, value, cost and, where known, order and product. Only customers with a refund
    are looked at, so the work grows with the refunds. A line that is an order's `own` undoes that order.
    """
    refunds = lines.filter(lines.value < 0)
    touched = lines.semi_join(refunds.select("customer").distinct(), "customer")
    place = engine.keep(
        connection, touched.mutate(line=ibis.row_number().over(ibis.window(order_by=_in_time(touched))))
    )
    open_lines, tables = place, [place]
    product = ["product"] if "product" in lines.columns else []
    rules = [_by_amount(product), _by_part(product)]
    found: list[ir.Table] = []
    for rule in ([_by_order] if "order" in lines.columns else []) + rules:
        if found:
            open_lines = engine.keep(connection, open_lines.anti_join(found[-1], "line"))
            tables.append(open_lines)
        found.append(engine.keep(connection, rule(open_lines)))
    every = ibis.union(*(table.filter(table.booked.notnull()).select("line", "booked") for table in found))
    marked = place.filter(place.value < 0).left_join(every, "line").drop("line", "line_right")
    if "own" in lines.columns:
        marked = marked.mutate(booked=marked.own.ifelse(marked.day, marked.booked))
    placed = engine.keep(connection, marked)
    for done in (*tables, *found):
        engine.forget(done)
    return placed


def _in_time(t: ir.Table) -> list[ir.Value]:
    # A purchase stands before a refund of the same moment; the rest only makes the order of equal moments repeatable.
    names = [name for name in ("order", "product") if name in t.columns]
    return [t.customer, t.day, t.second, (t.value < 0).cast("int8"), t.value, *(t[name] for name in names)]


def _by_order(t: ir.Table) -> ir.Table:
    """Lines of orders whose number also stands on a refund that the order can bear (`booked` is null on purchases)."""
    numbered = t.filter(t.order.notnull())
    bought = numbered.value > 0
    order = numbered.group_by("customer", "order").aggregate(
        ordered=numbered.day.min(where=bought), back=(~bought).sum(), left=numbered.value.sum()
    )
    order = order.filter((order.back > 0) & (order.left >= 0) & order.ordered.notnull())
    joined = numbered.inner_join(order, ["customer", "order"])
    fits = joined.filter(joined.day >= joined.ordered)
    return fits.select("line", booked=(fits.value < 0).ifelse(fits.ordered, ibis.null("date")))


def _by_amount(product: Sequence[str]) -> Any:
    """Purchases and refunds of one amount cancel like brackets: each refund closes the latest purchase still open.

    Seen as a walk, up at a purchase and down at a refund, every level is crossed up and down in turn; a refund that
    comes down a level undoes the purchase that went up it last, and nothing if none did.
    """

    def rule(t: ir.Table) -> ir.Table:
        moves = t.filter(t.value != 0).mutate(size=lambda t: t.value.abs(), up=lambda t: t.value > 0)
        key = ["customer", *product, "size"]
        height = moves.up.ifelse(1, -1).sum().over(ibis.window(group_by=key, order_by="line", preceding=(None, 0)))
        walk = moves.mutate(level=moves.up.ifelse(height, height + 1))
        crossing = ibis.window(group_by=[*key, "level"], order_by="line")
        paired = walk.mutate(
            went_up=walk.up.lag().over(crossing),
            ordered=walk.day.lag().over(crossing),
            next_up=walk.up.lead().over(crossing),
        )
        undoes = ~paired.up & paired.went_up.fill_null(False)
        undone = paired.up & ~paired.next_up.fill_null(True)
        done = paired.mutate(booked=undoes.ifelse(paired.ordered, ibis.null("date"))).filter(undoes | undone)
        return done.select("line", "booked")

    return rule


def _by_part(product: Sequence[str]) -> Any:
    """Refunds of part of the customer's last order before them; all those of one order together must fit into it."""

    def rule(t: ir.Table) -> ir.Table:
        key = ["customer", *product]
        so_far = ibis.window(group_by=key, order_by="line", preceding=(None, 0))
        marked = t.mutate(booked=(t.value > 0).ifelse(t.day, ibis.null("date")).max().over(so_far))
        left = marked.group_by(*key, "booked").aggregate(left=marked.value.sum())
        bearing = left.filter((left.left >= 0) & left.booked.notnull()).drop("left")
        fits = marked.inner_join(bearing, [*key, "booked"])
        return fits.filter(fits.value < 0).select("line", "booked")

    return rule
