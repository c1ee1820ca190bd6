"""How wide bands have to be, from past errors with a known scale."""

import numpy as np
import pytest
from scipy import stats

from ltv.metrics.backtests.bands import Totals, band
from ltv.metrics.backtests.widening import independent, widening


def test_fewer_than_five_origins_leave_the_convention_and_say_so():
    found = widening([0.4] * 4, [0.01] * 4)
    assert (found.tau, found.origins, found.learned) == (0.12, 4, False)
    assert "only 4 past forecasts" in found.text
    assert "no past forecast" in widening([], []).text
    assert not widening([0.1, np.nan, np.inf, 0.1, 0.2, 0.1], [0.01] * 6).learned


@pytest.mark.parametrize("tau", [0.03, 0.1, 0.3])
def test_many_errors_recover_the_scale_beyond_their_own_noise(tau):
    rng = np.random.default_rng(0)
    noise = 0.05
    errors = tau * rng.standard_t(4, 400) + noise * rng.standard_normal(400)
    assert widening(errors, np.full(400, noise)).tau == pytest.approx(tau, rel=0.2)


def test_noise_alone_needs_no_widening_and_wider_errors_need_more():
    rng = np.random.default_rng(1)
    noise = 0.1 * rng.standard_normal(200)
    assert widening(noise, np.full(200, 0.1)).tau < 0.04
    few = rng.standard_normal(8)
    taus = [widening(scale * few, np.full(8, 0.02)).tau for scale in (0.02, 0.1, 0.3)]
    assert taus == sorted(taus)


def test_the_widened_band_covers_new_shocks_with_few_origins():
    """Over scales drawn from the prior, t₄(0, τ̂) is to hold 90 % of the next shocks after six forecasts."""
    rng = np.random.default_rng(2)
    inside = []
    for _ in range(400):
        tau = abs(0.15 * rng.standard_normal())
        shocks = tau * rng.standard_t(4, 7)
        found = widening(shocks[:6], np.full(6, 1e-3)).tau
        inside.append(abs(shocks[6]) <= found * stats.t(4).ppf(0.95))
    low, high = stats.binom(400, 0.9).ppf([0.0005, 0.9995])
    assert low <= sum(inside) <= high


def test_overlapping_forecasts_count_for_less():
    errors, sds = [0.3] * 10, [0.02] * 10
    assert widening(errors, sds, effective=1.5).tau < widening(errors, sds).tau
    assert independent([0, 10, 20], 100) == pytest.approx(1.2)
    assert independent([], 30) == 0


def test_bands_have_the_moments_they_were_given():
    totals = Totals(np.array([3.0, 2000.0]), np.array([0.1, 3000.0]), np.array([4.0, 5000.0]))
    wide = band(totals, 1, whole=True, tau=0.0)
    exact = stats.norm(2000, np.sqrt(8000))
    assert wide["low"] == pytest.approx(exact.ppf(0.05), rel=0.01)
    assert wide["inner_high"] == pytest.approx(exact.ppf(0.75), rel=0.01)
    small = band(totals, 0, whole=True, tau=0.0)
    other = stats.nbinom(9 / 1.1, 3 / 4.1)
    assert [small["low"], small["high"]] == pytest.approx(list(other.ppf([0.05, 0.95])), abs=1)
    shocked = band(totals, 1, whole=True, tau=0.12)
    assert shocked["low"] < wide["low"] < wide["high"] < shocked["high"]
    assert np.log(shocked["high"] / 2000) == pytest.approx(0.12 * stats.t(4).ppf(0.95), rel=0.1)
    money = band(totals, 1, whole=False, tau=0.0)
    assert money["high"] == pytest.approx(exact.ppf(0.95), rel=0.01)
