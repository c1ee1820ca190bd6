"""Excel and OpenDocument sheets as text and numbers, read without Excel."""

from __future__ import annotations

import datetime as dt
import re
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from ltv.errors import DataError
from ltv.inputs.faults import column_faults
from ltv.inputs.layout import ABOVE
from ltv.inputs.plain import head_of, is_no_table

LARGEST = 1 << 30
"""Bytes a workbook may unpack to: its cells take about as much memory."""
_ERROR = re.compile(rb'<c [^>]*?\bt="e"[^>]*>')


@dataclass(frozen=True)
class Sheet:
    """The rows of a sheet below its heading, as text, and what was read over."""

    name: str
    frame: pd.DataFrame
    remarks: tuple[str, ...]


def read_sheets(path: Path) -> tuple[list[Sheet], list[str]]:
    """The first sheet with rows and all that have its columns, and what should be known about it.

    Raises DataError where the file is no workbook, is too large, has no rows, or a sheet that is read has faults.
    """
    from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

    errors = _look_inside(path)
    try:
        book = CalamineWorkbook.from_path(str(path))
        shown = [it.visible == SheetVisibleEnum.Visible for it in book.sheets_metadata]
        sheets = [book.get_sheet_by_index(at) for at in range(len(shown))]
        rows = [sheet.to_python(skip_empty_area=True) for sheet in sheets]
    except (CalamineError, OSError, ValueError) as error:
        raise _refused(path, [f"file  could not be read as a workbook: {error}{_hint(path)}"]) from error
    filled = [at for at in range(len(sheets)) if sum(any(cell != "" for cell in row) for row in rows[at]) > 1]
    wanted = [at for at in filled if shown[at]] or filled
    if not wanted:
        raise _refused(path, ["file  has no sheet with rows below a header"])
    read, faults, others = list[Sheet](), list[str](), list[str]()
    for at in wanted:
        heading = _heading(rows[at])
        columns = _columns(rows[at][heading])
        if read and set(columns) != set(read[0].frame.columns):
            others.append(sheets[at].name)
            continue
        faults += column_faults(f'{path.name}, sheet "{sheets[at].name}"', columns)
        faults += _merged(sheets[at], heading, path.name)
        if not faults:
            read.append(_sheet(sheets[at].name, columns, rows[at], heading, path.name))
    if faults:
        raise _refused(path, faults)
    told = _told(path, [it.name for it in read], others, [sheets[at].name for at in filled if at not in wanted])
    return read, [*told, *(remark for sheet in read for remark in sheet.remarks), *errors]


def _look_inside(path: Path) -> list[str]:
    """What the parts of a zipped workbook say: DataError where they are too large, a remark where cells hold errors."""
    if not zipfile.is_zipfile(path):
        return []
    with zipfile.ZipFile(path) as box:
        size = sum(part.file_size for part in box.infolist())
        if size > LARGEST:
            raise _refused(path, [f"file  unpacks to {size / 1e9:,.1f} GB; up to {LARGEST / 1e9:,.1f} GB are read. Save it as CSV"])  # fmt: skip
        errors = 0
        for part in box.namelist():
            if part.startswith("xl/worksheets/") and part.endswith(".xml"):
                try:
                    errors += len(_ERROR.findall(box.read(part)))
                except (zipfile.BadZipFile, RuntimeError, OSError, ValueError) as error:
                    raise _refused(path, [f"file  could not be read as a workbook: {error}"]) from error
    return [f"{path.name}: {errors:,} cells hold an error such as #N/A and were read as empty."] if errors else []


def _heading(rows: Sequence[Sequence[Any]]) -> int:
    """The first row that fills most of the columns, with names where there is such a row: titles and filters fill fewer."""
    filled = [sum(cell != "" for cell in row) for row in rows[: ABOVE + 20]]
    fitting = [at for at, count in enumerate(filled[:ABOVE]) if count > 0.7 * max(filled)]
    named = [at for at in fitting if all(isinstance(cell, str) for cell in rows[at])]
    return next(iter([*named[:1], *fitting]), next(at for at, count in enumerate(filled) if count))


def _columns(row: Sequence[Any]) -> list[str]:
    return [_cell(cell) or "" for cell in row]


def _sheet(name: str, columns: list[str], rows: Sequence[Sequence[Any]], heading: int, file: str) -> Sheet:
    """The rows below a heading; empty ones, the heading again, and columns without name and content are left out."""
    body = [cells for row in rows[heading + 1 :] if any(cells := [_cell(cell) for cell in row])]
    again = [row for row in body if [cell or "" for cell in row] == columns]
    body = [row for row in body if [cell or "" for cell in row] != columns]
    used = [at for at, column in enumerate(columns) if column or any(row[at] for row in body)]
    names = [columns[at] or f"column {at + 1}" for at in used]
    frame = pd.DataFrame([[row[at] for at in used] for row in body], columns=names).astype("string")
    where, said = f'{file}, sheet "{name}"', []
    if above := sum(any(cell != "" for cell in row) for row in rows[:heading]):
        said.append(f"{where}: {above} {'row' if above == 1 else 'rows'} above the heading read over.")
    if again:
        said.append(f"{where}: the heading stands there {len(again) + 1} times; read once.")
    if nameless := [names[i] for i, at in enumerate(used) if not columns[at]]:
        said.append(f"{where}: the heading has no name for {', '.join(nameless[:3])}.")
    return Sheet(name, frame, tuple(said))


def _merged(sheet: Any, heading: int, file: str) -> list[str]:
    """The fault of cells merged over several rows: only the first of them holds what is meant for all."""
    ranges = getattr(sheet, "merged_cell_ranges", None) or []
    first = (sheet.start or (0, 0))[0] + heading
    over = [(top, bottom) for (top, _), (bottom, _) in ranges if bottom > top and top > first]
    if not over:
        return []
    top, bottom = min(over)
    return [
        f'rows  {file}, sheet "{sheet.name}": {len(over):,} merged cells reach over several rows (first: rows {top + 1} to '
        f"{bottom + 1}), so all rows but the first are empty there. Unmerge them and fill each row"
    ]


def _told(path: Path, read: Sequence[str], others: Sequence[str], hidden: Sequence[str]) -> list[str]:
    told = [f"{path.name}: hidden sheets ({_quoted(hidden)}) were not read."] if hidden else []
    if len(read) + len(others) == 1:
        return told
    one = f"the sheets {_quoted(read)}, which have the same columns, as one" if len(read) > 1 else f"the sheet {_quoted(read)}"  # fmt: skip
    return [f"{path.name}: read {one}{f'; not {_quoted(others)}, which have others' if others else ''}.", *told]


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(f'"{name[:31]}"' for name in names[:20])


def _hint(path: Path) -> str:
    start = head_of(path, 64)
    if what := is_no_table(start):
        return f". It is {what}" if not start.startswith(b"\xd0\xcf") else ". Has it a password? Save it without one"
    return ". It is text: name it .csv" if b"\0" not in start else ""


def _refused(path: Path, faults: list[str]) -> DataError:
    return DataError(f"orders ({path.name})", faults)


def _cell(cell: Any) -> str | None:
    """A cell as text that keeps what it shows: whole numbers without a point, dates year first."""
    if cell == "":
        return None
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 2**53:
        return str(int(cell))
    if isinstance(cell, dt.datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return str(cell).strip() or None
