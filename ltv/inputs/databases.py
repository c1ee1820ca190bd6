"""Tables and queries of databases, cluster sessions and warehouses."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from ltv import engine
from ltv.errors import DataError
from ltv.inputs.addresses import attach, refusal, schema_of
from ltv.inputs.files import KINDS, digest_files, find_files, open_files
from ltv.inputs.queries import is_query, one_select
from ltv.inputs.source import Source

DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")


def settle(table: ir.Table, name: str, digest: str = "", columns: Sequence[str] | None = None) -> Source:
    """A table where it can be cleaned; of another engine only `columns` are brought, where it has all of them."""
    try:
        if columns is not None and table.get_backend().name not in engine.HOME:
            named = list(dict.fromkeys(columns))
            # With one that is not there nothing is brought but the names of those there are.
            table = table.select(named) if set(named) <= set(table.columns) else table.limit(0)
        return Source(*engine.settled(table), name, digest)
    except Exception as error:  # noqa: BLE001 every engine fails in its own class
        raise _unread(table, name, error) from None


def _unread(table: ir.Table, name: str, error: Exception) -> DataError:
    """Which columns cannot be read, where it is not all of them."""
    faults, backend = [], table.get_backend()
    if backend.name not in engine.HOME:
        broken = [column for column in table.columns if not _reads(table, column)]
        if len(broken) < len(table.columns):
            faults = [
                f'on  column "{column}" ({table.schema()[column]}) cannot be read: leave it out of a SELECT, or cast it to text'
                for column in broken
            ]
    told = refusal(f"orders ({name})", error)
    return DataError(told.what, faults, words=told.words) if faults else told


def _reads(table: ir.Table, column: str) -> bool:
    try:
        engine.settled(table.select(column))
    except Exception:  # noqa: BLE001 every engine fails in its own class
        return False
    return True


def open_database(path: str, columns: Sequence[str] | None = None) -> Source:
    """The one table of a database file. Raises DataError naming the tables where there are several."""
    connection = attach(path)
    tables = _asked(connection.list_tables)
    if len(tables) != 1:
        listed = f"holds the tables {', '.join(sorted(tables))}: name one" if tables else "holds no table"
        raise DataError("orders", [f'on  {path} {listed} as read_orders("TABLE", on="{path}")'])
    name, digest = f"{Path(path).name}, {tables[0]}", digest_files([Path(path)])
    return settle(_asked(connection.table, tables[0]), name, digest, columns)


def open_on(given: str, connection: Any, encoding: str | None, columns: Sequence[str] | None = None) -> Source:
    """A SELECT, a table's name, or files, on an engine that was named."""
    words = given.strip()
    if is_query(words):
        query = one_select(words, connection)
        schema = _asked(schema_of, connection, query)
        return settle(_asked(connection.sql, query, **({"schema": schema} if schema else {})), "a query", "", columns)
    if connection.name in engine.HOME and (Path(words).suffix.lower() in KINDS or any(mark in words for mark in "*/")):
        # A connection that only reads one file reads no others: those have one of their own.
        return open_files(find_files(words), engine.connect() if engine.is_locked(connection) else connection, encoding)
    *place, table = words.split(".")
    if not place and table not in (tables := _asked(connection.list_tables)):
        listed = f"there are {', '.join(sorted(tables)[:20])}" if tables else "there is none"
        raise DataError("orders", [f"orders  there is no table {table!r}; {listed}"])
    at = {"database": tuple(place)} if place else {}
    return settle(_asked(connection.table, table, **at), words, "", columns)


def _asked(ask: Any, *words: Any, **place: Any) -> Any:
    try:
        return ask(*words, **place)
    except Exception as error:  # noqa: BLE001 every engine fails in its own class
        raise refusal("orders", error) from None
