"""`read_orders` with a memory: cleaned orders as day-level Parquet, and only the customers of one segment on demand."""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import fields, replace
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from ltv import cache, engine
from ltv.errors import DataError
from ltv.orders import reading, samples
from ltv.orders.log import Orders
from ltv.orders.newcomers import Truncation
from ltv.orders.policy import Policy

FACTS = "facts.json"
SORTED = ("customer", "day", "refunded_on")
KINDS: dict[str, type] = {kind.__name__: kind for kind in (Policy, Truncation)}


@wraps(reading.read_orders)
def read_orders(
    source: Any,
    *,
    columns: Mapping[str, str] | None = None,
    policy: Policy | Mapping[str, str] | None = None,
    segment: Mapping[str, str] | None = None,
    **arguments: Any,
) -> Orders:
    wanted = dict(segment or {})
    arguments |= {**(columns or {}), "policy": Policy.of(policy)}
    if wanted:
        arguments["by"] = tuple(dict.fromkeys([*arguments.get("by", ()), *wanted]))

    for _ in range(2):
        with suppress(_Changed):
            return _read(source, arguments, wanted)
    raise DataError("orders", [f"file  {source} is being written to: wait until it is whole, then read it again"])


class _Changed(Exception):
    """A file was another one after it was read."""


def _read(source: Any, arguments: dict[str, Any], wanted: dict[str, str]) -> Orders:
    """The orders, kept or read. Raises _Changed, and keeps nothing, where the files changed meanwhile."""
    before = _state(source)

    def compute() -> Orders:
        if wanted:
            orders = only(read_orders(source, **arguments), **wanted)
        else:
            orders = reading.read_orders(source, **arguments)
        if _state(source) != before:
            raise _Changed
        return orders

    content = _content(source) if cache.folder() and arguments.get("on") is None else None
    if content is None:
        return compute()
    name = f"orders-{cache.key(content, str(source), arguments, wanted)}"
    return cache.recall(name, compute=compute, load=load, save=save)


def _state(source: Any) -> list[tuple[str, int, int, int]]:
    """What changes when files do: cheaper than their content."""
    told = [(str(path), path.stat()) for path in _files(source) if path.is_file()]
    return [(name, it.st_size, it.st_mtime_ns, it.st_ino) for name, it in told]


def only(orders: Orders, **values: str) -> Orders:
    """The orders of those customers whose first order had these attributes; window and audit stay the log's own.

    Attributes are columns that `read_orders(by=...)` kept; "" stands for a missing value. Raises DataError when an
    attribute was not kept, EmptySegmentError when nobody is left.
    """
    if unknown := [name for name in values if name not in orders.by]:
        raise DataError("segment", [f'{name}  was not kept; read_orders(by=["{name}"])' for name in unknown])
    t = orders.table
    kept = t.day == t.first_day
    for name, value in values.items():
        kept &= t[name].fill_null("") == value
    members = engine.keep(orders.connection, t.filter(kept).select("customer"))
    table = engine.keep(orders.connection, t.semi_join(members, "customer"))
    refunds = None if orders.refunds is None else orders.refunds.semi_join(members, "customer")
    words = ", ".join(f"{name} = {value or 'none'}" for name, value in values.items())
    if not table.count().to_pyarrow().as_py():
        raise EmptySegmentError("segment", [f"{words}  no customer was acquired with this"])
    return replace(orders, table=table, refunds=refunds, source=f"{orders.source}, {words}")


class EmptySegmentError(DataError):
    """A segment that nobody was acquired in."""


def _content(source: Any) -> str | None:
    """What a source holds, as a digest; None for frames and connections, which are not kept."""
    if isinstance(source, str) and source in samples.SAMPLES:
        return version("lifetimes")
    digests = []
    for path in _files(source):
        if not path.is_file():
            return None
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(digests) or None


def _files(source: Any) -> list[Path]:
    """The files of a path, a folder or a glob; none of a sample, a frame or a query."""
    if not isinstance(source, str | Path) or str(source) in samples.SAMPLES:
        return []
    try:
        paths = [str(source)] if Path(source).exists() else sorted(glob.glob(str(source), recursive=True))
        if len(paths) == 1 and Path(paths[0]).is_dir():
            paths = sorted(str(path) for path in Path(paths[0]).rglob("*") if path.is_file())
    except (OSError, ValueError):  # the text of a query is too long for a name
        return []
    return [Path(path) for path in paths]


def save(orders: Orders, folder: Path) -> None:
    """Write orders into an empty folder."""
    frames, tables, facts = [], [], {}
    for name in (field.name for field in fields(Orders) if field.name != "connection"):
        value = getattr(orders, name)
        if isinstance(value, pd.DataFrame):
            value.to_parquet(folder / f"{name}.parquet")
            frames.append(name)
        elif isinstance(value, ir.Table):
            order = [column for column in SORTED if column in value.columns]
            engine.save(value.order_by(*order), folder / f"{name}.parquet")
            tables.append(name)
        else:
            facts[name] = _plain(value)
    sums = {name: _sums(getattr(orders, name)) for name in tables}
    (folder / FACTS).write_text(json.dumps({"facts": facts, "frames": frames, "tables": tables, "sums": sums}), "utf-8")


def load(folder: Path) -> Orders:
    """Read what `save` wrote into an engine of its own; the files may go away afterwards.

    Raises DataError when the tables do not come to the rows and the money that they had.
    """
    told = json.loads((folder / FACTS).read_text("utf-8"))
    connection = engine.connect()
    tables = {
        name: engine.keep(connection, connection.read_parquet(folder / f"{name}.parquet")) for name in told["tables"]
    }
    if odd := [name for name, table in tables.items() if _sums(table) != told["sums"][name]]:
        raise DataError("kept orders", [f"{name}  does not come to the sums it had" for name in odd])
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in told["frames"]}
    facts = {name: _typed(value) for name, value in told["facts"].items()}
    return Orders(connection=connection, **tables, **frames, **facts)


def _sums(table: ir.Table) -> list[str]:
    """Rows, value and margin of a table, exact."""
    money = {name: table[name].sum() for name in ("value", "margin") if name in table.columns}
    row = table.aggregate(rows=table.count(), **money).to_pyarrow()
    return [str(column[0].as_py()) for column in row.columns]


def _plain(value: Any) -> Any:
    if type(value).__name__ in KINDS:
        return {type(value).__name__: {field.name: _plain(getattr(value, field.name)) for field in fields(value)}}
    if isinstance(value, dt.date):
        return {"day": value.isoformat()}
    if isinstance(value, tuple):
        return {"tuple": [_plain(item) for item in value]}
    return value


def _typed(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind in KINDS:
        return KINDS[kind](**{name: _typed(item) for name, item in content.items()})
    return dt.date.fromisoformat(content) if kind == "day" else tuple(_typed(item) for item in content)
