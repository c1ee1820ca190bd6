"""Every line of a text file accounted for, by a count that the engine has no part in.

One pass finds what each line is: a row, a line with nothing in it, the heading once more, or a fault. What is neither row
nor fault is read over and said; where the engine could not read a file as it is, it gets a copy without those lines.
"""

from __future__ import annotations

import codecs
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ltv import engine
from ltv.inputs.layout import Layout, names_in
from ltv.inputs.records import LF, Broken, Records, cut_file

MANY = 200


@dataclass(frozen=True)
class Line:
    """A line that is no row: its number among the records, its line in the file, its bytes, its cells."""

    record: int
    line: int
    start: int
    stop: int
    width: int
    names: tuple[str, ...]


class NotUtf8(Exception):
    """Bytes that are not UTF-8, with their line."""


class Structure:
    """What a pass over a file found: `rows`, and what is wrong or odd about its lines."""

    def __init__(self, path: Path, layout: Layout) -> None:
        self.path, self.layout = path, layout
        self.rows = self.ragged_rows = self.blank_rows = 0
        self.ragged: list[Line] = []
        self.blank: dict[int, tuple[int, int]] = {}
        self.again: list[Line] = []
        self.cuts: list[tuple[int, int]] = [(0, layout.start)] if layout.above else []
        self.first_blank = self.nul_line = self.lone_line = 0
        self.quoted_lines = self.feeds = self.returns = False
        self.empty = layout.empty > 0
        self.broken: Broken | None = None
        self._record = 0
        self._names = sorted({name for name in layout.cells if len(name) > 2}, key=len)[-2:]
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def scan(self) -> Structure:
        """Go through the file once. Raises NotUtf8 at the first byte that is not."""
        for records in cut_file(self.path, self.layout.delimiter, self.layout.body, self._body_line()):
            self._decode(records)
            if b"\0" in records.block:
                self.nul_line = records.line_of(records.block.index(b"\0"))
                break
            self.quoted_lines |= records.quoted_lines
            self.broken = records.broken
            self._line_ends(records)
            self._count(records)
            self._find_headings(records)
            self._record += len(records.cells)
        self.cuts = _merged(self.cuts)
        return self

    @property
    def unnamed(self) -> list[str]:
        """Columns whose heading is empty."""
        named = dict(enumerate(self.layout.cells))
        return [column for at, column in enumerate(self.layout.columns) if not named.get(at)]

    @property
    def ignored(self) -> tuple[str, ...]:
        """Columns without heading and content at the end of each row."""
        return self.layout.columns[self.layout.width - self.layout.empty :] if self.empty else ()

    def _body_line(self) -> int:
        return self.layout.line + self.layout.heading.count(b"\n")

    def _decode(self, records: Records) -> None:
        if records.block.isascii():
            pending = self._decoder.getstate()[0]
            if not pending:
                return
        try:
            self._decoder.decode(records.block)
        except UnicodeDecodeError as error:
            raise NotUtf8(f"line {records.line_of(error.start):,}") from error

    def _line_ends(self, records: Records) -> None:
        if len(records.lone) and not self.lone_line:
            self.lone_line = records.line_of(int(records.lone[0]))
        ends = records.stops[np.searchsorted(records.stops, 2) :]
        if len(ends):
            content = np.frombuffer(records.block, np.uint8)
            marked = content[ends - 2] == ord("\r")
            self.returns |= bool(marked.any())
            self.feeds |= not bool(marked.all())

    def _count(self, records: Records) -> None:
        """Rows, and one by one the few lines that are none."""
        width, cells = self.layout.width, records.cells
        lengths = records.stops - records.starts
        odd = np.flatnonzero((cells != width) | (lengths <= cells + 1))
        self.rows += len(cells) - len(odd)
        mark = self.layout.delimiter.encode()
        for at in odd.tolist():
            start, stop, wide = int(records.starts[at]), int(records.stops[at]), int(cells[at])
            text = records.block[max(start, 0) : stop].strip(b"\r\n")
            if start >= 0 and not text.replace(mark, b"").strip():
                self._blank(records, at, text)
            elif wide == width:
                self.rows += 1
            else:
                self.ragged_rows += 1
                if len(self.ragged) < MANY:
                    names = names_in(text, self.layout.delimiter) if start >= 0 else ()
                    self.ragged.append(self._line(records, at, names))
        if self.empty and len(cells):
            self._last_cells(records)

    def _blank(self, records: Records, at: int, text: bytes) -> None:
        start, stop = int(records.starts[at]) + records.offset, int(records.stops[at]) + records.offset
        if text or self.layout.width == 1:
            self.blank_rows += bool(text)
            self.first_blank = self.first_blank or records.line_of(int(records.starts[at]))
            if self.cuts and self.cuts[-1][1] == start:
                start = self.cuts.pop()[0]
            self.cuts.append((start, stop))
        if len(self.blank) < 100 * MANY:
            self.blank[self._record + at] = (start, stop)

    def _last_cells(self, records: Records) -> None:
        """Whether the last cells of every row, those without a heading, are empty."""
        content = np.frombuffer(records.block, np.uint8)
        ends = records.stops - 1
        ends = ends - (content[np.maximum(ends - 1, 0)] == ord("\r"))
        full = (records.cells == self.layout.width) & (ends > self.layout.empty)
        mark = ord(self.layout.delimiter)
        for back in range(1, self.layout.empty + 1):
            self.empty &= bool((content[ends[full] - back] == mark).all())

    def _find_headings(self, records: Records) -> None:
        """Lines that hold the names of the heading again, whatever their order and number."""
        width, known = self.layout.width, {line.record for line in self.again}
        least = max(2, (len(self.layout.cells) + 1) // 2)
        seen: set[int] = set()
        for name in self._names:
            word, place, hits = name.encode(), -1, 0
            while hits < MANY and (place := records.block.find(word, place + 1)) >= 0:
                at = int(np.searchsorted(records.stops, place, side="right"))
                hits += 1
                if at < len(records.stops) and records.starts[at] >= 0:
                    seen.add(at)
                    place = int(records.stops[at]) - 1
        for at in sorted(seen):
            if self._record + at in known or records.cells[at] != width:
                continue
            text = records.block[int(records.starts[at]) : int(records.stops[at])]
            names = names_in(text, self.layout.delimiter)
            if len(set(names) & set(self.layout.cells) - {""}) >= least:
                self.again.append(self._line(records, at, names))

    def _line(self, records: Records, at: int, names: tuple[str, ...]) -> Line:
        start, stop = int(records.starts[at]), int(records.stops[at])
        place = (start + records.offset, stop + records.offset)
        return Line(self._record + at, records.line_of(start), *place, int(records.cells[at]), names)


def read_over(found: Structure) -> list[str]:
    """Take the headings that stand in the file again, and the titles right above them, out of its rows: what is said."""
    names = _bare(found.layout.cells)
    said = []
    for line in [it for it in found.again if _bare(it.names) == names]:
        found.again.remove(line)
        found.rows -= 1
        found.cuts.append((line.start, line.stop))
        titles = _titles_above(found, line)
        found.cuts += [(it.start, it.stop) for it in titles]
        more = f" and {len(titles)} lines of title above it" if titles else ""
        said.append(f"line {line.line:,}{more}")
    found.cuts = _merged(found.cuts)
    return said


def _titles_above(found: Structure, line: Line) -> list[Line]:
    """The lines of fewer cells that stand right above a heading, with nothing but blank lines between."""
    by_record = {it.record: it for it in found.ragged}
    titles, record = [], line.record - 1
    while record in found.blank or (record in by_record and by_record[record].width < found.layout.width):
        if record in by_record:
            titles.append(by_record[record])
        record -= 1
    for it in titles:
        found.ragged.remove(it)
        found.ragged_rows -= 1
    return titles


def _bare(names: tuple[str, ...]) -> tuple[str, ...]:
    while names and not names[-1]:
        names = names[:-1]
    return names


def _merged(cuts: list[tuple[int, int]]) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, stop in sorted(cuts):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(stop, merged[-1][1]))
        else:
            merged.append((start, stop))
    return merged


def rewrite(found: Structure) -> Path:
    """A copy of the file without the lines read over, each line ended by a line feed, for the engine to read."""
    cuts, layout = found.cuts, found.layout
    first = 0
    with tempfile.NamedTemporaryFile("wb", suffix=".csv", dir=engine.scratch(), delete=False) as copy:
        copy.write(layout.heading.rstrip(b"\r\n") + b"\n")
        for records in cut_file(found.path, layout.delimiter, layout.body, 1):
            content = np.frombuffer(records.block, np.uint8).copy()
            kept = np.ones(len(content), bool)
            content[records.lone] = LF
            ends = records.stops[records.stops > 1]
            kept[ends[content[ends - 2] == ord("\r")] - 2] = False
            stop = records.offset + len(content)
            while first < len(cuts) and cuts[first][1] <= records.offset:
                first += 1
            for start, end in cuts[first:]:
                if start >= stop:
                    break
                kept[max(start - records.offset, 0) : max(end - records.offset, 0)] = False
            copy.write(content[kept].tobytes())
    return Path(copy.name)
