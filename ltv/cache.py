"""Results of pure steps, kept on disk under the hash of all they depend on; deleting any of it is always safe.

Nothing is kept unless the environment variable LTV_CACHE names a folder: the command line names one for its workers,
and code that calls `read_orders` or `fit` knows nothing of it. The folder holds customers' orders: keep it private.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from ltv import __version__

try:
    import fcntl
except ImportError:  # Windows: two processes may compute the same
    fcntl = None  # type: ignore[assignment]

VARIABLE = "LTV_CACHE"
DAYS_KEPT = 14
_ASIDE, _LOCK = ".aside-", ".lock-"
T = TypeVar("T")


def folder() -> Path | None:
    """Where results are kept, or None: every step is computed."""
    named = os.environ.get(VARIABLE, "")
    return Path(named).expanduser() if named else None


def key(*parts: Any) -> str:
    """One hash of what a result depends on, this version of the program included.

    >>> key("a", 1) == key("a", 1), key("a", 1) == key("a", "1")
    (True, False)
    """
    text = json.dumps([__version__, _code(), *parts], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """A digest of the package's own files: a changed checkout is another version, whatever its number."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in {".py", ".j2", ".css", ".js"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


def recall(name: str, *, compute: Callable[[], T], load: Callable[[Path], T], save: Callable[[T, Path], object]) -> T:
    """What was kept as `name`, or what `compute` returns, kept for the next time.

    `save` writes into a new folder that appears under its name only when it is whole. What cannot be read is computed
    again, and what cannot be written is not kept: a full disk costs time, never a result.
    """
    home = folder()
    if home is None:
        return compute()
    place = home / name
    found = _found(place, load)
    if found is None:
        with _one_at_a_time(place):
            found = _found(place, load)  # by now another process may have kept it
            if found is None:
                shutil.rmtree(place, ignore_errors=True)
                found = compute()
                with contextlib.suppress(OSError):
                    _keep(found, place, save)
    return found


def _found(place: Path, load: Callable[[Path], T]) -> T | None:
    try:
        found = load(place)
        os.utime(place)
    except Exception:  # noqa: BLE001 whatever is wrong with a kept result, the result can be computed
        return None
    return found


@contextlib.contextmanager
def _one_at_a_time(place: Path) -> Iterator[None]:
    """Who wants what another process is computing waits for it; the lock goes with the process that holds it."""
    path = place.with_name(_LOCK + place.name)
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # where nothing can be kept there is nothing to wait for
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            lock = held.enter_context(path.open("w"))
            held.callback(path.unlink, missing_ok=True)
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(result: T, place: Path, save: Callable[[T, Path], object]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=place.parent))
    try:
        save(result, aside)
        aside.rename(place)  # refused when another process was first, whose result is the same
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sweep(days: float = DAYS_KEPT) -> None:
    """Delete what nobody has asked for in so many days, and what a killed process left unfinished for an hour."""
    home, now = folder(), time.time()
    for place in home.iterdir() if home and home.is_dir() else ():
        limit = 3600 if place.name.startswith((_ASIDE, _LOCK)) else days * 86_400
        with contextlib.suppress(OSError):
            if now - place.stat().st_mtime > limit:
                place.unlink() if place.is_file() else shutil.rmtree(place, ignore_errors=True)
