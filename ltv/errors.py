"""What can go wrong, in the reader's words. Every error says what to do next."""

from __future__ import annotations

from collections.abc import Sequence


class LtvError(Exception):
    """The root of every error this package raises on purpose."""


class DataError(LtvError):
    """The input cannot be used as it is: every fault at once, each with its rows and a cure.

    >>> print(DataError("orders", ["amount  3 of 10 rows are not numbers"]))
    orders: 1 fault
      amount  3 of 10 rows are not numbers
    """

    def __init__(self, what: str, faults: Sequence[str], *, words: str = "") -> None:
        """`words`: what a driver said, for the eyes of who runs it; never a part of the message, which is kept and shared."""
        self.what, self.words = what, words
        self.faults = tuple(faults)
        count = "1 fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n  ".join([f"{what}: {count}", *self.faults]))


class UnitError(LtvError):
    """A time span or a rate without its unit, or with one that does not exist."""


class FitError(LtvError):
    """A fit that must not be used; the message names the reason and what to try next."""


class ParameterError(LtvError):
    """A parameter of a report, a command or a model that does not exist or cannot have this value."""
