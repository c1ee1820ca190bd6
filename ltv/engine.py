"""The only file that knows how engines differ. Everything else writes Ibis expressions and asks here.

Engine hashes, float rounding and date differences are not the same everywhere, so days are subtracted as whole
numbers, months are 12·year + month, and money is DECIMAL(18,4) until it reaches a model or a picture.
"""

from __future__ import annotations

import atexit
import glob
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import pandas as pd
import pyarrow as pa
from ibis.common.exceptions import IbisError

from ltv.errors import DataError, ParameterError
from ltv.secrets import hide
from ltv.units import EPOCH, Unit

MONEY = "decimal(18, 4)"
LOG = "decimal(18, 8)"
HOME = ("duckdb", "pyspark")
"""Engines that everything here runs on; from any other rows are brought to DuckDB."""
FILE, AGAIN = "ltv_file", "ltv_again"
CHUNK = 100_000
"""Rows of another engine that are held in memory at once."""
FAILURES = (duckdb.Error, IbisError, pa.ArrowException)
"""What an engine raises when rows cannot be read."""


@ibis.udf.scalar.builtin(name="timezone")
def _wall_clock(zone: str, stamp: ibis.dtype("timestamp('UTC')")) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """DuckDB: the wall clock of an instant in a zone; casting to a zoned timestamp changes no day at all."""


@ibis.udf.scalar.builtin(name="from_utc_timestamp")
def _spark_wall_clock(stamp: ibis.dtype("timestamp('UTC')"), zone: str) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """Spark: the same, the instant first."""


@ibis.udf.scalar.builtin(name="try_strptime")
def _parse(text: str, form: str) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """DuckDB: the timestamp, or null where the text has another form."""


@ibis.udf.scalar.builtin(name="try_to_timestamp")
def _spark_parse(text: str, form: str) -> ibis.dtype("timestamp"):  # type: ignore[valid-type]
    """Spark: the same, the form in the letters of Java."""


@ibis.udf.scalar.builtin(name="to_timestamp")
def _instant(seconds: int) -> ibis.dtype("timestamp('UTC')"):  # type: ignore[valid-type]
    """DuckDB: the instant so many seconds after 1970."""


@ibis.udf.scalar.builtin(name="timestamp_seconds")
def _spark_instant(seconds: int) -> ibis.dtype("timestamp('UTC')"):  # type: ignore[valid-type]
    """Spark: the same."""


@ibis.udf.scalar.builtin(name="timezone")
def _instant_in(zone: str, stamp: ibis.dtype("timestamp")) -> ibis.dtype("timestamp('UTC')"):  # type: ignore[valid-type]
    """DuckDB: the instant at which the clocks of a zone show this."""


@ibis.udf.scalar.builtin(name="to_utc_timestamp")
def _spark_instant_in(stamp: ibis.dtype("timestamp"), zone: str) -> ibis.dtype("timestamp('UTC')"):  # type: ignore[valid-type]
    """Spark: the same, the clock first."""


@ibis.udf.scalar.builtin(name="nfc_normalize")
def _nfc(text: str) -> str:  # type: ignore[empty-body]
    """DuckDB: letters and their accents as one mark each; Spark has no such function."""


_JAVA = {"%Y": "yyyy", "%m": "M", "%d": "d", "%H": "H", "%M": "m", "%S": "s", "%y": "yy", "%b": "MMM", "%B": "MMMM"}


def _java(form: str) -> str:
    """A strptime form in the letters of Java. Raises ParameterError for what has none there.

    >>> _java("%Y%m%d"), _java("%d/%m/%YT%H:%M")
    ('yyyyMMdd', "d/M/yyyy'T'H:m")
    """
    close = re.search("%[A-Za-z]%", form)  # without marks between them numbers need their full width

    def letter(found: re.Match[str]) -> str:
        mark = found[0]
        if not mark.startswith("%"):
            return f"'{mark}'"
        if mark not in _JAVA:
            raise ParameterError(f"date_format: on Spark a form is made of {', '.join(_JAVA)}, not {mark}")
        return _JAVA[mark] * 2 if close and len(_JAVA[mark]) == 1 else _JAVA[mark]

    return re.sub("%.|[A-Za-z]+", letter, form)


def _on_spark(value: ir.Expr) -> bool:
    return bool(value.get_backend().name == "pyspark")


@cache
def scratch() -> Path:
    """A folder for what engines need for a while, removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="ltv-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def connect(memory: str | None = None) -> Any:
    """A DuckDB connection of its own, out of core, that never downloads an extension.

    `memory` bounds its memory, such as "4GB"; beyond it work goes to a temporary folder.
    The environment variable LTV_MEMORY sets the default; LTV_THREADS bounds the cores it takes.
    """
    return _quiet(ibis.duckdb.connect(**_settings(memory)))


def _settings(memory: str | None = None) -> dict[str, Any]:
    settings = {
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "temp_directory": str(scratch() / uuid.uuid4().hex),
    }
    if memory := memory or os.environ.get("LTV_MEMORY"):
        settings["memory_limit"] = memory
    if threads := os.environ.get("LTV_THREADS"):
        settings["threads"] = threads
    return settings


def _quiet(connection: Any) -> Any:
    """A DuckDB connection without a progress bar, which it draws in notebooks where a query takes two seconds."""
    connection.raw_sql("SET enable_progress_bar = false")
    return connection


def open_duckdb(path: str) -> Any:
    """A DuckDB file, only to be read: neither a query nor a view in it reaches another file, a download or the network.

    What is kept of it lies in temporary tables of this connection; it cannot write files (see `save`).
    """
    connection = _quiet(ibis.duckdb.connect(python_enable_replacements="false", **_settings()))
    # Attached, not opened: a process opens one file with one configuration only, and its owner may have it open, too.
    stem = Path(path).stem
    name = ibis.util.gen_name("ltv") if stem in ("memory", "system", "temp") else stem
    file, alias = path.replace("'", "''"), name.replace('"', '""')
    connection.raw_sql(f"ATTACH '{file}' AS \"{alias}\" (READ_ONLY)")
    connection.raw_sql(f'USE "{alias}"')
    connection.raw_sql("SET enable_external_access = false")
    connection.raw_sql("SET lock_configuration = true")
    return connection


def is_locked(connection: Any) -> bool:
    """Whether this is a connection of `open_duckdb`."""
    if connection.name != "duckdb":
        return False
    return not connection.con.execute("SELECT current_setting('enable_external_access')").fetchone()[0]


def is_spark_frame(given: Any) -> bool:
    """Whether this is a Spark frame, found out without importing Spark."""
    return type(given).__module__.startswith("pyspark.sql") and hasattr(given, "sparkSession")


def from_spark(frame: Any, connection: Any = None) -> tuple[ir.Table, Any]:
    """A Spark frame as a table of its session, and the connection to it."""
    connection, name = connection or ibis.pyspark.connect(frame.sparkSession), ibis.util.gen_name("ltv_spark")
    frame.createOrReplaceTempView(name)
    return zoned(connection.table(name)), connection


def settled(table: ir.Table) -> tuple[ir.Table, Any]:
    """A table where everything here can be asked of it, and the connection to that engine.

    On DuckDB and Spark that is where it lies. The rows of another engine are streamed into a file that DuckDB reads, for
    engines part in how they read dates, cast what may not fit and count days.
    """
    connection = table.get_backend()
    if connection.name in HOME:
        return zoned(table), connection
    path, home = scratch() / f"{uuid.uuid4().hex}.parquet", connect()
    odd = {name: "string" for name, kind in table.schema().items() if not _is_plain(kind)}
    stream(table.cast(odd) if odd else table, path)
    return home.read_parquet(path), home


def _is_plain(kind: Any) -> bool:
    if kind.is_decimal():
        return kind.precision is not None
    return kind.is_numeric() or kind.is_boolean() or kind.is_string() or kind.is_date() or kind.is_timestamp()


def zoned(table: ir.Table) -> ir.Table:
    """A table whose instants are typed as such: of Spark's two kinds of timestamp Ibis shows both as wall clocks."""
    if not _on_spark(table):
        return table
    fields = table.get_backend()._session.sql(ibis.to_sql(table, dialect="pyspark")).schema.fields
    instants = {f.name: "timestamp('UTC')" for f in fields if type(f.dataType).__name__ == "TimestampType"}
    return table.cast(instants) if instants else table


def _spark_files(connection: Any, frame: Any, paths: Sequence[str]) -> ir.Table:
    if len(paths) > 1:
        from pyspark.sql.functions import input_file_name

        frame = frame.withColumn(FILE, input_file_name())
    return from_spark(frame, connection)[0]


def read_text(
    connection: Any, paths: Sequence[str], columns: Sequence[str], delimiter: str, *, quoted_lines: bool, several: bool
) -> ir.Table:
    """CSV files of one heading, every cell as text, so that no id or amount loses a digit; nothing is guessed.

    `quoted_lines`: whether a line end stands inside a cell, which Spark must know. With `several` each row knows its
    file, in the column `FILE`.
    """
    if connection.name == "pyspark":
        rules = {"header": True, "sep": delimiter, "quote": '"', "escape": '"', "mode": "FAILFAST"}
        shape = ", ".join(f"`{name.replace('`', '``')}` STRING" for name in columns)
        reader = connection._session.read.schema(shape).options(**rules, multiLine=quoted_lines)
        return _spark_files(connection, reader.csv(list(paths)), paths if several else paths[:1])
    return connection.read_csv(
        [glob.escape(path) for path in paths],
        auto_detect=False,
        columns=dict.fromkeys(columns, "VARCHAR"),
        delim=delimiter,
        quote='"',
        escape='"',
        header=True,
        null_padding=False,
        **({"filename": FILE} if several else {}),
    )


def read_parquet(connection: Any, paths: Sequence[str], *, merged: bool = False) -> ir.Table:
    """Parquet files as they are; `merged`: their columns differ, and one that a file does not have is missing there.

    Of several files each row knows its own, in the column `FILE`.
    """
    if connection.name == "pyspark":
        reader = connection._session.read.option("mergeSchema", merged)
        return _spark_files(connection, reader.parquet(*paths), paths)
    escaped = [glob.escape(path) for path in paths]
    named = {"filename": FILE} if len(paths) > 1 else {}
    return connection.read_parquet(escaped, **named, **({"union_by_name": True} if merged else {}))


def from_arrow(connection: Any, table: Any) -> ir.Table:
    """An Arrow table as a table of this connection; what is neither number, text nor time becomes text."""
    return connection.create_table(ibis.util.gen_name("ltv_arrow"), table, temp=True)


def from_frame(connection: Any, frame: pd.DataFrame) -> ir.Table:
    """A pandas frame as a table of this connection; to Spark as Parquet, which keeps nulls, numbers and zones right."""
    if connection.name == "pyspark":
        path = scratch() / f"{uuid.uuid4().hex}.parquet"
        frame.to_parquet(path, index=False)
        return read_parquet(connection, [str(path)])
    return connection.create_table(ibis.util.gen_name("ltv_frame"), frame, temp=True)


def lend(connection: Any, frame: pd.DataFrame) -> ir.Table:
    """A frame of numbers for the engine to read where it lies, without a copy; to Spark as `from_frame`."""
    if connection.name != "duckdb":
        return from_frame(connection, frame)
    name = ibis.util.gen_name("ltv_lent")
    connection.con.register(name, frame)
    return connection.table(name)


def keep(connection: Any, expression: ir.Table) -> ir.Table:
    """Compute an expression once and keep its rows in the engine."""
    if connection.name == "pyspark":
        frame = connection._session.sql(connection.compile(expression)).localCheckpoint()
        kept = from_spark(frame, connection)[0]
        # Spark widens a sum of decimals, Ibis says it does not, and so leaves out the cast that would narrow it.
        narrow = {name: kind for name, kind in expression.schema().items() if kind.is_decimal()}
        return kept.cast(narrow)
    return connection.create_table(ibis.util.gen_name("ltv_kept"), expression, temp=True)


def forget(kept: ir.Table) -> None:
    """Free the rows of a table that `keep` made and nothing will read again; Spark frees them by itself."""
    connection = kept.get_backend()
    if connection.name == "duckdb":
        connection.raw_sql(f"DROP TABLE {kept.get_name()}")


def every(ordered: ir.Table, step: int) -> ir.Table:
    """Each `step`-th row of an ordered table."""
    if step <= 1:
        return ordered
    numbered = ordered.mutate(ltv_row=ibis.row_number())
    return numbered.filter(numbered.ltv_row % step == 0).drop("ltv_row")


def parse_stamp(column: ir.StringValue, form: str) -> ir.TimestampValue:
    """Text as a timestamp in this strptime form; null where it does not fit."""
    if not _on_spark(column):
        return _parse(column, form)
    return _spark_parse(column, _java(form))


def rewritten(text: ir.StringValue, pattern: str, by: str) -> ir.StringValue:
    r"""Text with what matches replaced; `by` may name groups of the pattern (\1, \2, …; Spark writes $1)."""
    return text.re_replace(pattern, re.sub(r"\\(\d)", r"$\1", by) if _on_spark(text) else by)


def instant(seconds: ir.IntegerValue) -> ir.TimestampValue:
    """The instant so many seconds after 1970 began in UTC."""
    return _spark_instant(seconds) if _on_spark(seconds) else _instant(seconds)


def moved(stamp: ir.TimestampValue, zone: str, to: str) -> ir.TimestampValue:
    """What the clocks of `to` show when those of `zone` show this."""
    if _on_spark(stamp):
        return _spark_wall_clock(_spark_instant_in(stamp, zone), to)
    return _wall_clock(to, _instant_in(zone, stamp))


def midnight(number: ir.IntegerValue) -> ir.TimestampValue:
    """The beginning of the day with this `day_number`, as a wall clock."""
    return wall_clock(instant(number * 86_400), "UTC")


def one_accent_form(text: ir.StringValue) -> ir.StringValue:
    """Text whose accented letters are one mark each (NFC): a Mac writes two. On Spark it stays as it is."""
    return text if _on_spark(text) else _nfc(text)


def wall_clock(column: ir.Value, zone: str) -> ir.TimestampValue:
    """What the clocks of `zone` showed at an instant (a timestamp with a zone); a timestamp without one stays."""
    kind = column.type()
    if kind.is_timestamp() and kind.timezone is not None:
        instant = column.cast("timestamp('UTC')")
        return _spark_wall_clock(instant, zone) if _on_spark(column) else _wall_clock(zone, instant)
    return column.cast("timestamp")


def local_day(column: ir.Value, zone: str) -> ir.DateValue:
    """The calendar day of a date, a wall-clock timestamp, or an instant seen from `zone`."""
    return column if column.type().is_date() else wall_clock(column, zone).date()


def money(column: ir.Value) -> ir.DecimalValue:
    """An amount as DECIMAL(18,4), null where it is not a number."""
    return column.try_cast(MONEY)


def log_money(amount: ir.DecimalValue) -> ir.DecimalValue:
    """The logarithm of an amount above 0, else null; a decimal, so that sums do not depend on the order of their parts."""
    return (amount > 0).ifelse(amount, ibis.null(MONEY)).cast("float64").ln().cast(LOG)


def product(one: ir.DecimalValue, other: ir.DecimalValue) -> ir.DecimalValue:
    """one × other, exact: DuckDB multiplies decimals of 64 bits within 64 bits, where 100,000² has no room."""
    return one.cast(f"decimal(19, {max(one.type().scale, other.type().scale)})") * other


def money_product(one: ir.DecimalValue, other: ir.DecimalValue) -> ir.DecimalValue:
    """one × other as money, null beyond it. Rounding 128 bits takes DuckDB a microsecond: large amounts alone wait for it."""
    small = (one.abs() < 10_000) & (other.abs() < 10_000)
    return small.ifelse((one * other).cast(MONEY), product(one, other).try_cast(MONEY))


def day_number(day: ir.DateValue) -> ir.IntegerValue:
    """Whole days since 1970-01-01: the only way days are subtracted."""
    return day.epoch_days().cast("int64")


def period_index(day: ir.DateValue, unit: Unit) -> ir.IntegerValue:
    """`units.period_index` in the engine: the running number of the calendar period that holds a day."""
    if unit is Unit.DAY:
        return day_number(day)
    if unit is Unit.WEEK:
        return ((day_number(day) + EPOCH.weekday()) / 7).floor().cast("int64")
    months = 12 * day.year().cast("int64") + day.month().cast("int64") - 1
    return (months / {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[unit]).floor().cast("int64")


def write(expression: ir.Table, to: str | Path) -> None:
    """Let the engine write a table: a Parquet file where `to` ends so (a folder on Spark), else a table of this name."""
    connection = expression.get_backend()
    try:
        if str(to).endswith(".parquet"):
            # Scores hardly repeat: a dictionary of them is a third of the writing, and thrown away.
            save(expression, to, **({} if connection.name == "pyspark" else {"dictionary_size_limit": 1000}))
        else:
            connection.create_table(str(to), expression, overwrite=True)
    except FAILURES as error:
        raise DataError("scores", [f"out  {to} could not be written: {str(error).splitlines()[0][:200]}"]) from error


def save(expression: ir.Table, path: str | Path, **rules: Any) -> None:
    """Write a table to a Parquet file: by its engine, or piece by piece where that may write no file."""
    connection = expression.get_backend()
    if is_locked(connection):
        stream(expression, path)
    else:
        connection.to_parquet(expression, str(path), **rules)


def stream(expression: ir.Table, path: str | Path) -> None:
    """Write the rows of any engine to a Parquet file, `CHUNK` of them in memory at once."""
    import pyarrow.parquet as pq

    kept = expression.schema().to_pyarrow()
    batches = _sqlite_batches if expression.get_backend().name == "sqlite" else ir.Table.to_pyarrow_batches
    with pq.ParquetWriter(path, kept) as writer:
        for batch in batches(expression, chunk_size=CHUNK):
            writer.write_batch(batch)


def _sqlite_batches(expression: ir.Table, chunk_size: int) -> Iterator[pa.RecordBatch]:
    """SQLite's rows piece by piece, of which Ibis makes one frame."""
    from ibis.backends.sqlite.converter import SQLitePandasData

    schema, backend = expression.schema(), expression.get_backend()
    cursor = backend.con.execute(backend.compile(expression))
    while rows := cursor.fetchmany(chunk_size):
        frame = pd.DataFrame.from_records(rows, columns=list(schema), coerce_float=True)
        typed = SQLitePandasData.convert_table(frame, schema)
        yield from pa.Table.from_pandas(typed, schema=schema.to_pyarrow(), preserve_index=False).to_batches()


def run(expression: ir.Table) -> pd.DataFrame:
    """The rows of an expression as a pandas frame, decimals as floats (cast in the engine: a Decimal costs a microsecond)."""
    decimals = {name: "float64" for name, kind in expression.schema().items() if kind.is_decimal()}
    return (expression.cast(decimals) if decimals else expression).to_pandas()


def open_error(what: str, error: Exception) -> DataError:
    """A reader's failure in a reader's words."""
    return DataError(what, [f"file  could not be read: {hide(str(error).splitlines()[0])[:300]}"])
