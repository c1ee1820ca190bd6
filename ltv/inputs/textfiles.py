"""CSV files as people export them: which encoding, which delimiter; every cell stays text."""

from __future__ import annotations

import codecs
import csv
import gzip
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ltv import engine
from ltv.errors import DataError

DELIMITERS = ",;\t|"
BLOCK = 1 << 22
_MARKS = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def open_bytes(path: Path) -> IO[bytes]:
    """The content of a file, unpacked where it is gzipped (by its first bytes, not its name)."""
    return gzip.open(path) if _packed(path) else path.open("rb")  # type: ignore[return-value]


def blocks(path: Path) -> Iterator[bytes]:
    """The content piece by piece. Raises DataError where a zipped file is cut off or damaged."""
    try:
        with open_bytes(path) as stream:
            while block := stream.read(BLOCK):
                yield block
    except (EOFError, OSError, zlib.error) as error:
        raise DataError(f"orders ({path.name})", [f"file  could not be read: {error}"]) from error


def find_encoding(path: Path) -> str:
    """UTF-8 where every byte is, UTF-16 where it is marked, else Windows-1252, as spreadsheets in the West save."""
    start = next(iter(blocks(path)), b"")[:4]
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for block in blocks(path):
            decoder.decode(block)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def as_utf8(path: Path, encoding: str) -> Path:
    """The file itself where DuckDB reads it as it is, or a copy of it in UTF-8 in the temporary folder.

    Raises DataError where the bytes are not of this encoding.
    """
    if encoding in ("utf-8", "utf-8-sig") and not _packed(path):
        return path
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        with tempfile.NamedTemporaryFile(
            "w", suffix=".csv", dir=engine.scratch(), delete=False, encoding="utf-8", newline=""
        ) as copy:
            for block in blocks(path):
                copy.write(decoder.decode(block))
            copy.write(decoder.decode(b"", final=True))
    except (UnicodeDecodeError, LookupError) as error:
        raise DataError(f"orders ({path.name})", [f"file  cannot be read as {encoding}: {error}"]) from error
    return Path(copy.name)


def _packed(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(2) == b"\x1f\x8b"


def find_delimiter(path: Path) -> str:
    """The mark that cuts the first lines of a UTF-8 file into the most columns, the same number in each."""
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        head = [line for line, _ in zip(stream, range(50), strict=False)]
    widths = {}
    for mark in DELIMITERS:
        try:
            counts = [len(cells) for cells in csv.reader(head, delimiter=mark) if cells]
        except csv.Error:
            continue
        if counts:
            usual = max(set(counts), key=counts.count)
            widths[mark] = (counts.count(usual) / len(counts) > 0.8, usual == counts[0], usual)
    return max(widths, key=lambda mark: widths[mark]) if widths else ","
