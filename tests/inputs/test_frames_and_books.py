"""Frames and workbooks lose nothing: what nobody asked for does no harm, what cannot be named is refused with a cure."""

import datetime as dt
import zipfile

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import ltv
from ltv import engine
from ltv.errors import DataError
from ltv.inputs import workbooks
from ltv.inputs.opening import open_source

NAMED = {"customer": "who", "date": "when", "amount": "paid"}
FRAME = pd.DataFrame({"who": ["ann", "bob"], "when": ["2024-01-01", "2024-01-02"], "paid": [5.0, 6.5]})


class Speechless:
    def __str__(self):
        raise RuntimeError("no words")


ODD = {
    "list": [[1, 2], [3]],
    "array": [np.array([1, 2]), None],
    "dict": [{"a": 1}, None],
    "nothing": [None, None],
    "not a number": [np.nan, np.nan],
    "mixed": [1, "1"],
    "period": pd.period_range("2024-01", periods=2, freq="M"),
    "interval": pd.interval_range(0, 2),
    "category": pd.Categorical(["x", None]),
    "span": pd.to_timedelta(["1h", None]),
    "complex": [1j, 2j],
    "date": [dt.date(2024, 1, 1), None],
    "zoned": pd.to_datetime(["2024-01-01", None]).tz_localize("Europe/Berlin"),
    "bytes": [b"\xff", None],
    "arrow list": pd.array([[1], None], dtype=pd.ArrowDtype(pa.list_(pa.int64()))),
    "arrow nothing": pd.array([None, None], dtype=pd.ArrowDtype(pa.null())),
    "sparse": pd.arrays.SparseArray([0, 1]),
    "speechless": [Speechless(), Speechless()],
}


@pytest.mark.parametrize("kind", ODD)
def test_a_column_that_nobody_asked_for_does_no_harm(kind):
    orders = ltv.read_orders(FRAME.assign(odd=ODD[kind]), **NAMED)
    assert orders.size["revenue"] == 11.5
    assert [sign for sign in orders.signs if "Left out" not in sign] == []
    assert (orders.signs != ()) == (kind == "speechless")


@pytest.mark.parametrize(
    "odd",
    [
        pa.array([[1], None]),
        pa.array([{"a": 1}, None]),
        pa.nulls(2),
        pa.array(["x", None]).dictionary_encode(),
        pa.array([1, None], pa.duration("s")),
        pa.array([[("a", 1)], None], pa.map_(pa.string(), pa.int64())),
        pa.array(["x", None], pa.large_string()),
        pa.array([b"\xff", None]),
        pa.array([1, None], pa.decimal256(50, 2)),
        pa.array([1.5, None], pa.float16()),
        pa.array([1, None], pa.time64("us")),
    ],
    ids=lambda odd: str(odd.type),
)
def test_an_odd_column_of_an_arrow_table_does_no_harm(odd):
    table = pa.table({**{name: FRAME[name].tolist() for name in FRAME}, "odd": odd})
    assert ltv.read_orders(table, **NAMED).size["revenue"] == 11.5


@pytest.mark.parametrize("levels", [["who"], ["when"], ["who", "when"]])
def test_a_column_in_the_index_is_found(levels):
    orders = ltv.read_orders(FRAME.set_index(levels), **NAMED)
    assert orders.size["revenue"] == 11.5
    assert orders.size["customers"] == 2


@pytest.mark.parametrize(
    ("frame", "words"),
    [
        (FRAME.set_axis(["who", "when", "who"], axis=1), 'columns 1, 3 are all called "who"'),
        (FRAME.set_axis(["who", "Who", "paid"], axis=1), 'called "who" and "Who"'),
        (FRAME.set_axis([1, "1", "paid"], axis=1), 'called "1"'),
        (FRAME.set_axis(pd.MultiIndex.from_product([["a"], list(FRAME)]), axis=1), "the columns have 2 levels"),
        (pd.DataFrame(np.zeros((1, 2500))), "has 2,500 columns; up to 2,000"),
    ],
)
def test_columns_that_cannot_be_named_are_refused(frame, words):
    with pytest.raises(DataError, match=words):
        ltv.read_orders(frame, **NAMED)
    if frame.columns.nlevels == 1:
        with pytest.raises(DataError, match=words):
            open_source(pa.Table.from_arrays([pa.array([1])] * frame.shape[1], names=list(map(str, frame))))


def test_parquet_files_are_counted_and_brought_together(tmp_path):
    FRAME.to_parquet(tmp_path / "a.parquet")
    FRAME[["paid", "when", "who"]].assign(note="x").to_parquet(tmp_path / "b.parquet")
    source = open_source(tmp_path)
    assert source.rows == 4
    assert source.lacking == {"note": "a.parquet"}
    assert ltv.read_orders(tmp_path, **NAMED, policy=ltv.Policy(duplicates="keep")).size["revenue"] == 23
    table = pa.table([["a"], ["b"]], names=["who", "WHO"])
    pa.parquet.write_table(table, tmp_path / "c.parquet")
    with pytest.raises(DataError, match=r'c\.parquet: columns 1, 2 are all called "who" and "WHO"'):
        open_source(tmp_path / "c.parquet")


HEADING = ("who", "when", "paid")
BODY = [("ann", "2024-01-01", 5.0), ("bob", "2024-01-02", 6.5)]
CELLS = [["ann", "2024-01-01", "5"], ["bob", "2024-01-02", "6.5"]]


def write_book(path, sheets, merged="", hidden=()):
    """The smallest workbook there is: sheets of texts, numbers, truths, errors (#…) and empty cells."""

    def cell(value, place):
        if value is None:
            return ""
        if isinstance(value, bool):
            return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
        if isinstance(value, float):
            return f'<c r="{place}"><v>{value!r}</v></c>'
        if value.startswith("#"):
            return f'<c r="{place}" t="e"><v>{value}</v></c>'
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    rel = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    types = "http://schemas.openxmlformats.org/package/2006"
    listed, linked, parts = "", "", {}
    for i, (name, rows) in enumerate(sheets, 1):
        state = ' state="hidden"' if name in hidden else ""
        listed += f'<sheet name="{name}" sheetId="{i}" r:id="r{i}"{state}/>'
        linked += f'<Relationship Id="r{i}" Type="{rel}/worksheet" Target="worksheets/sheet{i}.xml"/>'
        body = "".join(
            f'<row r="{y}">{"".join(cell(value, f"{chr(64 + x)}{y}") for x, value in enumerate(row, 1))}</row>'
            for y, row in enumerate(rows, 1)
        )
        over = f'<mergeCells><mergeCell ref="{merged}"/></mergeCells>' if merged else ""
        parts[f"xl/worksheets/sheet{i}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{body}</sheetData>{over}</worksheet>'
        )
    parts |= {
        "[Content_Types].xml": f'<Types xmlns="{types}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'<Relationships xmlns="{types}/relationships"><Relationship Id="r1" Type="{rel}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{rel}"><sheets>{listed}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{types}/relationships">{linked}</Relationships>',
    }
    with zipfile.ZipFile(path, "w") as book:
        for name, text in parts.items():
            book.writestr(name, text)
    return path


READ = {
    "as it is": ([HEADING, *BODY], []),
    "titles and filters above": ([("Orders",), ("From", "2024"), (), HEADING, *BODY], ["2 rows above the heading"]),
    "blank rows between": ([HEADING, (None, None, None), BODY[0], (), BODY[1]], []),
    "the heading again": ([HEADING, BODY[0], HEADING, BODY[1]], ["the heading stands there 2 times"]),
    "a column without name and content": ([(*HEADING, None), *BODY], []),
    "errors": ([HEADING, *BODY, ("#N/A", "#REF!", None)], ["2 cells hold an error such as #N/A"]),
}


@pytest.mark.parametrize("kind", READ)
def test_a_sheet_that_is_odd_and_clear_is_read(tmp_path, kind):
    rows, remarks = READ[kind]
    source = open_source(write_book(tmp_path / "log.xlsx", [("Orders", rows)]))
    assert engine.run(source.table).to_numpy().tolist() == CELLS
    assert source.rows == 2
    assert len(source.remarks) == len(remarks)
    assert all(words in remark for words, remark in zip(remarks, source.remarks, strict=True))


def test_cells_of_a_sheet_keep_what_they_show(tmp_path):
    row = ("0012", 0.1 + 0.2, True, 0.25, 1234567890123456.0, 1.5e18)
    path = write_book(tmp_path / "log.xlsx", [("a", [("who", "sum", "yes", None, "long", "beyond"), row])])
    source = open_source(path)
    assert list(source.table.columns) == ["who", "sum", "yes", "column 4", "long", "beyond"]
    cells = ["0012", "0.30000000000000004", "True", "0.25", "1234567890123456", "1.5e+18"]
    assert engine.run(source.table).to_numpy().tolist() == [cells]
    assert "no name for column 4" in source.remarks[0]


def test_sheets_that_are_hidden_or_have_hostile_names(tmp_path):
    sheets = [("Old", [HEADING, *BODY]), ("&lt;b&gt;x&quot;;--", [HEADING, *BODY])]
    source = open_source(write_book(tmp_path / "log.xlsx", sheets, hidden=["Old"]))
    assert source.rows == 2
    assert source.remarks == ('log.xlsx: hidden sheets ("Old") were not read.',)
    both = open_source(write_book(tmp_path / "log.xlsx", sheets))
    assert both.rows == len(engine.run(both.table)) == 4


@pytest.mark.parametrize(
    ("rows", "merged", "words"),
    [
        ([("who", "when", "Who"), *BODY], "", 'columns 1, 3 are all called "who" and "Who"'),
        ([("who", "when", "who"), *BODY], "", 'columns 1, 3 are all called "who"'),
        ([HEADING, *BODY, (None, "2024-01-03", 5.0)], "A3:A4", r"first: rows 3 to 4\), so all rows but the first"),
    ],
)
def test_a_sheet_that_loses_something_is_refused(tmp_path, rows, merged, words):
    with pytest.raises(DataError, match=words):
        open_source(write_book(tmp_path / "log.xlsx", [("Orders", rows)], merged))


def test_a_workbook_that_unpacks_to_too_much_and_what_is_none(tmp_path, monkeypatch):
    path = write_book(tmp_path / "log.xlsx", [("Orders", [HEADING, *BODY])])
    monkeypatch.setattr(workbooks, "LARGEST", 100)
    with pytest.raises(DataError, match=r"unpacks to 0.0 GB; up to 0.0 GB are read. Save it as CSV"):
        open_source(path)
    for content, words in ((b"who,when\n", "It is text: name it .csv"), (b"<html>", "a page or XML")):
        (tmp_path / "log.xls").write_bytes(content)
        with pytest.raises(DataError, match=words):
            open_source(tmp_path / "log.xls")
