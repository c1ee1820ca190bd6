"""Which column plays which part, by its name and by what the first rows hold."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.inputs import dates
from ltv.inputs.headings import BOUGHT, EVENTS, plain
from ltv.orders.statuses import COUNTED, RULES
from ltv.orders.statuses import plain as word

SEEN = 20_000
"""Rows at the head of a log that a guess looks at."""
ENOUGH = 20
"""Rows from which on what a column holds says more than how it is called."""
# Words of a column's name in the languages of exports, the surest first.
WORDS = {
    "customer": "customerid customer userid user clientid client buyerid buyer uid memberid member accountid playerid player "
    "subscriberid subscriber contactid contact patientid guestid visitorid profileid householdid email emailaddress mail who id "
    "kundennummer kundenid kunde kundennr numclient idclient clienteid cliente klantnummer klant",
    "date": "orderdate orderedat dateordered invoicedate purchasedate transactiondate saledate createdat created date paidat "
    "timestamp datetime eventtime buyts ts day when time bestelldatum kaufdatum rechnungsdatum datum fechapedido fecha "
    "datecommande datapedido data",
    "amount": "netrevenue netamount netsales revenue sales amount total ordervalue ordertotal grandtotal value paid spend subtotal "
    "gross unitprice price umsatz betrag bestellwert summe montant importe valor importo bedrag",
    "quantity": "quantity qty units count",
    "order": "orderid ordernumber orderno invoiceno invoiceid invoice transactionid receipt order",
    "product": "productid sku stockcode itemid product item",
    "currency_column": "currency currencycode",
    "status": "orderstatus financialstatus paymentstatus status state",
    "refunded": "refundedamount amountrefunded refundamount totalrefunded refundedtotal refunded",
    "cost": "cogs costofgoods cost",
    "discount": "discount discountamount",
    "tax": "tax vat taxamount",
}
# Words that speak against a part although another word of the name speaks for it.
AGAINST = {
    "customer": "order invoice transaction receipt line item product sku session event payment charge ship shipment name type "
    "segment group city country zip postal note since phone card agent status count coupon store shop location message device",
    "date": "updated modified changed shipped fulfilled delivered cancelled canceled refunded birth birthday dob expires expiry "
    "due signup registered joined first last closed end until promised exported",
    "amount": "id year month zip postal phone latitude longitude rate percent pct share count fee fees shipping refund refunded "
    "discount balance points weight rank age score number no tip delivery due outstanding budget items",
    "cost": "shipping delivery per acquisition ad ads marketing",
    "tax": "rate percent number exempt id name",
    "discount": "code percent rate name coupon",
    "refunded": "at date on reason",
    "quantity": "returned refunded stock",
}
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
    dated = _rank("date", name) is not None
    if not kind.is_string():
        shown = some.map(lambda value: f"{value:.0f}" if isinstance(value, float) else str(value))
        found = {"number"} | (set() if kind.is_decimal() or (kind.is_floating() and (some % 1 != 0).any()) else {"id"})
        return found | ({"date"} if dated and shown.str.fullmatch(_DIGITS).mean() > 0.5 else set())
    text = some.astype(str)
    bare = text.str.lower().str.replace(_NOISE, "", regex=True)
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
    if "quantity" in found and "price" not in found.get("amount", "").lower():
        del found["quantity"]  # the amount is a total already
    if "discount" in found and not re.search("gross|subtotal|price|list", found.get("amount", "").lower()):
        del found["discount"]  # taken off already
    return {part: found[part] for part in WORDS if part in found}


def _score(part: str, cell: Cells, day: pd.Series | None) -> float:
    """How likely a column plays a part, above 0 where it may: what its name says, and what its cells do to that."""
    rank = _rank(part, cell.name)
    if rank is None:
        return 0.0
    score = 3 - 0.02 * rank - 1.5 * bool(_pieces(cell.name) & set(AGAINST.get(part, "").split()))
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
    whole = bool((numbers % 1 == 0).all())
    if whole and numbers.between(1990, 2100).all():
        return -2.5
    return -1.0 * (whole and cell.distinct > 0.98 * cell.filled and numbers.is_monotonic_increasing)


def _is_status(cell: Cells) -> bool:
    """Whether most values of a column are words for paid, failed and the like."""
    if cell.distinct > MOST_VALUES:
        return False
    known = set(COUNTED).union(*RULES.values())
    return bool(pd.Series(cell.values.dropna().unique()).map(lambda value: word(str(value)) in known).mean() >= 0.5)


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
            rank = rank if rank is not None or not _pieces(name) & set(words.split()) else 100
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


def _rank(part: str, name: str) -> int | None:
    """How sure a column's name is of this part: 0 for the surest word, None without one."""
    words = WORDS[part].split()
    if plain(name) in words:
        return words.index(plain(name))
    pieces = _split(name)
    joined = {"".join(pieces[i:j]) for i in range(len(pieces)) for j in range(i + 1, len(pieces) + 1)}
    return min((len(words) + i for i, word in enumerate(words) if word in joined), default=None)


def _split(name: str) -> list[str]:
    return [piece for piece in re.split(r"[\W_]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()) if piece]


def _pieces(name: str) -> set[str]:
    return set(_split(name))
