"""Scores by hand, by expansion of counted rows, and by simulation."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ltv.metrics.backtests.forecasts import Forecast, counts
from ltv.metrics.backtests.scores import brier, deciles, gini, lead, pit, pit_cdf, reliability, score_table, verdict


@pytest.fixture
def rows():
    """Counted rows of an overdispersed forecast and what came of it."""
    rng = np.random.default_rng(0)
    mean = rng.gamma(0.5, 2.0, 300)
    variance = mean + mean**2
    later = rng.negative_binomial(1, 1 / (1 + mean)).astype(float)
    return mean, variance, later, rng.integers(1, 9, 300).astype(float)


def test_a_negative_binomial_forecast_is_the_one_of_scipy(rows):
    mean, variance, later, _ = rows
    below, at = counts("nb", mean, variance).around(later)
    other = stats.nbinom(1, 1 / (1 + mean))
    np.testing.assert_allclose(at, other.pmf(later), rtol=1e-9)
    np.testing.assert_allclose(below, other.cdf(later - 1), atol=1e-9)
    for level in (0.05, 0.5, 0.9):
        np.testing.assert_array_equal(counts("nb", mean, variance).quantile(level), other.ppf(level))


def test_without_excess_variance_it_is_poisson():
    mean = np.array([0.0, 0.3, 4.0, 60.0])
    forecast = counts("poisson", mean, mean * 0.5)
    np.testing.assert_allclose(forecast.around([0, 1, 2, 55])[1], stats.poisson(mean).pmf([0, 1, 2, 55]), rtol=1e-3)
    np.testing.assert_allclose(forecast.some, 1 - np.exp(-mean), rtol=1e-4, atol=1e-12)


def test_scores_by_hand():
    forecast = counts("poisson", np.array([1.0, 2.0]), np.array([1.0, 2.0]))
    table = score_table([forecast, Forecast("zero", np.zeros(2), naive=True)], [0, 3], [3, 1])
    row = table.loc["poisson"]
    assert row["log_score"] == pytest.approx((3 * -1 + np.log(np.exp(-2) * 8 / 6)) / 4, rel=1e-5)
    assert row["rmse"] == pytest.approx(1.0)
    assert row["bias"] == pytest.approx(5 / 3 - 1)
    assert row["mae"] == pytest.approx((3 * 1 + 1) / 4)  # medians 1 and 2
    assert table.loc["zero", ["rmse", "bias", "mae"]].tolist() == pytest.approx([1.5, -1, 0.75])
    assert np.isnan(table.loc["zero", "log_score"])


def test_counted_rows_score_as_the_customers_one_by_one(rows):
    mean, variance, later, n = rows
    wide = np.repeat(np.arange(300), n.astype(int))
    one, two = counts("a", mean, variance), counts("b", mean * 0 + mean.mean(), variance * 0 + 8)
    each = [counts(f.name, f.mean[wide], v[wide]) for f, v in ((one, variance), (two, variance * 0 + 8))]
    counted, expanded = lead(one, [two], later, n), lead(each[0], [each[1]], later[wide], np.ones(wide.size))
    pd.testing.assert_frame_equal(counted, expanded)
    gain = np.log(each[0].around(later[wide])[1]) - np.log(each[1].around(later[wide])[1])
    half = 1.6448536 * gain.std() / np.sqrt(gain.size)
    assert counted.loc["b", ["low", "high"]].tolist() == pytest.approx([gain.mean() - half, gain.mean() + half])


def test_the_lead_of_the_truth_is_found_and_that_over_itself_is_none(rows):
    mean, variance, later, n = rows
    truth, flat = counts("truth", mean, variance), counts("flat", mean * 0 + mean.mean(), mean * 0 + 8)
    table = lead(truth, [flat, counts("same", mean, variance), Forecast("zero", mean * 0)], later, n)
    assert table["better"].tolist() == ["yes", "cannot be told", "yes"]
    assert table.loc["same", ["estimate", "low", "high", "rmse"]].tolist() == [0, 0, 0, 0]
    assert table.loc["flat", "rmse_low"] < table.loc["flat", "rmse"] < table.loc["flat", "rmse_high"]
    assert verdict(-2, -1) == "no, worse"


def test_tenths_add_up_and_ties_are_shared(rows):
    mean, _, later, n = rows
    table = deciles(mean * n, later * n, n)
    assert (table["n"] * table["forecast"]).sum() == pytest.approx(mean @ n)
    assert (table["n"] * table["actual"]).sum() == pytest.approx(later @ n)
    assert table["forecast"].is_monotonic_decreasing
    assert table["share"].iloc[-1] == pytest.approx(1)
    flat = deciles(n, later * n, n)  # everyone alike: every tenth is average
    np.testing.assert_allclose(flat["lift"], 1)


def test_gini_is_the_mean_difference_of_ranks(rows):
    mean, _, later, n = rows
    wide = np.repeat(np.arange(300), n.astype(int))
    order = np.argsort(-mean[wide], kind="stable")
    curve = np.append(0, later[wide][order].cumsum()) / later[wide].sum()
    best = np.append(0, np.sort(later[wide])[::-1].cumsum()) / later[wide].sum()
    area = lambda y: np.trapezoid(y, dx=1 / wide.size) - 0.5  # noqa: E731
    assert gini(mean * n, later * n, n) == pytest.approx(area(curve) / area(best), rel=1e-3)
    assert gini(later * n, later * n, n) == pytest.approx(1)
    assert gini(-later * n, later * n, n) < 0
    assert gini(mean * n, later * 0, n) == 0


def test_reliability_holds_for_true_probabilities_and_counts_everyone():
    rng = np.random.default_rng(1)
    p = np.repeat(rng.beta(1, 3, 400), 20)
    came = rng.random(p.size) < p
    table = reliability(p, came, np.ones(p.size))
    assert table["n"].sum() == p.size
    assert ((table["low"] <= table["forecast"]) & (table["forecast"] <= table["high"])).sum() >= 8
    wrong = reliability(p**0.5, came, np.ones(p.size))
    assert ((wrong["low"] <= wrong["forecast"]) & (wrong["forecast"] <= wrong["high"])).sum() <= 2
    score, skill = brier(p, came, np.ones(p.size))
    assert score == pytest.approx(((p - came) ** 2).mean())
    assert 0 < skill < 1
    assert brier(np.full(p.size, came.mean()), came, np.ones(p.size))[1] == pytest.approx(0)


def test_one_probability_for_all_is_one_group():
    table = reliability(np.full(5, 0.2), [0, 0, 0, 0, 1], np.full(5, 10))
    assert len(table) == 1
    assert table[["forecast", "estimate", "n"]].iloc[0].tolist() == pytest.approx([0.2, 0.2, 50])


def test_pit_is_flat_for_the_truth_and_the_mean_of_the_randomised_one(rows):
    mean, variance, *_ = rows
    mean, variance = np.repeat(mean, 60), np.repeat(variance, 60)
    rng = np.random.default_rng(2)
    later = rng.negative_binomial(1, 1 / (1 + mean))
    truth = counts("truth", mean, variance)
    flat = pit(truth, later, np.ones(mean.size))
    assert flat["estimate"].sum() == pytest.approx(1)
    assert ((flat["low"] <= flat["estimate"]) & (flat["estimate"] <= flat["high"])).sum() >= 8
    below, at = truth.around(later)
    drawn = np.histogram(below + rng.random(mean.size) * at, bins=10, range=(0, 1))[0] / mean.size
    np.testing.assert_allclose(flat["estimate"], drawn, atol=4 * np.sqrt(0.09 / mean.size))
    low = pit(counts("low", mean / 2, mean / 2 + mean**2 / 4), later, np.ones(mean.size))["estimate"]
    assert low.iloc[-1] > 0.12
    assert pit_cdf(np.array([0.2]), np.array([0.4]), 0.3) == pytest.approx(0.25)
