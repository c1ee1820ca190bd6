"""Rows as they were given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir


@dataclass(frozen=True)
class Source:
    """Rows as they were given: where they are, what to call them, a fingerprint of their content ("" where unknown).

    `slow`: reading them twice costs more than keeping them. `remarks`: what a reader should know of how they were read.
    """

    table: ir.Table
    connection: Any
    name: str
    fingerprint: str = ""
    slow: bool = False
    spreadsheet: bool = False
    remarks: tuple[str, ...] = ()
