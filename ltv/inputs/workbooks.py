"""Excel and OpenDocument sheets as text and numbers, read without Excel."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ltv.errors import DataError


def read_sheets(path: Path) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """By name the first sheet with rows and all that have its columns, and what should be known about it.

    The first filled row of a sheet is its header. Raises DataError where the file is no workbook or has no rows.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=True) for name in book.sheet_names}
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"orders ({path.name})", [f"file  could not be read as a workbook: {error}"]) from error
    frames = {name: _frame(rows) for name, rows in sheets.items() if len(rows) > 1}
    if not frames:
        raise DataError(f"orders ({path.name})", ["file  has no sheet with rows below a header"])
    columns = set(next(iter(frames.values())).columns)
    same = {name: frame for name, frame in frames.items() if set(frame.columns) == columns}
    return same, _told(path, list(same), [it for it in frames if it not in same])


def _frame(rows: Sequence[Sequence[Any]]) -> pd.DataFrame:
    header, *body = [row for row in rows if any(cell != "" for cell in row)]
    frame = pd.DataFrame(
        [[_cell(cell) for cell in row] for row in body], columns=[str(cell).strip() for cell in header]
    )
    return frame.loc[:, frame.columns != ""].astype("string")


def _told(path: Path, read: Sequence[str], others: Sequence[str]) -> list[str]:
    if len(read) + len(others) == 1:
        return []
    sheets, rest = (", ".join(f'"{name}"' for name in names) for names in (read, others))
    one = f"the sheets {sheets}, which have the same columns, as one" if len(read) > 1 else f"the sheet {sheets}"
    return [f"{path.name}: read {one}{f'; not {rest}, which have others' if others else ''}."]


def _cell(cell: Any) -> str | None:
    """A cell as text that keeps what it shows: whole numbers without a point, dates year first."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)
