"""Logs with next to nothing in them: every report is a page, or an error in the reader's words."""

import re

import numpy as np
import pandas as pd
import pytest

from ltv import cli
from ltv.errors import LtvError
from ltv.pages.checking import check_page
from ltv.pages.export import _sections

LOGS = {
    "one order": [("a", "2025-01-05", 10)],
    "one customer": [("a", day, 10) for day in ("2025-01-05", "2025-02-07", "2025-04-01")],
    "one order each": [(f"c{i}", f"2025-0{i % 6 + 1}-1{i % 9}", i + 5) for i in range(60)],
    "two days": [(f"c{i % 30}", f"2025-03-0{i % 2 + 3}", i + 5) for i in range(80)],
    "nothing paid": [(f"c{i % 20}", f"2025-0{i % 6 + 1}-1{i % 9}", 0) for i in range(60)],
}
YOUNG = "nobody is a month old between"
UNFIT = "no family fits"
SHORT = "too few to forecast"
# What a log is too small for, in the words a reader gets; all else is a page.
REFUSED = {
    ("one order", "retention"): YOUNG,
    ("one order", "ltv"): SHORT,
    ("one customer", "ltv"): UNFIT,
    ("one order each", "ltv"): UNFIT,
    ("two days", "retention"): YOUNG,
    ("two days", "ltv"): SHORT,
    ("nothing paid", "ltv"): "nobody came back with an order of value",
}


@pytest.mark.parametrize("name", ["data_quality", "retention", "growth_accounting", "ltv"])
@pytest.mark.parametrize("log", LOGS)
def test_next_to_no_orders_make_a_page_or_a_plain_refusal(log, name, tmp_path, shown_by):
    path = tmp_path / "orders.csv"
    pd.DataFrame(LOGS[log], columns=["who", "day", "paid"]).to_csv(path, index=False)
    given = {"orders": str(path), "customer": "who", "date": "day", "amount": "paid"}
    if why := REFUSED.get((log, name)):
        with pytest.raises(LtvError, match=why):
            shown_by(name, **given)
        return
    page = "".join(shown_by(name, **given))
    assert re.findall(r".{40}\b(?:nan|NaN|inf|NaT)\b.{40}", page) == []


def test_a_log_too_short_for_one_report_leaves_the_others_and_says_so(tmp_path, capsys):
    path = tmp_path / "orders.csv"
    pd.DataFrame(LOGS["one order"], columns=["who", "day", "paid"]).to_csv(path, index=False)
    words = ["--orders", str(path), "--customer", "who", "--date", "day", "--amount", "paid", "-j", "1"]
    with pytest.raises(SystemExit) as end:
        cli.main(["report", "data_quality", "ltv", *words, "--out", str(tmp_path / "out")])
    assert end.value.code == cli.FAILED == 1
    assert SHORT in capsys.readouterr().out
    assert check_page((tmp_path / "out" / "data_quality.html").read_text("utf-8")) == []
    failure = (tmp_path / "out" / "failed" / "ltv.html").read_text("utf-8")
    assert SHORT in failure
    assert not (tmp_path / "out" / "ltv.html").exists()


@pytest.mark.parametrize("name", ["data_quality", "retention", "growth_accounting", "backtest"])
def test_a_log_without_amounts_has_pages_of_customers_and_orders_only(name, tmp_path, shown_by):
    rng, rows = np.random.default_rng(0), []
    for who in range(400):
        day = int(rng.integers(0, 300))
        while day < 540 and rng.random() < 0.8:
            rows.append((f"c{who}", f"{pd.Timestamp('2023-01-01') + pd.Timedelta(days=day):%Y-%m-%d}"))
            day += 1 + int(rng.exponential(40))
    path = tmp_path / "orders.csv"
    pd.DataFrame(rows, columns=["who", "day"]).to_csv(path, index=False)
    shown = " ".join(shown_by(name, orders=str(path), customer="who", date="day"))
    assert "$" not in shown
    assert "NaN" not in shown
    assert "not known: the log has no amounts" in shown
    assert shown.count("This log has no amounts") == (name != "backtest")


def test_a_section_with_nothing_to_say_has_no_heading():
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

    told = [new_output("display_data", data={"text/html": "<p>shown</p>"})]
    cells = [
        new_markdown_cell("# Page"), new_code_cell("import ltv"), new_markdown_cell("## Empty"), new_code_cell("None"),
        new_markdown_cell("## Full"), new_code_cell("None"), new_markdown_cell("between"), new_code_cell("x", outputs=told),
    ]  # fmt: skip
    kept = _sections(cells)
    assert [cell.source for cell in kept] == ["# Page", "import ltv", "None", "## Full", "None", "between", "x"]
