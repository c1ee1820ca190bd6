"""From what `on` names to a connection that only reads, and what went wrong without a word of the driver's."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import ibis
from ibis.util import backend_entry_points

from ltv import engine
from ltv.errors import DataError
from ltv.secrets import expand, hide

DOWNLOADED = ("md:", "motherduck:")
PATIENCE = 5.0
"""Seconds to wait for a program that writes into a SQLite file."""
ASK = "`ltv check` with the same orders and --on shows the driver's own words"
# What the words of drivers have in common, and what it means; the first that fits.
_FAILURES = {
    r"password|authenticat|access denied|login failed|\b28\w00?\d\b": "the server refused the user name or password; "
    "look at the variable that holds them",
    r"could not translate host|name or service|nodename|getaddrinfo|unknown host|resolve": "no server has this name: "
    "look at the host in the address",
    r"newer version|version number|storage version": "the file was written by a version of DuckDB that this one cannot "
    "read: upgrade it with pip install -U duckdb, or export the table to Parquet",
    r"lock on file|is locked|being used by another": "another program has the file open for writing: close it there, or "
    "name a copy of the file",
    r"disabled by configuration|enable_external_access|not authorized$|extension.*(auto)?load": "it reads other files, "
    "addresses or extensions than the one that was named, which is not allowed: read those by themselves",
    r"read-?\s?only": "it would change something, and a source is only read: name a SELECT that changes nothing",
    r"permission denied|not permitted|insufficient privilege": "the user may not read this: ask for SELECT on it",
    r"database .*does not exist|unknown database": "the server has no database of this name: look at the end of the "
    "address",
    r"refused|could not connect|connection failed|timed? ?out|unreachable|not connect": "no server answers: is it "
    "running, and may this machine reach it?",
    r"does not exist|doesn't exist|no such|not ?found|unknown (table|column)|invalid object": "it has no table or column "
    "of a name that was used: look at the spelling, upper and lower case included",
    r"syntax": "the engine cannot read the query: try it there first",
    r"unable to open|not a database|not a valid|malformed|corrupt|cannot open|could not open|IO Error": "the file is "
    "damaged, or this user may not read it or the folder it lies in",
}


def attach(on: Any) -> Any:
    """The engine that `on` names: a Spark session, an Ibis connection, a connection URL, or a DuckDB or SQLite file.

    `$NAME` in a URL or path is read from the environment, which keeps passwords off pages and out of records. Files are
    opened read-only, and so are sessions of Postgres; a connection that is handed over stays as its owner made it.
    Raises DataError, in words of our own, when it cannot be reached.
    """
    if hasattr(on, "sparkContext"):
        return ibis.pyspark.connect(on)
    if not isinstance(on, str | Path):
        return on
    where = expand(str(on))
    try:
        return _reach(where, str(on))
    except DataError:
        raise
    except ImportError:
        kind = where.partition("://")[0].replace("postgresql", "postgres")
        cure = f"on  {kind} needs its driver: pip install 'ibis-framework[{kind}]'"
        raise DataError(f"orders ({hide(str(on))})", [cure]) from None
    except Exception as error:  # noqa: BLE001 every engine fails in its own class
        raise refusal(f"orders ({hide(str(on))})", error) from None


def _reach(where: str, on: str) -> Any:
    scheme, mark, rest = where.partition("://")
    if where.startswith(DOWNLOADED) or rest.lstrip("/").startswith(DOWNLOADED):
        cure = 'open it yourself and pass the connection: on=ibis.duckdb.connect("md:…")'
        raise DataError("orders", [f"on  MotherDuck needs an extension, and nothing is downloaded here: {cure}"])
    if not mark or scheme in ("duckdb", "sqlite"):
        return _open_file(unquote(rest.partition("?")[0]) if mark else where, on)
    name = scheme.replace("postgresql", "postgres")
    if name not in (known := sorted(entry.name for entry in backend_entry_points())):
        raise DataError(f"orders ({hide(on)})", [f"on  there is no engine {name}; there are {', '.join(known)}"])
    connection = ibis.connect(where)
    if connection.name == "postgres":
        connection.con.read_only = True  # of each transaction: no SELECT can call a function that writes
    return connection


def _open_file(path: str, on: str) -> Any:
    if not Path(path).is_file():
        raise DataError("orders", [f"on  there is no database {hide(on)}"])
    with Path(path).open("rb") as stream:
        sqlite = stream.read(15) == b"SQLite format 3"
    return open_sqlite(path) if sqlite else engine.open_duckdb(path)


def open_sqlite(path: str) -> Any:
    """A SQLite file, only to be read; no query or view attaches another file or loads an extension."""
    connection = sqlite3.connect(f"file:{quote(str(Path(path).absolute()))}?mode=ro", uri=True, timeout=PATIENCE)
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()  # damaged, locked or unreadable: say it now
    return ibis.sqlite.from_connection(connection)


def refusal(what: str, error: Exception) -> DataError:
    """A failure of an engine in our own words; the driver's, without credentials, are for the terminal alone."""
    words = hide(" ".join(str(error).split()))
    state = str(getattr(error, "sqlstate", "") or "")
    found = (
        why
        for form, why in _FAILURES.items()
        if re.search(form, f"{type(error).__name__} {words} {state}", re.IGNORECASE)
    )
    why = next(found, f"it could not be read ({type(error).__name__})")
    return DataError(what, [f"on  {why} ({ASK})"], words=words[:600])


def schema_of(connection: Any, query: str) -> Any:
    """The columns of a SELECT on Postgres, where Ibis would make a view to learn them; None where it knows a better way."""
    if connection.name != "postgres":
        return None
    with connection.con.transaction(), connection.con.cursor() as cursor:
        cursor.execute(f"SELECT * FROM ({query}) AS ltv_asked LIMIT 0")
        found = [
            (column.name, cursor.pgresult.ftype(i), cursor.pgresult.fmod(i))
            for i, column in enumerate(cursor.description)
        ]
        cursor.execute(
            "SELECT format_type(id, size) FROM unnest(%s::oid[], %s::int[]) WITH ORDINALITY t(id, size, place) ORDER BY place",
            ([code for _, code, _ in found], [size for _, _, size in found]),
        )
        forms = [form for (form,) in cursor.fetchall()]
    read = connection.compiler.type_mapper.from_string
    return ibis.schema({name: read(form) for (name, _, _), form in zip(found, forms, strict=True)})
