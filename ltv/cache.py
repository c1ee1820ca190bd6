"""Results of pure steps, kept on disk under the hash of all they depend on; deleting any of it is always safe.

Nothing is kept unless the environment variable LTV_CACHE names a folder: the command line names one for its workers,
and code that calls `read_orders` or `fit` knows nothing of it. The folder holds customers' orders: keep it private.

A kept result is believed only if it is this user's own, nobody else can write to it, and every file of it has the
SHA-256 that was noted when it was whole. Any other is made again, and `REFUSED` in the folder says so, a line each.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from ltv import __version__

try:
    import fcntl
except ImportError:  # Windows: two processes may compute the same
    fcntl = None  # type: ignore[assignment]

VARIABLE = "LTV_CACHE"
DAYS_KEPT = 14
SUMS = "sha256.json"
REFUSED = "refused.txt"
_ASIDE, _LOCK = ".aside-", ".lock-"
_OURS = re.compile(rf"[a-z]+-[0-9a-f]{{32}}|{re.escape(_ASIDE)}.*|{re.escape(_LOCK)}.*|{re.escape(REFUSED)}")
_MADE_BY = ("duckdb", "ibis-framework", "numpy", "pandas", "pyarrow", "scipy")
T = TypeVar("T")


def folder() -> Path | None:
    """Where results are kept, or None: every step is computed."""
    named = os.environ.get(VARIABLE, "")
    try:
        return Path(named).expanduser() if named else None
    except RuntimeError:  # a user without a home has no folder there
        return None


def key(*parts: Any) -> str:
    """One hash of what a result depends on, this version of the program included.

    >>> key("a", 1) == key("a", 1), key("a", 1) == key("a", "1")
    (True, False)
    """
    text = json.dumps([__version__, _code(), _libraries(), *parts], sort_keys=True, default=repr)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@cache
def _code() -> str:
    """A digest of the package's own files: a changed checkout is another version, whatever its number."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*")):
        if path.suffix in {".py", ".j2", ".css", ".js"}:
            digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def _libraries() -> list[str]:
    """The versions of what computes the results: another may read or round otherwise."""
    found = []
    for name in _MADE_BY:
        with contextlib.suppress(PackageNotFoundError):
            found.append(f"{name} {version(name)}")
    return found


def recall(name: str, *, compute: Callable[[], T], load: Callable[[Path], T], save: Callable[[T, Path], object]) -> T:
    """What was kept as `name`, or what `compute` returns, kept for the next time.

    `save` writes into a new folder that appears under its name only when it is whole. What cannot be read is computed
    again, and what cannot be written is not kept: a full disk costs time, never a result.
    """
    home = folder()
    if home is None or not usable(home):
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


def usable(home: Path) -> bool:
    """Whether results may be kept here: a folder to be made, or one of this user's that nobody else can write to."""
    try:
        return _private(home)
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _private(place: Path) -> bool:
    told = place.stat()
    own = told.st_uid == os.getuid() if hasattr(os, "getuid") else True  # Windows folders have lists of rights instead
    return stat.S_ISDIR(told.st_mode) and own and not (os.name == "posix" and told.st_mode & 0o022)


def _found(place: Path, load: Callable[[Path], T]) -> T | None:
    if not os.path.lexists(place):
        return None
    try:
        if fault := _unfit(place):
            _refused(place, fault)
            return None
        found = load(place)
    except Exception as error:  # noqa: BLE001 whatever is wrong with a kept result, the result can be computed
        _refused(place, type(error).__name__)
        return None
    with contextlib.suppress(OSError):  # a folder that can only be read is of use, too
        os.utime(place)
    return found


def _refused(place: Path, fault: str) -> None:
    """Note that a kept result is not believed; it is made again."""
    with contextlib.suppress(OSError), (place.parent / REFUSED).open("a", encoding="utf-8") as ledger:
        ledger.write(f"{time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {place.name}: {fault}\n")


def refusals() -> int:
    """How many kept results were not believed since the folder was made, or since the list of them was deleted."""
    home = folder()
    try:
        return len((home / REFUSED).read_text("utf-8").splitlines()) if home else 0
    except (OSError, UnicodeDecodeError):
        return 0


def _unfit(place: Path) -> str:
    """Why a kept result is not to be believed, or nothing."""
    if place.is_symlink() or not _private(place):
        return "it is not of this user alone"
    digest, _, text = (place / SUMS).read_text("utf-8").partition("\n")
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        return f"{SUMS} was changed"
    told = json.loads(text)
    if told["name"] != place.name:
        return f"it was kept as {told['name']}"
    found = _sums(place)
    odd = sorted(name for name in found.keys() | told["files"].keys() if found.get(name) != told["files"].get(name))
    return f"{', '.join(odd)} changed" if odd else ""


def _sums(place: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in place.iterdir() if path.name != SUMS}


@contextlib.contextmanager
def _one_at_a_time(place: Path) -> Iterator[None]:
    """Who wants what another process is computing waits for it; the lock goes with the process that holds it."""
    path = place.with_name(_LOCK + place.name)
    with contextlib.ExitStack() as held:
        with contextlib.suppress(OSError):  # where nothing can be kept there is nothing to wait for
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            # A link that somebody put there is not followed, and nothing is emptied.
            handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
            lock = held.enter_context(os.fdopen(handle, "r+"))
            held.callback(path.unlink, missing_ok=True)
            if fcntl is not None:
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _keep(result: T, place: Path, save: Callable[[T, Path], object]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = Path(tempfile.mkdtemp(prefix=_ASIDE, dir=place.parent))
    try:
        save(result, aside)
        text = json.dumps({"name": place.name, "files": _sums(aside)}, indent=1, sort_keys=True)
        (aside / SUMS).write_text(f"{hashlib.sha256(text.encode()).hexdigest()}\n{text}", "utf-8")
        aside.rename(place)  # refused when another process was first, whose result is the same
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def sweep(days: float = DAYS_KEPT) -> None:
    """Delete what nobody has asked for in so many days, and what a killed process left unfinished for an hour.

    Only what has a name that is given here: the folder may be one that holds other things.
    """
    home, now = folder(), time.time()
    for place in home.iterdir() if home and home.is_dir() and usable(home) else ():
        if not _OURS.fullmatch(place.name):
            continue
        limit = 3600 if place.name.startswith((_ASIDE, _LOCK)) else days * 86_400
        with contextlib.suppress(OSError):
            if now - place.stat().st_mtime > limit:
                place.unlink() if place.is_file() else shutil.rmtree(place, ignore_errors=True)
