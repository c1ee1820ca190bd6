"""The one door through which orders come in."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ltv import engine
from ltv.errors import DataError, ParameterError
from ltv.orders import cleaning, samples, schema
from ltv.orders.log import Orders
from ltv.orders.sources import open_source


def read_orders(
    source: str | Path | pd.DataFrame,
    *,
    customer: str | None = None,
    date: str | None = None,
    amount: str | None = None,
    until: str | dt.date | None = None,
    time_zone: str = "UTC",
    currency: str = "USD",
    margin: float | None = None,
    cost: str | None = None,
    by: Sequence[str] = (),
    date_format: str | None = None,
) -> Orders:
    """Read an order log: a CSV or Parquet file (or a glob of them), a pandas frame, or the sample "cdnow".

    `customer`, `date` and `amount` name columns. `until` is the last whole day of the log (default: the day of the
    last order); later rows are left out and counted. `time_zone` decides the day of an instant. Margin is a share of
    revenue (`margin=0.30`) or revenue less the column `cost`; without either the whole revenue is margin. Orders
    of a customer on one day are one order. `by` names attributes to keep.

    Raises DataError with every fault of the input, ParameterError with every fault of the arguments.

    >>> read_orders("cdnow").size["customers"]
    23570
    """
    if isinstance(source, str) and source in samples.SAMPLES:
        sample = samples.SAMPLES[source]
        columns = schema.Columns("customer", "date", "amount", date_format="%Y%m%d")
        opened, name, until = open_source(sample.rows()), sample.name, until or sample.until
    else:
        opened = open_source(source)
        name = opened.name
        columns = schema.Columns(
            **_named(opened.table.columns, customer=customer, date=date, amount=amount),
            cost=cost,
            by=tuple(by),
            date_format=date_format,
        )
    last = _check_arguments(until, time_zone, margin, cost)
    schema.check_names(opened, columns)
    rows = engine.keep(opened.connection, schema.typed_rows(opened, columns, time_zone))
    last = last or cleaning.last_day(rows)
    audit = cleaning.audit_rows(rows, last)
    if not audit.loc["kept", "rows"]:
        raise DataError(f"orders ({name})", [f"date     no row with a customer is on or before until={last}"])
    policy = cleaning.Margin(None if cost else 1.0 if margin is None else margin)
    table = engine.keep(opened.connection, cleaning.daily_orders(rows, last, policy, columns.by))
    return Orders(
        table=table,
        connection=opened.connection,
        since=table.day.min().to_pyarrow().as_py(),
        until=last,
        time_zone=time_zone,
        currency=currency,
        margin=str(policy),
        by=columns.by,
        audit=audit,
        source=name,
        fingerprint=opened.fingerprint,
    )


def _named(there: Sequence[str], **names: str | None) -> dict[str, Any]:
    """The named columns, or one DataError naming the missing arguments and the columns to choose from."""
    if absent := [part for part, name in names.items() if not name]:
        listed = ", ".join(there[:20])
        raise DataError("orders", [f"{part:<8} name its column: {part}=…; there are {listed}" for part in absent])
    return names


def _check_arguments(until: object, time_zone: str, margin: float | None, cost: str | None) -> dt.date | None:
    faults, last = [], None
    if until is not None:
        try:
            last = dt.date.fromisoformat(str(until))
        except ValueError:
            faults.append(f'until must be a day such as "2026-09-30", not {until!r}')
    try:
        zoneinfo.ZoneInfo(time_zone)
    except (ValueError, zoneinfo.ZoneInfoNotFoundError):
        faults.append(f'time_zone must be a name such as "Europe/Berlin", not {time_zone!r}')
    if margin is not None and not 0 < margin <= 1:
        faults.append(f"margin is the share of revenue that is left, above 0 and up to 1, not {margin!r}")
    if margin is not None and cost:
        faults.append("give margin= or cost=, not both")
    if faults:
        raise ParameterError("read_orders: " + "; ".join(faults))
    return last
