"""What is remembered of each report, in one `manifest.json` beside the pages: clocks and durations live here only."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any, Literal

import ltv
from ltv.errors import LtvError

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Record:
    """One report of one run. `file` is the page beside the manifest; after a failure, that of an earlier run, or ""."""

    name: str
    title: str
    status: Literal["done", "failed"]
    key: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""
    headline: Mapping[str, str] = field(default_factory=dict)
    grade: Mapping[str, str] = field(default_factory=dict)
    cards: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""
    failed_notebook: str = ""
    made: str = ""
    seconds: float = 0.0


def key_of(notebook: Path, parameters: Mapping[str, Any]) -> str:
    """What a page depends on, as one hash: notebook, parameters, the order file as it lies there, and this version."""
    orders = Path(str(parameters.get("orders", "")))
    state = [(path.stat().st_size, path.stat().st_mtime_ns) for path in [orders] if path.is_file()]
    parts = [ltv.__version__, notebook.read_text("utf-8"), dict(parameters), state]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def now() -> str:
    """The moment, to the second, in UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def read_records(folder: Path) -> dict[str, Record]:
    """The records of a folder by name; none when it has no manifest.

    Raises LtvError when the manifest cannot be read, naming the file.
    """
    path = folder / MANIFEST
    if not path.exists():
        return {}
    known = {item.name for item in fields(Record)}
    try:
        listed = json.loads(path.read_text("utf-8"))["reports"]
        records = [Record(**{name: value for name, value in entry.items() if name in known}) for entry in listed]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise LtvError(f"{path} cannot be read ({error}); move it away and run again") from error
    return {record.name: record for record in records}


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Write the manifest, whole or not at all."""
    listing = {"version": ltv.__version__, "reports": [asdict(record) for record in records]}
    publish(folder / MANIFEST, json.dumps(listing, ensure_ascii=False, indent=1) + "\n")


def publish(path: Path, text: str) -> None:
    """Put a file in its place in one step, so that a reader sees the old one or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        aside.write_text(text, "utf-8")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)
