"""The columns an order log needs, checked all at once: every fault with its rows and a cure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.orders import dates
from ltv.orders.sources import Source


@dataclass(frozen=True)
class Columns:
    """Which column of the input plays which part; `date_format` is a strptime form, needed only where two fit."""

    customer: str
    date: str
    amount: str
    cost: str | None = None
    by: tuple[str, ...] = ()
    date_format: str | None = None

    @property
    def parts(self) -> dict[str, str]:
        named = {"customer": self.customer, "date": self.date, "amount": self.amount}
        return named | ({"cost": self.cost} if self.cost else {}) | {name: name for name in self.by}


def check_names(source: Source, columns: Columns) -> None:
    """Raise DataError unless every named column is there."""
    there = list(source.table.columns)
    faults = []
    for part, name in columns.parts.items():
        if name not in there:
            near = difflib.get_close_matches(name, there, n=1) or [
                other for other in there if other.strip().lower() == name.strip().lower()
            ]
            hint = f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(there[:12])}"
            faults.append(f'{part:<8} no column "{name}"{hint}')
    if faults:
        raise DataError(f"orders ({source.name})", faults)


def typed_rows(source: Source, columns: Columns, zone: str) -> ir.Table:
    """The rows with one column per part, in its type: customer (text), day, value, cost, and the text they came from.

    Raises DataError listing every cell that is not what its column promises.
    """
    raw = source.table
    form, faults = columns.date_format, list[str]()
    if raw[columns.date].type().is_string() and form is None:
        form, faults = dates.choose_form(raw, columns.date, zone)
    typed = raw.select(
        customer=_identity(raw[columns.customer]),
        day=dates.parse_days(raw[columns.date], zone, form),
        value=engine.money(raw[columns.amount]),
        cost=engine.money(raw[columns.cost]) if columns.cost else ibis.literal(0).cast(engine.MONEY),
        date_text=raw[columns.date].cast("string"),
        amount_text=raw[columns.amount].cast("string"),
        cost_text=raw[columns.cost].cast("string") if columns.cost else ibis.literal("0"),
        **{name: raw[name].cast("string") for name in columns.by},
    )
    faults += _cell_faults(typed, columns, form)
    if faults:
        raise DataError(f"orders ({source.name})", faults)
    return typed


def _identity(column: ir.Value) -> ir.StringValue:
    """A customer id as text: whole numbers without a point, blank text as missing."""
    if column.type().is_floating():
        column = column.isnan().ifelse(ibis.null("int64"), column.cast("int64"))
    return column.cast("string").nullif("")


def _cell_faults(typed: ir.Table, columns: Columns, form: str | None) -> list[str]:
    checks = {
        "date": (
            typed.day.isnull(),
            typed.date_text,
            f'in "{columns.date}" are not dates'
            + (f" ({form} fits most rows)" if form else "")
            + ". Mend them, or pass date_format=",
        ),
        "amount": (
            typed.value.isnull(),
            typed.amount_text,
            f'in "{columns.amount}" are not numbers. Use a point for decimals and no currency signs',
        ),
        "negative": (
            typed.value < 0,
            typed.amount_text,
            f'in "{columns.amount}" are negative. Refunds? net them against their orders, or filter them',
        ),
        "cost": (typed.cost.isnull(), typed.cost_text, f'in "{columns.cost}" are not numbers'),
    }
    counts = engine.run(
        typed.aggregate(rows=typed.count(), **{name: wrong.sum() for name, (wrong, _, _) in checks.items()})
    ).fillna(0)
    total = int(counts["rows"].iloc[0])
    if total == 0:
        return ["rows     there are none below the header"]
    faults = []
    for name, (wrong, text, words) in checks.items():
        if bad := int(counts[name].iloc[0]):
            faults.append(f"{name:<8} {bad:,} of {total:,} rows {words} (first: {_first(typed, wrong, text)})")
    return faults


def _first(typed: ir.Table, wrong: ir.BooleanValue, text: ir.StringValue) -> str:
    numbered = typed.mutate(row=ibis.row_number() + 1, wrong=wrong, text=text)
    row = engine.run(numbered.filter(numbered.wrong).order_by("row").select("row", "customer", "text").limit(1)).iloc[0]
    who = "none" if pd.isna(row["customer"]) else row["customer"]
    what = "empty" if pd.isna(row["text"]) else repr(row["text"])
    return f"row {row['row']}, customer {who}, {what}"
