"""Fits to what customers did since a day: laws, a change of behaviour found, refusals, memory."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose

from ltv import models
from ltv.errors import DataError, FitError, ParameterError
from ltv.models import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, Patterns, pooled
from ltv.models.fitting import fit
from ltv.models.saving import from_json, to_json
from ltv.simulate.customers import first_days, simulate_customers
from ltv.units import Unit

BUYING = [NBD, BGNBD, MBGNBD, ParetoNBD]
each = pytest.mark.parametrize("family", BUYING)


def patterns(days: list[list[int]], until: int) -> Patterns:
    """From each customer's days of order, the first of them the birth; only what was seen by the end of `until`."""
    seen = [[day for day in one if day <= until] for one in days if one[0] <= until]
    return Patterns.count(
        [len(one) - 1 for one in seen],
        [(one[-1] - one[0]) / 7 for one in seen],
        [(until - one[0]) / 7 for one in seen],
        Unit.WEEK,
    )


@pytest.fixture(scope="module")
def changed() -> list[list[int]]:
    """4,000 customers born in 20 weeks, who for 30 weeks order at gamma rates of mean 0.4 a week, then at half of them."""
    rng, days = np.random.default_rng(4), []
    for born, rate in zip(first_days(4000, 140).astype(int), rng.gamma(2.0, 0.2, 4000), strict=True):
        early = rng.random(210) < rate / 7
        late = rng.random(210) < rate / 14
        came = np.flatnonzero(np.concatenate([early, late])) + 1
        days.append([born, *(day for day in came.tolist() if day > born)])
    return days


@each
def test_given_nothing_is_the_ordinary_fit(cdnow, family):
    now = cdnow.patterns
    newborn = Patterns([0], [0], [0], [now.customers], unit=now.unit)
    plain, since = fit(family, now), fit(family, now, given=newborn)
    assert_allclose(since.theta, plain.theta, rtol=1e-9)
    assert_allclose(since.theta_covariance, plain.theta_covariance, rtol=1e-8)
    assert since.log_likelihood == pytest.approx(plain.log_likelihood, abs=1e-8)


@each
def test_the_likelihood_is_that_of_now_less_that_of_before(cdnow, family):
    now = cdnow.patterns
    before = Patterns(np.minimum(now.x, 1), np.where(now.x > 0, now.t_x / 4, 0), now.T / 2, now.n, unit=now.unit)
    found = fit(family, now, given=before)
    model = found.model
    own = model.log_likelihood(now.x, now.t_x, now.T) @ now.n
    assert found.log_likelihood == pytest.approx(own - model.log_likelihood(before.x, before.t_x, before.T) @ before.n)
    assert found.gradient_norm < 1e-4
    assert_allclose(
        found.log_posterior(found.theta[None]), found.log_likelihood + found.coordinates.log_prior(found.theta)
    )


def test_the_fit_since_a_change_forecasts_what_comes_after_it(changed):
    before, now = patterns(changed, 210), patterns(changed, 301)
    came = sum(day > 301 for one in changed for day in one)
    ahead = {"t": (420 - 301) / 7, "x": now.x, "t_x": now.t_x, "T": now.T}
    plain, since = (fit(NBD, now, given=given).model.expected_orders(**ahead) @ now.n for given in (None, before))
    assert plain / came > 1.25
    assert since / came == pytest.approx(1, abs=0.06)


@pytest.mark.parametrize(("family", "truth"), [(NBD, (0.8, 6.0)), (MBGNBD, (0.8, 6.0, 0.9, 2.5))])
def test_a_truth_that_never_changed_is_found_from_the_end_alone(family, truth):
    _, _, _, day, who = simulate_customers(
        np.random.default_rng(1), family(*truth), born := first_days(20_000, 140), 420
    )
    split = np.split(day, np.searchsorted(who, np.arange(1, born.size)))
    days = [[int(first), *rest.tolist()] for first, rest in zip(born, split, strict=True)]
    found = fit(family, patterns(days, 420), given=patterns(days, 280))
    away = (found.theta - found.coordinates.theta(np.log(truth))) / np.sqrt(np.diag(found.theta_covariance))
    assert np.abs(away).max() < 3.3
    weighted = found.weighted
    assert weighted.k_hat < 0.7
    assert_allclose(
        weighted.weights @ weighted.theta, found.theta, atol=0.5 * np.sqrt(np.diag(found.theta_covariance)).max()
    )
    assert from_json(to_json(found)).model == found.model


@pytest.mark.parametrize(
    ("before", "family", "error", "says"),
    [
        (Patterns([0], [0], [0], [9], unit=Unit.DAY), NBD, DataError, "unit"),
        (Patterns([0], [0], [0], [99], unit=Unit.WEEK), NBD, DataError, "99 customers before, only 12 now"),
        (Patterns([9], [3], [4], [9], unit=Unit.WEEK), NBD, DataError, "81 repeat orders before, only 6 now"),
        (Patterns([1, 0], [9, 0], [30, 30], [4, 8], unit=Unit.WEEK), NBD, DataError, "observed longer"),
        (Patterns([1, 2, 0], [1, 9, 0], [15, 15, 9], [4, 1, 7], unit=Unit.WEEK), NBD, FitError, "since"),
        ("yesterday", NBD, ParameterError, "buying patterns"),
    ],
)
def test_what_cannot_have_come_before_is_refused(before, family, error, says):
    now = Patterns([1, 2, 0], [1, 9, 0], [20, 20, 14], [4, 1, 7], unit=Unit.WEEK)
    with pytest.raises(error, match=says):
        fit(family, now, given=before)


def test_order_values_have_no_before(cdnow):
    with pytest.raises(ParameterError, match="buying patterns"):
        fit(GammaGamma, cdnow.order_values, given=cdnow.patterns)


def test_a_kept_fit_is_not_taken_for_one_with_another_before(cdnow, tmp_path, monkeypatch):
    monkeypatch.setenv("LTV_CACHE", str(tmp_path))
    now = cdnow.patterns
    halves = [Patterns(0 * now.x, 0 * now.t_x, share * now.T, now.n, unit=now.unit) for share in (0.2, 0.5)]
    found = [models.fit(NBD, now, given=given).model for given in (None, *halves, None, *halves)]
    assert found[:3] == found[3:]
    assert len({model.r for model in found}) == 3


def test_channels_can_be_pooled_by_what_they_did_since(changed):
    parts = {"odd": changed[::2], "even": changed[1::2]}
    now = {name: patterns(days, 301) for name, days in parts.items()}
    before = {name: patterns(days, 210) for name, days in parts.items()}
    found = pooled(NBD, now, given=before)
    newborn = {name: Patterns([0], [0], [0], [one.customers], unit=one.unit) for name, one in now.items()}
    for name, days in parts.items():
        came = sum(day > 301 for one in days for day in one)
        model = found.fits[name].model
        assert model.expected_orders(17, x=now[name].x, t_x=now[name].t_x, T=now[name].T) @ now[name].n / came == (
            pytest.approx(1, abs=0.08)
        )
    plain, same = pooled(NBD, now), pooled(NBD, now, given=newborn)
    assert_allclose(same.fits["odd"].theta, plain.fits["odd"].theta, rtol=1e-6)
