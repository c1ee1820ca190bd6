"""CSV files as people export them → files the engine reads with everything stated, nothing guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ltv.errors import DataError
from ltv.inputs import faults, plain, structure
from ltv.inputs.layout import SEEN, Layout, enough, find_layout
from ltv.inputs.records import LONGEST
from ltv.inputs.structure import NotUtf8, Structure


@dataclass(frozen=True)
class TextFile:
    """A file as the engine reads it: the rows below its one heading, whose cells are these columns.

    `ignored`: columns without heading and content. `quoted_lines`: whether a line end stands inside a cell.
    """

    path: Path
    name: str
    columns: tuple[str, ...]
    delimiter: str
    rows: int
    ignored: tuple[str, ...] = ()
    quoted_lines: bool = False
    returns: bool = False
    remarks: tuple[str, ...] = ()

    @property
    def used(self) -> tuple[str, ...]:
        return tuple(column for column in self.columns if column not in self.ignored)


OTHER_SCRIPT = (
    "file     {} is not UTF-8, and not of a Western language: pass encoding=, such as gb18030 or big5 (Chinese), cp932 "
    "(Japanese), cp949 (Korean), cp1251 (Cyrillic), cp1253 (Greek), cp1255 (Hebrew); on the command line -p encoding=…"
)
_READ: dict[tuple[Path, str, str | None], TextFile] = {}
"""What this process has read, by place and content, so that a file is gone through and copied once."""


def read_texts(paths: Sequence[Path], digests: Sequence[str], encoding: str | None) -> list[TextFile]:
    """Each file, gone through line by line. Raises DataError with the faults of all of them."""
    read, wrong, known = [], list[str](), None
    for path, digest in zip(paths, digests, strict=True):
        key = (path.absolute(), digest, encoding)
        try:
            if key not in _READ or not _READ[key].path.exists():
                _READ[key], known = _read(path, encoding, known)
            read.append(_READ[key])
        except DataError as error:
            wrong += error.faults
    if wrong:
        shown = wrong[:20] + ([f"file     and {len(wrong) - 20:,} more faults"] if len(wrong) > 20 else [])
        raise DataError(f"orders ({paths[0].name})" if len(paths) == 1 else "orders", shown)
    return read


def _read(path: Path, encoding: str | None, known: Layout | None) -> tuple[TextFile, Layout]:
    remarks = list[str]()
    text = plain.unpack(path)
    if what := plain.is_no_table(plain.head_of(text, 64)):
        raise DataError(f"orders ({path.name})", [f"file     {path.name} is {what}"])
    told = plain.find_encoding(text)
    using = encoding or told
    if told in ("utf-16-le", "utf-16-be") and not encoding:
        remarks.append(f"{path.name} is UTF-16 without a mark and was read as such.")
    if using and using.lower().replace("_", "-") not in ("utf-8", "utf8", "utf-8-sig"):
        text = plain.in_utf8(text, path.name, using)
    try:
        found = _scanned(text, path.name, known)
    except NotUtf8 as error:
        if encoding:
            fault = (
                f"file     {path.name}, {error}: cannot be read as {encoding}. Pass encoding=, the one it was saved in"
            )
            raise DataError(f"orders ({path.name})", [fault]) from error
        if not plain.is_western(text):
            raise DataError(f"orders ({path.name})", [OTHER_SCRIPT.format(path.name)]) from error
        text = plain.in_utf8(text, path.name, "cp1252")
        remarks.append("The file is not UTF-8 and was read as Windows-1252; pass encoding= if names look wrong.")
        found = _scanned(text, path.name, known)
    again = structure.read_over(found)
    if wrong := faults.every(found, path.name, faults.quote(path) if found.path == path else None):
        raise DataError(f"orders ({path.name})", wrong)
    remarks += _remarks(found, path.name, again)
    ragged_ends = found.lone_line or (found.feeds and found.returns)
    readable = structure.rewrite(found) if found.cuts or ragged_ends else found.path
    layout = found.layout
    return TextFile(
        path=readable,
        name=path.name,
        columns=layout.columns,
        delimiter=layout.delimiter,
        rows=found.rows,
        ignored=found.ignored,
        quoted_lines=found.quoted_lines,
        returns=found.returns and readable == found.path,
        remarks=tuple(remarks),
    ), layout


def _scanned(path: Path, name: str, known: Layout | None) -> Structure:
    head = plain.head_of(path, SEEN)
    if not enough(head):
        head = plain.head_of(path, LONGEST)
    if b"\n" not in head and b"\r" in head:
        path = plain.with_line_feeds(path)
        head = plain.head_of(path, SEEN)
    if len(head) == LONGEST and b"\n" not in head:
        fault = f"file     {name}, line 1: the line goes on beyond 2 MB: is this a table?"
        raise DataError(f"orders ({name})", [fault])
    layout = find_layout(head, known)
    if layout is None:
        raise DataError(f"orders ({name})", [f"file     {name} holds no line of text"])
    if layout.looks_like_a_row:
        fault = f"file     {name}, line {layout.line}: a row where the heading is expected. Write the names of the columns above it"
        raise DataError(f"orders ({name})", [fault])
    return Structure(path, layout).scan()


def _remarks(found: Structure, name: str, again: Sequence[str]) -> list[str]:
    said, layout = [], found.layout
    if layout.above:
        lines = "The first line" if layout.above == 1 else f"The first {layout.above} lines"
        said.append(f"{name}: {lines} above the heading {'was' if layout.above == 1 else 'were'} read over.")
    if again:
        listed = ", ".join(again[:3]) + (f" and {len(again) - 3} more" if len(again) > 3 else "")
        said.append(
            f"{name}: the heading stands there again ({listed}) and was read over: several exports in one file?"
        )
    if found.blank_rows:
        lines = f"{found.blank_rows:,} lines" if found.blank_rows > 1 else "1 line"
        said.append(f"{name}: {lines} without any content (first: line {found.first_blank:,}) were read over.")
    if found.lone_line:
        said.append(f"{name}: carriage returns alone (first: line {found.lone_line:,}) were read as ends of lines.")
    if unnamed := [name for name in found.unnamed if name not in found.ignored]:
        said.append(f"{name}: the heading has no name for {', '.join(unnamed[:3])}.")
    return said
