"""Text → money. One decimal mark must fit the whole column; a column that both fit differently is refused."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from ltv import engine

# Currency signs, spaces and apostrophes between digits say nothing; brackets and a minus at the end mean below zero.
_NOISE = r"[\s $€£¥₹'’]"
_SHAPES = {
    ".": r"^[-+]?(\d+|\d{1,3}(,\d{3})+)?(\.\d*)?([eE][-+]?\d{1,3})?$",
    ",": r"^[-+]?(\d+|\d{1,3}(\.\d{3})+)?(,\d*)?$",
}


def parse(column: ir.Value, decimal: str = ".") -> ir.DecimalValue:
    """An amount of any type as DECIMAL(18,4), null where it is none.

    Text may carry a currency sign, thousands marks, and brackets or a closing minus for amounts below zero.
    """
    if not column.type().is_string():
        return engine.money(column)
    text = column.re_replace(_NOISE, "").re_replace(r"^\((.*)\)$", r"-\1").re_replace(r"^([^-+].*)-$", r"-\1")
    shaped = (text.re_search(_SHAPES[decimal]) & text.re_search(r"\d")).ifelse(text, ibis.null("string"))
    plain = shaped.replace(",", "") if decimal == "." else shaped.replace(".", "").replace(",", ".")
    return engine.money(plain)


def choose_decimal(table: ir.Table, columns: list[str]) -> tuple[str, list[str]]:
    """The decimal mark of these text columns (a point unless a comma reads more), and the faults of that choice.

    Amounts that both marks read in full, to different values ("1,234"), are a fault: which is meant cannot be known.
    """
    texts = [table[name] for name in columns if table[name].type().is_string()]
    if not texts:
        return ".", []
    counted: dict[str, ir.IntegerValue] = {}
    for i, text in enumerate(texts):
        point, comma = parse(text, "."), parse(text, ",")
        counted |= {
            f"point{i}": point.count(),
            f"comma{i}": comma.count(),
            f"marked{i}": text.contains(",").sum(),
            f"differ{i}": (point != comma).sum(),
        }
    row = engine.run(table.aggregate(**counted)).fillna(0).iloc[0]
    point, comma, marked, differ = (
        sum(row[f"{name}{i}"] for i in range(len(texts))) for name in ("point", "comma", "marked", "differ")
    )
    if comma > point:
        return ",", []
    if marked and differ and comma == point:
        return ".", [
            f'amount   column "{", ".join(columns)}" reads with a decimal point and with a decimal comma, to different '
            'values; pass decimal="." or decimal=","'
        ]
    return ".", []
