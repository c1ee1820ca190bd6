"""`ltv check`, `ltv score` and `ltv simulate`, as typed."""

import shlex
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from ltv import cli
from ltv.pages import catalog, segments


def run(capsys, *words):
    try:
        cli.main(list(words))
        code = 0
    except SystemExit as end:
        code = end.code or 0
    return code, capsys.readouterr().out


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("shop")


def test_a_check_takes_a_margin_and_says_when_it_guesses_one(folder, capsys):
    run(capsys, "simulate", "--customers", "1200", "--out", str(folder))
    log = str(folder / "orders.parquet")
    said = run(capsys, "check", log)[1]
    assert "30% is assumed" in said
    assert "30% of revenue, assumed until a margin is given" in said
    code, said = run(capsys, "check", log, "-p", "margin=0.4")
    assert code == 0
    assert "40% of revenue" in said
    assert "assumed" not in said
    assert " --margin 0.4" in said
    with pytest.raises(SystemExit):
        cli.main(["check", log, "-p", "margin=40%"])
    assert "margin: a number is needed" in capsys.readouterr().err


def test_simulate_check_and_score(folder, capsys):
    assert run(capsys, "simulate", "--customers", "1200", "--out", str(folder))[0] == 0
    log = folder / "orders.parquet"
    code, said = run(capsys, "check", str(log))
    assert code == 0
    assert said.strip().endswith(
        f"ltv report all --orders {log} --customer customer --date date --amount amount --columns order=order"
    )
    named = ["--customer", "customer", "--date", "date", "--amount", "amount", "--margin", "0.5"]
    out = folder / "new" / "scores.parquet"
    code, said = run(capsys, "score", "--orders", str(log), *named, "--out", str(out))
    scores = pd.read_parquet(out)
    assert (code, said.strip()) == (0, f"{len(scores):,} customers: {out}")
    assert scores["customer"].is_unique
    assert (scores["value_low"] <= scores["value"]).all()
    assert (scores["value"] <= scores["value_high"]).all()
    assert (scores["value_if_won_back"] > scores["value"]).all()


def test_check_names_the_faults(folder, capsys):
    (folder / "bad.csv").write_text("customer,date,amount\na,2024-01-01,5\nb,soon,6\n")
    code, said = run(capsys, "check", str(folder / "bad.csv"))
    assert code == 1
    assert "1 of 2 rows" in said
    assert run(capsys, "check", str(folder / "none.csv"))[0] == 2


def test_compare_judges_the_families_and_asks_a_second_opinion(capsys):
    code, said = run(capsys, "compare", "--orders", "cdnow_sample", "--at", "1997-09-30")
    assert code == 0
    assert "judged by the orders until 1998-06-30 (time in weeks)" in said
    assert "MBG/NBD: it forecast the holdout best, by more than one standard error." in said
    assert said.count("r 0.2426, alpha 4.414, a 0.7929, b 2.426") == 2  # here and in lifetimes


LINES = pd.DataFrame({
    "Customer ID": ["a", "a", "b", "b", "c"], "Invoice Date": ["2024-01-31", "2024-02-29", "2024-01-31", "2024-03-01", "2024-03-02"],
    "Invoice No": ["1", "2", "3", "4", "5"], "Unit Price": [10.5, 2.25, 4.0, 1.5, 100.0], "Quantity": [2, 4, 1, 2, 1],
})  # fmt: skip
GROSS = LINES.assign(
    **{"Gross amount": [30.0, 20, 10, 10, 30], "Discount": [1.0, 0, 0, 0, 2], "VAT": 0.5, "COGS": 10.0}
)[["Customer ID", "Invoice Date", "Gross amount", "Discount", "VAT", "COGS"]]


def european(folder):
    LINES.to_csv(folder / "log.csv", sep=";", decimal=",", index=False, encoding="utf-16")
    return "log.csv"


def two_ways(folder):
    """Amounts that both marks read, in columns whose names hold a comma: the choice must reach the command."""
    names = {"Customer ID": "who", "Invoice Date": "day", "Unit Price": "price, net", "Quantity": "Quantity"}
    LINES.rename(columns=names)[list(names.values())].astype({"price, net": str}).replace(
        {"10.5": "1.050", "2.25": "1.025", "4.0": "1.000", "1.5": "2.000", "100.0": "3.000"}
    ).to_csv(folder / "log.csv", sep=";", index=False)
    return "log.csv -p decimal=, -p 'amount=price, net' -p customer=who -p date=day"


def sheet(folder):
    rows = LINES.drop(columns="Invoice No")
    body = "".join("<table:table-row>" + "".join(f'<table:table-cell office:value-type="string"><text:p>{cell}</text:p></table:table-cell>' for cell in row) + "</table:table-row>" for row in [list(rows), *rows.astype(str).to_numpy()])  # fmt: skip
    write_sheet(folder / "log.ods", body)
    return "log.ods"


def write_sheet(path, body):
    import zipfile

    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))  # fmt: skip
    content = f'<?xml version="1.0"?><office:document-content {spaces}><office:body><office:spreadsheet><table:table table:name="Log">{body}</table:table></office:spreadsheet></office:body></office:document-content>'
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        file.writestr(
            "META-INF/manifest.xml",
            '<?xml version="1.0"?><manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        file.writestr("content.xml", content)


def parts(folder):
    (folder / "log").mkdir()
    for month, rows in GROSS.groupby(GROSS["Invoice Date"].str[:7]):
        rows.to_csv(folder / "log" / f"{month}.csv", index=False)
    return "log"


def one_table(folder):
    with duckdb.connect(str(folder / "shop.duckdb")) as file:
        file.register("lines", LINES)
        file.execute("create table orders as select * from lines")
    return "shop.duckdb"


def a_query(folder):
    one_table(folder)
    return "'select * from orders where Quantity < 4' --on shop.duckdb"


@pytest.mark.parametrize(
    ("make", "revenue", "margin"),
    [
        (european, 137.0, 137 * 0.3),
        (two_ways, 14_200.0, 14_200 * 0.3),
        (sheet, 137.0, 137 * 0.3),
        (parts, 94.5, 44.5),
        (one_table, 137.0, 137 * 0.3),
        (a_query, 128.0, 128 * 0.3),
    ],
)
def test_the_command_that_a_check_prints_reads_the_file(make, revenue, margin, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code, said = run(capsys, "check", *shlex.split(make(tmp_path)))
    assert code == 0, said
    given = options(shlex.split(said.splitlines()[-1]))
    told = catalog.check("data_quality", given)
    size = segments.read(vars(told)).size
    assert size["revenue"] == pytest.approx(revenue)
    assert size["margin"] == pytest.approx(margin)


def options(words):
    assert words[:3] == ["ltv", "report", "all"]
    return {
        flag.removeprefix("--").replace("-", "_"): value for flag, value in zip(words[3::2], words[4::2], strict=True)
    }


def test_that_command_makes_a_report(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    command = run(capsys, "check", *shlex.split(parts(tmp_path)))[1].splitlines()[-1]
    words = shlex.split(command.replace("report all", "report data_quality"))
    assert run(capsys, *words[1:], "--out", "pages")[0] == 0
    assert "94.50" in Path("pages/data_quality.html").read_text()


def test_a_database_of_several_tables_names_them(tmp_path, capsys):
    one_table(tmp_path)
    with duckdb.connect(str(tmp_path / "shop.duckdb")) as file:
        file.execute("create table customers as select 1 as id")
    with pytest.raises(SystemExit):
        cli.main(["check", str(tmp_path / "shop.duckdb")])
    assert "holds the tables customers, orders: name one" in capsys.readouterr().err
