"""The one door through which orders come in."""

from __future__ import annotations

import datetime as dt
import difflib
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, TypedDict, Unpack

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError, ParameterError
from ltv.inputs import amounts, currencies
from ltv.inputs.dates import latest_today
from ltv.inputs.opening import open_source
from ltv.inputs.source import Source
from ltv.orders import samples, schema
from ltv.orders.audit import Total
from ltv.orders.cleaning import Cleaner, Margin
from ltv.orders.log import Orders
from ltv.orders.policy import DEFAULT, Policy
from ltv.orders.profile import fingerprint, last_whole_day, profile_rows, stray_days
from ltv.orders.signs import find_alarms, find_customer_signs, find_signs, number_copies
from ltv.orders.spared import spared
from ltv.orders.statuses import find_statuses
from ltv.orders.whole import complete, is_total, refund_faults

MONEY = ("quantity", "discount", "tax", "cost", "refunded")
UNITS = {"true": True, "yes": True, "cents": True, "false": False, "no": False}
MARKS = {"comma": ",", "point": "."}
TOTAL_TIMES = (
    'read_orders: quantity= multiplies a unit price, and "{}" is the total of an order: leave quantity= out, or say '
    'policy=Policy(totals="line") where it is a unit price'
)
FORMS = ("date_format", "decimal", "minor_units")
"""Arguments among the columns that name none."""


class MoreColumns(TypedDict, total=False):
    """The columns that not every log has, and what settles what two forms fit."""

    quantity: str | None
    discount: str | None
    tax: str | None
    cost: str | None
    order: str | None
    product: str | None
    currency_column: str | None
    acquired: str | None
    status: str | None
    refunded: str | None
    date_format: str | None
    decimal: str | None
    minor_units: bool | None


def read_orders(
    source: Any,
    *,
    customer: str | None = None,
    date: str | None = None,
    amount: str | None = None,
    until: str | dt.date | None = None,
    time_zone: str = "UTC",
    currency: str | None = None,
    margin: float | None = None,
    by: Sequence[str] = (),
    policy: Policy = DEFAULT,
    on: Any = None,
    encoding: str | None = None,
    **columns: Unpack[MoreColumns],
) -> Orders:
    """Read an order log, wherever it is: lines or orders, from files, frames, a database or Spark.

    `source`: a CSV, Parquet or Excel file, a folder or a glob of them; a pandas, polars or Arrow frame; an Ibis table or a Spark
    frame; with `on=` (a connection URL, a DuckDB or SQLite file, an Ibis connection or a Spark session) the name of a table, a
    SELECT or files read there; or the sample "cdnow". DuckDB and Spark clean rows where they lie; of any other engine (Postgres,
    SQLite, a warehouse) the table or SELECT is streamed into a file for DuckDB: SELECT what is needed. `customer`, `date` and `amount` name columns, and so do, where there are any,
    quantity (amount is then a unit price), discount and tax (taken off), cost, order (number), product, currency_column,
    acquired (first order ever), status (whether a row is an order at all) and refunded (money given back on the order's
    own row, above zero); without `amount` every row is an order and nothing is said of money; `date_format` and `decimal` settle what two forms fit, `minor_units` says whether money is in cents; `columns={"quantity": "units"}` names them all at once. `by`: attributes to keep;
    `segment={"channel": "ads"}` keeps only customers whose first order had these. On Spark a date form that begins with
    a clock is made of %Y %y %m %b %B %d %H %M %S; all else is the same there, to the last digit.

    `until` is the last whole day of the log (default: the last one, or the one before where that is not whole);
    `time_zone` decides the day of an instant; clock times without a zone stay, but those under a heading that names a zone
    ("Created (UTC)") are of that zone. `currency` need only be said where the rows do not. Margin is a share of revenue (`margin=0.45`) or revenue less `cost`; without
    either it is assumed to be 30% of revenue, and every description says so. Orders of a customer on one day are one order. What becomes of refunds, free lines, equal lines,
    test customers, old customers and orders that were never paid is chosen by `policy`, a `Policy` or its choices as a
    mapping. Where the order number is given, lines take the customer, day and status that they leave empty from their
    order, and an order's total that is repeated on its lines counts once.

    Raises DataError with every fault of the input, ParameterError with every fault of the arguments.

    >>> read_orders("cdnow").size["customers"]
    23570
    """
    if columns.get("decimal") in MARKS:
        columns["decimal"] = MARKS[str(columns["decimal"])]
    if isinstance(said := columns.get("minor_units"), str):
        columns["minor_units"] = UNITS.get(said.lower(), said)
    known = isinstance(source, str) and source in samples.SAMPLES
    if amount and columns.get("quantity") and is_total(amount) and policy.totals != "line":
        raise ParameterError(TOTAL_TIMES.format(amount))
    last = _check_arguments(until, time_zone, margin, columns, policy, money=known or bool(amount))
    if known:
        sample = samples.SAMPLES[source]
        named = schema.Columns("customer", "date", "amount", date_format="%Y%m%d")
        opened, last = open_source(sample.rows(), name=sample.name), last or sample.until
    else:
        needed = _needed(customer, date, amount, columns, by) if policy.duplicates != "drop" else None
        opened = open_source(source, on=on, encoding=encoding, columns=needed)
        wanted = _named(opened.table.columns, customer=customer, date=date)
        named = schema.Columns(**wanted, amount=amount, **columns, by=tuple(by))
    schema.check_names(opened, named)
    window = Window(last, time_zone, currency)
    try:
        return _read(opened, named, window, Margin.of(margin, cost=named.cost), policy)
    except engine.FAILURES as error:
        raise engine.open_error(f"orders ({opened.name})", error) from error


@dataclass(frozen=True)
class Window:
    """What the caller says of the log as a whole; None is found out."""

    until: dt.date | None
    time_zone: str
    currency: str | None


def _read(opened: Source, columns: schema.Columns, window: Window, margin: Margin, policy: Policy) -> Orders:
    """Type, check, choose the window, clean."""
    if policy.duplicates == "drop":
        opened = replace(opened, table=number_copies(opened.table))
    money, wrong = _currency(opened.table, columns, window.currency)
    typed, faults = schema.typed_rows(opened, columns, window.time_zone, currency=money, tidy_ids=policy.ids == "tidy")
    whole = complete(opened.connection, typed, columns, policy)
    typed = whole.rows
    rows = typed.drop(*(name for name in (*schema.TEXTS, "row") if name in typed.columns))
    if opened.slow or whole.changed:
        rows = engine.keep(opened.connection, rows)
    days = profile_rows(typed)
    opened.check_count(int(days["rows"].sum()))
    statuses, more = find_statuses(rows, columns.status, policy.status)
    if days[["bad_amount", "bad_cost", "bad_refunded"]].to_numpy().any() and (statuses.none() or policy.not_products):
        typed, rows = (spared(table, statuses.none(), policy.not_products) for table in (typed, rows))
        days = profile_rows(typed)
    faults += more + schema.cell_faults(typed, columns, days, refuse_negative=policy.refunds == "refuse")
    if columns.refunded:
        faults += refund_faults(typed, columns, statuses, refuse=policy.refunds == "refuse")
    if faults := faults + wrong:
        raise DataError(f"orders ({opened.name})", faults)
    stray = stray_days(days, today=latest_today())
    known = days.drop(stray) if policy.stray_dates == "leave out" else days
    last = window.until or (last_whole_day(known) if policy.last_day == "whole" else known.index[-1].date())
    inner = tuple(f"by_{i}" for i in range(len(columns.by)))
    cleaner = Cleaner(
        opened.connection, last, policy, margin, inner, known, days.index.difference(known.index), statuses
    )
    given = statuses.refunded(rows)
    cleaned = cleaner.clean(given)
    if uneven := Total.of(given, int(days["rows"].sum())).faults(cleaned.total):
        raise DataError(f"orders ({opened.name})", uneven)
    if not cleaned.audit.loc["kept", "rows"]:
        raise DataError(f"orders ({opened.name})", [_nothing_left(cleaned.audit, last)])
    table = cleaned.orders
    said = (*opened.remarks, *whole.remarks, *statuses.signs(amounts_back=columns.refunded is not None))
    names = dict(zip(columns.by, inner, strict=True))
    held = int(table.count().to_pyarrow().as_py())
    alarms = find_alarms(table, days.loc[stray, "rows"], policy)
    return Orders(
        table=table.select(
            "customer", "day", "value", "margin", "first_day", "lines", **{k: table[v] for k, v in names.items()}
        ),
        connection=opened.connection,
        since=table.day.min().to_pyarrow().as_py(),
        until=last,
        time_zone=window.time_zone,
        currency=money,
        margin=str(margin) if columns.amount else "none: the log has no amounts",
        amounts=columns.amount is not None,
        by=columns.by,
        audit=cleaned.audit,
        source=opened.name,
        fingerprint=opened.fingerprint or fingerprint(days),
        refunds=cleaned.refunds,
        days=known,
        alarms=alarms,
        signs=alarms
        + find_customer_signs(table, columns.customer, policy)
        + find_signs(replace(opened, remarks=said), rows, known, total=int(days["rows"].sum()), orders=held),
        policy=policy,
        truncation=cleaned.truncation,
    )


def _nothing_left(audit: pd.DataFrame, until: dt.date) -> str:
    taken = ", ".join(f"{rule}: {n:,}" for rule, n in audit.loc[audit["dropped"], "rows"].items() if n)
    return f"date     no row with a customer is on or before until={until} ({taken or 'no rows'})"


def _currency(raw: ir.Table, columns: schema.Columns, given: str | None) -> tuple[str, list[str]]:
    """The one currency of the log, from its column, the signs beside amounts or their heading; several are a fault."""
    codes: dict[str, int] = {}
    if columns.currency_column:
        code = raw[columns.currency_column].cast("string").strip().nullif("")
        named = raw.select(code=code).filter(code.notnull())
        counts = engine.run(named.group_by("code").aggregate(n=named.count()).order_by("code"))
        codes = dict(zip(counts["code"], counts["n"].astype(int), strict=True))
    found, fault = currencies.one_currency(amounts.count_currencies(raw, columns.money), codes, given)
    heading = currencies.currency_of_heading(columns.amount) if columns.amount else None
    return found or heading or "USD", [fault] if fault else []


def _needed(
    customer: str | None, date: str | None, amount: str | None, columns: MoreColumns, by: Sequence[str]
) -> list[str] | None:
    """The columns a log needs of an engine it is streamed from; None, all of them, where not all are named."""
    if not customer or not date:
        return None
    more = [name for part, name in columns.items() if part not in FORMS]
    return [str(name) for name in (customer, date, amount, *more, *by) if name]


def _named(there: Sequence[str], **names: str | None) -> dict[str, Any]:
    """The named columns, or one DataError naming the missing arguments and the columns to choose from."""
    if absent := [part for part, name in names.items() if not name]:
        listed = ", ".join(there[:20])
        raise DataError("orders", [f"{part:<8} name its column: {part}=…; there are {listed}" for part in absent])
    return names


def _check_arguments(
    until: object, time_zone: str, margin: float | None, columns: MoreColumns, policy: Policy, *, money: bool
) -> dt.date | None:
    faults, last = [], None
    for name in columns:
        if name not in MoreColumns.__annotations__:
            near = difflib.get_close_matches(name, MoreColumns.__annotations__, n=1)
            faults.append(f"there is no argument {name}" + (f"; did you mean {near[0]}?" if near else ""))
    if until is not None:
        try:
            last = dt.date.fromisoformat(str(until))
        except ValueError:
            faults.append(f'until must be a day such as "2026-09-30", not {until!r}')
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        faults.append(f'time_zone must be a name such as "Europe/Berlin", not {time_zone!r}')
    if margin is not None and not 0 < margin <= 1:
        faults.append(f"margin is the share of revenue that is left, above 0 and up to 1, not {margin!r}")
    if margin is not None and columns.get("cost"):
        faults.append("give margin= or cost=, not both")
    if columns.get("decimal") not in (None, ".", ","):
        faults.append(f'decimal is "." or "," (point or comma), not {columns["decimal"]!r}')
    if columns.get("minor_units") not in (None, True, False):
        faults.append(f"minor_units is true where money is in cents, else false, not {columns['minor_units']!r}")
    for name in MONEY:
        if columns.get(name) and not money:
            faults.append(f"{name}= needs amount=, and without it the log has no money at all")
    if policy.zero == "drop" and not money:
        faults.append("policy.zero needs amount=")
    if policy.totals == "order" and not columns.get("order"):
        faults.append("policy.totals needs order=, the column of the order numbers")
    if policy.totals == "order" and columns.get("quantity"):
        faults.append(
            "quantity= multiplies a unit price, and policy.totals says that amounts are an order's: leave one out"
        )
    if policy.status and not columns.get("status"):
        faults.append("policy.status needs status=, the column of the statuses")
    if policy.not_products and not columns.get("product"):
        faults.append("policy.not_products needs product=, the column of the product codes")
    if faults:
        raise ParameterError("read_orders: " + "; ".join(faults))
    return last
