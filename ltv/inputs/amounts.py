"""Text → money. One decimal mark must fit the whole column; a column that both fit differently is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from ltv import engine
from ltv.inputs.currencies import MARK

_BLANKS = " \u00a0\u2007\u2009\u202f"
_SPACE = rf"[\s{_BLANKS}]*"
_OTHERS = "０１２３４５６７８９．，－＋（）￥＄" + "−‒–—﹣"
_PLAINLY = "0123456789.,-+()¥$" + "-----"
_PLAIN = {".": r"^-?\d+(\.\d+)?$", ",": r"^-?\d+(,\d+)?$"}
_MINOR = r"(^|[^a-z])(cents?|centimes?|pence|kopecks?|øre|öre|ore|grosz[ey]?|minor|minorunits?)([^a-z]|$)"


def _number(decimal: str, thousands: str) -> str:
    """The expression of a number: thousands marks of one kind, between groups of three digits (1,23,456 too)."""
    mark, group = re.escape(decimal), re.escape(thousands)
    grouped = [rf"[1-9]\d{{0,2}}(?:{sign}\d{{3}})+" for sign in (group, f"[{_BLANKS}]", "['’]")]
    indian = rf"[1-9]\d?(?:{group}\d{{2}})+{group}\d{{3}}"
    power = r"(?:e[-+]?\d{1,3})?" if decimal == "." else ""
    return rf"(?:(?:{'|'.join([*grouped, indian])}|\d+)(?:{mark}-{{1,2}}|{mark}\d*)?|{mark}\d+){power}"


def _shape(decimal: str) -> str:
    number = _number(decimal, "," if decimal == "." else ".")
    mark = rf"(?:(?:{MARK})\.?{_SPACE})"
    return (
        rf"(?i)^{_SPACE}(\()?{_SPACE}([-+])?{_SPACE}{mark}{{0,2}}([-+])?{_SPACE}({number}){_SPACE}{mark}?([-+])?{_SPACE}(\))?"
        rf"{_SPACE}{mark}?$"
    )


_SHAPES = {decimal: _shape(decimal) for decimal in ".,"}


def parse(column: ir.Value, decimal: str = ".") -> ir.DecimalValue:
    """An amount of any type as DECIMAL(18,4), null where it is none.

    Text may carry the sign or the code of a currency, thousands marks (a comma or point, a blank or an apostrophe between groups
    of three digits), and brackets or a minus before or behind for amounts below zero. A percentage is no amount.
    """
    if not column.type().is_string():
        return engine.money(column)
    text = column.translate(_OTHERS, _PLAINLY)
    fits = text.re_search(_SHAPES[decimal]).ifelse(text, ibis.null("string"))
    said = engine.rewritten(fits, _SHAPES[decimal], r"\1\2\3\5\6")
    number = engine.rewritten(fits, _SHAPES[decimal], r"\4").re_replace(r"[.,]-+$", "")
    number = number.re_replace(rf"[{',' if decimal == '.' else '.'}{_BLANKS}'’]", "")
    below = said.isin(["-", "()"]).ifelse(ibis.literal("-"), said.isin(["", "+"]).ifelse("", ibis.null("string")))
    whole = column.re_search(_PLAIN[decimal]).ifelse(column, below + number)
    return engine.money(whole if decimal == "." else whole.replace(",", "."))


def choose_decimal(table: ir.Table, columns: Sequence[str]) -> tuple[str, list[str]]:
    """The decimal mark of these text columns (a point unless a comma reads more), and the faults of that choice.

    Amounts that both marks read in full, to different values ("1,234", "1.234"), are a fault: which is meant cannot be
    known. One cell that only one of them reads ("12.5") settles it for all.
    """
    texts = [table[name] for name in columns if table[name].type().is_string()]
    if not texts:
        return ".", []
    counted: dict[str, ir.IntegerValue] = {}
    for i, text in enumerate(texts):
        point, comma = parse(text, "."), parse(text, ",")
        counted |= {f"point{i}": point.count(), f"comma{i}": comma.count(), f"differ{i}": (point != comma).sum()}
    row = engine.run(table.aggregate(**counted)).fillna(0).iloc[0]
    point, comma, differ = (sum(row[f"{name}{i}"] for i in range(len(texts))) for name in ("point", "comma", "differ"))
    if comma > point:
        return ",", []
    if differ and comma == point:
        return ".", [
            f'amount   column "{", ".join(columns)}" reads with a decimal point and with a decimal comma, to different '
            'values; pass decimal="." or decimal=","'
        ]
    return ".", []


def currency_of(column: ir.StringValue) -> ir.StringValue:
    """The sign or code of a currency beside an amount, as written; null where there is none."""
    text = column.translate(_OTHERS, _PLAINLY)
    behind = text.re_extract(rf"(?i)\d[\d.,{_BLANKS}'’()+-]*({MARK})\.?[\s{_BLANKS}()+-]*$", 1).nullif("")
    return ibis.coalesce(behind, text.re_extract(rf"(?i)^[\s{_BLANKS}(+-]*({MARK})\.?[^\p{{L}}]", 1).nullif(""))


def count_currencies(table: ir.Table, columns: Sequence[str]) -> dict[str, int]:
    """Sign or code of a currency → rows that have it beside one of these amounts."""
    counts: dict[str, int] = {}
    for name in columns:
        if table[name].type().is_string():
            marked = table.filter(~table[name].re_search(r"^[\d.,+-]*$")).select(text=table[name])
            found = marked.select(mark=currency_of(marked.text))
            for row in engine.run(found.group_by("mark").aggregate(n=found.count()).order_by("mark")).itertuples():
                if isinstance(row.mark, str):
                    counts[row.mark] = counts.get(row.mark, 0) + int(row.n)
    return counts


def minor_units(table: ir.Table, column: str) -> bool:
    """Whether amounts are in the smallest unit of their currency: whole numbers under a heading that says so (amount_cents),
    or the charges of Stripe's programming interface.
    """
    plain = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", column).lower()
    names = {name.lower() for name in table.columns}
    stripe = plain.startswith("amount") and "currency" in names and "balance_transaction" in names
    stripe &= bool(names & {"amount_refunded", "amount_captured"}) and "created" in names
    if not stripe and not re.search(_MINOR, plain):
        return False
    return whole_numbers(table, column)


def whole_numbers(table: ir.Table, column: str | None) -> bool:
    """Whether a column holds amounts, and none of them has a fraction."""
    if column is None or column not in table.columns:
        return False
    amount = parse(table[column])
    row = engine.run(table.aggregate(n=amount.count(), broken=(amount != amount.round(0)).sum())).fillna(0).iloc[0]
    return bool(row["n"] and not row["broken"])
