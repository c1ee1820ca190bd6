"""Tables and queries of databases, cluster sessions and warehouses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ibis.expr.types as ir

from ltv import engine
from ltv.errors import DataError
from ltv.inputs.files import KINDS, digest_files, find_files, open_files
from ltv.inputs.source import Source

DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")


def settle(table: ir.Table, name: str, digest: str = "") -> Source:
    try:
        return Source(*engine.settled(table), name, digest)
    except Exception as error:  # every engine fails in its own class
        raise engine.open_error(f"orders ({name})", error) from error


def open_database(path: str) -> Source:
    """The one table of a database file. Raises DataError naming the tables where there are several."""
    connection = engine.attach(path)
    tables = connection.list_tables()
    if len(tables) != 1:
        listed = f"holds the tables {', '.join(sorted(tables))}: name one" if tables else "holds no table"
        raise DataError("orders", [f'on  {path} {listed} as read_orders("TABLE", on="{path}")'])
    return settle(connection.table(tables[0]), f"{Path(path).name}, {tables[0]}", digest_files([Path(path)]))


def open_on(given: str, connection: Any, encoding: str | None) -> Source:
    """A SELECT, a table's name, or files, on an engine that was named."""
    words = given.strip()
    if words.lower().startswith(("select ", "select\n", "with ")):
        return settle(_asked(connection.sql, words), "a query")
    if connection.name in engine.HOME and (Path(words).suffix.lower() in KINDS or any(mark in words for mark in "*/")):
        return open_files(find_files(words), connection, encoding)
    *place, table = words.split(".")
    if not place and table not in (tables := connection.list_tables()):
        listed = f"there are {', '.join(sorted(tables)[:20])}" if tables else "there is none"
        raise DataError("orders", [f"orders  there is no table {table!r}; {listed}"])
    return settle(_asked(connection.table, table, **({"database": tuple(place)} if place else {})), words)


def _asked(ask: Any, words: str, **place: Any) -> ir.Table:
    try:
        return ask(words, **place)
    except Exception as error:  # every engine fails in its own class
        raise engine.open_error("orders", error) from error
