"""Which column plays which part, by its name and by what the first rows hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.inputs import dates
from ltv.inputs.currencies import MARK
from ltv.inputs.headings import BOUGHT, EVENTS, plain
from ltv.orders import heading_words
from ltv.orders.heading_words import WORDS
from ltv.orders.statuses import COMMON, KNOWN, LEFT_OUT
from ltv.orders.statuses import plain as word

SEEN = 20_000
"""Rows at the head of a log that a guess looks at."""
ENOUGH = 20
"""Rows from which on what a column holds says more than how it is called."""
KINDS = {"date": "date", "customer": "id", "order": "id", "product": "id", "currency_column": "id", "status": "id"}
SEGMENTS = {
    "channel": "channel acquisitionchannel saleschannel utmsource source trafficsource medium utmmedium referrer campaign",
    "country": "country countrycode shippingcountry billingcountry shipcountry market region",
}
MOST_VALUES = 50
_DAY = (
    r"\d{1,4}[-/. ]\d{1,2}[-/. ]\d{2,4}|\d{4}-?W\d{2}|(?i:\b[a-z]{3,9}\.?,?\s+\d{1,2}\b|\b\d{1,2}\.?[ -][a-zà-ü]{3,9})"
)
_DIGITS = r"(?:19|20)\d{6}|[3-5]\d{4}|1\d{9}|1\d{12}"
"""A day as 20240131, of a spreadsheet, in seconds or in milliseconds: only where the name says that it is a date."""
_NUMBER = r"[-+(]*(?:[a-z]{3})?[-+]?(?:\d[\d.,]*|[.,]\d+)(?:e[-+]?\d+)?(?:[a-z]{3})?[)-]?"
_NOISE = r"[\s\u00a0\u202f'’$€£¥₹]"


@dataclass(frozen=True)
class Cells:
    """The first rows of one column: what they can be, how many are filled, how many values there are."""

    name: str
    kinds: frozenset[str]
    values: pd.Series

    @property
    def filled(self) -> int:
        return int(self.values.notna().sum())

    @property
    def distinct(self) -> int:
        return int(self.values.nunique())


def look(table: ir.Table) -> dict[str, Cells]:
    """Every column that can play a part and is not empty, by its first rows."""
    head = table.limit(SEEN)
    readable = [name for name, kind in head.schema().items() if name != engine.FILE and _flat(kind)]
    if not readable:
        return {}
    frame = engine.run(head.select(*readable))
    cells = {}
    for name in readable:
        values = frame[name]
        if head[name].type().is_string():
            values = values.astype("string").str.strip().replace("", pd.NA)
        if values.notna().any():
            cells[name] = Cells(name, frozenset(_kinds(head, name, values)), values)
    return cells


def _flat(kind: object) -> bool:
    tests = ("is_string", "is_numeric", "is_temporal", "is_boolean")
    return any(getattr(kind, test)() for test in tests)


def _kinds(head: ir.Table, name: str, values: pd.Series) -> set[str]:
    """What the filled cells of a column can be: "date", "number", "id"."""
    kind = head[name].type()
    if kind.is_temporal():
        return {"date"}
    some = values.dropna().head(1000)
    dated = heading_words.rank("date", name) is not None
    if not kind.is_string():
        shown = some.map(lambda value: f"{value:.0f}" if isinstance(value, float) else str(value))
        found = {"number"} | (set() if kind.is_decimal() or (kind.is_floating() and (some % 1 != 0).any()) else {"id"})
        return found | ({"date"} if dated and shown.str.fullmatch(_DIGITS).mean() > 0.5 else set())
    text = some.astype(str)
    marked = text.str.strip().str.replace(rf"(?i)^[-+(]?(?:{MARK})|(?:{MARK})\.?$", "", regex=True)
    bare = marked.str.lower().str.replace(_NOISE, "", regex=True)
    found = {"number"} if bare.str.fullmatch(_NUMBER).mean() >= 0.5 else set()
    if text.str.contains(_DAY).mean() >= 0.5 and dates.dated_share(head, name, numbers=dated) >= 0.5:
        return found - {"number"} | {"date"}
    if dated and text.str.fullmatch(_DIGITS).mean() > 0.5:
        found.add("date")
    return found | {"id"}


def propose(table: ir.Table) -> dict[str, str]:
    """The likely column of each part; parts without one are left out.

    >>> import ibis
    >>> propose(ibis.memtable({"User ID": ["a"], "Order Date": ["2024-01-31"], "Total (EUR)": ["9.50"]}))
    {'customer': 'User ID', 'date': 'Order Date', 'amount': 'Total (EUR)'}
    """
    return assign(look(table))


def assign(cells: dict[str, Cells]) -> dict[str, str]:
    """`propose` for columns that were looked at."""
    found: dict[str, str] = {}
    for part in ("date", *(part for part in WORDS if part != "date")):
        free = [cell for name, cell in cells.items() if name not in found.values()]
        day = cells[found["date"]].values if "date" in found else None
        wanted = KINDS.get(part, "number")
        scored = [(_score(part, cell, day), cell.name) for cell in free if wanted in cell.kinds]
        best = max(scored, key=lambda pair: pair[0], default=(0.0, ""))
        if best[0] > 0:
            found[part] = best[1]
        elif part == "date" and len(scored) == 1:
            found[part] = scored[0][1]  # whatever its name: nothing else is a date
        elif (
            part == "date"
            and not scored
            and (named := max((_score(part, cell, day), cell.name) for cell in free))[0] > 0
        ):
            found[part] = named[1]  # not read as dates: what is wrong with them is said when it is tried
    for part, only in (("amount", _only_money), ("status", _only_status)):
        free = [cell for name, cell in cells.items() if name not in found.values()]
        if part not in found and (name := only(free)):
            found[part] = name
    if "quantity" in found and not heading_words.is_unit_price(found.get("amount", "")):
        del found["quantity"]  # the amount is a total already
    if "discount" in found and not re.search("gross|subtotal|price|list", found.get("amount", "").lower()):
        del found["discount"]  # taken off already
    return {part: found[part] for part in WORDS if part in found}


def _score(part: str, cell: Cells, day: pd.Series | None) -> float:
    """How likely a column plays a part, above 0 where it may: what its name says, and what its cells do to that."""
    rank = heading_words.rank(part, cell.name)
    if rank is None:
        return 0.0
    score = 3 - 0.01 * rank - 1.5 * heading_words.speaks_against(part, cell.name)
    if part == "status":
        return score if _is_status(cell) else 0.0
    if cell.filled < 0.5 * len(cell.values) and part in ("customer", "date", "amount"):
        score -= 1
    if cell.filled >= ENOUGH:
        score += {"customer": _like_customers, "amount": _like_amounts}.get(part, lambda cell, day: 0.0)(cell, day)
    return score


def _like_customers(cell: Cells, day: pd.Series | None) -> float:
    """Customers come back on other days; a number of orders never does, and one value for all rows is nobody."""
    if cell.distinct == 1:
        return -2.5
    share = cell.distinct / cell.filled
    if day is None:
        return -1.5 * (share > 0.98)
    days = pd.DataFrame({"value": cell.values, "day": day.astype(str).str[:10]}).dropna()
    back = float((days.groupby("value")["day"].nunique() > 1).mean())
    return min(2 * back, 1.0) - 1.5 * (share > 0.98 or back == 0) - 1.0 * (cell.distinct < 5 and cell.filled > 200)


def _like_amounts(cell: Cells, day: pd.Series | None) -> float:
    """Amounts differ, are no years, and are no running numbers."""
    numbers = pd.to_numeric(cell.values.astype(str).str.replace(r"[^\d.\-]", "", regex=True), errors="coerce").dropna()
    if numbers.empty or cell.distinct == 1:
        return -0.5
    whole = not cell.values.astype(str).str.contains(r"[.,]\d{1,2}(?:\D|$)").any() and bool((numbers % 1 == 0).all())
    if whole and numbers.between(1990, 2100).all():
        return -2.5
    return -1.0 * (whole and cell.distinct > 0.98 * cell.filled and numbers.is_monotonic_increasing)


def _is_status(cell: Cells) -> bool:
    """Whether most values of a column are words for paid, failed and the like."""
    if cell.distinct > MOST_VALUES:
        return False
    return bool(pd.Series(cell.values.dropna().unique()).map(lambda value: word(str(value)) in KNOWN).mean() >= 0.5)


def _only_money(cells: list[Cells]) -> str:
    """The one column of numbers that are money by their looks (a sign beside them, or cents), whatever its name."""
    found = [cell.name for cell in cells if "number" in cell.kinds and "date" not in cell.kinds and _is_money(cell)]
    return found[0] if len(found) == 1 else ""


def _is_money(cell: Cells) -> bool:
    if heading_words.speaks_against("amount", cell.name) or any(
        heading_words.rank(part, cell.name) is not None for part in WORDS if part != "amount"
    ):
        return False
    text = cell.values.dropna().head(1000).astype(str).str.strip()
    return bool(text.str.contains(rf"(?i)[.,]\d{{2}}(?:\D|$)|^(?:{MARK})|(?:{MARK})\.?$").mean() > 0.5)


def _only_status(cells: list[Cells]) -> str:
    """The one column that holds words for paid and words for not paid, whatever its name."""
    found = []
    for cell in cells:
        if "id" in cell.kinds and 1 < cell.distinct <= MOST_VALUES:
            words = {word(str(value)) for value in cell.values.dropna().unique()}
            sure = words - COMMON
            if len(words & KNOWN) >= 0.8 * len(words) and sure & LEFT_OUT and sure & KNOWN - LEFT_OUT:
                found.append(cell.name)
    return found[0] if len(found) == 1 else ""


def overlooked(cells: dict[str, Cells], columns: dict[str, str]) -> list[str]:
    """What a reader must look at: a column called status of words that nobody knows, numbers where no amount was found."""
    said = []
    free = [cell for name, cell in cells.items() if name not in columns.values()]
    named = [c for c in free if heading_words.rank("status", c.name) is not None and 1 < c.distinct <= MOST_VALUES]
    if "status" not in columns and named and "number" not in named[0].kinds:
        values = "; ".join(str(value)[:30] for value in list(named[0].values.dropna().unique())[:6])
        name = named[0].name
        said.append(
            f'"{name}" says {values}, and every row counts as an order. If some are none: -p "status={name}" and '
            '-p "policy=status=…; …" with those that are.'
        )
    if "amount" not in columns:
        if numbers := [cell.name for cell in free if "number" in cell.kinds and "date" not in cell.kinds]:
            listed = ", ".join(f'"{name}"' for name in numbers[:5])
            said.append(f"Numbers stand in {listed}: if one of them is the amount, -p amount=…")
        packed = [c.name for c in free if c.values.dropna().head(100).astype(str).str.match(r"\s*[{\[]\s*[\"{]").any()]
        said += [
            f'"{name}" holds several values in one cell (JSON). If the amount is among them, export it as a column.'
            for name in packed
        ]
    return said


def bought(cells: dict[str, Cells]) -> tuple[str, list[str]] | None:
    """The column of a log of events, and those of its values that are orders; None where it is no such log."""
    for name, cell in cells.items():
        if plain(name) in EVENTS and 1 < cell.distinct <= MOST_VALUES:
            orders = [str(value) for value in cell.values.dropna().unique() if plain(str(value)) in BOUGHT]
            if orders:
                return name, sorted(orders)
    return None


def segments(cells: dict[str, Cells], taken: Iterable[str]) -> dict[str, int]:
    """Columns worth a segment each (channel, country), with how many values they have."""
    found = {}
    for words in SEGMENTS.values():
        ranked = []
        for name, cell in cells.items():
            rank = next((i for i, word in enumerate(words.split()) if word == plain(name)), None)
            rank = rank if rank is not None or not set(heading_words.split(name)) & set(words.split()) else 100
            if (
                rank is not None
                and name not in taken
                and 2 <= cell.distinct <= MOST_VALUES
                and "number" not in cell.kinds
            ):
                ranked.append((rank, name))
        if ranked:
            name = min(ranked)[1]
            found[name] = cells[name].distinct
    return found
