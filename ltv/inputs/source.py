"""Rows as they were given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import ibis.expr.types as ir

from ltv.errors import DataError


@dataclass(frozen=True)
class Source:
    """Rows as they were given: where they are, what to call them, a fingerprint of their content ("" where unknown).

    `slow`: reading them twice costs more than keeping them. `remarks`: what a reader should know of how they were read.
    `rows`: how many there are by a count that the engine has no part in; None where nothing but the engine can count.
    `lacking`: column → the files that do not have it, where others do.
    """

    table: ir.Table
    connection: Any
    name: str
    fingerprint: str = ""
    slow: bool = False
    spreadsheet: bool = False
    remarks: tuple[str, ...] = ()
    rows: int | None = None
    lacking: Mapping[str, str] = field(default_factory=dict)

    def check_count(self, read: int, what: str = "orders") -> None:
        """Raise DataError unless the engine has read as many rows as were counted."""
        if self.rows is not None and read != self.rows:
            fault = f"rows     {self.rows:,} were counted and {read:,} were read: save the export anew, as CSV in UTF-8"
            raise DataError(f"{what} ({self.name})", [fault])
