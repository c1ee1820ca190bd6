"""Anything an analyst holds → a table on an engine, ids and amounts with every digit they came with."""

from __future__ import annotations

import glob
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError

KINDS = {".csv": "csv", ".txt": "csv", ".tsv": "csv", ".gz": "csv", ".parquet": "parquet", ".pq": "parquet"}


@dataclass(frozen=True)
class Source:
    """Rows as they were given: where they are, what to call them, and a fingerprint of their content."""

    table: ir.Table
    connection: Any
    name: str
    fingerprint: str


def open_source(given: str | Path | pd.DataFrame) -> Source:
    """Open a CSV or Parquet file (a path or a glob) or a pandas frame.

    Raises DataError when there is no such file, when it is empty, or when it cannot be read.
    """
    if isinstance(given, pd.DataFrame):
        return _open_frame(given)
    paths = [Path(path) for path in sorted(glob.glob(str(given)))] or [Path(given)]
    missing = [
        f"file  {path} does not exist (looked in {path.absolute().parent})" for path in paths if not path.exists()
    ]
    empty = [f"file  {path} is empty" for path in paths if path.is_file() and path.stat().st_size == 0]
    unknown = [
        f"file  {path} is neither CSV nor Parquet; save it as one of {', '.join(sorted(set(KINDS)))}"
        for path in paths
        if path.exists() and path.suffix.lower() not in KINDS
    ]
    if faults := missing + empty + unknown:
        raise DataError("orders", faults)
    connection = engine.connect()
    try:
        table = engine.read_files(connection, [str(path) for path in paths], KINDS[paths[0].suffix.lower()])
    except Exception as error:
        raise engine.open_error(f"orders ({paths[0].name})", error) from error
    return Source(table, connection, ", ".join(path.name for path in paths), _digest_files(paths))


def _open_frame(frame: pd.DataFrame) -> Source:
    if frame.empty:
        raise DataError("orders", ["frame  has no rows"])
    plain = frame.reset_index(drop=True)
    plain.columns = plain.columns.map(str)
    plain = plain.apply(_plain_column)
    connection = engine.connect()
    digest = hashlib.sha256(pd.util.hash_pandas_object(plain, index=False).to_numpy().tobytes()).hexdigest()
    return Source(engine.from_frame(connection, plain), connection, f"a frame of {len(frame):,} rows", digest[:16])


def _plain_column(column: pd.Series) -> pd.Series:
    """Python objects of mixed kinds as text, so that 1 and "1" are the same id and a Decimal keeps its digits."""
    if column.dtype == object:
        return column.map(lambda cell: None if pd.isna(cell) else str(cell)).astype("string")
    if isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype("string")
    if pd.api.types.is_float_dtype(column.dtype):
        return column.convert_dtypes()  # whole numbers with gaps are ids again, and a gap is missing, not nan
    return column


def _digest_files(paths: list[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()[:16]
