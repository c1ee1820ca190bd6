"""CAC of the next customer: coverage on periods of known elasticity, and the refusals."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ltv
from ltv.metrics.cac_payback.acquisition import CUT, Acquisition
from ltv.metrics.cac_payback.marginal import elasticity, marginal_cac
from ltv.units import Unit


def bought(spend, customers, remark=""):
    """An acquisition of one channel, a month per value; a month without a customer stands among the unmatched."""
    months = [dt.date(2020 + n // 12, n % 12 + 1, 1) for n in range(len(spend))]
    frame = pd.DataFrame({"cohort": months, "channel": "ads", "customers": customers, "cost": spend, "remark": remark})
    none = frame["customers"] == 0
    lost = frame[none].assign(cohort=[str(day) for day in frame.loc[none, "cohort"]])
    cells = frame[~none].set_index(["cohort", "channel"]).assign(known=True)
    return Acquisition(cells, pd.DataFrame(), lost[["cohort", "channel", "cost"]], "channel", Unit.MONTH)


def held(noise, runs=300):
    """How many of `runs` intervals hold the true marginal cost, customers being noise(rng, expected)."""
    rng, hits = np.random.default_rng(4), 0
    for _ in range(runs):
        spend = rng.lognormal(5, 0.6, 36)
        customers = noise(rng, 8 * spend**0.6)
        row = marginal_cac(bought(spend, customers)).loc["ads"]
        hits += row["low"] <= spend.sum() / customers.sum() / 0.6 <= row["high"]
    return hits


def test_the_interval_holds_the_true_marginal_cost_nine_times_of_ten():
    hits = held(lambda rng, expected: rng.poisson(expected * rng.gamma(20, 1 / 20, expected.size)))
    assert stats.binomtest(hits, 300, 0.90).pvalue > 0.001


def test_with_no_more_noise_than_chance_the_interval_holds_at_least_as_often():
    for level in (1, 0.01):
        hits = held(lambda rng, expected, level=level: rng.poisson(expected * level))
        assert stats.binomtest(hits, 300, 0.90, alternative="less").pvalue > 0.001


def test_customers_in_proportion_to_spend_cost_the_same_at_the_margin():
    spend = np.arange(1.0, 25) * 10
    row = marginal_cac(bought(spend, spend / 10)).loc["ads"]
    assert row["elasticity"] == pytest.approx(1)
    assert row["estimate"] == pytest.approx(10) == row["cac"]
    assert "flatters" in row["remark"]


def test_elasticity_agrees_with_least_squares_in_logs_where_there_is_no_noise():
    spend = np.array([1.0, 3, 10, 50])
    assert elasticity(spend, 7 * spend**0.4)[0] == pytest.approx(0.4)


def test_too_few_periods_and_steady_spend_are_refused_with_the_reason():
    short = marginal_cac(bought([10.0, 20, 30], [1, 2, 3])).loc["ads"]
    assert (short["known"], short["n"]) == (False, 3)
    assert "fewer than 12" in short["remark"]
    assert np.isnan(short["estimate"])
    steady = marginal_cac(bought([100.0, 101] * 10, [5, 6] * 10)).loc["ads"]
    assert "hardly varies" in steady["remark"]
    cut = marginal_cac(bought(np.arange(1.0, 20), np.arange(1, 20), remark=[CUT] * 8 + [""] * 11)).loc["ads"]
    assert cut["n"] == 11
    assert not cut["known"]


def test_customers_that_do_not_follow_spend_have_no_upper_end():
    rng = np.random.default_rng(0)
    row = marginal_cac(bought(rng.lognormal(3, 0.6, 40), rng.poisson(30, 40))).loc["ads"]
    assert np.isinf(row["high"])


def test_months_with_spend_and_no_customer_count():
    spend = np.tile([1.0, 100.0], 12)
    row = marginal_cac(bought(spend, np.tile([0, 20], 12))).loc["ads"]
    assert row["n"] == 24
    assert row["cac"] == pytest.approx(spend.sum() / 240)
    assert not row["known"]
    assert "any effect fits" in row["remark"]


def test_channels_of_a_real_log_keep_their_names():
    orders = pd.DataFrame(
        {"who": ["a", "b"], "when": ["2024-01-05", "2024-02-10"], "paid": 10, "channel": ["ads", "x"]}
    )
    log = ltv.read_orders(orders, customer="who", date="when", amount="paid", by=["channel"], until="2024-03-31")
    costs = ltv.read_costs(pd.DataFrame({"date": ["2024-01-01", "2024-03-02"], "channel": "ads", "amount": [5, 6]}))
    found = marginal_cac(ltv.acquisition(log, costs))
    assert list(found.index) == ["ads"]
    assert found.loc["ads", "n"] == 1  # the log begins in January, which is no whole month; in March nobody came
