"""The one door: anything an analyst holds → a `Source`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs.addresses import attach
from ltv.inputs.databases import DATABASES, open_database, open_on, settle
from ltv.inputs.files import find_files, open_files
from ltv.inputs.frames import open_arrow, open_frame
from ltv.inputs.queries import is_query
from ltv.inputs.source import Source


def open_source(
    given: Any,
    *,
    on: Any = None,
    encoding: str | None = None,
    name: str = "",
    columns: Sequence[str] | None = None,
) -> Source:
    """Open files, a frame, a table or a query, as `read_orders` says; of another engine only these `columns` are brought.

    Raises DataError when it is not there, is empty, or cannot be read.
    """
    if isinstance(given, Source):
        return given
    if isinstance(given, pd.DataFrame):
        return open_frame(given, name)
    if isinstance(given, ir.Table):
        return settle(given, given.get_name() if given.op().name else "a table", "", columns)
    if engine.is_spark_frame(given):
        table, connection = engine.from_spark(given)
        return Source(table, connection, "a Spark frame")
    if hasattr(given, "__arrow_c_stream__") or hasattr(given, "__dataframe__"):
        return open_arrow(given)
    if on is not None:
        return open_on(str(given), attach(on), encoding, columns)
    if is_query(str(given)):
        raise DataError("orders", ["query  name the engine that it asks: on=, a connection URL or a database file"])
    if str(given).lower().endswith(DATABASES):
        return open_database(str(given), columns)
    return open_files(find_files(given), engine.connect(), encoding)
