"""Excel and OpenDocument sheets as text and numbers, read without Excel."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pandas as pd

from ltv.errors import DataError


def read_sheet(path: Path) -> tuple[pd.DataFrame, list[str]]:
    """The first sheet with rows, its first filled row as header, and what should be known about it.

    Raises DataError where the file is no workbook or has no rows.
    """
    from python_calamine import CalamineError, CalamineWorkbook

    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = {name: book.get_sheet_by_name(name).to_python(skip_empty_area=True) for name in book.sheet_names}
    except (CalamineError, OSError, ValueError) as error:
        raise DataError(f"orders ({path.name})", [f"file  could not be read as a workbook: {error}"]) from error
    filled = {name: rows for name, rows in sheets.items() if len(rows) > 1}
    if not filled:
        raise DataError(f"orders ({path.name})", ["file  has no sheet with rows below a header"])
    name, rows = next(iter(filled.items()))
    others = [other for other in filled if other != name]
    remarks = [f'{path.name}: read the sheet "{name}", not {", ".join(others)}.'] if others else []
    header, *body = [row for row in rows if any(cell != "" for cell in row)]
    frame = pd.DataFrame(
        [[_cell(cell) for cell in row] for row in body], columns=[str(cell).strip() for cell in header]
    )
    return frame.loc[:, frame.columns != ""].astype("string"), remarks


def _cell(cell: Any) -> str | None:
    """A cell as text that keeps what it shows: whole numbers without a point, dates year first."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell)
