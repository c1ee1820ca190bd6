"""Where a table begins in a text file: its delimiter, the lines above its heading, and the names in the heading."""

from __future__ import annotations

import codecs
import collections
import csv
import io
import re
from dataclasses import dataclass

from ltv.inputs.records import LONGEST, Cutter

DELIMITERS = ",;\t|"
SEEN = 1 << 16
SAMPLE = 200
ABOVE = 30
"""Lines above a heading that are taken for title, filters and notes; more of them are a table of their own."""
_SEP = re.compile(rb'^\s*"?sep=(.)"?[ \t]*\r?\n', re.IGNORECASE)
_NUMBER = re.compile(r"^\s*[-+(]?\W?\s*\d[\d\s.,']*\)?\s*$")
_DATE = re.compile(r"^\s*(\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4})\b")


@dataclass(frozen=True)
class Layout:
    """The delimiter, the heading (as bytes, as cells, its line and where its rows begin) and the cells of a row.

    `above`: how many lines were read over. `empty`: how many last cells of every row have no heading.
    """

    delimiter: str
    heading: bytes
    cells: tuple[str, ...]
    start: int
    body: int
    line: int
    width: int
    above: int = 0
    empty: int = 0

    @property
    def looks_like_a_row(self) -> bool:
        """Whether a day and a number stand where names are expected."""
        days = [cell for cell in self.cells if _DATE.match(cell)]
        return bool(days) and any(_NUMBER.match(cell) for cell in self.cells if cell not in days)

    @property
    def columns(self) -> tuple[str, ...]:
        """A name for each cell of a row: that of the heading, or its number."""
        names = [*self.cells, *[""] * (self.width - len(self.cells))][: self.width]
        return tuple(name or f"column {number}" for number, name in enumerate(names, 1))


@dataclass(frozen=True)
class _Line:
    start: int
    stop: int
    width: int
    cells: tuple[str, ...]

    @property
    def filled(self) -> int:
        return sum(bool(cell) for cell in self.cells)

    @property
    def is_note(self) -> bool:
        return self.filled < 2 or self.cells[0].startswith("#")

    @property
    def is_data(self) -> bool:
        return any(_NUMBER.match(cell) or _DATE.match(cell) for cell in self.cells)


def find_layout(head: bytes, known: Layout | None = None) -> Layout | None:
    """The layout of a file that begins with these bytes; None where there is no line in them.

    `known` is the layout of another file, which is taken where this one begins in the same way.
    """
    first = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    if known and not known.above and known.start == first and head[first : known.body] == known.heading:
        return known
    if said := _SEP.match(head[first:]):
        found = _judge(head, first + said.end(), said[1].decode("latin-1"), above=1)
        return found[1] if found else None
    judged = [found for mark in DELIMITERS if (found := _judge(head, first, mark))]
    return max(judged, key=lambda found: found[0])[1] if judged else None


def _judge(head: bytes, first: int, delimiter: str, above: int = 0) -> tuple[tuple[float, ...], Layout] | None:
    """How well a delimiter cuts the first lines into equal rows, and the layout it gives them."""
    lines = _lines(head, first, delimiter)
    if not lines:
        return None
    counts = collections.Counter(line.width for line in lines)
    usual = counts.most_common(1)[0][0]
    chosen = _heading(lines, usual)
    line, rows = lines[chosen], lines[chosen + 1 :]
    width, empty = _width(line, [row.width for row in rows])
    share = sum(row.width == width for row in rows) / len(rows) if rows else 1.0
    score = (width > 1, share > 0.8, not rows or rows[0].width == width, -chosen, width)
    heading = head[line.start : line.stop]
    cells = line.cells[:width]
    number = 1 + above + head.count(b"\n", first, line.start)
    return score, Layout(delimiter, heading, cells, line.start, line.stop, number, width, number - 1, empty)


def _heading(lines: list[_Line], usual: int) -> int:
    """Which line is the heading: the first of two filled cells, unless it is a note above one that looks like a heading."""
    first = next((i for i, line in enumerate(lines[:ABOVE]) if not line.is_note), 0)
    if usual < 2 or lines[first].width == usual or _follows(lines, first):
        return first
    for i, line in enumerate(lines[:ABOVE]):
        if line.width == usual and not line.is_note and i > first:
            again = 2 * len(set(line.cells) & set(lines[first].cells) - {""}) >= lines[first].filled
            return first if again or line.is_data else i
    return first


def _follows(lines: list[_Line], first: int) -> bool:
    """Whether a line is the heading of the rows below it though it has a cell more or less."""
    below = [line.width for line in lines[first + 1 : first + 3]]
    return not lines[first].is_data and bool(below) and all(abs(w - lines[first].width) == 1 for w in below)


def _width(heading: _Line, rows: list[int]) -> tuple[int, int]:
    """Cells of a row, and how many of its last ones have no name: a delimiter may close each line, or the heading alone."""
    named = len(heading.cells) - next((i for i, cell in enumerate(reversed(heading.cells)) if cell), 0)
    usual = collections.Counter(rows).most_common(1)[0][0] if rows else heading.width
    closed = named <= usual <= heading.width or usual == heading.width + 1 == named + 1
    if closed and all(width == usual for width in rows[:3]):
        return usual, usual - named
    return heading.width, heading.width - named


def _lines(head: bytes, first: int, delimiter: str) -> list[_Line]:
    """The first lines that hold anything, cut with a delimiter; the last of them may be left out where it is cut off."""
    content = head[first:]
    whole = content if content.endswith(b"\n") else content + b"\n"
    records = Cutter(delimiter, first).cut(whole)
    found = list[_Line]()
    ended = len(records.stops) - (len(head) >= SEEN and len(records.stops) > 2)
    for start, stop, width in zip(records.starts[:ended], records.stops[:ended], records.cells[:ended], strict=True):
        text = whole[start:stop]
        if text.strip():
            cells = names_in(text, delimiter) if len(found) <= ABOVE else ()
            found.append(_Line(first + int(start), first + int(stop), int(width), cells))
        if len(found) > SAMPLE:
            break
    return found


def names_in(line: bytes, delimiter: str) -> tuple[str, ...]:
    """The cells of one line, without spaces around them."""
    text = line.decode(errors="replace").rstrip("\r\n")
    try:
        cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), [])
    except csv.Error:
        cells = text.split(delimiter)
    return tuple(cell.strip() for cell in cells)


def enough(head: bytes) -> bool:
    """Whether the first bytes of a file hold a few lines."""
    return head.count(b"\n") > 2 or len(head) >= LONGEST
