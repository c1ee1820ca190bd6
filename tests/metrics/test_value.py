"""What the base is worth by the last order, and who orders soon."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ltv
from ltv.metrics.backtests.outlooks import choose
from ltv.metrics.lifetime_value.futures import shocks


@pytest.fixture(scope="module")
def customers():
    return ltv.summarize(ltv.read_orders("cdnow_sample", until="1997-09-30"), unit="week")


@pytest.fixture(scope="module")
def buying(customers):
    return ltv.fit(ltv.BGNBD, customers)


def groups(frame):
    """The recency group of each customer, by hand."""
    days = np.rint(7 * (frame["T"] - frame["recency"]))
    named = ["0–30", "31–90", "91–180", "181–365"]
    name = pd.cut(days, [-1, 30, 90, 180, 365], labels=[f"repeater, {span} days ago" for span in named]).astype(str)
    return name.where(frame["frequency"] > 0, "one order only")


def test_groups_hold_the_values_of_their_customers(customers, buying):
    order_value = ltv.fit(ltv.GammaGamma, customers)
    each = ltv.value(customers, buying, order_value)["estimate"]
    table = ltv.value_by_recency(customers, buying, order_value)
    by_hand = each.groupby(groups(customers.frame()))
    assert table["n"].to_dict() == by_hand.size().to_dict()
    pd.testing.assert_series_equal(
        table["estimate"].sort_index(), by_hand.mean().sort_index(), check_names=False, rtol=0.02
    )
    assert table["share"].sum() == pytest.approx(1)


def test_who_orders_within_30_days_is_the_mean_of_the_probabilities(customers, buying):
    soon = ltv.likely_to_order(customers, buying, within="30 days", draws=400)
    frame = customers.frame()
    rows = {"x": frame["frequency"], "t_x": frame["recency"], "T": frame["T"]}
    each = pd.Series(buying.draws(400).probability_order(30 / 7, **rows).mean(axis=0), frame.index)
    by_hand = each.groupby(groups(frame)).mean()
    by_hand["all"] = each.mean()
    pd.testing.assert_series_equal(soon["estimate"].sort_index(), by_hand.sort_index(), check_names=False, rtol=1e-9)
    assert ((soon["low"] < soon["estimate"]) & (soon["estimate"] < soon["high"])).all()


def test_the_band_of_who_orders_soon_holds_what_is_counted():
    """Truth known, no shocks: 90 % bands over logs hold the counted share, of all and of each group."""
    rng, truth, hits, checks = np.random.default_rng(5), ltv.BGNBD(0.6, 5.0, 0.9, 2.5), 0, 0
    for _ in range(40):
        T = rng.integers(60, 240, 500)
        who, when = truth.future_orders(rng, 300 / 7, x=np.zeros(500), t_x=np.zeros(500), T=np.zeros(500))
        age = np.ceil(7 * when)
        seen, after = age <= T[who], (age > T[who]) & (age <= T[who] + 30)
        x = np.bincount(who[seen], minlength=500)
        t_x = np.zeros(500)
        t_x[who[seen]] = age[seen]
        patterns = ltv.Patterns.count(x, t_x / 7, T / 7, ltv.Unit.WEEK)
        later = np.bincount(who[after], minlength=500) > 0
        soon = ltv.likely_to_order(_Known(patterns), ltv.fit(ltv.BGNBD, patterns), tau=0.0)
        counted = {"all": later.mean(), "one order only": later[x == 0].mean()}
        for name, share in counted.items():
            hits += soon.loc[name, "low"] <= share <= soon.loc[name, "high"]
            checks += 1
    assert stats.binomtest(hits, checks, 0.90).pvalue > 0.001


class _Known:
    """Customers of whom only the patterns are known."""

    unit = ltv.Unit.WEEK

    def __init__(self, patterns):
        self.patterns = patterns


def test_shocks_are_student_and_even_with_few_draws():
    factors = np.log(shocks(200, tau=0.12)) / 0.12
    assert np.quantile(factors, [0.05, 0.5, 0.95]) == pytest.approx(stats.t(4).ppf([0.05, 0.5, 0.95]), abs=0.06)
    assert stats.kstest(factors, stats.t(4).cdf).pvalue > 0.99
    assert abs(stats.spearmanr(np.arange(200), factors).statistic) < 0.2
    assert not np.array_equal(factors, np.log(shocks(200, 1, tau=0.12)) / 0.12)


def test_the_family_beside_the_data_is_the_one_that_forecasts_best():
    family, reason = choose(ltv.read_orders("cdnow_sample"), at="1997-09-30")
    assert family is ltv.MBGNBD  # held-out log scores of the four families: benchmarks/results/accuracy.md
    assert reason.startswith("Family chosen on the orders from 1997-10-01 to 1998-06-30. MBG/NBD")
    short = ltv.read_orders(pd.DataFrame({"c": ["a", "a"], "d": ["2024-01-01", "2024-01-05"], "m": [1, 1]}), customer="c",
        date="d", amount="m")  # fmt: skip
    assert choose(short) == (ltv.BGNBD, "BG/NBD: the log is too short to choose by its forecasts.")
