"""Fits: derivatives, weights, posteriors, displays, refusals, and truths found again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ltv.errors import FitError
from ltv.models import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, Patterns, fit
from ltv.units import Unit


def test_a_fit_counts_patterns_by_their_weight(cdnow):
    rows = Patterns(cdnow.x, cdnow.t_x, cdnow.T, np.ones(cdnow.x.size), unit=Unit.WEEK)
    shuffled = np.random.default_rng(0).permutation(cdnow.x.size)
    mixed = Patterns(*(getattr(rows, name)[shuffled] for name in ("x", "t_x", "T", "n")), unit=Unit.WEEK)
    compressed = fit(BGNBD, cdnow)
    for other in (fit(BGNBD, rows), fit(BGNBD, mixed)):
        assert_allclose(other.model.parameters(), compressed.model.parameters(), rtol=1e-7)
    direct = compressed.model.log_likelihood(cdnow.x, cdnow.t_x, cdnow.T).sum()
    assert compressed.log_likelihood == pytest.approx(direct, abs=1e-8)


def test_a_fit_in_days_is_a_fit_in_weeks(cdnow):
    weeks = cdnow.patterns
    days = Patterns(weeks.x, 7 * weeks.t_x, 7 * weeks.T, weeks.n, unit=Unit.DAY)
    r, alpha, a, b = fit(BGNBD, weeks).model.parameters()
    assert_allclose(fit(BGNBD, days).model.parameters(), (r, 7 * alpha, a, b), rtol=1e-6)


@pytest.mark.parametrize("family", [NBD, BGNBD, MBGNBD, ParetoNBD, GammaGamma])
def test_derivatives_against_differences(cdnow, family):
    total = family.total(getattr(cdnow, family.reads))
    point = np.log([0.5, 6.0, 0.9, 2.0] if family.reads == "patterns" else [6.0, 3.0, 12.0])
    point = point[: len(family.names())]
    value, gradient, hessian = total.derivatives(point)
    assert value == pytest.approx(float(total.values(point[None])[0]), rel=1e-12)
    step = 1e-5 * np.eye(point.size)
    differences = (total.values(point + step) - total.values(point - step)) / 2e-5
    assert_allclose(gradient, differences, rtol=1e-5)
    slopes = [total.derivatives(point + e)[1] - total.derivatives(point - e)[1] for e in step]
    assert_allclose(hessian, np.array(slopes) / 2e-5, rtol=1e-5, atol=1e-4)


def test_the_day_table_agrees_with_each_integral_on_its_own(cdnow):
    total = ParetoNBD.total(cdnow.patterns)
    rng = np.random.default_rng(4)
    logs = np.log([0.55, 10.6, 0.6, 11.7]) + rng.normal(0, 0.7, (20, 4))
    logs[0] = np.log([0.5, 0.05, 0.3, 0.02])  # parameters of hours against days
    assert total.day_table is not None
    assert_allclose(total.values(logs), [total.values(row[None])[0] for row in logs], rtol=1e-10)


def test_the_posterior_is_settled_and_repeatable(cdnow):
    result = fit(BGNBD, cdnow)
    assert result.weighted.k_hat < 0.5
    assert result.weighted.effective > 2000
    assert result.draws(100).r.shape == (100, 1)
    assert_allclose(result.draws(100).r, fit(BGNBD, cdnow).draws(100).r)
    few, many = result.draws(200), result.posterior
    spread = np.std(np.log(many.a))
    assert abs(np.mean(np.log(few.a)) - np.mean(np.log(many.a))) < 0.3 * spread
    estimates = result.estimates
    assert (estimates.low < estimates.estimate).all()
    assert (estimates.estimate < estimates.high).all()


def test_displays(cdnow):
    result = fit(BGNBD, cdnow)
    assert "converged" in repr(result)
    page = result._repr_html_()
    assert page.startswith('<table class="ltv-fit">')
    assert "1997-01-01 to 1997-09-30" in page
    hostile = Patterns([0, 1], [0, 5], [9, 9], [50, 30], unit=Unit.WEEK, window="<script>")
    assert "<script>" not in fit(NBD, hostile)._repr_html_()


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        (Patterns([3], [5], [9], [1], unit=Unit.WEEK), "1 customer"),
        (Patterns([0, 0], [0, 0], [9, 8], [50, 20], unit=Unit.WEEK), "second time"),
        (Patterns([0], [0], [0], [50], unit=Unit.WEEK), "any time"),
    ],
)
def test_too_little_data_says_so(patterns, words):
    with pytest.raises(FitError, match=words):
        fit(BGNBD, patterns)


@pytest.mark.parametrize(
    "truth", [BGNBD(0.6, 8, 0.7, 2), MBGNBD(0.9, 10, 0.8, 2), NBD(0.6, 8), ParetoNBD(0.6, 8, 0.7, 9)], ids=repr
)
def test_simulated_customers_give_back_their_parameters(truth):
    rng = np.random.default_rng(11)
    born = rng.integers(0, 91, 4000)
    T = (364 - born) / 7
    who, when = truth.future_orders(rng, 52.0, x=np.zeros(4000), t_x=0.0, T=0.0)
    seen = when <= T[who]
    x = np.bincount(who[seen], minlength=4000)
    t_x = np.zeros(4000)
    np.maximum.at(t_x, who[seen], when[seen])
    result = fit(type(truth), Patterns(x, t_x, T, np.ones(4000), unit=Unit.WEEK))
    away = result.theta - result.coordinates.theta(np.log(truth.parameters()))
    assert away @ np.linalg.solve(result.theta_covariance, away) < 20
