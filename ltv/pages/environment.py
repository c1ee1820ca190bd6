"""What a process takes from where it is started, made harmless: signals, warnings, streams."""

from __future__ import annotations

import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


@contextmanager
def told_to_end() -> Iterator[list[int]]:
    """A wish to end (SIGTERM) is taken as an interrupt; the list holds it afterwards. A second one is not heard."""
    told: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield told
        return

    def end(number: int, _: object) -> None:
        if not told:
            told.append(number)
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield told
    finally:
        signal.signal(signal.SIGTERM, before)


def settle() -> None:
    """Before anything is imported: no warning of a library becomes an error, and what cannot be written is spelled out."""
    if sys.warnoptions:  # they would be handed on to every process started from here
        sys.warnoptions.clear()
        os.environ.pop("PYTHONWARNINGS", None)
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    for number in range(3):  # where one is closed, the next file that is opened would be taken for it
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)


def legible(value: T, folder: Path) -> T:
    """The value, or for a path that is not written in UTF-8 a link to it in `folder` that is.

    Its bytes are read as Latin-1: every byte is a character there, and old disks have such names.
    """
    if (
        not isinstance(value, str)
        or not any("\ud800" <= sign <= "\udfff" for sign in value)
        or not Path(value).exists()
    ):
        return value
    path = Path(value).absolute()
    link = folder / os.fsencode(path.name).decode("latin-1")
    if not link.is_symlink():
        link.symlink_to(path)
    return str(link)  # type: ignore[return-value]
