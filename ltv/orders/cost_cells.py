"""The cells of one costs table: which columns they are in, what day, money and channel each row holds, and in what currency."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs import amounts, dates
from ltv.orders import marketing, spans
from ltv.orders.schema import NO_ROWS

WHOLE = "all channels"
SCALE = 10_000
DEFAULT = {"date": "date", "amount": "amount"}
SIGNS: dict[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "£": ("GBP",),
    "₹": ("INR",),
    "₩": ("KRW",),
    "₽": ("RUB",),
    "₺": ("TRY",),
    "zł": ("PLN",),
}
SIGNS |= {
    "R$": ("BRL",),
    "¥": ("JPY", "CNY"),
    "$": ("USD", "CAD", "AUD", "NZD", "SGD", "HKD", "MXN", "TWD", "CLP", "COP", "ARS"),
}
_LETTERS = rf"(?i)(^|[^a-z])({'|'.join(marketing.CURRENCIES.split())}|zł|kr\.?|Kč|Ft|Rs\.?)([^a-z]|$)"
_DOLLAR = r"(?i)\b(us|ca|au|a|nz|hk|s|r|mx)\$"
_TOTAL = re.compile(r"(grand |sub)?(totals?|summe|gesamt|insgesamt|totale|total general|всего)\b", re.IGNORECASE)
_TIMED = "ltv_date", "ltv_amount"


@dataclass(frozen=True)
class Roles:
    """The columns of one costs table: `date` one or two of them, `until` the last day of a row where it is told."""

    date: tuple[str, ...]
    amount: str
    channel: str | None
    until: str | None
    remarks: tuple[str, ...]

    @classmethod
    def of(cls, there: list[str], what: str, date: str, amount: str, channel: str | None) -> Roles:
        """The named columns, or the recognised ones where a default name is not there. Raises DataError."""
        asked = {part: name for part, name in (("date", date), ("amount", amount), ("channel", channel)) if name}
        found: dict[str, tuple[str, ...]] = {part: _named(there, name) for part, name in asked.items()}
        faults = []
        for part, name in asked.items():
            used = [column for columns in found.values() for column in columns]
            if not found[part] and (part == "channel" or name == DEFAULT[part]):
                found[part] = _recognised(there, part, used)
            if not found[part]:
                faults.append(_missing(part, name, there))
        if faults:
            raise DataError(what, faults)
        joined = {part: "+".join(names) for part, names in found.items()}
        moved = [f"{part} is “{name}”" for part, name in joined.items() if name.casefold() != asked[part].casefold()]
        remarks = (f"Columns by their headings: {', '.join(moved)}.",) if moved else ()
        until = marketing.last_day(found["date"], there)
        return cls(found["date"], found["amount"][0], found.get("channel", (None,))[0], until, remarks)


def _named(there: Sequence[str], name: str) -> tuple[str, ...]:
    if name in there:
        return (name,)
    pair = tuple(part.strip() for part in name.split("+"))
    return pair if len(pair) == 2 and all(part in there for part in pair) else ()


def _recognised(there: Sequence[str], part: str, used: Sequence[str]) -> tuple[str, ...]:
    if part == "date" and (pair := marketing.year_and_month(there)):
        return pair
    found = marketing.recognise(there, part, but=used)
    return (found,) if found else ()


def _missing(part: str, name: str, there: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, there, n=1)
    hint = f'; did you mean "{near[0]}"?' if near else ""
    text = f'columns  no column "{name}"{hint}; there are {", ".join(there)}'
    cure = {
        "channel": "; where these are the costs of all channels together, leave the channel empty",
        "amount": "; where each channel has a column of its own, make one row of date, channel and amount of each cell",
    }
    return text + cure.get(part, "")


@dataclass(frozen=True)
class Cells:
    """The rows of one table (day, span, until, units, channel, and the texts they were), its faults, and what to say of it.

    `span` is a period that the date's own text names. A day, an amount or a channel that cannot be read is None or "".
    """

    rows: pd.DataFrame
    faults: tuple[str, ...]
    remarks: tuple[str, ...]
    currencies: tuple[str, ...]


def read_cells(table: ir.Table, roles: Roles, date_format: str | None, decimal: str | None) -> Cells:
    """Every row of a costs table, its lines of totals and blank lines apart. Raises DataError where there is none."""
    table = table.mutate(ltv_date=_date(table, roles.date), ltv_amount=_amount(table[roles.amount]))
    form, named, faults = _date_form(table, date_format)
    if decimal is None:
        decimal, more = amounts.choose_decimal(table, ["ltv_amount"])
        faults += more
    day = ibis.null("date") if named else dates.parse_days(table.ltv_date, "UTC", form)
    columns = {
        "date": table.ltv_date.cast("string"),
        "day": day.cast("string"),
        "money": amounts.parse(table.ltv_amount, decimal).cast("string"),
        "amount": table[roles.amount].cast("string"),
        "channel": ibis.literal(WHOLE) if roles.channel is None else table[roles.channel].cast("string"),
        "last": ibis.null("string") if roles.until is None else _until(table[roles.until], form),
    }
    rows = engine.run(table.select(**columns))
    if rows.empty:
        raise DataError("costs", [NO_ROWS])
    rows = rows.fillna("").apply(lambda column: column.astype(str).str.strip())
    typed = rows.assign(
        day=[
            named[text][1] if text in named else _iso(day) for text, day in zip(rows["date"], rows["day"], strict=True)
        ],
        span=[named[text][0] if text in named else "" for text in rows["date"]],
        last=[_iso(text) for text in rows["last"]],
        units=[_units(text) for text in rows["money"]],
    )
    kept, remarks = _without_totals(typed, split=roles.channel is not None)
    if kept.empty:
        raise DataError("costs", [NO_ROWS])
    codes, more = _currencies(table, roles.amount, rows["amount"])
    shown = {"ltv_date": "+".join(roles.date), "ltv_amount": roles.amount}
    told = [_shown(fault, shown) for fault in [*faults, *more]]
    return Cells(kept, tuple(told), (*roles.remarks, *remarks), codes)


def _shown(fault: str, names: dict[str, str]) -> str:
    for inner, name in names.items():
        fault = fault.replace(inner, name)
    return fault


def _date(table: ir.Table, names: Sequence[str]) -> ir.Value:
    """The date of a row: as it is where it has a type, else as text; year and month as one text."""
    one = table[names[0]]
    if len(names) == 1:
        return one if one.type().is_temporal() else one.cast("string")
    year, part = (table[name].cast("string").strip().re_replace(r"\.0+$", "") for name in names)
    quarter = marketing.plain(names[1]).startswith("quart")
    part = part.re_search(r"^\d$").ifelse(ibis.literal("Q") + part, part) if quarter else part
    return year + " " + part


def _amount(column: ir.Value) -> ir.Value:
    """Money as it is, or as text without the letters of its currency."""
    if not column.type().is_string():
        return column
    return column.re_replace(_DOLLAR, r"$").re_replace(_LETTERS, r"\1\3")


def _date_form(table: ir.Table, given: str | None) -> tuple[dates.Reading, dict[str, tuple[str, dt.date]], list[str]]:
    """How the dates are read, or the periods that their texts name, and what is wrong with the choice."""
    if not table.ltv_date.type().is_string():
        return dates.Reading(), {}, []
    if given is not None:
        return dates.choose_form(table, "ltv_date", "UTC", given)[0], {}, []
    texts = [str(text).strip() for text in engine.run(table.select("ltv_date").distinct())["ltv_date"].dropna()]
    named = {text: found for text in texts if (found := spans.period(text)) is not None}
    if named and all(text in named for text in texts if text and not _TOTAL.match(text)):
        return dates.Reading(), named, []
    form, faults = dates.choose_form(table, "ltv_date", "UTC")
    return form, {}, list(faults)


def _until(column: ir.Value, form: dates.Reading) -> ir.StringValue:
    return dates.parse_days(column, "UTC", form).cast("string")


def _iso(text: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def _units(text: str) -> int | None:
    return int(Decimal(text) * SCALE) if text else None


def _without_totals(rows: pd.DataFrame, *, split: bool) -> tuple[pd.DataFrame, list[str]]:
    """The rows that are costs, and how many lines were blank or totals of the others."""
    channels = rows["channel"] if split else pd.Series("", index=rows.index)
    blank = (rows["date"] == "") & (rows["amount"] == "") & (channels == "")
    named = rows["date"].str.match(_TOTAL) | (channels.str.match(_TOTAL) & (rows["date"] == ""))
    total = rows["day"].isna() & named
    said = []
    if count := int(total.sum()):
        lines = "line holds a total" if count == 1 else f"{count:,} lines hold totals"
        said.append(
            f"{'One ' if count == 1 else ''}{lines} of the others and {'is' if count == 1 else 'are'} left out."
        )
    if count := int(blank.sum()):
        said.append(f"{count:,} blank {'line is' if count == 1 else 'lines are'} left out.")
    return rows[~(blank | total)].reset_index(drop=True), said


def _currencies(table: ir.Table, amount: str, texts: Iterable[Any]) -> tuple[tuple[str, ...], list[str]]:
    """The currencies that a heading, a currency column and every sign beside an amount allow; none of them is a fault."""
    found: dict[tuple[str, ...], str] = {}
    if code := marketing.code_in(amount):
        found[(code,)] = f'"{amount}"'
    column = next((name for name in table.columns if marketing.plain(name) in ("currency", "currencycode")), None)
    if column is not None:
        codes = engine.run(table.select(code=table[column].cast("string")).distinct())["code"].dropna()
        found |= {(code,): code for code in sorted({str(text).strip().upper() for text in codes} - {""})}
    for text in sorted(set(texts)):
        if code := marketing.code_in(text):
            found.setdefault((code,), code)
        elif sign := next((sign for sign in SIGNS if sign in text), None):
            found.setdefault(SIGNS[sign], sign)
    allowed = [code for code in next(iter(found), ()) if all(code in codes for codes in found)]
    if found and not allowed:
        listed = ", ".join(found.values())
        return (), [f"currency several currencies in one table ({listed}): convert them, or read them apart"]
    return tuple(allowed), []
