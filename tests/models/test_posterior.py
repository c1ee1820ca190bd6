"""Draws around a mode: settled where they should be, bent shapes reached the second way, and said where neither works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import stats

from ltv.models import BGNBD, fit
from ltv.models.posterior import Posterior, importance, walk
from ltv.pages.story import common


def test_a_bent_posterior_is_reached_the_second_way():
    """θ₁ ~ N(0, 1), θ₂ | θ₁ ~ N(θ₁², ½²): the curvature at the mode (0, 0) knows nothing of the bend."""

    def bent(theta):
        return stats.norm.logpdf(theta[:, 0]) + stats.norm.logpdf(theta[:, 1], theta[:, 0] ** 2, 0.5)

    rng = np.random.default_rng(9)
    truth = rng.standard_normal(200_000) ** 2 + 0.5 * rng.standard_normal(200_000)
    ends = []
    for seed in range(8):
        found = importance(bent, np.zeros(2), np.diag([1.0, 0.25]), 4000, seed=seed)
        assert found.method.startswith("importance sampling, ")
        assert found.k_hat < 0.7
        ends.append(np.quantile(found.resample(4000, seed=1)[:, 1], [0.05, 0.5, 0.95]))
    assert np.mean(ends, axis=0) == pytest.approx(np.quantile(truth, [0.05, 0.5, 0.95]), abs=0.3)
    # From the first proposal alone the upper end is about 2.5 instead of 3.9.


def test_a_normal_posterior_needs_no_second_way():
    found = importance(lambda theta: stats.norm.logpdf(theta).sum(axis=1), np.zeros(3), np.eye(3), 4000, seed=0)
    assert (found.method, found.k_hat < 0.5) == ("importance sampling", True)
    assert found.effective > 3000


def test_walkers_take_over_where_weights_do_not_settle(monkeypatch):
    """A bent ridge of known moments and quantiles, from a start that misses its ends."""

    def log_target(theta):
        return -0.5 * theta[:, 0] ** 2 - 0.5 * ((theta[:, 1] - theta[:, 0] ** 2) / 0.5) ** 2

    start = np.random.default_rng(0).normal(0, 0.5, (500, 2))
    walked = walk(log_target, Posterior(start, np.full(500, 1 / 500), 1.0, 500, "a poor start"), 0)
    assert 300 < walked.effective <= walked.theta.shape[0]
    first, second = walked.theta.T
    error = 1 / np.sqrt(walked.effective)
    assert_allclose([first.mean(), first.var(), second.mean()], [0, 1, 1], atol=4 * error)
    assert_allclose(np.quantile(first, [0.05, 0.95]), [-1.645, 1.645], atol=8 * error)

    monkeypatch.setattr("ltv.models.posterior.SETTLED", 0.0)
    one, other = (importance(log_target, np.zeros(2), np.eye(2), 500, 3) for _ in range(2))
    assert one.method.startswith("500 walkers (k̂ 0.")
    assert_allclose(one.theta, other.theta)


def test_draws_that_did_not_settle_are_said(cdnow):
    sound = fit(BGNBD, cdnow)
    assert sound.caution == ""
    shaky = replace(sound, stored=replace(sound.weighted, theta=sound.sample, k_hat=0.93))
    assert "did not settle (k̂ 0.93)" in shaky.caution
    assert shaky.caution in repr(shaky)
    assert shaky.caution in common.fit_health(shaky).plain()
    assert "settle" not in repr(sound) + common.fit_health(sound).plain()
