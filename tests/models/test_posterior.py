"""Draws around a mode: settled where they should be, bent shapes reached the second way, and said where neither works."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from ltv.models import BGNBD, fit
from ltv.models.posterior import importance
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


def test_draws_that_did_not_settle_are_said(cdnow):
    sound = fit(BGNBD, cdnow)
    assert sound.caution == ""
    shaky = replace(sound, stored=replace(sound.weighted, theta=sound.sample, k_hat=0.93))
    assert "did not settle (k̂ 0.93)" in shaky.caution
    assert shaky.caution in repr(shaky)
    assert shaky.caution in common.fit_health(shaky).plain()
    assert "settle" not in repr(sound) + common.fit_health(sound).plain()
