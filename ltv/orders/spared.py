"""Rows that are no orders by their status or product need no amount that can be read."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from ltv import engine


def spared(rows: ir.Table, statuses: Sequence[str], products: Sequence[str]) -> ir.Table:
    """Typed rows whose money is 0 where it cannot be read and the row is left out: by one of these `statuses` (as written)
    or `products`.
    """
    out = ibis.literal(False)
    if statuses:
        out |= rows.status.isin(list(statuses)).fill_null(False)
    if products:
        codes = [code.strip().lower() for code in products]
        out |= rows["product"].strip().lower().isin(codes).fill_null(False)
    nothing = ibis.literal(0).cast(engine.MONEY)
    money = [name for name in ("value", "cost", "refunded") if name in rows.columns]
    return rows.mutate(**{name: (out & rows[name].isnull()).ifelse(nothing, rows[name]) for name in money})
