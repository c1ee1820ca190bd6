"""Scores as a file for other people: CSV, Excel or Parquet by its ending, whole or not at all."""

from __future__ import annotations

import csv
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from ltv import engine
from ltv.errors import DataError

ENDINGS = (".csv", ".xlsx", ".parquet")
SHEET_ROWS = 1_048_575
"""Rows below the header that a sheet of Excel holds."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
BATCH = 100_000


def ending(to: str | Path) -> str:
    """How a file is written: its ending, in any case. Raises DataError where it is none of those that can be."""
    found = Path(to).suffix.lower()
    if found not in ENDINGS:
        raise DataError(
            "scores", [f"out  {to} must end in .csv, .xlsx or .parquet: scores are written as one of these"]
        )
    return found


def check_fits(to: str | Path, customers: int) -> None:
    """Raise DataError where a file cannot be of this kind, or a sheet cannot hold so many customers."""
    if ending(to) == ".xlsx" and customers > SHEET_ROWS:
        fault = f"out  {customers:,} customers are more than the {SHEET_ROWS:,} rows of a sheet: name a .csv or .parquet file"
        raise DataError("scores", [fault])
    if Path(to).is_dir():
        raise DataError("scores", [f"out  {to} is a folder: name a file in it, such as {Path(to) / 'scores.csv'}"])


def write_file(scored: ir.Table, to: str | Path) -> int:
    """Write scores beside their place, count the rows in what was written, and only then put it there.

    The folder is made where it is missing. Returns the rows read back. Raises DataError when it cannot be written.
    """
    path, kind = Path(to).absolute(), ending(to)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{kind}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if kind == ".parquet":
            engine.write(scored, part)
        else:
            {".csv": _write_csv, ".xlsx": _write_sheet}[kind](scored, part)
        rows = _rows(part, kind)
        part.replace(path)
    except OSError as error:
        raise DataError("scores", [f"out  {to} could not be written: {error.strerror or error}"]) from error
    finally:
        if part.is_dir():  # on Spark
            shutil.rmtree(part)
        elif part.is_file():
            part.unlink()
    return rows


def _batches(scored: ir.Table) -> Iterator[pa.RecordBatch]:
    yield from scored.to_pyarrow_batches(chunk_size=BATCH)


def _write_csv(scored: ir.Table, path: Path) -> None:
    """UTF-8, RFC 4180. Text that a spreadsheet would take for a formula begins with an apostrophe."""
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(map(_plain, scored.columns))
        for batch in _batches(scored):
            columns = [column.to_pylist() for column in batch.columns]
            texts = [
                pa.types.is_string(column.type) or pa.types.is_large_string(column.type) for column in batch.columns
            ]
            safe = [list(map(_plain, c)) if text else c for c, text in zip(columns, texts, strict=True)]
            writer.writerows(zip(*safe, strict=True))


def _plain(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA) else cell


def _write_sheet(scored: ir.Table, path: Path) -> None:
    """A sheet written row by row: text stays text, whatever it looks like."""
    import xlsxwriter

    with xlsxwriter.Workbook(str(path), {"constant_memory": True, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("scores")
        sheet.freeze_panes(1, 1)
        for place, name in enumerate(scored.columns):
            sheet.write_string(0, place, name)
        row = 0
        for batch in _batches(scored):
            for cells in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                row += 1
                for place, cell in enumerate(cells):
                    if isinstance(cell, str):
                        if sheet.write_string(row, place, cell):
                            raise OSError(
                                f"a cell of {len(cell):,} letters does not fit into a sheet: name a .csv file"
                            )
                    elif cell is not None and cell == cell:
                        sheet.write_number(row, place, cell)


def _rows(path: Path, kind: str) -> int:
    """The rows that a file holds, read from it."""
    if kind == ".parquet":
        files = sorted(path.glob("*.parquet")) if path.is_dir() else [path]
        return sum(pq.read_metadata(file).num_rows for file in files)
    if kind == ".csv":
        with path.open(encoding="utf-8", newline="") as stream:
            return sum(1 for _ in csv.reader(stream)) - 1
    from python_calamine import CalamineWorkbook

    return sum(1 for _ in CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).iter_rows()) - 1
