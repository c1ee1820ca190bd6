"""Spend to CAC: hand-computed cohorts, and money that adds up to the cent on random tables."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import DataError, ParameterError
from ltv.metrics.cac_payback import acquisition as spend
from ltv.metrics.cac_payback.acquisition import acquisition
from ltv.orders.costs import read_costs

ORDERS = pd.DataFrame(
    [
        ("a", "2024-01-05", 10, "ads"),
        ("b", "2024-01-31", 10, "ads"),
        ("a", "2024-02-20", 10, "mail"),
        ("c", "2024-02-01", 10, "ads"),
        ("d", "2024-02-10", 10, "walk-in"),
        ("e", "2024-03-10", 10, "ads"),
    ],
    columns=["who", "when", "paid", "channel"],
)


@pytest.fixture
def orders():
    return ltv.read_orders(ORDERS, customer="who", date="when", amount="paid", by=["channel"], until="2024-03-31")


def table(rows):
    return pd.DataFrame(rows, columns=["date", "channel", "amount"])


def cell(found, month, channel):
    return found.cells.loc[(dt.date(2024, month, 1), channel)]


def test_one_cohort_two_channels_by_hand(orders):
    found = acquisition(
        orders,
        read_costs(table([("2024-01-10", "ads", "30"), ("2024-01-20", "ads", "-5.50"), ("2024-02-02", "ads", 8)])),
    )
    assert cell(found, 1, "ads")[["customers", "cost", "estimate"]].tolist() == [2, 24.5, 12.25]
    assert cell(found, 2, "ads")["estimate"] == 8
    walk_in = cell(found, 2, "walk-in")
    assert (walk_in["estimate"], walk_in["known"], walk_in["remark"]) == (0, True, spend.ORGANIC)
    assert found.blended.loc[dt.date(2024, 2, 1), "estimate"] == 4


def test_a_month_of_costs_that_is_missing_is_not_a_cac_of_zero(orders):
    found = acquisition(orders, read_costs(table([("2024-01-10", "ads", 30)])))
    missing = cell(found, 3, "ads")
    assert not missing["known"]
    assert np.isnan(missing["estimate"])
    assert missing["remark"] == spend.MISSING


def test_spend_without_customers_and_outside_the_window_is_listed_not_dropped(orders):
    costs = read_costs(
        table([("2024-01-10", "ads", 30), ("2024-02-10", "tv", 99), ("2023-12-31", "ads", 7), ("2024-05-01", "ads", 1)])
    )
    found = acquisition(orders, costs)
    assert found.unmatched["cost"].tolist() == [99, 8]
    assert found.unmatched["why"].str.contains("no CAC").tolist() == [True, False]
    assert found.cells["cost"].sum() + found.unmatched["cost"].sum() == costs.total


def test_longer_periods_are_spread_over_their_days_and_add_up():
    month = read_costs(table([("2024-02", "ads", "100.01")]), each="month")
    assert len(month.daily) == 29
    assert month.total == 100.01
    week = read_costs(table([("2024-01-29", "ads", "1")]), each="week")
    assert (week.daily["day"].min(), week.daily["day"].max()) == (dt.date(2024, 1, 29), dt.date(2024, 2, 4))
    assert week.total == 1


def test_a_lag_moves_spend_to_the_days_of_its_customers(orders):
    costs = read_costs(table([("2024-01-30", "ads", 30)]))
    found = acquisition(orders, costs, lag={0: 0.5, 7: 0.5})
    assert cell(found, 1, "ads")["cost"] == 15
    assert cell(found, 2, "ads")["cost"] == 15
    for lag in ({}, {0: 0.5}, {-1: 1.0}):
        with pytest.raises(ParameterError, match="adding up to 1"):
            acquisition(orders, costs, lag=lag)


def test_costs_without_channels_meet_all_customers(orders):
    costs = read_costs(ORDERS.assign(date="2024-02-01", amount=2)[["date", "amount"]], channel=None)
    assert acquisition(orders, costs).blended.loc[dt.date(2024, 2, 1), "estimate"] == 6


def test_every_fault_of_a_costs_table_is_said_at_once():
    with pytest.raises(DataError) as caught:
        read_costs(table([("soon", "ads", 1), ("2024-01-01", " ", "x")]))
    assert len(caught.value.faults) == 3
    with pytest.raises(DataError, match='no column "channel"; there are date, amount'):
        read_costs(table([("2024-01-01", "ads", 1)])[["date", "amount"]])
    with pytest.raises(ParameterError, match="span of a row"):
        read_costs(table([("2024-01-01", "ads", 1)]), each="fortnight")
    with pytest.raises(ParameterError, match="have no attribute"):
        acquisition(ltv.read_orders("cdnow_sample"), read_costs(table([("1997-01-01", "ads", 1)])))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("each", ["day", "week", "month"])
def test_costs_in_are_costs_shown_and_costs_listed(orders, seed, each):
    rng = np.random.default_rng(seed)
    rows = [
        (
            dt.date(2023, 12, 1) + dt.timedelta(days=int(rng.integers(0, 150))),
            rng.choice(["ads", "tv", "mail"]),
            f"{rng.normal(50, 40):.2f}",
        )
        for _ in range(40)
    ]
    costs = read_costs(table(rows), each=each)
    found = acquisition(orders, costs, lag={0: 0.31, 3: 0.42, 9: 0.27}, cohort=rng.choice(["week", "month", "quarter"]))
    shown = round((found.cells["cost"].sum() + found.unmatched["cost"].sum()) * 10_000)
    assert shown == sum(round(float(amount) * 10_000) for *_, amount in rows)
    assert found.cells["customers"].sum() == 5
