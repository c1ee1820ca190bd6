"""SQL that somebody wrote, as far as it is one SELECT that only reads: parsed, never searched."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from ltv.errors import DataError

_WRITES = (
    exp.DML,
    exp.DDL,
    exp.Command,
    exp.Drop,
    exp.Alter,
    exp.TruncateTable,
    exp.Attach,
    exp.Detach,
    exp.Install,
    exp.Pragma,
    exp.Set,
    exp.Use,
    exp.Export,
    exp.LoadData,
    exp.Grant,
    exp.Into,
    exp.Lock,
    exp.Describe,
    exp.Kill,
    exp.Transaction,
    exp.Commit,
    exp.Rollback,
)

"""What does more than read. A parse holds it wherever in the text it stands, in a WITH as much as in a second statement."""


def is_query(text: str) -> bool:
    """Whether this begins as a query does: with SELECT or WITH, after brackets and comments.

    >>> is_query("-- all\\n(SELECT 1)"), is_query("orders"), is_query("with"), is_query("select.csv")
    (True, False, False, False)
    """
    if len(text.split()) < 2:
        return False
    try:
        tokens = [token.token_type.name for token in sqlglot.tokenize(text)]
    except SqlglotError:
        tokens = text.upper().split()
    first = next((place for place, name in enumerate(tokens) if name != "L_PAREN"), 0)
    return tokens[first] in ("SELECT", "WITH") and len(tokens) > first + 1


def one_select(text: str, connection: Any) -> str:
    """The one SELECT of a text, written anew from its parse, so that the engine reads what was checked.

    Raises DataError where it is none, is more than one statement, or holds one that writes, opens, loads or sets.
    """
    try:
        statements = [
            it for it in sqlglot.parse(text, read=connection.dialect) if it and not isinstance(it, exp.Semicolon)
        ]
    except SqlglotError as error:
        place = next(({"line": it["line"], "col": it["col"]} for it in getattr(error, "errors", ())), None)
        where = f", line {place['line']} column {place['col']}" if place else ""
        cure = "try it in the engine first, or make a view of it there and name the view"
        raise DataError("orders", [f"query  cannot be read as SQL of {connection.name}{where}: {cure}"]) from None
    faults = []
    if len(statements) != 1:
        faults.append(f"query  holds {len(statements)} statements, and one SELECT is read: leave the others out")
    if any(not isinstance(it, exp.Query) or it.find(*_WRITES) for it in statements):
        faults.append("query  does more than read, and a source is only read: leave all but one SELECT out")
    if faults:
        raise DataError("orders", faults)
    return str(_unbracketed(statements[0]).sql(dialect=connection.dialect, comments=False))


def _unbracketed(query: exp.Expression) -> exp.Expression:
    """Without brackets around all of it, which SQLite does not know."""
    while isinstance(query, exp.Subquery) and not any(value for name, value in query.args.items() if name != "this"):
        query = query.this
    return query
