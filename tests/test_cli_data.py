"""`ltv check`, `ltv score` and `ltv simulate`, as typed."""

import pandas as pd
import pytest

from ltv import cli


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


def test_simulate_check_and_score(folder, capsys):
    assert run(capsys, "simulate", "--customers", "1200", "--out", str(folder))[0] == 0
    log = folder / "orders.parquet"
    code, said = run(capsys, "check", str(log))
    assert code == 0
    assert said.strip().endswith(f"ltv report all --orders {log} --customer customer --date date --amount amount")
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
