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
    if os.name == "posix" and sys.stdin is None:  # else the next file that is opened is taken for what is typed
        sys.stdin = Path(os.devnull).open()  # noqa: SIM115
