"""Payback by hand, against the data where the data already know, and by simulation where they do not."""

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import ParameterError
from ltv.metrics.cac_payback.payback import passage
from ltv.metrics.lifetime_value.futures import match_moments, squared_gains


@pytest.fixture(scope="module")
def cdnow():
    orders = ltv.read_orders("cdnow_sample", margin=0.3)
    customers = ltv.summarize(orders)
    return customers, ltv.fit(ltv.BGNBD, customers), ltv.fit(ltv.GammaGamma, customers)


@pytest.fixture(scope="module")
def projection(cdnow):
    return ltv.project(*cdnow, draws=100, discount=0.0, next_size=500)


def test_passage_is_the_start_of_the_last_uninterrupted_stretch():
    paths = np.array([[5, 5, 5], [1, 5, 6], [5, 1, 5], [1, 1, 1], [5, 5, 1]])
    assert passage(paths, 5).tolist() == [0, 1, 2, np.inf, np.inf]


def test_what_has_happened_is_not_uncertain(cdnow, projection):
    customers, *_ = cdnow
    curve = projection.curve
    past = curve[curve["known"]]
    assert (past["low"] == past["high"]).all()
    observed = ltv.cumulative_value(customers.orders, period="month", cohort="year").droplevel("cohort")
    everyone = observed[observed["n"] == 2357]["estimate"]
    np.testing.assert_allclose(past["estimate"].loc[everyone.index], everyone, rtol=1e-9)
    assert curve.index[-1] == 36


def test_projection_widens_with_age_and_the_widened_band_holds_the_raw_one(projection):
    ahead = projection.curve.loc[18::6]
    assert (np.diff(ahead["high"] - ahead["low"]) > 0).all()
    assert (ahead["low"] < ahead["raw_low"]).all()
    assert (ahead["raw_high"] < ahead["high"]).all()
    assert (np.diff(projection.paths) >= -1e-9).all()


def test_projected_margin_agrees_with_the_closed_form(cdnow, projection):
    customers, buying, order_value = cdnow
    patterns = customers.patterns
    ahead = (36 * 30.4375 - patterns.T * 7) / 7
    orders = buying.draws(100).expected_orders(ahead, x=patterns.x, t_x=patterns.t_x, T=patterns.T)
    frame = customers.frame()
    mean = frame["mean_order_value"].fillna(0).to_numpy()
    keys = pd.MultiIndex.from_arrays([patterns.x, patterns.t_x, patterns.T])
    at = keys.get_indexer(pd.MultiIndex.from_arrays([frame["frequency"], frame["recency"], frame["T"]]))
    base, slope = order_value.draws(100).shrinkage(frame["frequency"].to_numpy(float))
    expected = (orders[:, at] * (base + slope * mean)).mean(axis=0).sum() * 0.3 / len(frame)
    simulated = (projection.paths[:, -1] - projection.realised[-1]).mean()
    error = projection.paths[:, -1].std() / 10
    assert simulated == pytest.approx(expected, abs=3 * error)


def test_payback_of_a_small_cac_is_known_and_of_a_huge_one_is_not_within_the_horizon(cdnow, projection):
    early = ltv.payback(projection, cac=15.0).iloc[0]
    assert early["known"]
    assert early["low"] == early["high"] == early["estimate"] > 0
    first = cdnow[0].frame()["first_order_value"].mean() * 0.3
    assert ltv.payback(projection, cac=first * 0.99).iloc[0]["estimate"] == 0
    late = ltv.payback(projection, cac=1e6).iloc[0]
    assert np.isinf(late["estimate"])
    assert late["beyond"] == 1
    middle = ltv.payback(projection, cac=float(projection.curve["estimate"].loc[26])).iloc[0]
    assert not middle["known"]
    assert middle["low"] < 26 < middle["high"]
    assert middle["paid_by_12"] == 0 < middle["paid_by_24"] < 1


@pytest.mark.parametrize("cac", [0, -5, float("nan")])
def test_a_cac_of_zero_or_below_is_refused(projection, cac):
    with pytest.raises(ParameterError, match="above 0"):
        ltv.payback(projection, cac=cac)


def test_affordable_cac_falls_with_certainty_and_rises_with_time(projection):
    safe, even = ltv.affordable(projection, probability=0.9), ltv.affordable(projection, probability=0.5)
    assert (safe["estimate"] < even["estimate"]).all()
    assert (np.diff(safe["estimate"]) > 0).all()
    assert (safe["estimate"] < safe["large_cohort"]).all()
    with pytest.raises(ParameterError, match="between 0 and 1"):
        ltv.affordable(projection, probability=1)


def test_targets_beyond_the_horizon_are_refused(cdnow):
    with pytest.raises(ParameterError, match="targets"):
        ltv.project(*cdnow, horizon="12 months", targets=(6, 24), draws=2)


def test_discounting_lowers_every_amount_but_the_first_order(cdnow, projection):
    discounted = ltv.project(*cdnow, draws=100, discount=0.2, next_size=500)
    assert discounted.curve["estimate"].iloc[0] == projection.curve["estimate"].iloc[0]
    assert (discounted.curve["estimate"].iloc[1:] < projection.curve["estimate"].iloc[1:]).all()


def test_square_gains_add_up_to_the_squared_total_per_customer():
    who, margin = np.array([0, 0, 2, 2, 2]), np.array([1.0, 2, 3, 4, 5])
    gains = squared_gains(who, margin)
    assert gains[:2].sum() == 9
    assert gains[2:].sum() == 144


def test_a_sample_of_the_cohort_keeps_the_mean_and_the_variance_of_the_whole():
    customers = np.random.default_rng(1).gamma(0.5, 4.0, (3000, 1000))
    means, squares = customers.mean(axis=1), (customers**2).mean()
    matched = match_moments(means, squares, seen=1000, size=2357)
    assert matched.mean() == pytest.approx(means.mean())
    assert matched.var() == pytest.approx(0.5 * 16 / 2357, rel=0.1)
    assert match_moments(means, squares, seen=1000, size=1000) is means


def test_simulating_a_sample_agrees_with_simulating_everybody(cdnow, monkeypatch):
    whole = ltv.equity(*cdnow, draws=200).loc["raw"]
    monkeypatch.setattr("ltv.metrics.lifetime_value.futures.ROWS", 1)
    part = ltv.equity(*cdnow, draws=200).loc["raw"]
    assert part["estimate"] == pytest.approx(whole["estimate"], rel=0.02)
    assert part["high"] - part["low"] == pytest.approx(whole["high"] - whole["low"], rel=0.25)


def test_a_next_cohort_varies_as_much_as_fresh_customers_do(projection):
    # Chance in the next 500 and in those seen both count; the large cohort has only the latter.
    assert (projection.next_cohort.std(axis=0) > projection.large_cohort.std(axis=0)).all()


def test_the_discount_is_divided_out_again_day_by_day(cdnow):
    paid = {"horizon": "24 months", "draws": 60}
    plain = ltv.project(*cdnow, discount=0.0, **paid)
    again = ltv.project(*cdnow, discount=0.10, **paid).undiscounted()
    np.testing.assert_allclose(again.realised, plain.realised, rtol=1e-6)
    np.testing.assert_allclose(again.paths.mean(axis=0), plain.paths.mean(axis=0), rtol=1e-4)
    np.testing.assert_allclose(again.curve["high"], plain.curve["high"], rtol=2e-3)
