"""Anything an analyst holds → a table on an engine, ids and amounts with every digit they came with."""

from __future__ import annotations

import glob
import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.orders import textfiles
from ltv.orders.excel import read_sheets

TEXT = dict.fromkeys((".csv", ".txt", ".tsv", ".gz"), "csv")
DATABASES = (".duckdb", ".ddb", ".db", ".sqlite", ".sqlite3")
KINDS = TEXT | {".parquet": "parquet", ".pq": "parquet"} | dict.fromkeys((".xlsx", ".xls", ".xlsb", ".ods"), "excel")


@dataclass(frozen=True)
class Source:
    """Rows as they were given: where they are, what to call them, a fingerprint of their content ("" where unknown).

    `slow`: reading them twice costs more than keeping them. `remarks`: what a reader should know of how they were read.
    """

    table: ir.Table
    connection: Any
    name: str
    fingerprint: str = ""
    slow: bool = False
    spreadsheet: bool = False
    remarks: tuple[str, ...] = ()


def open_source(given: Any, *, on: Any = None, encoding: str | None = None, name: str = "") -> Source:
    """Open files, a frame, a table or a query, as `read_orders` says.

    Raises DataError when it is not there, is empty, or cannot be read.
    """
    if isinstance(given, pd.DataFrame):
        return _open_frame(given, name)
    if isinstance(given, ir.Table):
        return _settled(given, given.get_name() if given.op().name else "a table")
    if engine.is_spark_frame(given):
        table, connection = engine.from_spark(given)
        return Source(table, connection, "a Spark frame")
    if hasattr(given, "__arrow_c_stream__") or hasattr(given, "__dataframe__"):
        return _open_arrow(given)
    if on is not None:
        return _open_on(str(given), engine.attach(on), encoding)
    if str(given).lower().endswith(DATABASES):
        return _open_database(str(given))
    return _open_files(_found(given), engine.connect(), encoding)


def _settled(table: ir.Table, name: str, digest: str = "") -> Source:
    try:
        return Source(*engine.settled(table), name, digest)
    except Exception as error:  # every engine fails in its own class
        raise engine.open_error(f"orders ({name})", error) from error


def _open_database(path: str) -> Source:
    """The one table of a database file. Raises DataError naming the tables where there are several."""
    connection = engine.attach(path)
    tables = connection.list_tables()
    if len(tables) != 1:
        listed = f"holds the tables {', '.join(sorted(tables))}: name one" if tables else "holds no table"
        raise DataError("orders", [f'on  {path} {listed} as read_orders("TABLE", on="{path}")'])
    return _settled(connection.table(tables[0]), f"{Path(path).name}, {tables[0]}", _digest([Path(path)]))


def _open_on(given: str, connection: Any, encoding: str | None) -> Source:
    """A SELECT, a table's name, or files, on an engine that was named."""
    words = given.strip()
    if words.lower().startswith(("select ", "select\n", "with ")):
        return _settled(_asked(connection.sql, words), "a query")
    if connection.name in engine.HOME and (Path(words).suffix.lower() in KINDS or any(mark in words for mark in "*/")):
        return _open_files(_found(words), connection, encoding)
    *place, table = words.split(".")
    if not place and table not in (tables := connection.list_tables()):
        listed = f"there are {', '.join(sorted(tables)[:20])}" if tables else "there is none"
        raise DataError("orders", [f"orders  there is no table {table!r}; {listed}"])
    return _settled(_asked(connection.table, table, **({"database": tuple(place)} if place else {})), words)


def _asked(ask: Any, words: str, **place: Any) -> ir.Table:
    try:
        return ask(words, **place)
    except Exception as error:  # every engine fails in its own class
        raise engine.open_error("orders", error) from error


def _found(given: object) -> list[Path]:
    """The files of a path, a folder or a glob. Raises DataError with every one that cannot be orders."""
    if not isinstance(given, str | Path):
        raise DataError("orders", [f"source  a {type(given).__name__} is neither a file, a frame, a table nor a query"])
    if "://" in str(given):
        fault = f"file  {given} is an address, and nothing is fetched from the network: download it, or name an engine (on=)"
        raise DataError("orders", [fault])
    whole = Path(given)
    if whole.is_dir():
        paths = sorted(path for path in whole.rglob("*") if path.suffix.lower() in KINDS)
        if not paths:
            raise DataError("orders", [f"file  the folder {whole} holds none of {', '.join(sorted(set(KINDS)))}"])
    else:
        paths = [whole] if whole.exists() else [Path(path) for path in sorted(glob.glob(str(given), recursive=True))]
    paths = paths or [whole]
    kinds = {KINDS.get(path.suffix.lower(), "") for path in paths if path.exists()}
    faults = [f"file  {p} does not exist (looked in {p.absolute().parent})" for p in paths if not p.exists()]
    faults += [f"file  {p} is empty" for p in paths if p.is_file() and p.stat().st_size == 0]
    faults += [
        f"file  {p} is neither CSV, Parquet nor Excel; save it as one of {', '.join(sorted(set(KINDS)))}"
        for p in paths
        if p.exists() and p.suffix.lower() not in KINDS
    ]
    if len(kinds) > 1:
        faults.append(
            f"file  {len(paths)} files of different kinds ({', '.join(sorted(kinds))}): name those of one kind"
        )
    if faults:
        raise DataError("orders", faults)
    return paths


def _open_files(paths: Sequence[Path], connection: Any, encoding: str | None) -> Source:
    kind, digest = KINDS[paths[0].suffix.lower()], _digest(paths)
    name = ", ".join(path.name for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    if kind == "excel":
        return _open_sheets(paths, connection, name, digest)
    remarks, delimiter = [], ","
    readable = list(paths)
    if kind == "csv":
        encodings = [encoding or textfiles.find_encoding(path) for path in paths]
        readable = [textfiles.as_utf8(path, found) for path, found in zip(paths, encodings, strict=True)]
        delimiter = textfiles.find_delimiter(readable[0])
        odd = sorted({found for found in encodings if found == "cp1252"} - {encoding})
        remarks = (
            ["The file is not UTF-8 and was read as Windows-1252; pass encoding= if names look wrong."] if odd else []
        )
    try:
        table = engine.read_files(connection, [str(path) for path in readable], kind, delimiter=delimiter)
    except engine.FAILURES as error:
        raise engine.open_error(f"orders ({name})", error) from error
    return Source(table, connection, name, digest, slow=kind == "csv", remarks=tuple(remarks))


def _open_sheets(paths: Sequence[Path], connection: Any, name: str, digest: str) -> Source:
    books = [read_sheets(path) for path in paths]
    frames = [
        frame.assign(**{engine.FILE: f"{path.name}, {sheet}"})
        for path, (sheets, _) in zip(paths, books, strict=True)
        for sheet, frame in sheets.items()
    ]
    every = pd.concat(frames, ignore_index=True)
    table = engine.from_frame(connection, every if len(frames) > 1 else every.drop(columns=engine.FILE))
    remarks = tuple(itertools.chain(*(told for _, told in books)))
    return Source(table, connection, name, digest, spreadsheet=True, remarks=remarks)


def _open_arrow(given: Any) -> Source:
    """Polars, Arrow and other frames, by the interfaces they share, without importing any of them."""
    import pyarrow as pa
    from pyarrow import interchange

    table = pa.table(given) if hasattr(given, "__arrow_c_stream__") else interchange.from_dataframe(given)
    if not table.num_rows:
        raise DataError("orders", ["frame  has no rows"])
    connection = engine.connect()
    return Source(engine.from_arrow(connection, table), connection, f"a frame of {table.num_rows:,} rows")


def _open_frame(frame: pd.DataFrame, name: str) -> Source:
    if frame.empty:
        raise DataError("orders", ["frame  has no rows"])
    plain = frame.reset_index(drop=True)
    plain.columns = plain.columns.map(str)
    plain = plain.apply(_plain_column)
    connection = engine.connect()
    digest = hashlib.sha256(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes()).hexdigest()
    return Source(
        engine.from_frame(connection, plain), connection, name or f"a frame of {len(frame):,} rows", digest[:16]
    )


def _plain_column(column: pd.Series) -> pd.Series:
    """Python objects of mixed kinds as text, so that 1 and "1" are the same id and a Decimal keeps its digits."""
    if column.dtype == object:
        return column.map(lambda cell: None if pd.isna(cell) else str(cell)).astype("string")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("string")
    if pd.api.types.is_float_dtype(column.dtype) and not (column.abs() >= 2**53).any():
        return column.convert_dtypes()  # whole numbers with gaps are ids again, and a gap is missing, not nan
    return column


def _digest(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(textfiles.BLOCK):
                digest.update(block)
    return digest.hexdigest()[:16]
