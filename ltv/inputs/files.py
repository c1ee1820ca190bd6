"""CSV, Parquet and Excel files: one, several, a folder or a glob."""

from __future__ import annotations

import glob
import hashlib
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs import textfiles
from ltv.inputs.source import Source
from ltv.inputs.workbooks import read_sheets

TEXT = dict.fromkeys((".csv", ".txt", ".tsv", ".gz"), "csv")
KINDS = TEXT | {".parquet": "parquet", ".pq": "parquet"} | dict.fromkeys((".xlsx", ".xls", ".xlsb", ".ods"), "excel")


def find_files(given: object) -> list[Path]:
    """The files of a path, a folder or a glob. Raises DataError with every one that cannot be orders."""
    if not isinstance(given, str | Path):
        raise DataError("orders", [f"source  a {type(given).__name__} is neither a file, a frame, a table nor a query"])
    if "://" in str(given):
        fault = f"file  {given} is an address, and nothing is fetched from the network: download it, or name an engine (on=)"
        raise DataError("orders", [fault])
    whole = Path(given)
    if whole.is_dir():
        paths = sorted(path for path in whole.rglob("*") if path.suffix.lower() in KINDS)
        if not paths:
            raise DataError("orders", [f"file  the folder {whole} holds none of {', '.join(sorted(set(KINDS)))}"])
    else:
        paths = [whole] if whole.exists() else [Path(path) for path in sorted(glob.glob(str(given), recursive=True))]
    paths = paths or [whole]
    kinds = {KINDS.get(path.suffix.lower(), "") for path in paths if path.exists()}
    faults = [f"file  {p} does not exist (looked in {p.absolute().parent})" for p in paths if not p.exists()]
    faults += [f"file  {p} is empty" for p in paths if p.is_file() and p.stat().st_size == 0]
    faults += [
        f"file  {p} is neither CSV, Parquet nor Excel; save it as one of {', '.join(sorted(set(KINDS)))}"
        for p in paths
        if p.exists() and p.suffix.lower() not in KINDS
    ]
    if len(kinds) > 1:
        faults.append(
            f"file  {len(paths)} files of different kinds ({', '.join(sorted(kinds))}): name those of one kind"
        )
    if faults:
        raise DataError("orders", faults)
    return paths


def open_files(paths: Sequence[Path], connection: Any, encoding: str | None) -> Source:
    kind, digest = KINDS[paths[0].suffix.lower()], digest_files(paths)
    name = ", ".join(path.name for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
    if kind == "excel":
        return _open_sheets(paths, connection, name, digest)
    remarks, delimiter = [], ","
    readable = list(paths)
    if kind == "csv":
        encodings = [encoding or textfiles.find_encoding(path) for path in paths]
        readable = [textfiles.as_utf8(path, found) for path, found in zip(paths, encodings, strict=True)]
        delimiter = textfiles.find_delimiter(readable[0])
        odd = sorted({found for found in encodings if found == "cp1252"} - {encoding})
        remarks = (
            ["The file is not UTF-8 and was read as Windows-1252; pass encoding= if names look wrong."] if odd else []
        )
    try:
        table = engine.read_files(connection, [str(path) for path in readable], kind, delimiter=delimiter)
    except engine.FAILURES as error:
        raise engine.open_error(f"orders ({name})", error) from error
    return Source(table, connection, name, digest, slow=kind == "csv", remarks=tuple(remarks))


def _open_sheets(paths: Sequence[Path], connection: Any, name: str, digest: str) -> Source:
    books = [read_sheets(path) for path in paths]
    frames = [
        frame.assign(**{engine.FILE: f"{path.name}, {sheet}"})
        for path, (sheets, _) in zip(paths, books, strict=True)
        for sheet, frame in sheets.items()
    ]
    every = pd.concat(frames, ignore_index=True)
    table = engine.from_frame(connection, every if len(frames) > 1 else every.drop(columns=engine.FILE))
    remarks = tuple(itertools.chain(*(told for _, told in books)))
    return Source(table, connection, name, digest, spreadsheet=True, remarks=remarks)


def digest_files(paths: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as stream:
            while block := stream.read(textfiles.BLOCK):
                digest.update(block)
    return digest.hexdigest()[:16]
