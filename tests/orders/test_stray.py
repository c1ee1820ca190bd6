"""A stray date and an order that outweighs all others are named, and move nothing else."""

import datetime as dt

import nbformat
import pandas as pd
import pytest

import ltv
from ltv.orders.profile import stray_days
from ltv.pages.blocks import Headline
from ltv.pages.export import export

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
TODAY = dt.date(2026, 6, 30)


def shop(*more, days=100, paid=10.0):
    """An order a day from 1 January 2024 on, and `more` rows of (day, amount)."""
    usual = [(str(day.date()), paid) for day in pd.date_range("2024-01-01", periods=days)]
    rows = [(f"c{i % 40}", *row) for i, row in enumerate([*usual, *more])]
    return pd.DataFrame(rows, columns=list(COLUMNS.values()))


@pytest.mark.parametrize(
    ("rows", "stray"),
    [
        ({"2024-01-01": 50, "2024-03-01": 50, "2034-05-01": 1}, ["2034-05-01"]),
        ({"1970-01-01": 1, "2024-01-01": 50, "2024-03-01": 50}, ["1970-01-01"]),
        ({"1970-01-01": 30, "2024-01-01": 50, "2024-03-01": 50}, ["1970-01-01"]),
        ({"0001-01-01": 1, "2024-01-01": 100, "9999-12-31": 2}, ["0001-01-01", "9999-12-31"]),
        ({"2022-03-01": 1, "2024-01-01": 100}, ["2022-03-01"]),
        ({"2022-03-01": 2, "2024-01-01": 98}, []),
        ({"2004-03-01": 2, "2024-01-01": 98}, ["2004-03-01"]),
        ({"2023-03-01": 1, "2024-01-01": 100}, []),
        ({"2022-01-01": 1, "2024-01-01": 1}, []),
        ({"1970-01-01": 1, "2024-01-01": 18}, []),
        ({"2026-06-30": 50, "2026-07-01": 5, "2026-12-31": 7}, ["2026-07-01", "2026-12-31"]),
        ({"2026-06-01": 5, "2031-07-01": 50, "2031-12-31": 50}, []),
        ({}, []),
    ],
    ids=lambda value: " ".join(value),
)
def test_days_that_belong_to_no_order(rows, stray):
    index = pd.DatetimeIndex(list(rows)).as_unit("s")
    days = pd.DataFrame({"rows": list(rows.values())}, index=index)
    assert [str(day.date()) for day in stray_days(days, today=TODAY)] == stray


@pytest.mark.parametrize("day", ["1970-01-01", "2034-06-01", "9999-12-31"])
def test_a_stray_date_does_not_move_the_log(day):
    log = ltv.read_orders(shop((day, 20.0)), **COLUMNS)
    assert (str(log.since), str(log.until)) == ("2024-01-01", "2024-04-09")
    assert list(log.audit.loc["stray date", ["rows", "money"]]) == [1, 20.0]
    assert log.audit["rows"].sum() == 101
    assert log.signs[0].startswith(f"1 row is dated {day}: ")
    assert log.alarms == log.signs[:1]
    assert len(ltv.rows_by_day(log)) == 100


def test_a_stray_date_may_be_kept_and_until_said():
    rows = shop(("2034-06-01", 20.0))
    kept = ltv.read_orders(rows, policy=ltv.Policy(stray_dates="keep"), **COLUMNS)
    assert (str(kept.until), kept.size["orders"]) == ("2034-06-01", 101)
    assert "dated 2034-06-01" in kept.signs[0]
    assert str(ltv.read_orders(rows, until="2024-03-31", **COLUMNS).until) == "2024-03-31"


@pytest.mark.parametrize(
    ("more", "days", "words"),
    [
        ([("2024-02-01", 4000.0)], 100, "80% of all revenue: 4,000.00 on 2024-02-01. With it revenue is 5,000.00"),
        ([("2024-04-10", 600.0), ("2024-04-11", 1000.0)], 100, "38% of all revenue: 1,000.00 on 2024-04-11."),
        ([("2024-04-10", 1000.0)], 100, "50% of all revenue"),
        ([("2024-04-10", 990.0)], 100, None),
        ([("2024-04-10", 4000.0)], 40, None),
        ([("2024-04-10", 1000.0)] * 3, 100, "3 orders hold 75% of all revenue"),
        ([("2024-04-10", 1000.0)], 1000, None),
    ],
)
def test_orders_that_outweigh_all_others(more, days, words):
    log = ltv.read_orders(shop(*more, days=days), policy=ltv.Policy(old_customers="keep"), **COLUMNS)
    if words is None:
        assert log.alarms == ()
    else:
        assert words in log.alarms[0]
        assert log.signs[0] == log.alarms[0]


def test_the_sentence_of_an_extreme_gives_the_figures_with_and_without_it():
    (said,) = ltv.read_orders(shop(("2024-04-10", 4000.0)), **COLUMNS).alarms
    assert "With it revenue is 5,000.00 and the mean order 49.50; without, 1,000.00 and 10.00." in said


def test_an_alarm_stands_below_the_headline_escaped():
    html = Headline("All is well.", "a.csv", "2024-01-01", ("1 < 2",)).html()
    assert "All is well." in html
    assert "Check this first.</strong> 1 &lt; 2</p>" in html


def test_the_page_of_a_notebook_shows_its_alarms_below_the_headline():
    bundle = Headline("All is well.", "a.csv", "2024-01-01", ("1 < 2",))._repr_mimebundle_()
    cell = nbformat.v4.new_code_cell("…", outputs=[nbformat.v4.new_output("execute_result", bundle)])
    page, record = export(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Value"), cell]))
    assert page.index("All is well.</h1>") < page.index("Check this first.</strong> 1 &lt; 2</p>") < page.index("<main")
    assert "alarms" not in record
