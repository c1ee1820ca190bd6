"""Bytes → records: where each line of a table begins and ends and how many cells it has, a block at a time.

A quote opens a cell where the cell begins with it, stands twice inside, and closes where the cell ends. Elsewhere it is a
character like any other, such as the inch of 5" pipe. Memory is bounded by the block, whatever the file holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

BLOCK = 1 << 20
LONGEST = 2_000_000
"""Bytes of the longest line that is read: the engine takes none beyond it."""
QUOTE, LF, CR, SPACE = b'"\n\r '


@dataclass(frozen=True)
class Broken:
    """Where cells can no longer be told apart: the line, what is wrong there, and whether a backslash is to blame."""

    line: int
    words: str
    backslash: bool = False


@dataclass(frozen=True)
class Records:
    """The records that end in a block: first and last byte within it (the first record may begin before it), cells of each."""

    block: bytes
    offset: int
    line: int
    starts: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    cells: npt.NDArray[np.int64]
    lone: npt.NDArray[np.int64]
    quoted_lines: bool
    broken: Broken | None

    def line_of(self, place: int) -> int:
        """The line of the file, counted from 1, of a byte of the block."""
        return self.line + self.block.count(b"\n", 0, max(place, 0))


class Cutter:
    """Cuts block after block; what is open at the end of one is carried into the next."""

    def __init__(self, delimiter: str, offset: int = 0, line: int = 1) -> None:
        self.mark = ord(delimiter)
        self.offset, self.line = offset, line
        self.begun = offset
        self.cells, self.inside, self.opened = 0, False, line

    def cut(self, block: bytes) -> Records:
        """The records of a block that ends with a line feed."""
        content = np.frombuffer(block, np.uint8)
        lone = _lone_returns(content) if b"\r" in block else np.empty(0, np.int64)
        marks = content == self.mark
        marks |= content == LF
        marks[lone] = True
        quoted = self.inside or b'"' in block
        if quoted:
            marks |= content == QUOTE
        at = np.flatnonzero(marks)
        kinds = content[at]
        wrapped, broken = False, None
        if quoted:
            at, kinds, wrapped, broken = self._outside(block, content, at, kinds)
            lone = at[kinds == CR]
        ends = np.flatnonzero(kinds != self.mark)
        stops = at[ends] + 1
        cells = np.diff(ends, prepend=-1)
        starts = np.concatenate(([self.begun - self.offset], stops[:-1]))[: len(stops)]
        if len(ends):
            cells[0] += self.cells
            self.cells = len(at) - 1 - int(ends[-1])
            self.begun = self.offset + int(stops[-1])
        else:
            self.cells += len(at)
        found = Records(block, self.offset, self.line, starts, stops, cells, lone, wrapped, broken)
        self.line += block.count(b"\n")
        self.offset += len(block)
        return found

    def _outside(
        self, block: bytes, content: npt.NDArray[np.uint8], at: npt.NDArray[np.int64], kinds: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], bool, Broken | None]:
        """The marks outside quotes, whether any line ends inside them, and what is broken.

        In a tidy block quotes just alternate; one quote out of place sends the block through `_walk`.
        """
        quotes = kinds == QUOTE
        depth = (np.cumsum(quotes, dtype=np.int32) + self.inside) & 1
        edge = np.zeros(256, bool)
        edge[[self.mark, LF, CR, QUOTE]] = True
        opening, closing = at[quotes & (depth == 1)], at[quotes & (depth == 0)]
        before = content[np.maximum(opening - 1, 0)]
        tidy = edge[before] | (opening == 0)
        if not (tidy.all() and edge[content[closing + 1]].all()):
            return self._walk(block, at, kinds)
        if len(opening):
            self.opened = self.line + block.count(b"\n", 0, int(opening[-1])) if depth[-1] else self.opened
        wrapped = bool(((depth == 1) & (kinds != self.mark) & ~quotes).any())
        self.inside = bool(depth[-1]) if len(depth) else self.inside
        kept = (depth == 0) & ~quotes
        return at[kept], kinds[kept], wrapped, None

    def _walk(
        self, block: bytes, at: npt.NDArray[np.int64], kinds: npt.NDArray[np.uint8]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.uint8], bool, Broken | None]:
        """As `_outside`, mark by mark: quotes may stand inside a cell, and spaces around a quoted one."""
        inside, wrapped, skip, opened, broken = self.inside, False, -1, -1, None
        kept = []
        for index, (place, kind) in enumerate(zip(at.tolist(), kinds.tolist(), strict=True)):
            if kind != QUOTE:
                if not inside:
                    kept.append(index)
                wrapped = wrapped or (inside and kind != self.mark)
            elif place == skip:
                continue
            elif not inside and self._begins_cell(block, place):
                inside, opened = True, place
            elif inside and block[place + 1] == QUOTE:
                skip = place + 1
            elif inside:
                inside = False
                if broken is None and not self._ends_cell(block, place):
                    broken = self._misplaced(block, place, opened)
        self.inside = inside
        if inside and opened >= 0:
            self.opened = self.line + block.count(b"\n", 0, opened)
        return at[kept], kinds[kept], wrapped, broken

    def _begins_cell(self, block: bytes, place: int) -> bool:
        before = place - 1
        while before >= 0 and block[before] == SPACE:
            before -= 1
        return before < 0 or block[before] in (self.mark, LF, CR)

    def _ends_cell(self, block: bytes, place: int) -> bool:
        after = place + 1
        while block[after] == SPACE:
            after += 1
        return block[after] in (self.mark, LF, CR)

    def _misplaced(self, block: bytes, place: int, opened: int) -> Broken:
        line = self.line + block.count(b"\n", 0, place)
        begun = self.opened if opened < 0 else self.line + block.count(b"\n", 0, opened)
        where = f", which opened on line {begun:,}," if begun != line else ""
        words = f'a quote (") closes a cell{where} and more text follows before the next delimiter'
        return Broken(line, words, backslash=block[place - 1 : place] == b"\\")


def cut_file(path: Path, delimiter: str, offset: int, line: int) -> Iterator[Records]:
    """The records of a file from a byte and its line on; the last block says where it broke off, if it did."""
    cutter = Cutter(delimiter, offset, line)
    with path.open("rb") as stream:
        stream.seek(offset)
        while block := stream.read(BLOCK):
            if not block.endswith(b"\n"):
                block += stream.readline(LONGEST)
            if not block.endswith(b"\n"):
                block += stream.read(1) or b"\n"
            if not block.endswith(b"\n"):
                yield _end(cutter, Broken(cutter.line + block.count(b"\n"), "the line goes on beyond 2 MB"))
                return
            records = cutter.cut(block)
            yield records
            if records.broken:
                return
            if cutter.offset - cutter.begun > LONGEST:
                break
    if cutter.inside:
        yield _end(cutter, Broken(cutter.opened, 'a quote (") opens a cell and never closes'))


def _end(cutter: Cutter, broken: Broken) -> Records:
    none = np.empty(0, np.int64)
    return Records(b"", cutter.offset, cutter.line, none, none, none, none, False, broken)


def _lone_returns(content: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Carriage returns that no line feed follows."""
    returns = np.flatnonzero(content == CR)
    return returns[content[np.minimum(returns + 1, len(content) - 1)] != LF]
