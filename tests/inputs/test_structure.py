"""Every line of a text file is a row, read over and said, or a fault with its line and a cure that works."""

import bz2
import csv
import gzip
import io
import lzma
import os
import socket
import subprocess
import zipfile

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import ltv
from ltv import engine
from ltv.errors import DataError
from ltv.inputs import records
from ltv.inputs.opening import open_source

HEAD = "who,when,paid\n"
ROWS = "ann,2024-01-01,5\nbob,2024-01-02,6\n"
CELLS = [["ann", "2024-01-01", "5"], ["bob", "2024-01-02", "6"]]


def cells(source):
    """Every cell of a source as text, in its order; the engine has read as many rows as were counted."""
    frame = engine.run(source.table)
    source.check_count(len(frame))
    frame = frame.drop(columns=[name for name in (engine.FILE,) if name in frame])
    return frame.astype(object).where(frame.notna(), None).to_numpy().tolist()


def opened(tmp_path, content, name="log.csv", **given):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return open_source(path, **given)


READ = {
    "as it is": (HEAD + ROWS, []),
    "without an end of line": (HEAD + ROWS.rstrip(), []),
    "Windows line ends": ((HEAD + ROWS).replace("\n", "\r\n"), []),
    "old Mac line ends": ((HEAD + ROWS).replace("\n", "\r"), []),
    "mixed line ends": ((HEAD + ROWS).replace("\n", "\r\n", 2), []),
    "mixed line ends, the other way": (HEAD + ROWS.replace("\n", "\r\n", 1), []),
    "a carriage return alone": (HEAD + ROWS.replace("\n", "\r", 1), ["carriage returns alone (first: line 2)"]),
    "doubled carriage returns": ((HEAD + ROWS).replace("\n", "\r\r\n"), ["carriage returns alone"]),
    "blank lines": (HEAD + "\n" + ROWS.replace("\n", "\n\n\n"), []),
    "blank lines above": ("\n\n" + HEAD + ROWS, ["The first 2 lines above the heading were read over"]),
    "lines of spaces and of delimiters": (HEAD + ROWS + " \n,,\n,,\n", ["3 lines without any content (first: line 4)"]),
    "sep=": ("sep=;\n" + (HEAD + ROWS).replace(",", ";"), ["The first line above the heading was read over"]),
    "sep= with an unusual mark": ("sep=^\n" + (HEAD + ROWS).replace(",", "^"), ["The first line above"]),
    "a title": ("Orders of 2024\n" + HEAD + ROWS, ["The first line above the heading was read over"]),
    "titles of full width": ("Orders of 2024,,\nall shops,,\n,,\n" + HEAD + ROWS, ["The first 3 lines above"]),
    "filters above": ("From,2024-01-01\nTo,2024-02-01\n\n" + HEAD + ROWS, ["The first 3 lines above the heading"]),
    "comments above": ("# made by a, b, and c\n# 2024\n" + HEAD + ROWS, ["The first 2 lines above the heading"]),
    "a mark of UTF-8": ("\ufeff" + HEAD + ROWS, []),
    "UTF-16 with a mark": ((HEAD + ROWS).encode("utf-16"), []),
    "UTF-16 without a mark": ((HEAD + ROWS).encode("utf-16-le"), ["UTF-16 without a mark"]),
    "UTF-16, big end first": ((HEAD + ROWS).encode("utf-16-be"), ["UTF-16 without a mark"]),
    "UTF-32": ((HEAD + ROWS).encode("utf-32"), []),
    "the heading again": (HEAD + ROWS.replace("bob", HEAD + "bob"), ["stands there again (line 3)"]),
    "the heading again, quoted": (HEAD + ROWS.replace("bob", '"who","when","paid"\nbob'), ["stands there again (line 3)"]),
    "the heading again below a title": (
        HEAD + ROWS.replace("bob", "\nOrders of 2024\n\n" + HEAD + "bob"),
        ["stands there again (line 6 and 1 lines of title above it)"],
    ),
    "a delimiter at the end of each line": ((HEAD + ROWS).replace("\n", ",\n"), []),
    "a delimiter at the end of each row": (HEAD + ROWS.replace("\n", ",\n"), []),
    "a delimiter at the end of the heading": (HEAD.replace("\n", ",\n") + ROWS, []),
    "several delimiters at the end": ((HEAD + ROWS).replace("\n", ",,,\r\n"), []),
    "spaces around names": (HEAD.replace(",", ", ") + ROWS, []),
    "quoted throughout": ('"who","when","paid"\n"ann","2024-01-01","5"\n"bob","2024-01-02","6"\n', []),
    "spaces before quotes": ('who, "when", "paid"\nann, "2024-01-01", "5"\nbob, "2024-01-02", "6"\n', []),
}  # fmt: skip


@pytest.mark.parametrize("kind", READ)
def test_a_file_that_is_odd_and_clear_is_read_and_what_was_read_over_is_said(tmp_path, kind):
    content, remarks = READ[kind]
    source = opened(tmp_path, content)
    assert source.rows == 2
    assert cells(source) == CELLS
    assert list(source.table.columns) == ["who", "when", "paid"]
    assert len(source.remarks) == len(remarks)
    for words, remark in zip(remarks, source.remarks, strict=True):
        assert words in remark


def test_what_stands_in_quotes_or_beside_them_is_kept(tmp_path):
    text = 'who,when,paid\n"a,b\nc",2024-01-01,"say ""hi"""\n5" pipe,6"x",7"\n"\r\n","",\n'
    assert cells(opened(tmp_path, text)) == [
        ["a,b\nc", "2024-01-01", 'say "hi"'], ['5" pipe', '6"x"', '7"'], ["\r\n", None, None]]  # fmt: skip


REFUSED = {
    "a short row": (HEAD + ROWS + "eve,2024-01-03\n", ["line 4: 2 cells where the heading on line 1 has 3"]),
    "long rows": (
        HEAD + ROWS + "eve,x,2024-01-03,5\n" * 5,
        ["line 4: 4 cells", "5 such lines in all, next 5, 6, 7", "sed -n 4p"],
    ),
    "a row longer by an empty cell": (HEAD + ROWS + "eve,2024-01-03,5,\n", ["line 4: 4 cells"]),
    "a total below": (HEAD + ROWS + "2 rows\n", ["line 4: 1 cells", "a total or note below the rows"]),
    "a quote that never closes": (HEAD + 'ann,"2024-01-01,5\nbob,2024-01-02,6\n', ["line 2: a quote", "never closes"]),
    "a quote that swallows lines": (
        HEAD + 'ann,"x,5\nbob,"2024-01-02",6\n',
        ['line 3: a quote (") closes a cell, which opened on line 2, and more text follows'],
    ),
    "a backslash before a quote": (HEAD + 'ann,"a \\"b\\" c",5\n', ['line 2: a quote (")', "sed 's/\\\\\"/\"\"/g'"]),
    "zero bytes": (HEAD + ROWS + "eve,\0\0,5\n", ["line 4: zero bytes", "tr -d '\\000'"]),
    "a carriage return inside a cell": (HEAD + "ann,20\r24,5\n", ["line 2: 2 cells", "tr -d '\\r'"]),
    "another export below": (
        HEAD + ROWS + "who,when,paid,shop\nann,2024-02-01,5,x\n",
        ["line 4: a heading again, with other columns (who, when, paid, shop)", "head -n 3", "tail -n +4"],
    ),
    "a longer export below": (
        HEAD + ROWS + "who,when,paid,shop\n" + "ann,2024-02-01,5,x\n" * 90,
        ["line 4: a heading again"],
    ),
    "columns in another order below": (HEAD + ROWS + "paid,who,when\n5,ann,2024-02-01\n", ["line 4: a heading again"]),
    "two columns of one name": ("who,when,paid,paid\nann,2024-01-01,5,6\n", ['3, 4 are all called "paid"']),
    "names that differ in case": ("who,when,paid,Paid\nann,2024-01-01,5,6\n", ['called "paid" and "Paid"']),
    "a name missing in the heading": (HEAD + "0,ann,2024-01-01,5\n1,bob,2024-01-02,6\n", ["heading names 3 columns and the rows have 4"]),
    "no heading": (ROWS, ["line 1: a row where the heading is expected"]),
    "too many columns": (",".join(f"c{i}" for i in range(20_000)) + "\n", ["has 20,000 columns; up to 2,000"]),
    "a page": ("<!DOCTYPE html><html>", ["a page or XML, not a table"]),
    "JSON": ('[{"who": "ann"}]', ["JSON, not a table"]),
    "Parquet": (b"PAR1abc", ["a Parquet file: name it .parquet"]),
    "blank lines only": ("\n\n \n", ["holds no line of text"]),
    "an endless line": ("who," + "x" * 3_000_000, ["line 1: the line goes on beyond 2 MB"]),
}  # fmt: skip


@pytest.mark.parametrize("kind", REFUSED)
def test_a_file_that_is_damaged_is_refused_with_the_line_and_a_cure(tmp_path, kind):
    content, words = REFUSED[kind]
    with pytest.raises(DataError) as caught:
        opened(tmp_path, content)
    for part in words:
        assert part in str(caught.value)


def test_several_faults_of_several_files_are_said_at_once(tmp_path):
    (tmp_path / "a.csv").write_text("who,when,paid,Who\nann,2024-01-01,5\n")
    (tmp_path / "b.csv").write_text(HEAD + "ann,5\n")
    with pytest.raises(DataError) as caught:
        open_source(tmp_path)
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("content", "rows"),
    [
        (HEAD + 'ann,"a \\"b\\" c",5\n', 1),
        (HEAD + "ann,2024\r-01-01,5\n", 1),
        (HEAD + ROWS + "eve,\0,5\n", 3),
        (HEAD + ROWS + "who,when,paid,shop\nann,2024-02-01,5,x\n", 3),
    ],
)
def test_the_cure_that_is_printed_mends_the_file(tmp_path, content, rows):
    with pytest.raises(DataError) as caught:
        opened(tmp_path, content, "my log.csv")
    fault = caught.value.faults[0]
    command = fault[min(fault.find(word) for word in ("sed 's", "tr -d", "mkdir") if word in fault) :]
    command = command.removesuffix(" takes them out").removesuffix(" writes it so")
    subprocess.run(["bash", "-c", command], cwd=tmp_path, check=True)
    mended = tmp_path / ("parts" if "parts" in command else "mended.csv")
    assert len(cells(open_source(mended))) == rows


PACK = {
    "log.csv.gz": gzip.compress,
    "log.csv.bz2": bz2.compress,
    "log.csv.xz": lzma.compress,
    "log.csv.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
    "log.csv": gzip.compress,
}


@pytest.mark.parametrize("name", PACK)
def test_packed_files_are_known_by_their_first_bytes(tmp_path, name):
    assert cells(opened(tmp_path, PACK[name]((HEAD + ROWS).encode()), name)) == CELLS
    with pytest.raises(DataError):
        opened(tmp_path, PACK[name]((HEAD + ROWS * 900).encode())[:-40], name)


def test_a_zip_holds_one_file(tmp_path):
    for count in (1, 2):
        with zipfile.ZipFile(tmp_path / "log.zip", "w") as box:
            for i in range(count):
                box.writestr(f"log{i}.csv", HEAD + ROWS)
        if count == 1:
            assert cells(open_source(tmp_path / "log.zip")) == CELLS
    with pytest.raises(DataError, match="holds 2 files, not one; unpack it"):
        open_source(tmp_path / "log.zip")


def test_what_is_no_file_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "nowhere.csv")
    with socket.socket(socket.AF_UNIX) as door:
        door.bind(str(tmp_path / "door.csv"))
        for given, words in (
            ("pipe.csv", "a pipe or a device"),
            ("door.csv", "a pipe or a device"),
            ("link.csv", "does not exist"),
        ):
            with pytest.raises(DataError, match=words):
                open_source(tmp_path / given)
    with pytest.raises(DataError, match="a pipe or a device"):
        open_source("/dev/zero")
    with pytest.raises(DataError, match="holds none of"):
        open_source(tmp_path / "folder.csv")


def test_files_are_brought_together_by_the_names_of_their_columns(tmp_path):
    (tmp_path / "a[1].csv").write_text(HEAD + ROWS)
    (tmp_path / "b.csv").write_text("paid;note;when;who\n7;x;2024-01-03;eve\n")
    (tmp_path / ".c.csv").write_text("a copy that an editor keeps\n")
    source = open_source(tmp_path)
    assert sorted(cells(source), key=str) == [
        ["ann", "2024-01-01", "5", None], ["bob", "2024-01-02", "6", None], ["eve", "2024-01-03", "7", "x"]]  # fmt: skip
    assert source.remarks == ('The column "note" is not in every file: not in a[1].csv.',)
    named = {"customer": "who", "date": "when", "amount": "paid"}
    assert ltv.read_orders(tmp_path, **named).size["revenue"] == 18
    with pytest.raises(DataError, match=r'no column "note" in a\[1\].csv: add it there'):
        ltv.read_orders(tmp_path, **named, by=["note"])


def test_a_difference_between_two_counts_is_an_error(tmp_path):
    from dataclasses import replace

    source = opened(tmp_path, HEAD + ROWS)
    with pytest.raises(DataError, match="3 were counted and 2 were read"):
        replace(source, rows=3).check_count(2)


TEXT = st.text(alphabet="ab1 ,;|\t\"'\\\n\r.é€", max_size=6)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rows=st.lists(st.lists(TEXT, min_size=3, max_size=3), min_size=1, max_size=12),
    delimiter=st.sampled_from(",;\t|"),
    end=st.sampled_from(["\n", "\r\n"]),
    quoting=st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    block=st.sampled_from([7, 64, 1 << 20]),
)
def test_cells_and_their_count_are_those_of_the_csv_module(tmp_path, rows, delimiter, end, quoting, encoding, block):
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, lineterminator=end, quoting=quoting)
    names = ["customer", "day it was", "amount"]
    bare = "\r" if (end, quoting) == ("\n", csv.QUOTE_MINIMAL) else ""  # the module writes it without quotes
    rows = [[f"x{cell}".replace(bare, "") if bare else f"x{cell}" for cell in row] for row in rows]
    rows = [[one, two[1:], three[1:]] for one, two, three in rows]
    writer.writerows([names, *rows])
    before, records.BLOCK = records.BLOCK, block
    try:
        source = opened(tmp_path, text.getvalue().encode(encoding))
    finally:
        records.BLOCK = before
    assert source.rows == len(rows)
    assert cells(source) == [[cell or None for cell in row] for row in rows]
