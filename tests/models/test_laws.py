"""What must hold whatever the parameters: every family × every law."""

from __future__ import annotations

import warnings

import mpmath as mp
import numpy as np
import pytest
from numpy.testing import assert_allclose

from ltv.errors import ParameterError
from ltv.models import BGNBD, MBGNBD, NBD, GammaGamma, OrderValues, ParetoNBD, fit

BUYING = [
    NBD(0.385, 12.07),
    BGNBD(0.243, 4.414, 0.793, 2.426),
    MBGNBD(0.525, 6.183, 0.891, 1.614),
    BGNBD(1.0, 10.0, 1.0, 1.0),
    ParetoNBD(0.553, 10.578, 0.606, 11.669),
    ParetoNBD(1.0, 8.0, 1.0, 8.0),
]
ROWS = {
    "x": np.array([0.0, 1.0, 2.0, 30.0]),
    "t_x": np.array([0.0, 3.0, 38.0, 20.0]),
    "T": np.array([39.0, 39.0, 39.0, 39.0]),
}
each = pytest.mark.parametrize("model", BUYING, ids=repr)


@each
def test_pmf_is_a_distribution_with_the_expected_mean(model):
    k = np.arange(4000)
    pmf = model.pmf(k, 10.0)
    assert (pmf >= 0).all()
    assert pmf.sum() == pytest.approx(1, abs=1e-9)
    assert k @ pmf == pytest.approx(float(model.expected_orders(10.0)), rel=1e-8)


@each
def test_pmf_given_a_history(model):
    k = np.arange(3000)[:, None]
    pmf = model.pmf(k, 10.0, **ROWS)
    assert_allclose(pmf.sum(0), 1, rtol=1e-9)
    assert_allclose((k * pmf).sum(0), model.expected_orders(10.0, **ROWS), rtol=1e-8)
    assert_allclose(1 - pmf[0], model.probability_order(10.0, **ROWS), rtol=1e-9)


@each
def test_probabilities_and_expectations_behave(model):
    alive = model.probability_alive(**ROWS)
    assert ((alive >= 0) & (alive <= 1)).all()
    horizons = np.array([0.0, 1.0, 10.0, 100.0, 1000.0])[:, None]
    expected = model.expected_orders(horizons, **ROWS)
    assert_allclose(expected[0], 0)
    assert (np.diff(expected, axis=0) > 0).all()
    some = model.probability_order(horizons, **ROWS)
    assert (some <= np.minimum(expected, alive) + 1e-12).all()
    later = model.probability_alive(**ROWS, ahead=np.array([[0.0], [5.0], [50.0]]))
    assert (np.diff(later, axis=0) <= 0).all()


@each
def test_a_new_customer_has_an_empty_history(model):
    nothing = {"x": 0, "t_x": 0, "T": 0}
    assert model.expected_orders(20) == pytest.approx(float(model.expected_orders(20, **nothing)))
    assert model.discounted_orders(np.inf, 0.01) == pytest.approx(
        float(model.discounted_orders(np.inf, 0.01, **nothing))
    )


@each
def test_discounting_agrees_with_summing_small_steps(model):
    edges = np.linspace(0, 60, 6001)
    orders = np.diff(model.expected_orders(edges[:, None], **ROWS), axis=0)
    middle = (edges[1:] + edges[:-1]) / 2
    summed = np.exp(-0.05 * middle) @ orders
    assert_allclose(model.discounted_orders(60, 0.05, **ROWS), summed, rtol=1e-6)
    assert_allclose(model.discounted_orders(60, 0.0, **ROWS), model.expected_orders(60, **ROWS))


@each
def test_a_change_of_the_unit_of_time_changes_only_what_has_one(model):
    parameters = dict(zip(model.names(), model.parameters(), strict=True))
    scaled = {name: 7 * parameters[name] for name in ("alpha", "beta") if name in parameters}
    days = type(model)(**{**parameters, **scaled})
    in_days = {"x": ROWS["x"], "t_x": 7 * ROWS["t_x"], "T": 7 * ROWS["T"]}
    assert_allclose(days.expected_orders(70, **in_days), model.expected_orders(10, **ROWS), rtol=1e-11)
    assert_allclose(days.probability_alive(**in_days), model.probability_alive(**ROWS), rtol=1e-12)


@each
def test_draws_broadcast_against_rows(model):
    stacked = type(model)(*(np.full((3, 1), value) for value in model.parameters()))
    for answer in ("expected_orders", "probability_order"):
        one = getattr(model, answer)(10, **ROWS)
        assert_allclose(getattr(stacked, answer)(10, **ROWS), np.tile(one, (3, 1)), rtol=1e-12)


@each
def test_many_rows_get_what_one_row_gets(model):
    rng = np.random.default_rng(1)
    pick = rng.integers(0, 4, 1000)
    many = {name: column[pick] for name, column in ROWS.items()}
    assert_allclose(model.expected_orders(39, **many), model.expected_orders(39, **ROWS)[pick], rtol=1e-13)


@each
def test_future_orders_have_the_expected_number(model):
    rng = np.random.default_rng(2)
    repeats = 20_000
    tiled = {name: np.repeat(column, repeats) for name, column in ROWS.items()}
    who, when = model.future_orders(rng, 25.0, **tiled)
    assert ((when > 0) & (when <= 25)).all()
    assert (np.diff(who) >= 0).all()
    assert (np.diff(when)[np.diff(who) == 0] > 0).all()
    counts = np.bincount(who, minlength=4 * repeats).reshape(4, repeats)
    error = counts.std(1) / np.sqrt(repeats) + 1e-3
    assert (np.abs(counts.mean(1) - model.expected_orders(25, **ROWS)) < 4 * error).all()
    some = (counts > 0).mean(1)
    assert_allclose(some, model.probability_order(25, **ROWS), atol=4 * 0.5 / np.sqrt(repeats))


@each
def test_a_horizon_of_its_own_for_each_row(model):
    rng = np.random.default_rng(6)
    repeats = 20_000
    spans = np.repeat([1.0, 25.0, 0.0, 60.0], repeats)
    tiled = {name: np.repeat(column, repeats) for name, column in ROWS.items()}
    who, when = model.future_orders(rng, spans, **tiled)
    assert (when <= spans[who]).all()
    counts = np.bincount(who, minlength=4 * repeats).reshape(4, repeats)
    expected = model.expected_orders(spans[::repeats], **ROWS)
    assert (np.abs(counts.mean(1) - expected) <= 4 * counts.std(1) / np.sqrt(repeats) + 1e-3).all()


def test_one_parameter_set_per_row():
    rng = np.random.default_rng(3)
    r = np.repeat([0.2, 2.0], 5000)
    who, _ = BGNBD(r, 4.0, 0.8, 2.4).future_orders(rng, 10.0, x=np.zeros(10_000), t_x=0.0, T=0.0)
    first, second = np.bincount(who // 5000)
    assert first / 5000 == pytest.approx(float(BGNBD(0.2, 4, 0.8, 2.4).expected_orders(10)), rel=0.15)
    assert second / 5000 == pytest.approx(float(BGNBD(2.0, 4, 0.8, 2.4).expected_orders(10)), rel=0.1)


@each
def test_no_customer_has_no_future(model):
    nobody = np.array([])
    who, when = model.future_orders(np.random.default_rng(0), 5.0, x=nobody, t_x=nobody, T=nobody)
    assert who.size == when.size == 0


@pytest.mark.parametrize("coin_at_birth", [0, 1])
@pytest.mark.parametrize(
    ("r", "alpha", "a", "b", "x", "T", "t"),
    [
        (0.243, 4.414, 0.793, 2.426, 2, 38.86, 39),
        (0.2, 3.0, 0.3, 0.4, 0, 0.0, 200),  # x = 0 with a + b < 1
        (0.2, 3.0, 0.4, 0.6, 0, 5.0, 20),  # a + b = 1
        (0.5, 8.0, 1.0, 2.0, 3, 30.0, 52),  # a = 1
        (0.5, 8.0, 1.0 + 1e-9, 2.0, 3, 30.0, 52),
        (1.5, 2.0, 3.0, 5.0, 5000, 500.0, 400),
        (0.3, 0.01, 0.5, 2.0, 1, 0.001, 5000),  # hours against years
        (5.0, 1.0, 40.0, 400.0, 100, 100.0, 1e4),  # where the hypergeometric function overflows
    ],
)
def test_expected_orders_against_mpmath(coin_at_birth, r, alpha, a, b, x, T, t):
    """E[(1 − e^(−λpt))/p] as its own integral over p in 40 digits."""
    mp.mp.dps = 40
    R, A, B = mp.mpf(r) + x, mp.mpf(alpha) + T, mp.mpf(b) + x + coin_at_birth
    family = [BGNBD, MBGNBD][coin_at_birth]
    model = family(r, alpha, a, b)

    def future(e):
        """The closed form of the paper, shifted off its singular lines by e."""
        up, z = mp.mpf(a) + e, mp.mpf(t) / (A + t)
        c = up + B - 1
        return c / (up - 1) * (1 - (1 - z) ** (up - 1) * mp.hyp2f1(c - R, up - 1, c, z))

    exact = (future(mp.mpf("1e-15")) + future(-mp.mpf("1e-15"))) / 2
    t_x = T if x else 0.0
    own = model.expected_orders(t, x=x, t_x=t_x, T=T) / model.probability_alive(x, t_x, T)
    assert float(own) == pytest.approx(float(exact), rel=1e-9)


@pytest.mark.parametrize(
    ("r", "alpha", "s", "beta", "x", "t_x", "T"),
    [
        (0.553, 10.578, 0.606, 11.669, 2, 30.43, 38.86),
        (0.5, 8.0, 1.0, 8.0, 0, 0.0, 30.0),  # s = 1 and α = β
        (0.5, 8.0, 1.0 + 1e-9, 8.0 + 1e-9, 3, 4.0, 30.0),
        (0.5143, 2.8845, 0.2856, 14.1087, 254, 97.14286, 97.28571),
        (1.5, 2.0, 3.0, 50.0, 5000, 400.0, 600.0),
        (0.3, 0.001, 0.5, 2000.0, 0, 0.0, 5000.0),  # hours against years
        (0.01, 2000.0, 0.02, 0.001, 1, 0.01, 5000.0),
    ],
)
def test_pareto_integral_against_mpmath(r, alpha, s, beta, x, t_x, T):
    """P(dead)/P(alive) through the integral over the death in 40 digits, in the logarithm of time."""
    mp.mp.dps = 40
    model = ParetoNBD(r, alpha, s, beta)
    R, A, B = mp.mpf(r) + x, mp.mpf(alpha) + t_x, mp.mpf(beta) + t_x
    scale, after = 1 / (R / A + (s + 1) / B), mp.mpf(T) - t_x

    def density(w):
        u = scale * mp.expm1(w)
        return (1 + u / A) ** -R * (1 + u / B) ** -(mp.mpf(s) + 1) * (u + scale)

    integral = mp.quad(density, mp.linspace(0, mp.log1p(after / scale), 40))
    odds = integral * s / B * (1 + after / A) ** R * (1 + after / B) ** mp.mpf(s)
    assert float(model.probability_alive(x, t_x, T)) == pytest.approx(float(1 / (1 + odds)), rel=1e-9)


def test_impossible_parameters_are_refused():
    with pytest.raises(ParameterError, match="alpha must be positive"):
        BGNBD(0.2, -1.0, 0.8, 2.4)
    with pytest.raises(ParameterError, match="discount"):
        BGNBD(0.2, 1.0, 0.8, 2.4).discounted_orders(np.inf, 0.0)
    with pytest.raises(ParameterError, match="together"):
        BGNBD(0.2, 1.0, 0.8, 2.4).expected_orders(9, x=1)


def test_order_values_are_linear_in_the_mean_and_shrink():
    model = GammaGamma(6.25, 3.74, 15.44)
    x, mean = np.array([1, 2, 50]), np.array([80.0, 10.0, 80.0])
    A0, B0 = model.shrinkage(x)
    assert_allclose(A0 + B0 * mean, model.expected_order_value(x, mean))
    assert (np.diff(B0) > 0).all()
    assert model.expected_order_value(0, np.nan) == pytest.approx(float(model.expected_order_value()))


def test_order_value_draws_agree_with_mean_and_quantiles():
    model, rng = GammaGamma(6.25, 3.74, 15.44), np.random.default_rng(5)
    rows = 40_000
    values = model.draw_order_values(rng, np.arange(rows), x=np.full(rows, 2), mean=40.0)
    assert values.mean() == pytest.approx(float(model.expected_order_value(2, 40)), rel=0.02)
    many = GammaGamma(6.25e6, 3.74, 15.44e-6)  # orders without noise: a draw is the customer's own mean
    own = many.draw_order_values(rng, np.arange(rows), x=np.zeros(rows), mean=np.zeros(rows))
    assert (own < many.quantile(0.9)).mean() == pytest.approx(0.9, abs=0.006)


def test_orders_of_one_customer_share_one_taste():
    model, rng = GammaGamma(50.0, 3.0, 10.0), np.random.default_rng(6)
    pairs = model.draw_order_values(rng, np.repeat(np.arange(5000), 2), x=np.zeros(5000), mean=np.zeros(5000))
    first, second = np.log(pairs.reshape(-1, 2)).T
    assert np.corrcoef(first, second)[0, 1] > 0.8


def test_gamma_gamma_finds_its_parameters_and_keeps_q_above_one():
    rng, truth = np.random.default_rng(7), GammaGamma(4.0, 1.3, 6.0)
    x = rng.integers(1, 6, 3000)
    drawn = truth.draw_order_values(rng, np.repeat(np.arange(3000), x), x=np.zeros(3000), mean=np.zeros(3000))
    mean = np.bincount(np.repeat(np.arange(3000), x), drawn) / x
    result = fit(GammaGamma, OrderValues(x, mean, np.ones(3000)))
    away = result.theta - result.coordinates.theta(np.log(truth.parameters()))
    assert away @ np.linalg.solve(result.theta_covariance, away) < 16
    assert (result.posterior.q > 1).all()


def test_parity_with_lifetimes(cdnow):
    """Where lifetimes is right: its formulas at one set of parameters, on every customer of CDNOW."""
    import pandas as pd

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # lifetimes sets a deprecated pandas option on import
        from lifetimes import BetaGeoFitter

    peer = BetaGeoFitter()
    peer.params_ = pd.Series({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426})
    own = BGNBD(0.243, 4.414, 0.793, 2.426)
    theirs = peer.conditional_expected_number_of_purchases_up_to_time(39, cdnow.x, cdnow.t_x, cdnow.T)
    assert_allclose(own.expected_orders(39, x=cdnow.x, t_x=cdnow.t_x, T=cdnow.T), theirs, rtol=1e-9)
    theirs = peer.conditional_probability_alive(cdnow.x, cdnow.t_x, cdnow.T)
    assert_allclose(own.probability_alive(cdnow.x, cdnow.t_x, cdnow.T), theirs, rtol=1e-9)
