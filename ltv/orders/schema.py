"""The columns an order log needs, checked all at once: every fault with its rows and a cure."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, fields

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs import amounts, currencies, dates
from ltv.inputs.source import Source
from ltv.orders import ids

ORDER = {"customer", "day", "value", "margin", "first_day", "lines"}
RESERVED = ORDER | {
    "frequency",
    "recency_days",
    "age_days",
    "first_value",
    "first_margin",
    "repeat_value",
    "repeat_margin",
    "repeat_logs",
}
NOBODY = ("anonymous", "guest", "n/a", "na", "nan", "none", "null", "test", "undefined", "unknown", "0", "-1", "#n/a")
LARGEST = 1_000_000_000_000
"""No amount is a million million: beyond it a column holds something else, and sums would overflow."""
HIDDEN = {"file": engine.FILE, "again": engine.AGAIN}
ASK_UNITS = (
    'amount   column "{}" looks like the smallest unit of its currency (cents): pass minor_units=True, or minor_units=False where it '
    "is in whole ones"
)
NO_ROWS = "rows     there are none below the header"
TEXTS = ("date_text", "amount_text", "cost_text", "acquired_text", "refunded_text")


@dataclass(frozen=True)
class Columns:
    """Which column of the input plays which part.

    An order's value is amount (× quantity, where `amount` is a unit price) − discount − tax; a log without amounts has
    none. `status` says whether a row is an order, `refunded` what was given back of it, on its own row, above zero.
    `date_format` is a form of dates and `decimal` a mark, each needed only where two fit. With `minor_units` money is in
    the smallest unit of its currency (cents).
    """

    customer: str
    date: str
    amount: str | None = None
    quantity: str | None = None
    discount: str | None = None
    tax: str | None = None
    cost: str | None = None
    order: str | None = None
    product: str | None = None
    currency_column: str | None = None
    acquired: str | None = None
    status: str | None = None
    refunded: str | None = None
    by: tuple[str, ...] = ()
    date_format: str | None = None
    decimal: str | None = None
    minor_units: bool | None = None

    @property
    def parts(self) -> dict[str, str]:
        """Part → column, of the parts that are named."""
        others = ("by", "date_format", "decimal", "minor_units")
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name not in others}
        return {part: name for part, name in named.items() if name} | {name: name for name in self.by}

    @property
    def amounts(self) -> list[str]:
        parts = (self.amount, self.quantity, self.discount, self.tax, self.cost, self.refunded)
        return [name for name in parts if name]

    @property
    def money(self) -> list[str]:
        """The columns of amounts that are money."""
        return [name for name in self.amounts if name != self.quantity]


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
        elif name in source.lacking:
            faults.append(f'{part:<8} no column "{name}" in {source.lacking[name]}: add it there, or read them apart')
    taken = RESERVED.intersection(columns.by)
    faults += [f'by       "{name}" is a name of the log itself; rename the column' for name in sorted(taken)]
    if faults:
        raise DataError(f"orders ({source.name})", faults)


def typed_rows(
    source: Source, columns: Columns, zone: str, *, currency: str = "USD", tidy_ids: bool = False
) -> tuple[ir.Table, list[str]]:
    """The rows with one column per part, in its type, and what is known to be wrong before a cell is read.

    customer is an integer or text, the other names are text; day, acquired are dates; value and cost DECIMAL(18,4);
    second is the clock time of the row. Nothing is computed yet. `currency` decides what a smallest unit is.
    """
    raw = source.table
    form, faults = dates.choose_form(raw, columns.date, zone, columns.date_format)
    decimal = columns.decimal
    if decimal is None:
        decimal, more = amounts.choose_decimal(raw, columns.amounts)
        faults = faults + more
    if columns.amount and columns.minor_units is None and amounts.minor_units(raw, columns.amount):
        faults = [*faults, ASK_UNITS.format(columns.amount)]
    read = _Money(raw, decimal, currencies.places(currency) if columns.minor_units else 0)
    zero = ibis.literal(0).cast(engine.MONEY)
    named = {"order": columns.order, "product": columns.product, "currency": columns.currency_column}
    named |= {"status": columns.status}
    acquired, born = columns.acquired, form
    if acquired:
        born, more = dates.choose_form(raw, acquired, zone, columns.date_format)
        faults = faults + more
    typed = raw.select(
        customer=_identity(raw[columns.customer], tidy_ids=tidy_ids),
        day=dates.parse_days(raw[columns.date], zone, form),
        second=dates.parse_seconds(raw[columns.date], zone, form),
        value=_value(read, columns) if columns.amount else zero,
        cost=read.of(columns.cost) if columns.cost else zero,
        date_text=raw[columns.date].cast("string"),
        amount_text=raw[columns.amount].cast("string") if columns.amount else ibis.literal("0"),
        cost_text=raw[columns.cost].cast("string") if columns.cost else ibis.literal("0"),
        acquired_text=raw[acquired].cast("string") if acquired else ibis.literal(""),
        **_damage(raw[columns.customer]),
        **{part: raw[name].cast("string").nullif("") for part, name in named.items() if name},
        **({"acquired": dates.parse_days(raw[acquired], zone, born)} if acquired else {}),
        **_given_back(read, columns.refunded),
        **{short: raw[name] for short, name in HIDDEN.items() if name in raw.columns},
        **{f"by_{i}": raw[name].cast("string") for i, name in enumerate(columns.by)},
    )
    return typed, faults


@dataclass(frozen=True)
class _Money:
    """The amounts of a table: their decimal mark, and the places by which the smallest unit is below the whole one."""

    raw: ir.Table
    decimal: str
    places: int

    def of(self, column: str) -> ir.DecimalValue:
        """A column in whole units of its currency."""
        amount = self.number(column)
        if not self.places:
            return amount
        return engine.money_product(amount, ibis.literal(f"{10.0**-self.places:.4f}").cast("decimal(6, 4)"))

    def number(self, column: str) -> ir.DecimalValue:
        return amounts.parse(self.raw[column], self.decimal)


def _given_back(read: _Money, column: str | None) -> dict[str, ir.Value]:
    """Money given back on the order's own row, above zero however the export signs it; nothing is 0."""
    if not column:
        return {}
    text = read.raw[column].cast("string")
    back = read.of(column).abs().cast(engine.MONEY)
    return {"refunded": is_blank(text).ifelse(ibis.literal(0).cast(engine.MONEY), back), "refunded_text": text}


def is_blank(text: ir.StringValue) -> ir.BooleanValue:
    """Whether a cell says nothing."""
    return (text.strip() == "").fill_null(True)


def _value(read: _Money, columns: Columns) -> ir.DecimalValue:
    value = read.of(str(columns.amount))
    if columns.quantity:
        value = engine.money_product(value, read.number(columns.quantity))
    for less in (columns.discount, columns.tax):
        if less:
            value = (value - read.of(less).fill_null(0)).try_cast(engine.MONEY)
    return value


def _identity(column: ir.Value, *, tidy_ids: bool) -> ir.Value:
    """A customer id: integers as they are, all else as text, whole numbers without a point, blank as missing."""
    if column.type().is_integer():
        return column
    text = column.cast("string")
    if column.type().is_floating():
        whole = (column.abs() < float(2**53)).ifelse(column, 0.0).cast("int64")
        text = (column == whole).ifelse(whole.cast("string"), text)
        return column.isnan().ifelse(ibis.null("string"), text)
    if tidy_ids:
        text = ids.tidy(text)
    return (text.strip() == "").ifelse(ibis.null("string"), text)


def _damage(column: ir.Value) -> dict[str, ir.BooleanValue]:
    """What an id shows of its way here: `rounded` (1.03293E+19, or a float beyond 2⁵³), `untidy` (case, spaces), `nobody`."""
    no = ibis.literal(False)
    if column.type().is_integer():
        return {"rounded": no, "untidy": no, "nobody": column.isin([0, -1]).fill_null(False)}
    if column.type().is_floating():
        return {"rounded": (column.abs() >= float(2**53)).fill_null(False), "untidy": no, "nobody": no}
    text = column.cast("string")
    plain = text.strip().lower()
    return {
        "rounded": text.re_search(r"^\s*\d(\.\d+)?[eE]\+?\d+\s*$").fill_null(False),
        "untidy": ids.is_untidy(text),
        "nobody": plain.isin(NOBODY).fill_null(False),
    }


def cell_faults(typed: ir.Table, columns: Columns, profile: pd.DataFrame, *, refuse_negative: bool) -> list[str]:
    """Every cell that is not what its column promises, counted in `profile` and shown by its first row."""
    total = int(profile["rows"].sum())
    if total == 0:
        return [NO_ROWS]
    amount = " × ".join(filter(None, [columns.amount, columns.quantity]))
    checks = {
        "date": (typed.day.isnull(), typed.date_text, f'in "{columns.date}" are not dates. Mend or pass date_format='),
        "amount": (typed.value.isnull(), typed.amount_text, f'in "{amount}" are not numbers. Mend or leave them out'),
        "cost": (typed.cost.isnull(), typed.cost_text, f'in "{columns.cost}" are not numbers. No cost is 0, not empty'),
        "large": (
            typed.value.abs() > LARGEST,
            typed.amount_text,
            f'in "{amount}" are above {LARGEST:,}: not amounts. Another column?',
        ),
        "negative": (
            typed.value < 0,
            typed.amount_text,
            f'in "{amount}" are negative. Refunds? pass policy=Policy(refunds="net")',
        ),
    }
    if "refunded" in typed.columns:
        checks["refunded"] = (
            typed.refunded.isnull(),
            typed.refunded_text,
            f'in "{columns.refunded}" are not numbers. Mend or leave them out',
        )
    if "acquired" in typed.columns:
        bad = typed.acquired.isnull() & (typed.acquired_text.fill_null("") != "")
        checks["acquired"] = (bad, typed.acquired_text, f'in "{columns.acquired}" are not dates')
    faults = []
    for name, (wrong, text, words) in checks.items():
        if name == "negative" and not refuse_negative:
            continue
        if bad := int(profile[f"bad_{name}"].sum()):
            faults.append(f"{name:<8} {bad:,} of {total:,} rows {words} (first: {_first(typed, wrong, text)})")
    return faults


def _first(typed: ir.Table, wrong: ir.BooleanValue, text: ir.StringValue) -> str:
    numbered = typed.select("customer", row=ibis.row_number() + 1, wrong=wrong, text=text)
    row = engine.run(numbered.filter(numbered.wrong).order_by("row").select("row", "customer", "text").limit(1)).iloc[0]
    who = "none" if pd.isna(row["customer"]) else row["customer"]
    what = "empty" if pd.isna(row["text"]) else repr(row["text"])
    return f"row {row['row']}, customer {who}, {what}"
