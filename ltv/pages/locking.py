"""One run at a time in a folder. The lock is the operating system's: it goes with the process, however that ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ltv.errors import LtvError

try:
    import fcntl
except ImportError:  # Windows has no lock on a folder
    fcntl = None  # type: ignore[assignment]


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Hold a folder for the time of a `with` block. Raises LtvError when another process holds it.

    Raises LtvError, too, when it is none and cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LtvError(f"{folder} cannot be made: {error.strerror}") from error
    if fcntl is None:
        yield
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise LtvError(f"another run is writing to {folder}; wait for its end or choose another --out") from None
        yield
    finally:
        os.close(handle)
