"""Earlier runs of a folder, under `runs/`: pages are linked, not copied, where the file system can."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ltv.pages.records import MANIFEST, Record, publish

RUNS = "runs"


def keep_run(folder: Path, count: int, records: Iterable[Record], *, index: str) -> Path:
    """Keep this run as `runs/<when>`, under this `index`, and delete all but the newest `count`."""
    listed = list(records)
    when = max((record.made for record in listed), default="").replace(":", "").replace("+0000", "Z")
    place = folder / RUNS / when
    aside = folder / RUNS / f".{when}"
    shutil.rmtree(aside, ignore_errors=True)
    for name in [MANIFEST, *(record.file for record in listed if record.file)]:
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        _link(folder / name, aside / name)
    publish(aside / "index.html", index)
    if not place.exists():
        aside.rename(place)
    shutil.rmtree(aside, ignore_errors=True)
    for old in runs(folder)[:-count]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def runs(folder: Path) -> list[Path]:
    """The runs that are kept, the oldest first."""
    return sorted(path for path in (folder / RUNS).glob("*") if path.is_dir() and not path.name.startswith("."))


def when(run: Path) -> str:
    """The time of a run in words.

    >>> when(Path("runs/2026-01-05T031502Z"))
    '2026-01-05 03:15'
    """
    return f"{run.name[:10]} {run.name[11:13]}:{run.name[13:15]}"


def _link(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):  # a page that somebody deleted is not there to be kept
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copy2(source, target)
