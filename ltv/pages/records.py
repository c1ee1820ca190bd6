"""What is remembered of each report, in one `manifest.json` beside the pages: clocks and durations live here only."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from glob import glob
from pathlib import Path
from typing import Any, Literal

import ltv
from ltv import cache
from ltv.errors import LtvError
from ltv.secrets import hidden, hide, hide_known

MANIFEST = "manifest.json"
Status = Literal["done", "kept", "skipped", "failed"]
"""What became of a report in a run; the manifest never says "kept", for a page that is right is done."""


@dataclass(frozen=True)
class Record:
    """One report of one run. `file` is the page beside the manifest; after a failure, that of an earlier run, or "".

    `before` is what the page told when its data or its program last were others: what "since the last run" compares.
    """

    name: str
    title: str
    status: Status
    key: str
    folder: str = ""
    segment: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""
    headline: Mapping[str, str] = field(default_factory=dict)
    grade: Mapping[str, str] = field(default_factory=dict)
    cards: list[dict[str, Any]] = field(default_factory=list)
    closed: dict[str, list[float]] = field(default_factory=dict)
    before: dict[str, Any] = field(default_factory=dict)
    error: str = ""
    failed_notebook: str = ""
    failed_page: str = ""
    made: str = ""
    seconds: float = 0.0

    @property
    def id(self) -> str:
        """What tells this report from the others of its folder."""
        return id_of(self.folder, self.name)


def id_of(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def key_of(notebook: Path, parameters: Mapping[str, Any]) -> str:
    """What a page depends on, as one hash: notebook, parameters, the files they name as they lie there, this version."""
    named = [path for value in parameters.values() if isinstance(value, str) for path in map(Path, sorted(glob(value)))]
    named += [path for folder in named if folder.is_dir() for path in sorted(folder.rglob("*"))]
    state = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in named if path.is_file()]
    return cache.key(notebook.read_text("utf-8"), dict(parameters), state)


def fresh(record: Record | None, key: str, folder: Path) -> bool:
    """Whether a page is there, whole, and made of what `key` stands for."""
    if record is None or record.status != "done" or record.key != key:
        return False
    page = folder / record.file
    return page.is_file() and hashlib.sha256(page.read_bytes()).hexdigest() == record.sha256


def now() -> str:
    """The moment, to the second, in UTC."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


def read_records(folder: Path) -> dict[str, Record]:
    """The records of a folder by id; none when it has no manifest.

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
    return {record.id: record for record in records}


def write_records(folder: Path, records: Iterable[Record]) -> None:
    """Write the manifest, whole or not at all."""
    listing = {"version": ltv.__version__, "reports": [asdict(record) for record in records]}
    publish(folder / MANIFEST, json.dumps(listing, ensure_ascii=False, indent=1) + "\n")


def shared(text: str) -> str:
    """Text for others to read: without credentials, and without the folders of this machine.

    >>> shared("postgresql://ann:pw@db/shop: no /srv/data/orders.csv")
    'postgresql://db/shop: no orders.csv'
    """
    return re.sub(r"(?<![\w:/.$])(?:/[^\s/:'\"<>]+)+/", "", hide(text))


def shared_parameters(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters for others to read: of a file its name alone."""
    paths = {
        name: Path(value).name for name, value in parameters.items() if isinstance(value, str) and value[:1] == "/"
    }
    return {**hidden(parameters), **hidden(paths)}


def publish(path: Path, text: str) -> None:
    """Put a file in its place in one step, so that a reader sees the old one or the new one.

    Values that the environment keeps secret are hidden in whatever it holds.

    Raises LtvError, naming the folder, where it cannot be written.
    """
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.write_text(hide_known(text), "utf-8", "backslashreplace")
            aside.replace(path)
        finally:
            with suppress(OSError):
                aside.unlink(missing_ok=True)
    except OSError as error:
        raise LtvError(f"{path.parent} cannot be written: {error.strerror}") from error
