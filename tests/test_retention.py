"""Cohort tables against tables computed by hand; unfinished cells stay out; row order changes nothing."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import ParameterError

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
# Ages in days: a 0, 31, 60 · b 0, 20 · c 0, 33 · d 0. A month is 30.4375 days.
ROWS = [
    ("a", "2024-01-01", 10),
    ("a", "2024-02-01", 20),
    ("a", "2024-03-01", 30),
    ("b", "2024-01-31", 5),
    ("b", "2024-02-20", 5),
    ("c", "2024-02-10", 8),
    ("c", "2024-03-14", 2),
    ("d", "2024-02-29", 7),
]


@pytest.fixture
def orders():
    return ltv.read_orders(
        pd.DataFrame(ROWS, columns=["who", "when", "paid"]), until="2024-03-31", margin=0.5, **COLUMNS
    )


def table(cells, column):
    return {(str(c), a): v for (c, a), v in cells[column].items() if cells.loc[(c, a), "known"]}


def test_calendar_months_by_hand(orders):
    cells = ltv.retention(orders, period="month", clock="calendar")
    assert table(cells, "active") == {
        ("2024-01-01", 0): 2,
        ("2024-01-01", 1): 2,
        ("2024-01-01", 2): 1,
        ("2024-02-01", 0): 2,
        ("2024-02-01", 1): 1,
    }
    assert not cells.loc[(dt.date(2024, 2, 1), 2), "known"]
    assert np.isnan(cells.loc[(dt.date(2024, 2, 1), 2), "estimate"])


def test_an_unfinished_calendar_month_is_not_known(orders):
    before, _ = ltv.split(orders, at="2024-03-30")
    cells = ltv.retention(before, period="month", clock="calendar")
    assert (dt.date(2024, 1, 1), 2) not in table(cells, "active")


def test_anniversary_months_by_hand(orders):
    cells = ltv.retention(orders, period="month")
    # until: a is 90 days old (2 whole months), b 60 (2: days 0 to 60), c 50 (1), d 31 (1).
    assert table(cells, "n") == {("2024-01-01", 0): 2, ("2024-01-01", 1): 2, ("2024-02-01", 0): 2}
    assert table(cells, "active") == {("2024-01-01", 0): 2, ("2024-01-01", 1): 1, ("2024-02-01", 0): 2}
    wide = ltv.retention(orders, period="week", cohort="quarter")
    assert table(wide, "n") == {("2024-01-01", age): n for age, n in enumerate([4] * 4 + [3] * 3 + [2] + [1] * 4 + [1])}


def test_week_ages_count_only_customers_that_old(orders):
    cells = ltv.retention(orders, period="week", cohort="quarter").droplevel("cohort")
    # c's order at 33 days falls into week 4 (days 28 to 34); d is 31 days old and not counted there.
    assert cells.loc[4, ["n", "active"]].tolist() == [3, 2]
    assert cells.loc[2, "active"] == 1


def test_cumulative_value_by_hand(orders):
    value = ltv.cumulative_value(orders, period="month", cohort="quarter", of="value").droplevel("cohort")
    # Age 0 first orders (10+5+8+7)/4; one month (≤ 30 days, a b c d): +5; two (≤ 60 days; a is old enough, b is 60 days).
    assert value["estimate"].tolist() == pytest.approx([7.5, 8.75, 60.0])
    assert value["n"].tolist() == [4, 4, 1]
    margin = ltv.cumulative_value(orders, period="month", cohort="quarter").droplevel("cohort")
    assert margin["estimate"].tolist() == pytest.approx([3.75, 4.375, 30.0])


def test_variance_of_cumulative_value_is_that_of_customer_totals():
    orders = ltv.read_orders("cdnow_sample")
    value = ltv.cumulative_value(orders, period="month", cohort="year", of="value").droplevel("cohort").loc[6]
    log = orders.table.to_pandas()
    age = (pd.to_datetime(log["day"]) - pd.to_datetime(log["first_day"])).dt.days
    totals = log["value"].astype(float).where(age <= 6 * 30.4375, 0).groupby(log["customer"]).sum()
    assert value["estimate"] == pytest.approx(totals.mean())
    se = totals.std(ddof=1) / len(totals) ** 0.5
    assert value["high"] == pytest.approx(totals.mean() * np.exp(1.6448536 * se / totals.mean()), rel=1e-6)


def test_average_is_weighted_by_customers_and_leaves_unknown_cells_out(orders):
    average = ltv.average_retention(ltv.retention(orders, period="month", clock="calendar"))
    assert average.loc[1, ["estimate", "n", "cohorts"]].tolist() == [0.75, 4, 2]
    assert average.loc[2, ["estimate", "n", "cohorts"]].tolist() == [0.5, 2, 1]


def test_impossible_requests_are_refused(orders):
    with pytest.raises(ParameterError, match="clock="):
        ltv.retention(orders, clock="lunar")
    with pytest.raises(ParameterError, match="kind="):
        ltv.retention(orders, kind="sometimes")
    with pytest.raises(ParameterError, match="rising whole ages"):
        ltv.retention(orders, kind=(3, 1))
    with pytest.raises(ParameterError, match="through= is the last age"):
        ltv.retention(orders, through=3)
    with pytest.raises(ParameterError, match="by= is a start attribute of the log"):
        ltv.retention(orders, by="channel")
    with pytest.raises(ParameterError, match='"50 USD"'):
        ltv.retention(orders, active="50 EUR")
    with pytest.raises(ParameterError, match="of="):
        ltv.cumulative_value(orders, of="profit")


def _random_log(rng, customers=60):
    rows = [
        (f"c{who}", dt.date(2023, 1, 1) + dt.timedelta(days=int(day)), round(float(rng.gamma(2, 10)), 2))
        for who in range(customers)
        for day in rng.integers(0, 420, rng.integers(1, 8))
    ]
    return pd.DataFrame(rows, columns=["who", "when", "paid"])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("period", ["week", "month", "quarter"])
def test_laws_on_random_logs(seed, period):
    log = _random_log(np.random.default_rng(seed))
    orders = ltv.read_orders(log, until="2024-03-01", **COLUMNS)
    for clock in ("anniversary", "calendar"):
        cells = ltv.retention(orders, period=period, clock=clock)
        known = cells[cells["known"]]
        assert known[["estimate", "low", "high"]].stack().between(0, 1).all()
        assert (known["low"] <= known["estimate"] + 1e-12).all()
        assert (known["estimate"] <= known["high"] + 1e-12).all()
        assert (known.xs(0, level="age")["estimate"] == 1).all()
        assert cells.loc[~cells["known"], "estimate"].isna().all()
    shuffled = ltv.read_orders(log.sample(frac=1, random_state=seed), until="2024-03-01", **COLUMNS)
    pd.testing.assert_frame_equal(cells, ltv.retention(shuffled, period=period, clock="calendar"))
    money = ltv.cumulative_value(orders, period=period, cohort="year")
    same = money[money["n"] == money["n"].groupby(level="cohort").transform("max")]
    assert same["estimate"].groupby(level="cohort").apply(lambda curve: curve.is_monotonic_increasing).all()


def test_the_cumulative_value_of_everybody_is_the_whole_revenue():
    log = _random_log(np.random.default_rng(9))
    orders = ltv.read_orders(log, until="2030-01-01", **COLUMNS)
    whole = ltv.cumulative_value(orders, period="year", cohort="year", of="value").xs(4, level="age")
    assert (whole["estimate"] * whole["n"]).sum() == pytest.approx(log["paid"].sum())


def test_a_long_log_is_told_in_quarters_and_years():
    days = pd.date_range("2015-01-15", "2018-12-15", freq="31D")
    frame = pd.DataFrame({"who": range(len(days)), "when": days, "paid": 5})
    log = ltv.read_orders(frame, customer="who", date="when", amount="paid", until="2018-12-31")
    assert (ltv.period_length(log), ltv.cohort_length(log, finest="month")) == ("month", "quarter")
    longer = ltv.read_orders(frame, customer="who", date="when", amount="paid", until="2019-01-01")
    assert (ltv.period_length(longer), ltv.period_length(longer, "week")) == ("quarter", "week")
    assert ltv.cohort_length(ltv.read_orders("cdnow_sample"), finest="month") == "month"
