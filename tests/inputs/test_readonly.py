"""A source is only read: one SELECT, no other file, no download, no network; and what is refused says why."""

import contextlib
import sqlite3
from decimal import Decimal

import duckdb
import ibis
import pandas as pd
import pyarrow.parquet as pq
import pytest

import ltv
from ltv import engine
from ltv.errors import DataError
from ltv.inputs import addresses
from ltv.inputs.queries import is_query, one_select
from ltv.secrets import hide

COLUMNS = {"customer": "who", "date": "day", "amount": "paid"}
RIGHT = [("7", "2024-01-01", Decimal("2.25")), ("8", "2024-01-02", Decimal(3))]
SELECT = "SELECT who, day, paid FROM orders"


def rows_of(orders):
    frame = orders.table.order_by("customer", "day").to_pandas()
    return [(r.customer, str(r.day)[:10], r.value) for r in frame.itertuples()]


@pytest.fixture
def other(tmp_path):
    """A file nobody named."""
    path = tmp_path / "private.csv"
    path.write_text("who,day,paid\nspy,2024-01-01,1\n")
    return path


@pytest.fixture(params=["duckdb", "sqlite", "duckdb url", "sqlite url"])
def shop(request, tmp_path, other):
    """A database of two orders, as a file and as a URL."""
    kind, _, url = request.param.partition(" ")
    path = tmp_path / f"the shop's.{kind}"
    rows = "('7', '2024-01-01', 2.25), ('8', '2024-01-02', 3)"
    opened = duckdb.connect(path) if kind == "duckdb" else sqlite3.connect(path)
    with contextlib.closing(opened) as database:
        database.execute("CREATE TABLE orders (who TEXT, day TEXT, paid DECIMAL(9, 2), note TEXT)")
        database.execute(f"INSERT INTO orders (who, day, paid) VALUES {rows}")
        if kind == "duckdb":
            database.execute(f"CREATE VIEW sneaky AS SELECT * FROM read_csv('{other}', all_varchar = true)")
        database.commit()
    return f"{kind}://{path}" if url else str(path)


@pytest.mark.parametrize(
    "query",
    [SELECT, f"({SELECT})", f"{SELECT};", f"-- all\n{SELECT} -- of them", f"/* all */ with o as ({SELECT})\nselect * from o",
     f"{SELECT.lower()} union all {SELECT.lower()} where paid < 0", f"select\n who,\tday, paid\nfrom orders /* {'x' * 300} */"],
)  # fmt: skip
def test_one_select_however_it_is_written(shop, query):
    assert rows_of(ltv.read_orders(query, on=shop, **COLUMNS)) == RIGHT


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (f"{SELECT}; COPY orders TO '{{out}}'", "2 statements"),
        (f"{SELECT}; INSTALL httpfs", "2 statements"),
        (f"{SELECT}; DROP TABLE orders", "2 statements"),
        (f"{SELECT}; {SELECT}", "2 statements"),
        (f"WITH gone AS (DELETE FROM orders RETURNING *) {SELECT}", "more than read"),
        ("SELECT who, day, paid INTO other FROM orders", "more than read"),
        (f"{SELECT} FOR UPDATE", "more than read"),
        (f"({SELECT}); PRAGMA table_info('orders')", "2 statements"),
        ("SELECT who, day FROM (orders", "cannot be read as SQL"),
    ],
)
def test_more_than_a_select_is_refused_and_does_nothing(shop, query, words, tmp_path):
    out = tmp_path / "out.csv"
    with pytest.raises(DataError, match=words):
        ltv.read_orders(query.format(out=out), on=shop, **COLUMNS)
    assert not out.exists()
    assert rows_of(ltv.read_orders(SELECT, on=shop, **COLUMNS)) == RIGHT


@pytest.mark.parametrize(
    "statement", ["COPY orders TO 'x'", "DROP TABLE orders", "INSERT INTO orders VALUES (1)", "CALL f()"]
)
def test_what_is_no_select_is_no_table_either(shop, statement):
    with pytest.raises(DataError, match="there is no table"):
        ltv.read_orders(statement, on=shop, **COLUMNS)
    assert rows_of(ltv.read_orders("orders", on=shop, **COLUMNS)) == RIGHT


def test_a_statement_that_only_one_of_two_parsers_sees_does_not_run(tmp_path):
    """The engine is given the SELECT as it was understood, not the text."""
    connection = ibis.duckdb.connect()
    assert one_select("SELECT 1 AS a -- '\n; -- '", connection) == "SELECT 1 AS a"
    assert "COPY" not in one_select("SELECT 1 AS a /* ; COPY b TO 'c' */", connection)


@pytest.mark.parametrize(
    "reading",
    ["read_csv('{other}')", "'{other}'", "read_text('{other}')", "glob('{other}')", "read_csv('http://localhost:9/x.csv')",
     "sneaky", "query('FROM ''{other}''')", "a_frame_of_the_caller"],
)  # fmt: skip
def test_a_select_or_a_view_reads_nothing_but_its_own_file(shop, other, reading):
    a_frame_of_the_caller = pd.DataFrame({"who": ["spy"], "day": ["2024-01-01"], "paid": [1]})  # noqa: F841
    with pytest.raises(DataError):
        ltv.read_orders(f"SELECT * FROM {reading.format(other=other)}", on=shop, **COLUMNS)
    if reading == "sneaky":
        with pytest.raises(DataError):
            ltv.read_orders(reading, on=shop, **COLUMNS)


def test_a_duckdb_file_is_opened_locked_and_can_still_sort_more_than_fits(tmp_path, monkeypatch):
    monkeypatch.setenv("LTV_MEMORY", "100MB")
    path = tmp_path / "memory.duckdb"  # a name that the engine keeps for itself
    with duckdb.connect(path) as database:
        database.execute("CREATE TABLE many AS SELECT i, repeat('x', 60) || i AS text FROM range(1500000) t(i)")
    connection = engine.open_duckdb(str(path))
    for setting in ("enable_external_access = true", "lock_configuration = false", "temp_directory = '/'"):
        with pytest.raises(duckdb.Error):
            connection.raw_sql(f"SET {setting}")
    for statement in (
        "DROP TABLE many",
        "CREATE TABLE mine (a INT)",
        "INSERT INTO many VALUES (1, 'a')",
        "LOAD httpfs",
    ):
        with pytest.raises(duckdb.Error):
            connection.raw_sql(statement)
    table = engine.keep(connection, connection.table("many").order_by("text"))
    assert table.count().to_pyarrow().as_py() == 1_500_000
    engine.save(table.limit(5), tmp_path / "some.parquet")
    assert pq.read_table(tmp_path / "some.parquet").num_rows == 5


def test_scores_of_a_log_in_a_duckdb_file_are_written(tmp_path):
    path = tmp_path / "shop.duckdb"
    with duckdb.connect(path) as database:
        database.execute("CREATE TABLE orders AS SELECT 'a' AS who, DATE '2024-01-01' AS day, 2.5 AS paid")
    orders = ltv.read_orders("orders", on=path, **COLUMNS)
    engine.write(orders.table, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").column("customer").to_pylist() == ["a"]


def test_a_file_is_read_while_its_owner_has_it_open(shop):
    first, second = (ltv.read_orders("orders", on=shop, **COLUMNS) for _ in range(2))
    assert rows_of(first) == rows_of(second) == RIGHT


def test_sqlite_is_opened_read_only(tmp_path):
    path = tmp_path / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE orders (who TEXT, day TEXT, paid REAL)")
        database.execute("INSERT INTO orders VALUES ('7', '2024-01-01', 2.25), ('8', '2024-01-02', 3)")
        database.commit()
        connection = addresses.open_sqlite(str(path))
        for statement in ("DROP TABLE orders", "INSERT INTO orders VALUES (1, 1, 1)", "SELECT load_extension('x')"):
            with pytest.raises(sqlite3.Error):
                connection.con.execute(statement)
        assert rows_of(ltv.read_orders("orders", on=path, **COLUMNS)) == RIGHT


def test_a_locked_or_damaged_file_says_so(tmp_path, monkeypatch):
    path = tmp_path / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE orders (who TEXT, day TEXT, paid REAL)")
        database.commit()
        database.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr(addresses, "PATIENCE", 0.1)
        with pytest.raises(DataError, match="another program has the file open"):
            ltv.read_orders("orders", on=path, **COLUMNS)
    for name in ("broken.sqlite", "broken.duckdb"):
        (tmp_path / name).write_bytes(b"SQLite format 3\0" + b"x" * 5000 if "sqlite" in name else b"x" * 5000)
        with pytest.raises(DataError, match="the file is damaged, or this user may not read it"):
            ltv.read_orders("orders", on=tmp_path / name, **COLUMNS)


@pytest.mark.parametrize(
    ("on", "words"),
    [
        ("md:shop", "nothing is downloaded here"),
        ("motherduck:shop", "nothing is downloaded here"),
        ("duckdb://md:shop", "nothing is downloaded here"),
        ("https://example.com/shop.duckdb", "there is no engine https"),
        ("parquet://shop.parquet", "there is no engine parquet"),
        ("duckdb:///nowhere/shop.duckdb", "there is no database"),
        ("$LTV_NOT_SET", r"\$LTV_NOT_SET is not set: export LTV_NOT_SET="),
        ("postgresql://ann:$LTV_NOT_SET@localhost/shop", r"\$LTV_NOT_SET is not set"),
    ],
)
def test_addresses_that_are_refused_say_why(on, words):
    with pytest.raises(DataError, match=words):
        ltv.read_orders("orders", on=on, **COLUMNS)


@pytest.mark.parametrize("text", [f"{SELECT} WHERE note <> '{'x' * 300}'", SELECT, "x" * 300, f"{'x' * 300}.csv"])
def test_a_query_without_an_engine_and_names_too_long_have_no_traceback(text):
    with pytest.raises(DataError, match=r"name the engine|no file has a name of 30\d letters"):
        ltv.read_orders(text, **COLUMNS)


def test_of_another_engine_only_the_named_columns_are_brought(tmp_path, monkeypatch):
    path = tmp_path / "shop.sqlite"
    monkeypatch.setattr(engine, "CHUNK", 2)  # several pieces
    with contextlib.closing(sqlite3.connect(path)) as database:
        frame = pd.DataFrame({"who": ["a", "b", "c"], "day": "2024-01-01", "paid": [1.5, 2, 3], "secret": "x"})
        frame.to_sql("orders", database, index=False)
    brought = []
    real = engine.stream
    monkeypatch.setattr(engine, "stream", lambda table, to: (brought.append(list(table.columns)), real(table, to)))
    orders = ltv.read_orders("orders", on=path, **COLUMNS)
    assert orders.size["revenue"] == 6.5
    with pytest.raises(DataError, match='did you mean "secret"'):  # the columns to choose from are all of them
        ltv.read_orders("orders", on=path, customer="secrets", date="day", amount="paid")
    assert brought == [["who", "day", "paid"], ["who", "day", "paid", "secret"]]


def test_a_type_that_cannot_be_read_names_its_column(tmp_path):
    path = tmp_path / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE orders (who TEXT, day TEXT, paid DATE)")
        database.execute("INSERT INTO orders VALUES ('a', '2024-01-01', 'not a day')")
        database.commit()
    with pytest.raises(
        DataError, match=r'column "paid" .* cannot be read: leave it out of a SELECT, or cast it to text'
    ):
        ltv.read_orders("orders", on=path, **COLUMNS)


def test_queries_are_told_from_names_and_files():
    named = ["orders", "select", "my orders.csv", "selected orders", "with.csv", "it's a file.csv", "/* x", ""]
    assert not any(map(is_query, named))


class Server:
    """Postgres as far as reading from it goes: what Ibis calls of psycopg, and what was asked of it."""

    name = "postgres"

    def __init__(self):
        self.con = self
        self.read_only = False


def test_postgres_sessions_are_read_only(monkeypatch):
    monkeypatch.setattr(addresses.ibis, "connect", lambda url: Server())
    assert addresses.attach("postgresql://localhost/shop").con.read_only is True


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ('FATAL: password authentication failed for user "ann"', "refused the user name or password"),
        ('could not translate host name "db" to address', "no server has this name"),
        ("connection to server at 127.0.0.1 failed: Connection refused", "no server answers"),
        ('FATAL: database "shop" does not exist', "no database of this name"),
        ('relation "orders" does not exist', "no table or column"),
        ("permission denied for table orders", "may not read this"),
        ("cannot execute INSERT in a read-only transaction", "a source is only read"),
        ("something new", r"it could not be read \(RuntimeError\)"),
    ],
)
def test_a_driver_fails_in_our_words_and_its_own_stay_apart(words, told):
    error = addresses.refusal("orders", RuntimeError(words))
    with pytest.raises(DataError, match=told):
        raise error
    assert words not in str(error)
    assert hide(str(error)) == str(error)  # what is said of a password is not taken for one
    assert error.words == words
