"""CSV, Parquet and Excel files: one, several, a folder or a glob."""

from __future__ import annotations

import glob
import hashlib
import itertools
import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs import parquet
from ltv.inputs.source import Source
from ltv.inputs.textfiles import TextFile, read_texts
from ltv.inputs.workbooks import read_sheets

TEXT = dict.fromkeys((".csv", ".txt", ".tsv", ".gz", ".zip", ".zst", ".bz2", ".xz"), "csv")
KINDS = TEXT | {".parquet": "parquet", ".pq": "parquet"} | dict.fromkeys((".xlsx", ".xls", ".xlsb", ".ods"), "excel")
BLOCK, MOST = 1 << 20, 10

LONGEST = 255
"""Bytes of a file's name: asked of more, a file system answers with an error of its own."""


def find_files(given: object) -> list[Path]:
    """The files of a path, a folder or a glob. Raises DataError with every one that cannot be orders."""
    if not isinstance(given, str | Path):
        raise DataError("orders", [f"source  a {type(given).__name__} is neither a file, a frame, a table nor a query"])
    if "://" in str(given):
        fault = f"file  {given} is an address, and nothing is fetched from the network: download it, or name an engine (on=)"
        raise DataError("orders", [fault])
    whole = Path(given)
    if len(os.fsencode(whole.name)) > LONGEST:
        raise DataError("orders", [f"file  no file has a name of {len(whole.name):,} letters: {whole.name[:40]}…"])
    if whole.is_dir():
        paths = sorted(path for path in whole.rglob("*") if path.suffix.lower() in KINDS and not _hidden(path, whole))
        if not paths:
            raise DataError("orders", [f"file  the folder {whole} holds none of {', '.join(sorted(set(KINDS)))}"])
    else:
        paths = [whole] if whole.exists() else [Path(path) for path in sorted(glob.glob(str(given), recursive=True))]
    paths = paths or [whole]
    if faults := _not_files(paths):
        raise DataError("orders", faults)
    return paths


def _hidden(path: Path, folder: Path) -> bool:
    """Whether a file is a copy or a lock that a program keeps beside the real ones."""
    return any(part.startswith((".", "~$", "__MACOSX")) for part in path.relative_to(folder).parts)


def _not_files(paths: Sequence[Path]) -> list[str]:
    kinds, faults = set[str](), []
    for path in paths:
        suffix = path.suffix.lower()
        try:
            status = path.stat()
        except OSError as error:
            why = f"does not exist (looked in {path.absolute().parent})" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"  # fmt: skip
            faults.append(f"file  {path} {why}")
            continue
        kinds.add(KINDS.get(suffix, ""))
        if not stat.S_ISREG(status.st_mode):
            what = "a folder" if stat.S_ISDIR(status.st_mode) else "a pipe or a device"
            faults.append(f"file  {path} is {what}, not a file: save its content as a file first")
        elif suffix not in KINDS:
            faults.append(
                f"file  {path} is neither CSV, Parquet nor Excel; save it as one of {', '.join(sorted(set(KINDS)))}"
            )
        elif status.st_size == 0:
            faults.append(f"file  {path} is empty")
    if len(kinds) > 1:
        listed = ", ".join(sorted(kind or "unknown" for kind in kinds))
        faults.append(f"file  {len(paths)} files of different kinds ({listed}): name those of one kind")
    return faults


def open_files(paths: Sequence[Path], connection: Any, encoding: str | None) -> Source:
    """Files of one kind as one table, each row knowing its file where there are several. Raises DataError."""
    kind = KINDS[paths[0].suffix.lower()]
    name = _listed([path.name for path in paths])
    try:
        digests = [_digest(path) for path in paths]
        digest = digests[0][:16] if len(digests) == 1 else _joined(digests)
        if kind == "excel":
            return _open_sheets(paths, connection, name, digest)
        opened = _open_parquet if kind == "parquet" else _open_texts
        table, rows, remarks, columns = opened(paths, digests, connection, encoding)
    except (OSError, *engine.FAILURES) as error:
        raise engine.open_error(f"orders ({name})", error) from error
    lacking = _lacking(paths, columns)
    remarks += [f'The column "{column}" is not in every file: not in {files}.' for column, files in lacking.items()]
    told = tuple(
        remarks[:MOST] + ([f"And {len(remarks) - MOST} more remarks of this kind."] if len(remarks) > MOST else [])
    )
    return Source(table, connection, name, digest, slow=kind == "csv", remarks=told, rows=rows, lacking=lacking)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _lacking(paths: Sequence[Path], columns: Sequence[Sequence[str]]) -> dict[str, str]:
    """Columns that some files do not have, and which."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for path, there in zip(paths, columns, strict=True):
        alike.setdefault(tuple(sorted(there)), []).append(path.name)
    every = dict.fromkeys(itertools.chain(*alike))
    without = {it: [name for there, names in alike.items() if it not in there for name in names] for it in every}
    return {column: _listed(names) for column, names in without.items() if names}


Opened = tuple[ir.Table, int, list[str], list[list[str]]]
"""The table, the rows counted, what is to be said, and the columns of each file."""


def _open_parquet(paths: Sequence[Path], digests: Sequence[str], connection: Any, encoding: str | None) -> Opened:
    rows, columns = parquet.check(paths)
    merged = len({tuple(sorted(names)) for names in columns}) > 1
    return engine.read_parquet(connection, [str(path) for path in paths], merged=merged), rows, [], columns


def _open_texts(paths: Sequence[Path], digests: Sequence[str], connection: Any, encoding: str | None) -> Opened:
    """Text files, those of one heading read together, columns brought together by their names."""
    files = read_texts(paths, digests, encoding)
    alike: dict[tuple[Any, ...], list[TextFile]] = {}
    for file in files:
        alike.setdefault((file.columns, file.ignored, file.delimiter, file.returns), []).append(file)
    columns = list(dict.fromkeys(it for group in alike.values() for it in group[0].used))
    several = len(files) > 1
    tables = []
    for group in alike.values():
        first, places = group[0], [str(file.path) for file in group]
        wrapped = any(file.quoted_lines for file in group)
        table = engine.read_text(
            connection, places, first.columns, first.delimiter, quoted_lines=wrapped, several=several
        )
        chosen = {name: table[name] if name in first.used else ibis.null("string") for name in columns}
        tables.append(table.select(**chosen, **({engine.FILE: table[engine.FILE]} if several else {})))
    table = tables[0] if len(tables) == 1 else ibis.union(*tables)
    remarks = list(dict.fromkeys(itertools.chain(*(file.remarks for file in files))))
    return table, sum(file.rows for file in files), remarks, [list(file.used) for file in files]


def _open_sheets(paths: Sequence[Path], connection: Any, name: str, digest: str) -> Source:
    books = [read_sheets(path) for path in paths]
    frames = [
        sheet.frame.assign(**{engine.FILE: f"{path.name}, {sheet.name}"})
        for path, (sheets, _) in zip(paths, books, strict=True)
        for sheet in sheets
    ]
    every = pd.concat(frames, ignore_index=True)
    table = engine.from_frame(connection, every if len(frames) > 1 else every.drop(columns=engine.FILE))
    remarks = tuple(itertools.chain(*(told for _, told in books)))
    return Source(table, connection, name, digest, spreadsheet=True, remarks=remarks, rows=len(every))


def digest_files(paths: Sequence[Path]) -> str:
    """The content of files as 16 characters."""
    return _joined([_digest(path) for path in paths])


def _joined(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()
