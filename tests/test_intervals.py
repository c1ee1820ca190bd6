"""Intervals against published values and by their coverage."""

import numpy as np
import pytest
from scipy import stats

from ltv.metrics import intervals


def test_wilson_agrees_with_scipy():
    for k, n in [(0, 5), (3, 17), (40, 40), (1, 1000)]:
        known = stats.binomtest(k, n).proportion_ci(0.90, method="wilson")
        assert intervals.wilson(k, n) == pytest.approx((known.low, known.high))
    assert [float(end) for end in intervals.wilson(0, 0)] == [0, 1]


def test_wilson_covers_on_average_over_shares():
    n, shares = 40, np.linspace(0.01, 0.99, 197)
    k = np.arange(n + 1)
    low, high = intervals.wilson(k, n)
    inside = (low[:, None] <= shares) & (shares <= high[:, None])
    coverage = (stats.binom.pmf(k[:, None], n, shares) * inside).sum(axis=0)
    assert coverage.mean() == pytest.approx(0.90, abs=0.01)


def test_clustered_share_covers_when_cohorts_differ_by_more_than_chance():
    rng, hits, runs = np.random.default_rng(4), 0, 800
    n = rng.integers(100, 1000, 13)
    for _ in range(runs):
        k = rng.binomial(n, rng.beta(20, 80, 13))
        _, low, high = intervals.clustered_share(k, n)
        hits += low <= 0.2 <= high
    # Exact 99.9 % binomial band around 0.90 for 800 runs.
    assert stats.binomtest(int(hits), runs, 0.90).pvalue > 0.001


def test_one_cohort_alone_has_wilsons_interval():
    assert intervals.clustered_share([3], [17])[1:] == pytest.approx([float(v) for v in intervals.wilson(3, 17)])


def test_positive_mean_stays_positive_and_unknown_where_it_is_not():
    low, high = intervals.positive_mean([10.0, 0.0], [9.0, 1.0])
    assert 0 < low[0] < 10 < high[0]
    assert np.isnan(low[1])
    assert np.isnan(high[1])
