"""Fits: derivatives, weights, posteriors, displays, refusals, and truths found again."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ltv.errors import FitError
from ltv.models import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, Patterns, fit
from ltv.models.dropout import _Tails
from ltv.units import Unit

FAMILIES = [NBD, BGNBD, MBGNBD, ParetoNBD, GammaGamma]
each = pytest.mark.parametrize("family", FAMILIES)


def rearranged(data, order, n):
    """The same kind of data with its rows in this order, each counted `n` times."""
    columns = {
        name: np.asarray(getattr(data, name))[order] for name in ("x", "t_x", "T", "mean") if hasattr(data, name)
    }
    return type(data)(**columns, n=n, unit=data.unit)


@each
def test_a_fit_does_not_depend_on_how_customers_are_listed(cdnow, family):
    data = getattr(cdnow, family.reads)
    rng, whole = np.random.default_rng(0), fit(family, data)
    one_by_one = np.repeat(np.arange(data.x.size), data.n.astype(int))
    shuffled = rearranged(data, rng.permutation(one_by_one), np.ones(one_by_one.size))
    split = rearranged(data, np.tile(np.arange(data.x.size), 2), np.concatenate([0.25 * data.n, 0.75 * data.n]))
    for other in (fit(family, shuffled), fit(family, split)):
        assert_allclose(other.model.parameters(), whole.model.parameters(), rtol=1e-7)
        assert_allclose(other.covariance, whole.covariance, rtol=1e-5)
        assert other.log_likelihood == pytest.approx(whole.log_likelihood, abs=1e-7)
    direct = whole.model.log_likelihood(
        *(getattr(data, name) for name in ("x", "t_x", "T", "mean") if hasattr(data, name))
    )
    assert whole.log_likelihood == pytest.approx(direct @ data.n, abs=1e-7)


@each
def test_every_customer_twice_is_twice_the_information(cdnow, family):
    data = getattr(cdnow, family.reads)
    once = fit(family, data, priors=None)
    twice = fit(family, rearranged(data, np.arange(data.x.size), 2 * data.n), priors=None)
    assert_allclose(twice.model.parameters(), once.model.parameters(), rtol=1e-6)
    assert_allclose(2 * twice.covariance, once.covariance, rtol=1e-4)
    assert twice.log_likelihood == pytest.approx(2 * once.log_likelihood, rel=1e-10)


@pytest.mark.parametrize("family", FAMILIES[:4])
def test_a_fit_in_days_is_a_fit_in_weeks(cdnow, family):
    weeks = cdnow.patterns
    days = Patterns(weeks.x, 7 * weeks.t_x, 7 * weeks.T, weeks.n, unit=Unit.DAY)
    by_week, by_day = fit(family, weeks).model, fit(family, days).model
    timed = {name: 7 if name in ("alpha", "beta") else 1 for name in family.names()}
    assert_allclose(by_day.parameters(), np.multiply(by_week.parameters(), [*timed.values()]), rtol=1e-6)


def test_order_values_in_cents_are_order_values_in_whole_units(cdnow):
    data = cdnow.order_values
    cents = type(data)(data.x, 100 * data.mean, data.n, unit=data.unit)
    p, q, v = fit(GammaGamma, data).model.parameters()
    assert_allclose(fit(GammaGamma, cents).model.parameters(), (p, q, 100 * v), rtol=1e-6)


@each
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


@pytest.mark.parametrize("days", [273, 3650])
@pytest.mark.parametrize("whole", [True, False])
def test_the_integrals_of_a_few_ages_agree_with_each_pattern_on_its_own(days, whole):
    rng = np.random.default_rng(4)
    x, T = rng.geometric(0.3, 3000) - 1.0, rng.uniform(30, days, 3000)
    t_x = np.where(x > 0, rng.uniform(0, T), 0)
    t_x, T = (np.floor(ages) if whole else ages for ages in (t_x, T))
    total = ParetoNBD.total(Patterns(x, t_x / 7, T / 7, np.ones(x.size), unit=Unit.WEEK))
    logs = np.log([0.55, 10.6, 0.6, 11.7]) + rng.normal(0, 0.7, (20, 4))
    logs[0] = np.log([0.5, 0.05, 0.3, 0.02])  # parameters of hours against days
    logs[1] = np.log([150, 4000, 0.9, 60])  # hardly any difference between customers
    assert _Tails.of(total, np.exp(logs)) is not None
    assert_allclose(total.values(logs), [total.values(row[None])[0] for row in logs], rtol=1e-10)


def test_many_counts_are_integrated_on_their_own():
    x = np.arange(1.0, 40)
    patterns = Patterns(x, x / 2, x / 2 + 3, np.ones(39), unit=Unit.WEEK)
    total = ParetoNBD.total(patterns)
    logs = np.log([0.55, 10.6, 0.6, 11.7]) + np.random.default_rng(4).normal(0, 0.3, (20, 4))
    assert _Tails.of(total, np.exp(logs)) is None
    assert_allclose(total.values(logs), [total.values(row[None])[0] for row in logs])


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
