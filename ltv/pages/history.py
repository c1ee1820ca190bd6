"""Earlier runs of a folder, under `runs/`: pages are linked, not copied, where the file system can."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from ltv.pages.records import MANIFEST, Record

RUNS = "runs"


def keep_run(folder: Path, count: int, records: Iterable[Record]) -> Path:
    """Keep this run as `runs/<when>` and delete all but the newest `count`; the folder itself is the latest one."""
    listed = list(records)
    when = max((record.made for record in listed), default="").replace(":", "").replace("+0000", "Z")
    place = folder / RUNS / when
    aside = folder / RUNS / f".{when}"
    shutil.rmtree(aside, ignore_errors=True)
    for name in ["index.html", MANIFEST, *(record.file for record in listed if record.file)]:
        (aside / name).parent.mkdir(parents=True, exist_ok=True)
        _link(folder / name, aside / name)
    if not place.exists():
        aside.rename(place)
    shutil.rmtree(aside, ignore_errors=True)
    runs = sorted(path for path in (folder / RUNS).iterdir() if not path.name.startswith("."))
    for old in runs[:-count]:
        shutil.rmtree(old, ignore_errors=True)
    return place


def _link(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):  # a page that somebody deleted is not there to be kept
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:
            shutil.copy2(source, target)
