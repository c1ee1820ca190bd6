"""Every source gives the same orders, whatever the delimiter, encoding, decimal mark or engine; damage is said."""

import contextlib
import gzip
import re
import sqlite3
import sys
import zipfile
from decimal import Decimal

import duckdb
import ibis
import pandas as pd
import pyarrow as pa
import pytest

import ltv
from ltv.errors import DataError
from ltv.orders.guesses import propose
from ltv.orders.proposal import check_orders

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
ROWS = [("18446744073709551615", "2024-01-31", "1234.50"), ("Zoë; Co", "2024-02-13", "5"), ("7", "2024-01-01", "2.25")]
FRAME = pd.DataFrame(ROWS, columns=["who", "when", "paid"])
RIGHT = [
    ("18446744073709551615", "2024-01-31", Decimal("1234.5")),
    ("7", "2024-01-01", Decimal("2.25")),
    ("Zoë; Co", "2024-02-13", Decimal(5)),
]


def rows_of(orders):
    frame = orders.table.order_by("customer", "day").to_pandas()
    return [(r.customer, str(r.day)[:10], r.value) for r in frame.itertuples()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize(("mark", "decimal"), [(",", "."), (";", ","), ("\t", "."), ("|", ",")])
def test_csv_of_every_kind(tmp_path, encoding, mark, decimal):
    path = tmp_path / "log.csv"
    FRAME.assign(paid=["1234.50", "5", "2.25"]).replace(
        {"paid": {"1234.50": f"1234{decimal}50", "2.25": f"2{decimal}25"}}
    ).to_csv(path, sep=mark, index=False, encoding=encoding)
    orders = ltv.read_orders(path, **COLUMNS)
    assert rows_of(orders) == RIGHT
    assert bool(orders.signs) == (encoding == "cp1252")


def test_zipped_named_and_broken_encodings(tmp_path):
    path = tmp_path / "log.csv.gz"
    with gzip.open(path, "wt", encoding="cp1251") as stream:
        stream.write("who,when,paid\nИра,2024-01-01,5\n")
    assert rows_of(ltv.read_orders(path, encoding="cp1251", **COLUMNS))[0][0] == "Ира"
    with pytest.raises(DataError, match="cannot be read as utf-8"):
        ltv.read_orders(path, encoding="utf-8", **COLUMNS)
    path.write_bytes(path.read_bytes()[:30])
    with pytest.raises(DataError):
        ltv.read_orders(path, **COLUMNS)


def test_amounts_as_people_write_them():
    frame = pd.DataFrame({"who": "a", "when": "2024-01-01", "paid": ["$1,234.50", "(10.00)", "2-", "$ 3", "1 000"]})
    orders = ltv.read_orders(frame, **COLUMNS)
    assert orders.audit["money"].sum() == 1234.5 - 10 - 2 + 3 + 1000
    thousands = frame.assign(paid=["1,234", "5", "6", "7", "8"])
    with pytest.raises(DataError, match="decimal point and with a decimal comma"):
        ltv.read_orders(thousands, **COLUMNS)
    assert ltv.read_orders(thousands, decimal=".", **COLUMNS).size["revenue"] == 1260
    assert ltv.read_orders(thousands, decimal=",", **COLUMNS).size["revenue"] == pytest.approx(27.234)


def write_book(path, **sheets):
    """The smallest workbook there is, written by hand: sheets of inline texts and numbers."""
    cell = lambda v: f"<c><v>{v}</v></c>" if isinstance(v, float) else f'<c t="inlineStr"><is><t>{v}</t></is></c>'  # noqa: E731
    bodies = ["".join(f"<row>{''.join(map(cell, row))}</row>" for row in rows) for rows in sheets.values()]
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006"
    listed = "".join(f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"/>' for i, name in enumerate(sheets, 1))
    sheet = f'Type="{rel}/worksheet" Target="worksheets/sheet'
    linked = "".join(f'<Relationship Id="r{i}" {sheet}{i}.xml"/>' for i in range(1, len(sheets) + 1))
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{types}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{types}/relationships"><Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{types}/relationships">{linked}</Relationships>',
        **{
            f"xl/worksheets/sheet{i}.xml": f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData></worksheet>'
            for i, body in enumerate(bodies, 1)
        },
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)


def test_a_workbook_and_its_rounded_ids(tmp_path):
    path = tmp_path / "log.xlsx"
    write_book(path, Orders=[("who", "when", "paid"), (17850.0, "2024-01-31", 2.5), (1.03293e19, "2024-02-01", 4.0)])
    orders = ltv.read_orders(path, **COLUMNS)
    assert [(row[0], row[2]) for row in rows_of(orders)] == [("1.03293e+19", 4), ("17850", Decimal("2.5"))]
    assert any("rounded on the way" in sign for sign in orders.signs)
    (tmp_path / "not.xlsx").write_text("who,when,paid\n")
    with pytest.raises(DataError, match="could not be read as a workbook"):
        ltv.read_orders(tmp_path / "not.xlsx", **COLUMNS)


def test_sheets_with_the_same_columns_are_one_log(tmp_path):
    header = ("who", "when", "paid")
    first, second = ("ann", "2023-12-30", 1.0), ("ann", "2024-01-02", 2.0)
    path = tmp_path / "years.xlsx"
    write_book(path, y2023=[header, first], y2024=[header, second, ("bob", "2024-01-02", 4.0)], notes=[("a",), ("b",)])
    orders = ltv.read_orders(path, **COLUMNS)
    assert orders.size["revenue"] == 7
    told = 'years.xlsx: read the sheets "y2023", "y2024", which have the same columns, as one; not "notes", which have others.'
    assert told in orders.signs
    write_book(path, y2024=[header, second, first], every=[header, first, second])
    twice = "2 orders from 2023-12-30 to 2024-01-02 stand in two files or sheets"
    assert any(twice in sign for sign in ltv.read_orders(path, **COLUMNS).signs)


def test_folders_and_globs_and_files_that_overlap(tmp_path):
    FRAME.to_csv(tmp_path / "january.csv", index=False)
    FRAME.iloc[1:].to_csv(tmp_path / "february.csv", index=False)
    for source in (tmp_path, f"{tmp_path}/*.csv"):
        orders = ltv.read_orders(source, **COLUMNS)
        assert orders.audit.loc["kept", "rows"] == 5
        assert any("2 orders from 2024-01-01 to 2024-02-13 stand in two files" in sign for sign in orders.signs)
    once = ltv.read_orders(tmp_path, policy=ltv.Policy(duplicates="drop"), **COLUMNS)
    assert rows_of(once) == RIGHT
    FRAME.to_parquet(tmp_path / "march.parquet")
    with pytest.raises(DataError, match="different kinds"):
        ltv.read_orders(tmp_path, **COLUMNS)
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds none of"):
        ltv.read_orders(tmp_path / "empty", **COLUMNS)


def test_databases_queries_and_tables(tmp_path):
    path = str(tmp_path / "shop.duckdb")
    with duckdb.connect(path) as database:
        database.execute(
            "create table orders as select * from (values ('7', date '2024-01-01', 2.25)) t(who, day, paid)"
        )
    named = {"customer": "who", "date": "day", "amount": "paid"}
    right = [("7", "2024-01-01", Decimal("2.25"))]
    assert rows_of(ltv.read_orders("orders", on=path, **named)) == right
    assert rows_of(ltv.read_orders("select who, day, paid from orders where paid > 0", on=path, **named)) == right
    connection = ibis.duckdb.connect(path, read_only=True)
    assert rows_of(ltv.read_orders("orders", on=connection, **named)) == right
    assert rows_of(ltv.read_orders(connection.table("orders"), **named)) == right
    for source, on, words in [("nothing", path, "nothing"), ("orders", f"{path}x", "there is no database")]:
        with pytest.raises(DataError, match=words):
            ltv.read_orders(source, on=on, **named)


def test_an_address_keeps_its_password_to_itself():
    with pytest.raises(DataError) as caught:
        ltv.read_orders("orders", on="nosuchengine://ann:secret@db.example/shop", **COLUMNS)
    assert "secret" not in str(caught.value)


class Lent:
    """A frame of some other library: all it shows is the Arrow interface."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_arrow_and_frames_of_other_libraries():
    table = pa.table(
        {"who": pa.array([2**64 - 1, 7], pa.uint64()), "when": ["2024-01-31", "2024-01-01"], "paid": [1234.5, 2.25]}
    )
    for source in (table, Lent(table)):
        assert rows_of(ltv.read_orders(source, **COLUMNS)) == RIGHT[:2]
    assert "polars" not in sys.modules
    polars = pytest.importorskip("polars")
    assert rows_of(ltv.read_orders(polars.from_arrow(table), **COLUMNS)) == RIGHT[:2]


@pytest.mark.parametrize(
    ("ids", "words"),
    [
        (["1.03293E+19", "1.2E+18", "x"], "2 rows have customer ids that were rounded"),
        ([2.0**60, 1.0, 2.0], "1 rows have customer ids that were rounded"),
        (["Ann", "ann ", "bob"], "1 customers would merge"),
        (["guest", "guest", "x"], '2 rows belong to the customer "guest"'),
    ],
)
def test_damaged_ids_are_said(ids, words):
    orders = ltv.read_orders(FRAME.assign(who=ids), **COLUMNS)
    assert any(words in sign for sign in orders.signs)
    assert words in repr(orders)


def daily(days=60, rows=20, paid=10.0):
    stamps = pd.date_range("2024-01-01", periods=days).repeat(rows)
    return pd.DataFrame(
        {
            "who": [f"c{i % 97}" for i in range(len(stamps))],
            "when": stamps,
            "paid": [paid + i % 7 for i in range(len(stamps))],
        }
    )


def test_days_that_stand_out_are_said():
    log = daily()
    jump = pd.concat(
        [log, log[log["when"] == "2024-02-01"].sample(250, replace=True, random_state=1).assign(paid=range(250))]
    )
    assert any("2024-02-01 has 14 times the usual rows" in sign for sign in ltv.read_orders(jump, **COLUMNS).signs)
    gap = log[~log["when"].between("2024-01-10", "2024-01-19")]
    assert any("No row at all for 10 days from 2024-01-10" in sign for sign in ltv.read_orders(gap, **COLUMNS).signs)
    cents = log.assign(paid=log["paid"].where(log["when"] < "2024-02-20", log["paid"] * 100))
    assert any("are about 100 times the usual ones" in sign for sign in ltv.read_orders(cents, **COLUMNS).signs)
    assert ltv.read_orders(log, **COLUMNS).signs == ()


def test_day_first_and_month_first_in_one_column_are_refused():
    with pytest.raises(DataError, match="day-first and month-first dates in one column"):
        ltv.read_orders(
            pd.DataFrame({"who": "a", "when": ["25/12/2024", "24/12/2024", "12/25/2024"], "paid": 1}), **COLUMNS
        )


@pytest.fixture
def sqlite(tmp_path):
    path = tmp_path / "shop.sqlite"
    with contextlib.closing(sqlite3.connect(path)) as database:
        FRAME.to_sql("orders", database, index=False)
        pd.DataFrame({"sku": [1]}).to_sql("goods", database, index=False)
    return path


def test_rows_of_another_engine_are_brought_to_one_that_can_clean_them(sqlite):
    query = 'SELECT who, "when", paid FROM orders'
    for given, on in (("orders", sqlite), ("orders", f"sqlite://{sqlite}"), (query, sqlite), ("main.orders", sqlite)):
        orders = ltv.read_orders(given, on=on, **COLUMNS)
        assert rows_of(orders) == RIGHT
        assert orders.connection.name == "duckdb"
    assert rows_of(ltv.read_orders(ibis.sqlite.connect(sqlite).table("orders"), **COLUMNS)) == rows_of(orders)
    with pytest.raises(DataError, match="no table 'ordres'; there are goods, orders"):
        ltv.read_orders("ordres", on=sqlite, **COLUMNS)
    with pytest.raises(DataError, match="holds the tables goods, orders: name one"):
        ltv.read_orders(sqlite, **COLUMNS)


def test_what_cannot_be_reached_says_what_to_do():
    with pytest.raises(DataError, match="nothing is fetched from the network"):
        ltv.read_orders("https://example.com/orders.csv", **COLUMNS)
    with pytest.raises(DataError, match=r"pip install .ibis-framework\[snowflake\]'"):
        ltv.read_orders("orders", on="snowflake://account/shop", **COLUMNS)


def test_a_check_proposes_and_tries_a_mapping(tmp_path):
    path = tmp_path / "my orders.csv"
    path.write_text("InvoiceNo,Customer ID,InvoiceDate,Total\n1,ann,2024-01-31,5\n2,bob,2024-02-01,x\n")
    found = check_orders(path)
    assert found.columns == {"customer": "Customer ID", "date": "InvoiceDate", "amount": "Total", "order": "InvoiceNo"}
    assert "1 of 2 rows" in found.faults[0]
    path.write_text("Customer ID,InvoiceDate,Total\nann,2024-01-31,5\n")
    found = check_orders(path)
    assert found.faults == ()
    command = found.command()
    assert re.fullmatch(
        r"ltv report all --orders '.*my orders.csv' --customer 'Customer ID' --date InvoiceDate --amount Total",
        command,
    )
    assert "Orders         1 of 1 customers" in repr(found)
    with pytest.raises(DataError, match="does not exist"):
        check_orders(tmp_path / "none.csv")
    (tmp_path / "header.csv").write_text("who,when,paid\n")
    with pytest.raises(DataError, match="none below the header"):
        check_orders(tmp_path / "header.csv")


def test_a_check_that_knows_no_column_says_what_to_name(tmp_path):
    path = tmp_path / "orders.csv"
    path.write_text("p,q,r\nann,5,7\n")
    found = check_orders(path)
    assert found.columns == {}
    assert found.command().endswith("--customer COLUMN --date COLUMN")
    assert "2 to mend first" in repr(found)


@pytest.mark.parametrize(
    ("names", "right"),
    [
        (["CustomerID", "InvoiceDate", "UnitPrice", "Quantity"], {"customer": "CustomerID", "date": "InvoiceDate", "amount": "UnitPrice", "quantity": "Quantity"}),
        (["Uid", "Buy Ts", "Revenue", "Quantity"], {"customer": "Uid", "date": "Buy Ts", "amount": "Revenue"}),
        (["Kundennummer", "Bestelldatum", "Umsatz"], {"customer": "Kundennummer", "date": "Bestelldatum", "amount": "Umsatz"}),
        (["id_client", "quand", "montant"], {"customer": "id_client", "date": "quand", "amount": "montant"}),
        (["user_id", "created_at", "order_total_usd", "tax"], {"customer": "user_id", "date": "created_at", "amount": "order_total_usd", "tax": "tax"}),
    ],
)  # fmt: skip
def test_mappings_of_common_exports(names, right):
    row = ["1", "2024-01-31", "2.50", "3"][: len(names)]
    assert propose(ibis.memtable(pd.DataFrame([row], columns=names))) == right


def test_a_decimal_mark_may_be_named_by_its_word():
    rows = pd.DataFrame({"who": ["a", "b"], "when": ["2024-01-01"] * 2, "paid": ["1,234", "2,500"]})
    for mark, total in ((",", 3.734), ("comma", 3.734), ("point", 3734)):
        orders = ltv.read_orders(rows, customer="who", date="when", amount="paid", decimal=mark)
        assert orders.size["revenue"] == pytest.approx(total)
