"""Frames of pandas, polars and Arrow."""

from __future__ import annotations

import hashlib
from typing import Any

import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs.faults import column_faults
from ltv.inputs.source import Source

FAILURES = (TypeError, ValueError, ArithmeticError, AttributeError, KeyError, RuntimeError)


def open_arrow(given: Any) -> Source:
    """Polars, Arrow and other frames, by the interfaces they share, without importing any of them."""
    import pyarrow as pa
    from pyarrow import interchange

    table = pa.table(given) if hasattr(given, "__arrow_c_stream__") else interchange.from_dataframe(given)
    if not table.num_rows:
        raise DataError("orders", ["frame  has no rows"])
    if faults := column_faults("the frame", table.column_names):
        raise DataError("orders", faults)
    plain, odd = dict[str, Any](), list[str]()
    for name, column in zip(table.column_names, table.columns, strict=True):
        try:
            plain[name] = _plain_arrow(column)
        except (pa.ArrowException, *FAILURES):
            odd.append(name)
    connection = engine.connect()
    opened = engine.from_arrow(connection, pa.table(plain))
    return Source(
        opened, connection, f"a frame of {table.num_rows:,} rows", rows=table.num_rows, remarks=_left_out(odd)
    )


def _plain_arrow(column: Any) -> Any:
    """A column as the engine takes it: what is neither number, text, time nor truth becomes text."""
    import pyarrow as pa

    kind, types = column.type, pa.types
    if types.is_dictionary(kind):
        return _plain_arrow(column.cast(kind.value_type))
    plain = types.is_primitive(kind) and not (types.is_duration(kind) or types.is_float16(kind))
    if plain or types.is_decimal128(kind) or str(kind).startswith(("string", "large_string", "binary", "large_binary")):
        return column
    if types.is_null(kind) or types.is_decimal(kind):
        return column.cast(pa.string())
    return pa.chunked_array([[None if cell is None else str(cell) for cell in column.to_pylist()]], pa.string())


def open_frame(frame: pd.DataFrame, name: str) -> Source:
    if frame.empty:
        raise DataError("orders", ["frame  has no rows"])
    if frame.columns.nlevels > 1:
        cure = 'frame.columns = ["_".join(map(str, names)) for names in frame.columns]'
        raise DataError("orders", [f"frame  the columns have {frame.columns.nlevels} levels; name each once: {cure}"])
    there = set(map(str, frame.columns))
    levels = [level for level in frame.index.names if level is not None and str(level) not in there]
    indexed = {str(level): frame.index.get_level_values(level) for level in levels}
    names = [*map(str, frame.columns), *indexed]
    if faults := column_faults("the frame", names):
        raise DataError("orders", faults)
    columns = [frame.iloc[:, at] for at in range(frame.shape[1])] + [pd.Series(index) for index in indexed.values()]
    plain, odd = dict[str, pd.Series](), list[str]()
    for label, column in zip(names, columns, strict=True):
        try:
            plain[label] = _plain_column(column.reset_index(drop=True))
        except FAILURES:
            odd.append(label)
    whole = pd.DataFrame(plain)
    digest = hashlib.sha256(pd.util.hash_pandas_object(whole, index=False).to_numpy().tobytes()).hexdigest()
    connection = engine.connect()
    said = name or f"a frame of {len(frame):,} rows"
    opened = engine.from_frame(connection, whole)
    return Source(opened, connection, said, digest[:16], rows=len(frame), remarks=_left_out(odd))


def _left_out(columns: list[str]) -> tuple[str, ...]:
    """What is said of columns whose cells are nothing that a table can hold."""
    if not columns:
        return ()
    return (f"Left out, for their cells are neither text, numbers nor times: {', '.join(columns[:5])}.",)


def _plain_column(column: pd.Series) -> pd.Series:
    """Python objects of mixed kinds as text, so that 1 and "1" are the same id and a Decimal keeps its digits."""
    kind = column.dtype
    if pd.api.types.is_object_dtype(kind):
        return column.map(_text).astype("string")
    if isinstance(kind, pd.CategoricalDtype | pd.PeriodDtype | pd.IntervalDtype | pd.SparseDtype):
        return column.astype("string")
    if pd.api.types.is_timedelta64_dtype(kind) or pd.api.types.is_complex_dtype(kind):
        return column.astype("string")
    if pd.api.types.is_float_dtype(kind) and not (column.abs() >= 2**53).any():
        return column.convert_dtypes()  # whole numbers with gaps are ids again, and a gap is missing, not nan
    if isinstance(kind, pd.ArrowDtype):
        import pyarrow as pa

        if pa.types.is_nested(kind.pyarrow_dtype) or pa.types.is_null(kind.pyarrow_dtype):
            return column.astype(object).map(_text).astype("string")
    return column


def _text(cell: Any) -> str | None:
    if cell is None or (pd.api.types.is_scalar(cell) and pd.isna(cell)):
        return None
    return str(cell)
