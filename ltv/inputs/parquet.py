"""Parquet files: what they say of themselves, before a row is read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ltv.errors import DataError
from ltv.inputs.faults import column_faults

ROWS = 4_000_000_000
"""Rows beyond which no file is begun: a few bytes can declare any number of them."""


def check(paths: Sequence[Path]) -> tuple[int, list[list[str]]]:
    """The rows the files declare and the columns of each. Raises DataError with what is wrong with them."""
    import pyarrow as pa
    from pyarrow import parquet

    rows, columns, faults = 0, list[list[str]](), list[str]()
    for path in paths:
        try:
            declared = parquet.read_metadata(path)
            columns.append(declared.schema.to_arrow_schema().names)
        except (pa.ArrowException, OSError) as error:
            faults.append(f"file     {path.name} could not be read: {str(error).splitlines()[0][:200]}")
            continue
        rows += declared.num_rows
        faults += column_faults(path.name, columns[-1])
    if rows > ROWS:
        faults.append(f"rows     {rows:,} are declared; up to {ROWS:,} are read")
    if faults:
        raise DataError(f"orders ({paths[0].name})" if len(paths) == 1 else "orders", faults[:20])
    return rows, columns
