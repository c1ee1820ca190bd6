"""The data quality frames against hand-made logs."""

import pandas as pd
import pytest

import ltv
from ltv.pages.story import quality as story

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


@pytest.fixture
def log():
    rows = [(f"c{i}", f"2024-01-{i + 1:02d}", 10.0) for i in range(20)] + [
        ("c0", "2024-01-25", 100.0),
        (None, "2024-01-02", 7.0),
    ]
    rows += [("c1", "2024-01-26", -4.0), ("c2", "2024-02-09", 1.0), ("guest", "2024-01-03", 0.5)]
    return ltv.read_orders(pd.DataFrame(rows, columns=["who", "when", "paid"]), until="2024-01-31", **COLUMNS)


def test_the_funnel_runs_from_the_input_to_the_log(log):
    steps = ltv.funnel(log)
    assert list(steps.index) == ["read", "no customer", "after the window", "in the log"]
    assert steps["rows"].tolist() == [25, 1, 1, 23]
    assert steps["rows_left"].tolist() == [25, 24, 23, 23]
    assert steps["money_left"].tolist() == [304.5, 297.5, 296.5, 296.5]
    assert steps.loc["in the log", "money"] == log.size["revenue"]


def test_silent_days_have_no_rows(log):
    days = ltv.rows_by_day(log)
    assert (days.index[0], days.index[-1]) == (pd.Timestamp("2024-01-01"), pd.Timestamp("2024-02-09"))
    assert days.loc["2024-01-24", "rows"] == 0
    assert days["rows"].sum() == 25


def test_shares_of_revenue_by_tenth_and_customer(log):
    deciles = ltv.revenue_by_decile(log)
    assert deciles["n"].sum() == log.size["customers"] == 21
    assert deciles["estimate"].sum() == pytest.approx(1)
    assert deciles["top"].iloc[0] == pytest.approx(110 / 296.5)
    assert deciles["estimate"].is_monotonic_decreasing
    best = ltv.largest_customers(log, count=3)
    assert best.index.tolist() == ["c0", "c10", "c11"]
    assert best.loc["c0", ["orders", "revenue"]].tolist() == [2, 110]


def test_the_story_says_what_was_found(log):
    deciles, largest = ltv.revenue_by_decile(log), ltv.largest_customers(log)
    assert "92.0%" in story.headline(log).plain()
    assert "one sign of damage" in story.headline(log).plain()
    assert story.graded(log).tone == "warn"
    assert "1 rows: no customer" in story.findings(log, deciles, largest).plain()
    assert "guest" in story.signs(log).plain()
    assert "Refunds: −$4" in story.cards(log, deciles).plain()
