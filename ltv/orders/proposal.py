"""What a file's columns are likely to be, and the command that reads it so."""

from __future__ import annotations

import json
import re
import shlex
import textwrap
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs import amounts, dates
from ltv.inputs.opening import open_source
from ltv.orders.cost_proposal import CostCheck, check_costs
from ltv.orders.log import Orders
from ltv.orders.marketing import looks_like_costs
from ltv.orders.reading import read_orders
from ltv.orders.schema import NO_ROWS
from ltv.units import GUESSED_MARGIN

SEEN = 1000
COST_FORMS = ("on", "date_format", "decimal")
OPTIONS = ("on", "customer", "date", "amount", "until", "time_zone", "currency", "margin")
"""Arguments with an option of their own; the other columns and forms go together."""
REQUIRED = ("customer", "date", "amount")
# Words of a column's name in the languages of exports, the surest first; a part takes the column with the surest word that
# also looks like it.
WORDS = {
    "customer": "customerid customer userid user clientid client buyerid buyer uid memberid member accountid email who id "
    "kundennummer kundenid kunde kundennr numclient idclient clienteid cliente klantnummer klant",
    "date": "orderdate orderedat invoicedate purchasedate transactiondate createdat date timestamp datetime buyts ts day when time "
    "bestelldatum kaufdatum rechnungsdatum datum fechapedido fecha datecommande datapedido data",
    "amount": "netrevenue netamount revenue netsales sales amount total ordervalue value paid spend subtotal gross unitprice price "
    "umsatz betrag bestellwert summe montant importe valor importo bedrag",
    "quantity": "quantity qty units count",
    "order": "orderid ordernumber orderno invoiceno invoiceid invoice transactionid receipt order",
    "product": "productid sku stockcode itemid product item",
    "currency_column": "currency currencycode",
    "cost": "cogs costofgoods cost",
    "discount": "discount discountamount",
    "tax": "tax vat taxamount",
}


@dataclass(frozen=True)
class Check:
    """A proposed mapping of columns (part → column), the faults it meets, and the orders it gives where there are none.

    `given`: what the caller said besides, such as on, encoding, date_format.
    """

    source: str
    columns: dict[str, str]
    faults: tuple[str, ...]
    orders: Orders | None
    given: dict[str, str] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """What only the reader can know: the margin, where neither it nor a cost was given."""
        if "margin" in self.given or "cost" in self.columns:
            return ""
        return (
            f"What is left of revenue after goods, shipping and payment? {GUESSED_MARGIN:.0%} is assumed. "
            "If you know it, add for example --margin 0.45"
        )

    def command(self) -> str:
        """The shell command of the reports on these columns; COLUMN stands for a required one that was not found."""
        said = dict.fromkeys(REQUIRED, "COLUMN") | self.columns | self.given
        own = [f"--{name.replace('_', '-')} {shlex.quote(said[name])}" for name in OPTIONS if name in said]
        more = {name: value for name, value in said.items() if name not in OPTIONS}
        plain = ",".join(f"{name}={value}" for name, value in more.items())
        if any(set(value) & set(",={") or value != value.strip() for value in more.values()):
            plain = json.dumps(more, ensure_ascii=False)
        own += [f"--columns {shlex.quote(plain)}"] if more else []
        return " ".join(["ltv report all --orders", shlex.quote(self.source), *own])

    def __repr__(self) -> str:
        lines = ["Columns", *(f"  {part:<16} {name}" for part, name in self.columns.items())] if self.columns else []
        if self.faults:
            lines += [f"{len(self.faults)} to mend first", *(f"  {fault}" for fault in self.faults)]
        if self.orders is not None:
            lines += [repr(self.orders), "Rows", *_rows(self.orders.audit)]
        return "\n".join(lines)


def _rows(audit: pd.DataFrame) -> list[str]:
    """What became of the rows, a line each rule that found any, its reason below."""
    lines = []
    for rule, row in audit[audit["rows"] > 0].iterrows():
        counted = f"{row['rows']:>13,} rows {row['customers']:>11,} customers {row['money']:>18,.2f}"
        lines += [
            f"  {rule:<24}{counted}",
            *textwrap.wrap(row["why"], 96, initial_indent="    ", subsequent_indent="    "),
        ]
    return lines


def check_orders(source: Any, **given: Any) -> Check | CostCheck:
    """Propose a mapping for a source, `given` over it, try it, and say what is wrong.

    A table of marketing costs is checked as such. Takes the arguments of `read_orders`. Raises DataError only where the source cannot be opened at all, or has no rows.
    """
    opening = {name: given[name] for name in ("on", "encoding") if name in given}
    opened = open_source(source, **opening)
    table = opened.table
    if engine.run(table.limit(1)).empty:
        raise DataError(f"orders ({opened.name})", [NO_ROWS])
    headings = [name for name in table.columns if name != engine.FILE]
    if "customer" not in given and (spent := looks_like_costs(headings)):
        named = {part: given[part] for part in spent if given.get(part)}
        return check_costs(source, spent | named, **{name: given[name] for name in COST_FORMS if name in given})
    columns = propose(table) | {part: name for part, name in given.items() if part in WORDS and name}
    others = {name: str(value) for name, value in given.items() if name not in columns}
    try:
        orders = read_orders(source, **{**columns, **given})
    except DataError as error:
        return Check(str(source), columns, error.faults, None, others)
    return Check(str(source), columns, (), orders, others)


def propose(table: ir.Table) -> dict[str, str]:
    """The likely column of each part, by its name and its first rows; parts without one are left out.

    >>> import ibis
    >>> propose(ibis.memtable({"User ID": ["a"], "Order Date": ["2024-01-31"], "Total (EUR)": ["9.50"]}))
    {'customer': 'User ID', 'date': 'Order Date', 'amount': 'Total (EUR)'}
    """
    head = table.limit(SEEN)
    looks = {name: _kinds(head, name) for name in table.columns if name != engine.FILE}
    found: dict[str, str] = {}
    for part in ("date", *(part for part in WORDS if part != "date")):
        free = {name: kinds for name, kinds in looks.items() if name not in found.values()}
        wanted = {"date": "date", "customer": "id", "order": "id", "product": "id", "currency_column": "id"}.get(
            part, "number"
        )
        scored = [(_rank(part, name), name) for name, kinds in free.items() if wanted in kinds]
        if best := min((pair for pair in scored if pair[0] is not None), default=None):
            found[part] = best[1]
        elif part == "date" and len(scored) == 1:
            found[part] = scored[0][1]  # whatever its name: nothing else is a date
    if "quantity" in found and not _rank_of_price(found.get("amount", "")):
        del found["quantity"]  # the amount is a total already
    if "discount" in found and not re.search("gross|subtotal|price|list", found.get("amount", "").lower()):
        del found["discount"]  # taken off already
    return {part: found[part] for part in WORDS if part in found}


def _rank(part: str, name: str) -> int | None:
    """How sure a column's name is of this part: 0 for the surest word, None without one."""
    words = WORDS[part].split()
    plain, pieces = re.sub(r"[^a-z0-9]", "", name.lower()), re.split(r"[^a-z0-9]+", _spaced(name))
    if plain in words:
        return words.index(plain)
    joined = {"".join(pieces[i:j]) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)}
    return min((len(words) + i for i, word in enumerate(words) if word in joined), default=None)


def _spaced(name: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _rank_of_price(name: str) -> bool:
    return "price" in name.lower()


def _kinds(head: ir.Table, name: str) -> set[str]:
    """What the first cells of a column can be: "date", "number", "id"."""
    column = head[name]
    kind = column.type()
    if kind.is_temporal():
        return {"date"}
    timed = _rank("date", name) is not None
    if not kind.is_string():
        dated = {"date"} if timed and dates.dated_share(head, name, numbers=True) >= 0.5 else set()
        return dated | {"number"} | ({"id"} if not kind.is_decimal() else set())
    row = engine.run(
        head.aggregate(
            n=column.nullif("").count(),
            point=amounts.parse(column, ".").count(),
            comma=amounts.parse(column, ",").count(),
        )
    ).iloc[0]
    most = 0.5 * max(row["n"], 1)
    kinds = {"date"} if dates.dated_share(head, name, numbers=timed) >= 0.5 else set()
    if max(row["point"], row["comma"]) >= most:
        kinds |= {"number"}
    return kinds | ({"id"} if "date" not in kinds or "number" in kinds else set())
