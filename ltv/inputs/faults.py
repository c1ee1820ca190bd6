"""Faults of the lines of a text file in words: where, what was expected, and a cure that a shell runs as it is printed."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from ltv.inputs.layout import Layout
from ltv.inputs.records import LONGEST, Broken
from ltv.inputs.structure import Line, Structure

WIDEST = 2_000
"""Columns of the widest table that is read: beyond it engines take minutes to plan a query."""


def every(found: Structure, name: str, given: str | None) -> list[str]:
    """Every fault of the lines of a file: where, what was expected, and what mends it.

    `given` is the path as a shell takes it, None where the file is packed or recoded and no command would read it.
    """
    layout, said = found.layout, []
    if found.nul_line:
        cure = f": tr -d '\\000' < {given} > mended.csv takes them out" if given else ""
        said.append(f"file     {name}, line {found.nul_line:,}: zero bytes, so the file is damaged or in another encoding (pass encoding=){cure}")  # fmt: skip
    if found.broken:
        said.append(_broken(found.broken, name, given))
    said += column_faults(f"{name}, line {layout.line}", layout.columns)
    pasted = sorted(found.again + [it for it in found.ragged if _shares(it, layout)], key=lambda it: it.line)
    said += [_pasted(line, name, given) for line in pasted[:3]]
    rest = [it for it in found.ragged if not pasted or it.line < pasted[0].line]
    if len(layout.cells) < layout.width and not found.empty:
        said.append(f"file     {name}, line {layout.line}: the heading names {len(layout.cells)} columns and the rows have {layout.width} cells. Name each column")  # fmt: skip
    if rest and not found.broken:
        said.append(_ragged(found, rest, name, given, whole=not pasted))
    return said


def _broken(broken: Broken, name: str, given: str | None) -> str:
    cure = 'A quote that belongs to the text is written twice ("")'
    if broken.backslash:
        cure = 'It is written \\" where this format wants ""'
        cure += f': sed \'s/\\\\"/""/g\' {given} > mended.csv writes it so' if given else ""
    if broken.words.startswith("the line"):
        cure = f"Lines of up to {LONGEST:,} bytes are read: is this a table?"
    return f"file     {name}, line {broken.line:,}: {broken.words}. {cure}"


def column_faults(where: str, names: Sequence[str]) -> list[str]:
    """Too many columns, and columns of one name or of two that differ in case only: neither could be named."""
    if len(names) > WIDEST:
        return [f"columns  {where} has {len(names):,} columns; up to {WIDEST:,} are read. Keep customer, date, amount and what else is used"]  # fmt: skip
    places: dict[str, list[int]] = {}
    for number, column in enumerate(names, 1):
        places.setdefault(column.lower(), []).append(number)
    return [_twice(where, names, at) for at in places.values() if len(at) > 1]


def _twice(where: str, columns: Sequence[str], at: list[int]) -> str:
    names = " and ".join(dict.fromkeys(f'"{columns[number - 1]}"' for number in at))
    return f"columns  {where}: columns {', '.join(map(str, at))} are all called {names}, so neither can be named. Give each a name of its own"  # fmt: skip


def _shares(line: Line, layout: Layout) -> bool:
    names = set(layout.cells) - {""}
    return len(names & set(line.names)) >= max(2, (len(names) + 1) // 2)


def _pasted(line: Line, name: str, given: str | None) -> str:
    cure = "save each under a name of its own in one folder, and give the folder"
    if given:
        cure += (
            f": mkdir parts; head -n {line.line - 1} {given} > parts/1.csv; tail -n +{line.line} {given} > parts/2.csv"
        )
    return f"file     {name}, line {line.line:,}: a heading again, with other columns ({', '.join(line.names)[:200]}). Two exports stand in one file: {cure}"  # fmt: skip


def _ragged(found: Structure, rest: list[Line], name: str, given: str | None, *, whole: bool) -> str:
    layout, first, count = found.layout, rest[0], found.ragged_rows if whole else len(rest)
    others = ", ".join(f"{it.line:,}" for it in rest[1:4])
    also = f"; {count:,} such lines in all, next {others}" if count > 1 else ""
    seen = f"{first.width} cells where the heading on line {layout.line} has {layout.width}{also}"
    mark = {"\t": "tab"}.get(layout.delimiter, layout.delimiter)
    cure = f'A cell that holds the delimiter ({mark}) or a line end stands in quotes; a total or note below the rows is taken out. See it: sed -n {first.line}p {given or "FILE"}'  # fmt: skip
    if found.lone_line:
        look = f"tr -d '\\r' < {given} > mended.csv" if given else "export it with one kind of line end"
        cure = f"A carriage return without a line feed stands on line {found.lone_line:,}; where it belongs to the text: {look}"  # fmt: skip
    return f"file     {name}, line {first.line:,}: {seen}. {cure}"


def quote(path: Path) -> str:
    return shlex.quote(str(path))
