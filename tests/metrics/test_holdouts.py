"""What is counted in the engine against pandas, and nothing that came later in any forecast."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ltv
from ltv.errors import DataError
from ltv.metrics.backtests.baselines import baselines
from ltv.metrics.backtests.grading import order_value_ratio
from ltv.metrics.backtests.holdouts import acquired, earlier, histories, hold_out, middle, past_origins, totals_after
from ltv.metrics.backtests.newcoming import _arrivals
from ltv.units import Unit, period_index

AT, DAYS = dt.date(1997, 5, 31), 60


@pytest.fixture(scope="module")
def log():
    return ltv.read_orders("cdnow_sample")


@pytest.fixture(scope="module")
def holdout(log):
    return hold_out(log, at=AT, days=DAYS)


@pytest.fixture(scope="module")
def plain(log):
    """Every customer known at the origin, one row each, by pandas."""
    orders = log.table.to_pandas().astype({"value": float})
    day = pd.to_datetime(orders["day"])
    at, end = pd.Timestamp(AT), pd.Timestamp(AT) + pd.Timedelta(days=DAYS)
    orders["past"], orders["soon"] = day <= at, (day > at) & (day <= end)
    repeat = orders["past"] & (day > pd.to_datetime(orders["first_day"]))
    known = orders[pd.to_datetime(orders["first_day"]) <= at]
    customers = known.groupby("customer")
    mean = known[repeat].groupby("customer")["value"].mean()
    late = repeat & (day > at - pd.Timedelta(days=DAYS))
    return pd.DataFrame(
        {
            "frequency": customers["past"].sum() - 1,
            "lately": late[known.index].groupby(known["customer"]).sum(),
            "later": customers["soon"].sum(),
            "m": mean.reindex(customers.groups.keys()).fillna(0.0),
            "v": (known["value"] * known["soon"]).groupby(known["customer"]).sum(),
        }
    )


def test_cells_count_each_customer_once_with_what_came(holdout, plain):
    cells = holdout.cells
    assert not cells.duplicated().any()
    for name in ("frequency", "lately", "later"):
        assert cells["n"] @ cells[name] == plain[name].sum()
        assert cells["n"] @ cells[name] ** 2 == (plain[name] ** 2).sum()
    assert cells["n"] @ (cells["lately"] * cells["later"]) == plain["lately"] @ plain["later"]
    assert cells["n"].sum() == len(plain) == 2357


def test_money_holds_the_sums_that_squared_errors_need(holdout, plain, log):
    money = holdout.money.sum()
    m, v = plain["m"], plain["v"]
    expected = {"m": m.sum(), "mm": m @ m, "v": v.sum(), "vv": v @ v, "vm": v @ m, "n": len(plain)}
    assert {name: money[name] for name in expected} == pytest.approx(expected)
    after = totals_after(holdout.customers, log, [30, DAYS]).sum()
    assert after[f"k_{DAYS}"] == plain["later"].sum()
    assert after[f"v_{DAYS}"] == pytest.approx(v.sum())
    assert 0 < after["k_30"] < after[f"k_{DAYS}"]


def test_rows_stand_in_the_order_of_the_patterns(holdout, log):
    patterns = holdout.customers.patterns
    for frame in (holdout.money, totals_after(holdout.customers, log, [30])):
        x, t_x, T = histories(frame, Unit.WEEK).values()
        np.testing.assert_array_equal([x, t_x, T], [patterns.x, patterns.t_x, patterns.T])
    months = acquired(holdout.money, AT)
    assert set(months) == {period_index(dt.date(1997, month, 1), Unit.MONTH) for month in (1, 2, 3)}
    pairs, later = holdout.pairs
    assert pairs.customers == 2357
    assert pairs.n @ later == holdout.cells["n"] @ holdout.cells["later"]


def test_newcomers_are_in_no_cell(log):
    early = hold_out(log, at="1997-02-15", days=100)
    arrivals = _arrivals(early)
    orders = log.table.to_pandas().astype({"value": float})
    first, day = (pd.to_datetime(orders[name]) for name in ("first_day", "day"))
    theirs = (first > "1997-02-15") & (day <= pd.Timestamp(early.until))
    assert arrivals["n"].sum() == orders[theirs]["customer"].nunique()
    assert arrivals["repeats"].sum() == (theirs & (day > first)).sum()
    assert arrivals["revenue"].sum() == pytest.approx(orders[theirs]["value"].sum())
    assert early.cells["n"].sum() + arrivals["n"].sum() == 2357
    assert arrivals["age_days"].between(0, 99).all()


def test_an_earlier_origin_is_over_when_the_later_one_begins(holdout):
    before = earlier(holdout)
    assert before.until == AT
    assert (before.at, before.days) == (AT - dt.timedelta(days=60), 60)
    assert earlier(hold_out(holdout.log, at="1997-01-20", days=30)) is None


def test_past_origins_leave_room_on_both_sides(log):
    days = past_origins(log, [30, 90])
    assert len(days) == 8
    assert days[0] == log.since + dt.timedelta(days=136)  # a quarter of 545 days
    assert days[-1] == log.until - dt.timedelta(days=30)
    assert past_origins(log, [500]) == []


def test_the_cohort_average_and_the_rfm_cells_by_hand(holdout, plain):
    by = {forecast.name: forecast for forecast in baselines(holdout)}
    n = holdout.cells["n"].to_numpy()
    assert n @ by["last period repeated"].mean == plain["lately"].sum()
    assert n @ by["cohort average"].mean == pytest.approx(plain["lately"].sum(), rel=1e-3)
    assert by["all zero"].mean.sum() == 0
    before, cells = earlier(holdout).cells, holdout.cells
    long_ago = (cells["frequency"] == 0) & (cells["age_days"] > 120)
    assert long_ago.any()
    assert not (before["age_days"] > 120).any()  # nobody was that old then: the overall mean stands in
    overall = (before["n"] @ before["later"] + 0.5) / (before["n"].sum() + 1)
    np.testing.assert_allclose(by["RFM-cell mean"].mean[long_ago], overall)
    again = (before["frequency"] == 1) & ((before["age_days"] - before["recency_days"]) / 60 <= 0.25)
    twice = (cells["frequency"] == 1) & ((cells["age_days"] - cells["recency_days"]) / 60 <= 0.25)
    part = before[again]
    mean = (part["n"] @ part["later"] + overall) / (part["n"].sum() + 1)
    np.testing.assert_allclose(by["RFM-cell mean"].mean[twice], mean)


def test_refusals(log):
    with pytest.raises(DataError, match="do not end by"):
        hold_out(log, at="1998-06-01", days=100)
    short = ltv.read_orders(
        pd.DataFrame({"c": [1, 1], "d": ["2025-01-01", "2025-01-09"], "a": [1, 1]}), customer="c", date="d", amount="a"
    )
    with pytest.raises(DataError, match="too few"):
        middle(short)


def test_order_values_of_the_holdout_against_what_was_expected_of_each_customer(holdout, plain):
    model = ltv.fit(ltv.GammaGamma, holdout.customers.order_values).model
    known = plain["frequency"].to_numpy(float)
    expected = plain["later"] * model.expected_order_value(known, np.where(known > 0, plain["m"], 0.0))
    answer = order_value_ratio(holdout)
    assert answer["estimate"] == pytest.approx(plain["v"].sum() / expected.sum(), rel=1e-9)
    came = (plain["later"] > 0).to_numpy()
    rest = (plain["v"] - answer["estimate"] * expected)[came]
    error = np.sqrt(rest @ rest * came.sum() / (came.sum() - 1)) / expected.sum()
    half = stats.norm.ppf(0.95) * error / answer["estimate"]
    assert answer["low"] == pytest.approx(answer["estimate"] * np.exp(-half), rel=1e-9)
    assert answer["high"] == pytest.approx(answer["estimate"] * np.exp(half), rel=1e-9)
