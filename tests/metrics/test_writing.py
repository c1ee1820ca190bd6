"""Scores as files: written whole, read back, and no cell of them a formula."""

import csv

import ibis
import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

import ltv
from ltv import cli
from ltv.errors import DataError
from ltv.metrics.lifetime_value import writing

ROWS = pd.DataFrame(
    {
        "customer": ["=1+1", "007", 'a,"b\n', "@x", "-5", "\tz"],
        "value": [1.5, None, -3.0, 2.0, 0.0, 1.0],
        "frequency": range(6),
    }
)


@pytest.fixture
def scored():
    return ibis.duckdb.connect().create_table("scored", ROWS)


def test_text_that_looks_like_a_formula_stays_text(scored, tmp_path):
    assert writing.write_file(scored, tmp_path / "new" / "scores.csv") == 6
    with (tmp_path / "new" / "scores.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    assert header == ["customer", "value", "frequency"]
    assert [row[0] for row in rows] == ["'=1+1", "007", 'a,"b\n', "'@x", "'-5", "'\tz"]
    assert [row[1] for row in rows] == ["1.5", "", "-3.0", "2.0", "0.0", "1.0"]
    assert writing.write_file(scored, tmp_path / "scores.XLSX") == 6
    sheet = CalamineWorkbook.from_path(str(tmp_path / "scores.XLSX")).get_sheet_by_index(0)
    assert [row[0] for row in sheet.iter_rows()][1:] == ROWS["customer"].tolist()
    assert writing.write_file(scored, tmp_path / "scores.PARQUET") == 6
    assert pd.read_parquet(tmp_path / "scores.PARQUET")["customer"].tolist() == ROWS["customer"].tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new", "scores.PARQUET", "scores.XLSX"]


def test_what_cannot_be_written_is_refused_and_the_last_file_stays(scored, tmp_path, monkeypatch):
    (tmp_path / "scores.csv").write_text("old")
    monkeypatch.setattr(writing, "_plain", lambda cell: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        writing.write_file(scored, tmp_path / "scores.csv")
    assert [path.name for path in tmp_path.iterdir()] == ["scores.csv"]
    assert (tmp_path / "scores.csv").read_text() == "old"
    for wrong, customers, said in [
        ("scores.json", 1, "must end in .csv, .xlsx or .parquet"),
        ("scores", 1, "must end in .csv, .xlsx or .parquet"),
        (
            "s.xlsx",
            1_048_576,
            "1,048,576 customers are more than the 1,048,575 rows of a sheet: name a .csv or .parquet",
        ),
        (str(tmp_path / "scores.csv" / "s.csv"), 1, "could not be written"),
    ]:
        with pytest.raises(DataError, match=said):
            writing.check_fits(wrong, customers) or writing.write_file(scored, wrong)
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match="is a folder: name a file in it"):
        writing.check_fits(tmp_path / "folder.csv", 1)


def test_the_api_writes_what_the_ending_says_and_a_table_without_one(scored, tmp_path):
    ltv.write_scores(scored, tmp_path / "s.CSV")
    assert (tmp_path / "s.CSV").read_text().startswith("customer,value")
    ltv.write_scores(scored, "kept")
    assert scored.get_backend().table("kept").count().execute() == 6
    with pytest.raises(DataError, match="must end in"):
        ltv.write_scores(scored, "scores.json")


@pytest.mark.parametrize("name", ["scores.csv", "scores.xlsx"])
def test_the_command_writes_a_row_for_each_customer(name, tmp_path, capsys):
    cli.main(["score", "--orders", "cdnow_sample", "--out", str(tmp_path / "new" / name)])
    assert capsys.readouterr().out == f"2,357 customers: {tmp_path / 'new' / name}\n"
    read = pd.read_csv if name.endswith("csv") else lambda path: pd.DataFrame(CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()[1:])  # fmt: skip
    assert len(read(tmp_path / "new" / name)) == 2357


def test_the_command_refuses_an_ending_before_it_reads_a_log(capsys):
    with pytest.raises(SystemExit) as end:
        cli.main(["score", "--orders", "cdnow_sample", "--out", "scores.json"])
    assert end.value.code == 2
    assert "must end in .csv, .xlsx or .parquet" in capsys.readouterr().err
