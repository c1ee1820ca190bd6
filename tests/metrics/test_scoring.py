"""Scores: products of moments are the moments of products, few points stand for many draws, ids keep their values."""

from dataclasses import replace

import numpy as np
import pytest

import ltv
from ltv import engine
from ltv.metrics.lifetime_value import scoring
from ltv.models.family import Pairs, age_shift


@pytest.fixture(scope="module")
def cdnow():
    orders = ltv.split(ltv.read_orders("cdnow_sample", margin=0.3), at="1997-09-30")[0]
    customers = ltv.summarize(orders)
    return customers, ltv.fit(ltv.BGNBD, customers), ltv.fit(ltv.GammaGamma, customers)


def test_moments_are_those_of_all_draws(cdnow):
    customers, buying, order_value = cdnow
    frame = engine.run(ltv.score(customers, buying, order_value, draws=400).order_by("customer")).set_index("customer")
    history = customers.frame().loc[frame.index].iloc[:300]
    x, t_x, T = (history[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    rng = np.random.default_rng(0)
    models, values = buying.draws(400), order_value.draws(400)
    mixed = rng.permutation(400)  # the two posteriors are independent
    delta = ltv.annual(0.10).per("week")
    D = models.discounted_orders(ltv.Horizon.of("12 months").in_("week"), delta, x=x, t_x=t_x, T=T)
    worth = values.expected_order_value(x, history["mean_order_value"].fillna(0).to_numpy())[mixed]
    drawn = 0.3 * D * worth
    np.testing.assert_allclose(frame["value"].iloc[:300], drawn.mean(axis=0), rtol=0.01)
    width = np.log(frame["value_high"] / frame["value_low"]).iloc[:300]
    np.testing.assert_allclose(
        width, np.log(np.quantile(drawn, 0.95, axis=0) / np.quantile(drawn, 0.05, axis=0)), rtol=0.25
    )


def test_balanced_points_have_the_mean_and_spread_of_the_draws(cdnow, monkeypatch):
    buying = cdnow[1]
    sharp = replace(
        buying, theta_covariance=buying.theta_covariance / 100, size=100_000
    )  # as with 100 times the customers
    monkeypatch.setattr(scoring, "WEIGHED", 0)
    points = scoring.balanced(sharp, 200)
    assert len(points) == 8
    few = np.stack([point.expected_orders(52, x=[0, 2, 9], t_x=[0, 30, 20], T=[39, 39, 39]) for point in points])
    theta = np.random.default_rng(0).multivariate_normal(sharp.theta, sharp.theta_covariance, 20_000)
    many = sharp.family.of_logs(sharp.coordinates.logs(theta)).expected_orders(
        52, x=[0, 2, 9], t_x=[0, 30, 20], T=[39, 39, 39]
    )
    np.testing.assert_allclose(few.mean(axis=0), many.mean(axis=0), rtol=0.002)
    np.testing.assert_allclose(few.std(axis=0), many.std(axis=0), rtol=0.05)


def test_binned_order_values_move_the_fit_by_less_than_a_hundredth_of_its_error(cdnow, monkeypatch):
    from ltv.orders import customers as module

    orders = cdnow[0].orders
    exact = ltv.fit(ltv.GammaGamma, ltv.summarize(orders))
    monkeypatch.setattr(module, "BINNED", 0)
    some = ltv.summarize(orders)
    binned = ltv.fit(ltv.GammaGamma, some)
    assert some.order_values.customers == exact.customers
    for name, error in exact.standard_errors.items():
        assert abs(getattr(binned.model, name) - getattr(exact.model, name)) < 0.01 * error


def test_scores_belong_to_their_customers(cdnow):
    customers, buying, order_value = cdnow
    table = ltv.score(customers, buying, order_value)
    orders = ltv.read_orders(
        customers.orders.table.to_pandas().sample(frac=1, random_state=1),
        customer="customer", date="day", amount="value", until=customers.orders.until, margin=0.3,
    )  # fmt: skip
    other = ltv.score(ltv.summarize(orders), buying, order_value)
    one, two = (engine.run(t.order_by("customer")).set_index("customer") for t in (table, other))
    np.testing.assert_allclose(one["value"], two["value"], rtol=1e-9)
    assert (one.index == two.index).all()


@pytest.mark.parametrize(
    "model",
    [
        ltv.BGNBD(0.24, 4.4, 0.79, 2.4),
        ltv.BGNBD(0.9, 0.5, 30.0, 40.0),
        ltv.MBGNBD(0.5, 0.05, 0.9, 1.6),
        ltv.ParetoNBD(0.55, 10.6, 0.6, 11.7),
        ltv.ParetoNBD(0.55, 100.0, 0.1, 0.05),
        ltv.NBD(0.4, 12.0),
    ],
)
def test_futures_of_a_few_ages_are_those_of_every_age(model):
    rng = np.random.default_rng(0)
    x = np.append(rng.geometric(0.2, 30_000) - 1.0, [200, 2000])
    T = rng.integers(0, 1500, x.size) / 7
    pairs, spans = Pairs.of_rows(x, T), (52.0, 0.002, 4.3)
    asked = []

    def f(x, T):
        asked.append(x.size)
        return scoring._given_alive(model, x, T, spans)

    some = pairs.spread(f, age_shift(model))
    assert sum(asked) < pairs.of.size / 2
    # A hundred rows are few: the models compute each of them.
    parts = np.array_split(np.arange(pairs.of.size), pairs.of.size // 100)
    every = np.concatenate([f(pairs.counts[pairs.of[i]], pairs.ages[pairs.at[i]]) for i in parts], axis=1)
    np.testing.assert_allclose(some, every, rtol=1e-11)
    np.testing.assert_array_equal(pairs.counts[pairs.of][pairs.back], x)
    np.testing.assert_array_equal(pairs.ages[pairs.at][pairs.back], T)
