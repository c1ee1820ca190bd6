"""Where peers break: nothing is nan or infinite, probabilities stay in [0, 1], expectations grow with t."""

from __future__ import annotations

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special

from ltv.errors import FitError
from ltv.models import BGNBD, MBGNBD, NBD, GammaGamma, ParetoNBD, Patterns, fit
from ltv.models.special import decay_end, laplace_of_gamma_beta, mean_over_beta, power_decay
from ltv.units import Unit

FAMILIES = [NBD, BGNBD, MBGNBD, ParetoNBD]
POINTS = 120


def grid(family, seed):
    """Parameters over ten decades, one set per row, with the singular lines of the papers' formulas among them."""
    rng = np.random.default_rng(seed)
    r, alpha, a, b = np.exp(rng.normal(0, 2.5, (4, POINTS)))
    a[::7] = 1.0
    a[1::7] = 1.0 + 1e-9
    b[2::7] = np.maximum(1 - a[2::7], 1e-3)
    if family is ParetoNBD:
        b[3::7] = alpha[3::7]
        b[4::7] = alpha[4::7] * (1 + 1e-9)
    return family(*(r, alpha, a, b)[: len(family.names())])


def histories(seed):
    """x from 0 to 5,000; T from an hour to a century of weeks."""
    rng = np.random.default_rng([seed, 1])
    x = rng.choice([0, 0, 1, 2, 10, 100, 500, 5000], POINTS).astype(float)
    T = np.exp(rng.uniform(np.log(0.006), np.log(5200), POINTS))
    recent = rng.choice([0.0, 0.3, 1 - 1e-9, 1.0], POINTS)
    return {"x": x, "t_x": np.where(x > 0, recent * T, 0.0), "T": T}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("family", FAMILIES)
def test_every_answer_is_a_number_of_its_kind(family, seed):
    model, rows = grid(family, seed), histories(seed)
    assert np.isfinite(model.log_likelihood(**rows)).all()
    horizons = np.array([0.0, 0.01, 1.0, 52.0, 2600.0])[:, None]
    alive = model.probability_alive(**rows, ahead=horizons)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (np.diff(alive, axis=0) <= 1e-12).all()
    expected = model.expected_orders(horizons, **rows)
    assert np.isfinite(expected).all()
    assert (expected[0] == 0).all()
    assert (np.diff(expected, axis=0) >= -1e-12 * expected[1:]).all()
    some = model.probability_order(horizons, **rows)
    assert ((some >= 0) & (some <= 1)).all()
    assert (some <= np.minimum(expected, alive[0]) * (1 + 1e-9)).all()
    assert (np.diff(some, axis=0) >= -1e-12).all()
    discounted = model.discounted_orders(horizons, 0.002, **rows)
    assert (discounted <= expected * (1 + 1e-8)).all()
    for_ever = model.discounted_orders(np.inf, 0.002, **rows)
    assert np.isfinite(for_ever).all()
    assert (for_ever >= discounted[-1] * (1 - 1e-8)).all()
    pmf = model.pmf(np.array([0.0, 1.0, 50.0, 1000.0])[:, None], 52.0, **rows)
    assert ((pmf >= 0) & (pmf <= 1 + 1e-9)).all()
    assert_allclose(1 - pmf[0], model.probability_order(52.0, **rows), rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("family", FAMILIES)
def test_paths_of_extreme_customers_stay_within_the_horizon(family):
    model, rows = grid(family, 9), histories(9)
    fast = (model.r + rows["x"]) / (model.alpha + rows["T"]) > 1e4
    parameters = [np.where(fast, 1.0, value) for value in model.parameters()]
    rows = {name: np.where(fast, 0.0, column) for name, column in rows.items()}
    who, when = family(*parameters).future_orders(np.random.default_rng(0), 1.0, **rows)
    assert np.isfinite(when).all()
    assert ((when > 0) & (when <= 1)).all()
    assert (np.diff(who) >= 0).all()


def test_laplace_transform_against_mpmath():
    """₂F₁ with 60 digits, over the same spread; quadrature takes over where the series overflows."""
    rng = np.random.default_rng(0)
    mp.mp.dps = 60
    sets = [np.exp(rng.normal(0, 2, 5)) for _ in range(40)]
    sets += [(381, 2.649, 0.497, 0.00383, 426.0), (1e4, 106, 101, 40, 500), (4.35, 38701, 1190, 16.4, 5001.8)]
    for s, R, A, a, B in sets:
        z = mp.mpf(s) / (mp.mpf(A) + mp.mpf(s))
        exact = (1 - z) ** mp.mpf(a) * mp.hyp2f1(a, mp.mpf(a) + B - R, mp.mpf(a) + B, z, maxterms=10**6)
        assert float(laplace_of_gamma_beta(s, R, A, a, B)) == pytest.approx(float(exact), rel=1e-9)


def test_quadrature_over_p_agrees_with_the_series_where_both_work():
    rng = np.random.default_rng(1)
    tau, R, a, B = np.exp(rng.normal(0, 1.5, (4, 200)))
    own = laplace_of_gamma_beta(tau, R, np.ones(200), a, B)
    assert_allclose(mean_over_beta(tau, R, a, B), own, rtol=1e-9)


def test_power_decay_against_mpmath():
    rng = np.random.default_rng(2)
    mp.mp.dps = 30
    for t, c, A, e, B in np.exp(rng.normal(0, 2.5, (12, 5))):
        scale = 1 / ((c + 1) / A + (e + 1) / B)
        end = float(decay_end(t, *(np.asarray(v) for v in (c, A, e, B))))
        upper = mp.log1p(mp.mpf(min(t, 3 * end)) / scale)

        def density(w, c=c, A=A, e=e, B=B, scale=scale):
            u = scale * mp.expm1(w)
            return (1 + u / A) ** -c * (1 + u / B) ** -e * (u + scale)

        exact = mp.quad(density, mp.linspace(0, upper, 6))
        own = power_decay(t, *(np.asarray(v) for v in (c, A, e, B)))
        assert float(own) == pytest.approx(float(exact), rel=1e-9)


def order_value_grid(seed):
    """p, q, v over many decades with q down to 1; x to 5,000; means from a cent to a thousand million."""
    rng = np.random.default_rng([seed, 2])
    p, v = np.exp(rng.normal(1, 3, (2, POINTS)))
    q = 1 + np.exp(rng.normal(0, 3, POINTS))
    q[::7], q[1::7] = 1 + 1e-9, 1 + 1e-3
    x = rng.choice([1, 2, 10, 500, 5000], POINTS).astype(float)
    return GammaGamma(p, q, v), x, 10 ** rng.uniform(-2, 9, POINTS)


@pytest.mark.parametrize("seed", range(3))
def test_every_answer_on_order_values_is_a_number_of_its_kind(seed):
    model, x, mean = order_value_grid(seed)
    assert np.isfinite(model.log_likelihood(x, mean)).all()
    base, slope = model.shrinkage(x)
    assert ((base >= 0) & (slope > 0) & (slope <= model.p * x / (model.p * x + model.q - 1) * (1 + 1e-12))).all()
    assert_allclose(base + slope * mean, model.expected_order_value(x, mean), rtol=1e-12)
    assert (model.expected_order_value(x, mean) > 0).all()
    spread = model.quantile(np.array([0.05, 0.5, 0.95])[:, None], x, mean)
    assert np.isfinite(spread).all()
    assert (np.diff(spread, axis=0) > 0).all()
    drawn = model.draw_order_values(np.random.default_rng(seed), np.arange(POINTS), x=x, mean=mean)
    assert np.isfinite(drawn).all()
    assert (drawn >= 0).all()


def test_order_values_against_mpmath():
    """Density and quantile by their definition: x·mean | ν ~ Gamma(px, ν), ν ~ Gamma(q, v)."""
    model, x, mean = order_value_grid(4)
    log_likelihood, middle = model.log_likelihood(x, mean), model.quantile(0.3, x, mean)
    with mp.workdps(50):
        for i in range(POINTS):
            p, q, v, k, m = (mp.mpf(float(value[i])) for value in (model.p, model.q, model.v, x, mean))
            px, total = p * k, k * m
            exact = px * mp.log(total) - mp.log(m) + q * mp.log(v) - (px + q) * mp.log(v + total)
            exact += mp.loggamma(px + q) - mp.loggamma(px) - mp.loggamma(q)
            assert float(log_likelihood[i]) == pytest.approx(float(exact), rel=1e-9, abs=2e-15 * float(px) * 40 + 1e-9)
    ahead = special.gammaincc(model.q + model.p * x, model.p * (model.v + x * mean) / middle)
    assert_allclose(ahead, 0.3, rtol=1e-6)


DATA = {
    "a 30-day window": ([0, 1, 2], [0, 2, 3], [4, 4, 4], [900, 60, 10]),
    "one cohort": ([0, 1, 2, 5], [0, 20, 30, 38], [39, 39, 39, 39], [600, 200, 100, 50]),
    "nobody ever leaves": ([4, 5, 6, 7, 8], [38, 38, 39, 39, 39], [39] * 5, [20, 40, 60, 40, 20]),
    "everybody the same": ([1, 2, 3], [10, 20, 30], [39, 39, 39], [500, 500, 500]),
    "two customers": ([0, 1], [0, 5], [39, 39], [1, 1]),
    "a very busy customer": ([0, 5000], [0, 38], [39, 39], [100, 1]),
    "hours of age": ([0, 1], [0, 1 / 168], [2 / 168, 2 / 168], [50, 20]),
}


@pytest.mark.parametrize("priors", ["default", None])
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", DATA)
def test_a_fit_of_odd_data_answers_or_says_why_not(name, family, priors):
    patterns = Patterns(*(np.array(column, dtype=float) for column in DATA[name]), unit=Unit.WEEK)
    try:
        result = fit(family, patterns, priors=priors, draws=500)
    except FitError:
        if priors:
            raise  # the default priors leave nothing open
        return
    assert result.gradient_norm < 1e-3
    assert np.isfinite(result.covariance).all()
    assert np.linalg.eigvalsh(result.theta_covariance)[0] > 0
    for value in result.model.parameters():
        assert np.isfinite(value)
    if priors:
        expected = result.draws(50).expected_orders(4.0, x=patterns.x, t_x=patterns.t_x, T=patterns.T)
        assert np.isfinite(expected).all()


def bought(model, rng, customers=4000, weeks=52.0):
    """Patterns of new customers of a model, all as old."""
    nobody = np.zeros(customers)
    who, when = model.future_orders(rng, weeks, x=nobody, t_x=0.0, T=0.0)
    t_x = np.zeros(customers)
    t_x[who] = when  # rows stand in the order of time: the last one stays
    return Patterns.count(np.bincount(who, minlength=customers), t_x, np.full(customers, weeks), Unit.WEEK)


@pytest.mark.parametrize(
    ("truth", "edge"),
    [
        (BGNBD(0.8, 3.0, 400.0, 1600.0), "edge: one dropout probability"),
        (MBGNBD(0.8, 3.0, 400.0, 1600.0), "edge: one dropout probability"),
        (ParetoNBD(0.8, 3.0, 400.0, 6000.0), "edge: one dropout rate"),
        (NBD(400.0, 1600.0), "edge: one buying rate"),
    ],
    ids=repr,
)
def test_customers_who_are_all_alike_are_an_edge_and_still_forecast(truth, edge):
    rng = np.random.default_rng(3)
    patterns = bought(truth, rng)
    result = fit(type(truth), patterns)
    rows = {"x": patterns.x, "t_x": patterns.t_x, "T": patterns.T}
    assert (result.status.name, result.status.usable) == (edge, True)
    assert edge.removeprefix("edge: ") in result.status.nested
    forecasts = result.draws(100).expected_orders(26.0, **rows) @ patterns.n
    exact = truth.expected_orders(26.0, **rows) @ patterns.n
    assert abs(forecasts.mean() - exact) < 4 * forecasts.std()


def test_no_dropout_names_the_nested_family():
    patterns = bought(NBD(1.0, 2.0), np.random.default_rng(0))
    for family in (BGNBD, MBGNBD, ParetoNBD):
        status = fit(family, patterns).status
        assert status.name == "edge: no dropout"
        assert status.usable
        assert status.nested == "NBD"
