"""Frames of pandas, polars and Arrow."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs.source import Source


def open_arrow(given: Any) -> Source:
    """Polars, Arrow and other frames, by the interfaces they share, without importing any of them."""
    import pyarrow as pa
    from pyarrow import interchange

    table = pa.table(given) if hasattr(given, "__arrow_c_stream__") else interchange.from_dataframe(given)
    if not table.num_rows:
        raise DataError("orders", ["frame  has no rows"])
    connection = engine.connect()
    return Source(engine.from_arrow(connection, table), connection, f"a frame of {table.num_rows:,} rows")


def open_frame(frame: pd.DataFrame, name: str) -> Source:
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
