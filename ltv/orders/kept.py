"""`read_orders` with a memory: cleaned orders as day-level Parquet, and only the customers of one segment on demand."""

from __future__ import annotations

import datetime as dt
import glob
import hashlib
import json
from collections.abc import Mapping
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

    def compute() -> Orders:
        if wanted:
            return only(read_orders(source, **arguments), **wanted)
        return reading.read_orders(source, **arguments)

    content = _content(source) if cache.folder() and arguments.get("on") is None else None
    if content is None:
        return compute()
    name = f"orders-{cache.key(content, str(source), arguments, wanted)}"
    return cache.recall(name, compute=compute, load=load, save=save)


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
    paths = sorted(glob.glob(str(source), recursive=True)) if isinstance(source, str | Path) else []
    if len(paths) == 1 and Path(paths[0]).is_dir():
        paths = sorted(str(path) for path in Path(paths[0]).rglob("*") if path.is_file())
    digests = []
    for path in map(Path, paths):
        if not path.is_file():
            return None
        with path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return " ".join(digests) or None


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
            orders.connection.to_parquet(value.order_by(*order), folder / f"{name}.parquet")
            tables.append(name)
        else:
            facts[name] = _plain(value)
    (folder / FACTS).write_text(json.dumps({"facts": facts, "frames": frames, "tables": tables}), "utf-8")


def load(folder: Path) -> Orders:
    """Read what `save` wrote into an engine of its own; the files may go away afterwards."""
    told = json.loads((folder / FACTS).read_text("utf-8"))
    connection = engine.connect()
    tables = {
        name: engine.keep(connection, connection.read_parquet(folder / f"{name}.parquet")) for name in told["tables"]
    }
    frames = {name: pd.read_parquet(folder / f"{name}.parquet") for name in told["frames"]}
    facts = {name: _typed(value) for name, value in told["facts"].items()}
    return Orders(connection=connection, **tables, **frames, **facts)


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
