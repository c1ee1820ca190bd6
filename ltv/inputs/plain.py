"""A text file as it was saved → one of plain bytes that keeps each line: unpacked, and in UTF-8."""

from __future__ import annotations

import bz2
import codecs
import gzip
import lzma
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from ltv import engine
from ltv.errors import DataError

BLOCK = 1 << 20
RATIO, SMALL = 500, 1 << 30
"""What unpacks to more than this many times its size, and to more than 1 GB, is no table of people's orders."""
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_DAMAGE = (EOFError, OSError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError)
_OTHERS = {
    b"PAR1": "a Parquet file: name it .parquet",
    b"\xd0\xcf\x11\xe0": "an Excel workbook: name it .xls",
    b"<": "a page or XML, not a table; was it saved from a login page? Export it again as CSV",
    b"{": "JSON, not a table. Export it again as CSV",
    b"[{": "JSON, not a table. Export it again as CSV",
    b"%PDF": "a PDF. Export it again as CSV",
}


def _zstd(path: Path) -> Any:
    import pyarrow as pa

    return pa.input_stream(str(path), compression="zstd")


def _member(path: Path) -> Any:
    """The one file in a zip. Raises DataError where there are several, or where the zip is a workbook."""
    box = zipfile.ZipFile(path)
    names = [it.filename for it in box.infolist() if not it.is_dir() and not it.filename.startswith("__MACOSX")]
    if "[Content_Types].xml" in names or "content.xml" in names:
        raise DataError(f"orders ({path.name})", [f"file     {path.name} is a workbook: name it .xlsx or .ods"])
    if len(names) != 1:
        cure = f"unpack it into a folder and give the folder: unzip {path.name} -d parts"
        raise DataError(f"orders ({path.name})", [f"file     {path.name} holds {len(names):,} files, not one; {cure}"])
    return box.open(names[0])


_PACKED: dict[bytes, Callable[[Path], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
    b"\x28\xb5\x2f\xfd": _zstd,
    b"PK\x03\x04": _member,
}


def unpack(path: Path) -> Path:
    """The file itself, or what it holds where it is packed (by its first bytes, not its name).

    Raises DataError where it is cut off or damaged, would fill half of what is free on the disk, or unpacks 500-fold.
    """
    start = head_of(path, 8)
    opening = next((how for mark, how in _PACKED.items() if start.startswith(mark)), None)
    if opening is None:
        return path
    room, size = shutil.disk_usage(engine.scratch()).free // 2, path.stat().st_size
    try:
        with opening(path) as stream, _copy() as copy:
            written = 0
            while block := stream.read(BLOCK):
                written += copy.write(block)
                if written > room:
                    raise _refused(path, f"unpacks to more than {room / 1e9:,.1f} GB, half of what is free in {engine.scratch().parent}. Unpack it where there is room, or set TMPDIR")  # fmt: skip
                if written > max(SMALL, RATIO * size):
                    raise _refused(path, f"unpacks to more than {RATIO} times its size: a damaged or hostile file. Unpack it yourself and look")  # fmt: skip
    except _DAMAGE as error:
        raise _refused(path, f"could not be unpacked: {error or type(error).__name__}. Fetch it again") from error
    return Path(copy.name)


def find_encoding(path: Path) -> str | None:
    """The encoding that the first bytes tell: by a mark, or UTF-16 by its zero bytes; None where they do not."""
    start = head_of(path, 4096)
    for mark, name in _MARKS.items():
        if start.startswith(mark):
            return name
    even, odd = start[0::2], start[1::2]
    if len(start) > 3 and odd.count(0) > 0.4 * len(odd) and even.count(0) < 0.05 * len(even):
        return "utf-16-le"
    if len(start) > 3 and even.count(0) > 0.4 * len(even) and odd.count(0) < 0.05 * len(odd):
        return "utf-16-be"
    return None


def is_western(path: Path) -> bool:
    """Whether a text that is not UTF-8 can be one of a Western language: letters beyond ASCII stand alone or in pairs."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", head_of(path, BLOCK))]
    return sum(size for size in runs if size > 2) <= 0.5 * sum(runs)


def in_utf8(path: Path, name: str, encoding: str) -> Path:
    """A copy of a file in UTF-8. Raises DataError where the bytes are not of this encoding."""
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
        with _copy() as copy:
            for block in _blocks(path):
                copy.write(decoder.decode(block).encode())
            copy.write(decoder.decode(b"", final=True).encode())
    except (UnicodeError, LookupError) as error:
        fault = f"file     {name} cannot be read as {encoding}: {error}. Pass encoding=, the one it was saved in"
        raise DataError(f"orders ({name})", [fault]) from error
    return Path(copy.name)


def with_line_feeds(path: Path) -> Path:
    """A copy of a file whose lines end in carriage returns alone, as old Macs and some tills write them."""
    with _copy() as copy:
        for block in _blocks(path):
            copy.write(block.replace(b"\r", b"\n"))
    return Path(copy.name)


def is_no_table(start: bytes) -> str | None:
    """What a file is by its first bytes, where that is no text of rows."""
    bare = start.removeprefix(codecs.BOM_UTF8).lstrip()
    return next((words for mark, words in _OTHERS.items() if bare.startswith(mark)), None)


def head_of(path: Path, size: int) -> bytes:
    with path.open("rb") as stream:
        return stream.read(size)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            yield block


def _copy() -> IO[bytes]:
    return tempfile.NamedTemporaryFile("wb", suffix=".csv", dir=engine.scratch(), delete=False)


def _refused(path: Path, words: str) -> DataError:
    return DataError(f"orders ({path.name})", [f"file     {path.name} {words}"])
