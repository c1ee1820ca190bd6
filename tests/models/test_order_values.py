"""Order values with the first order, compressed, and checked for independence of frequency."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import special, stats

import ltv
from ltv.errors import DataError
from ltv.models import GammaGamma, OrderValues, compressed, fit, independence, with_first_order
from ltv.models.order_values import shares_of_orders


def simulated(rng, truth, customers, drift=0.0):
    x = rng.geometric(0.3, customers).astype(float)
    nothing = np.zeros(customers)
    who = np.repeat(np.arange(customers), x.astype(int))
    mean = np.bincount(who, truth.draw_order_values(rng, who, x=nothing, mean=nothing)) / x
    return OrderValues(x, mean * x**drift, np.ones(customers))


TRUTH = GammaGamma(6.25, 3.74, 15.44)


def test_with_the_first_order_on_cdnow(logs):
    """BTYDplus, all orders of all customers: 9.8812410, 3.3987500, 7.9285879, log-likelihood −9898.4509."""
    rows = []
    for days in logs.values():
        values = [days[day] for day in sorted(days) if day.isoformat() <= "1997-09-30"]
        rows.append((len(values) - 1, np.mean(values[1:]) if len(values) > 1 else 0.0, values[0]))
    result = fit(GammaGamma, with_first_order(*np.array(rows).T), priors=None)
    assert_allclose(result.model.parameters(), (9.8812410, 3.3987500, 7.9285879), rtol=2e-5)
    assert result.log_likelihood == pytest.approx(-9898.4509, abs=1e-3)


def test_compression_keeps_its_bound_and_the_fit():
    data = simulated(np.random.default_rng(0), TRUTH, 30_000)
    for error in (1e-3, 1e-5):
        small = compressed(data, error)
        assert small.x.size < data.x.size
        assert small.n.sum() == pytest.approx(data.n.sum())
        assert small.n @ small.x == pytest.approx(data.n @ data.x)
        for model in (TRUTH, GammaGamma(2.0, 1.5, 40.0)):
            exact = model.log_likelihood(data.x, data.mean).sum()
            close = model.log_likelihood(small.x, small.mean) @ small.n
            bound = error * max(model.p, model.q) * data.n.sum()
            # the term −log(mean) of the density is exact: the average of the logs is kept
            assert abs(close - exact) < bound
    exact = fit(GammaGamma, OrderValues(data.x[:15_000], data.mean[:15_000], data.n[:15_000]))
    close = fit(GammaGamma, compressed(OrderValues(data.x[:15_000], data.mean[:15_000], data.n[:15_000])))
    away = np.subtract(exact.model.parameters(), close.model.parameters())
    assert (np.abs(away) < 0.01 * np.array(list(exact.standard_errors.values()))).all()


def test_large_data_are_compressed_on_the_way_and_scored_exactly():
    data = simulated(np.random.default_rng(1), TRUTH, 25_000)
    result = fit(GammaGamma, data)
    assert result.rows < data.x.size
    assert result.customers == 25_000
    exact = result.model.log_likelihood(data.x, data.mean).sum()
    assert result.log_likelihood == pytest.approx(exact, abs=1e-6)


def test_independence_holds_where_it_does_and_not_where_not():
    rng = np.random.default_rng(2)
    for drift, independent in ((0.0, True), (0.2, False)):
        data = simulated(rng, TRUTH, 20_000, drift)
        answer = independence(fit(GammaGamma, data).model, data)
        assert answer.independent is independent
        assert answer.slope == pytest.approx(drift * np.log(2), abs=0.02)
        assert ("assumes none" in answer.text) is not independent


def test_frequent_customers_of_cdnow_order_dearer(cdnow):
    """Correlation .114 (lifetimes Quickstart)."""
    answer = independence(fit(GammaGamma, cdnow).model, cdnow.order_values)
    table = answer.table
    assert table.customers.sum() == 946
    assert not answer.independent
    assert_allclose(table.ratio, table.observed / table.expected)
    assert np.corrcoef(cdnow.x[cdnow.x > 0], cdnow.mean[cdnow.x > 0])[0, 1] == pytest.approx(0.113884, abs=1e-5)


def test_one_frequency_cannot_be_compared():
    with pytest.raises(DataError, match="one frequency"):
        independence(TRUTH, OrderValues([2, 2], [9.0, 8.0], [1, 1]))


def test_a_mean_that_hardly_exists_is_an_edge():
    rng = np.random.default_rng(4)
    data = simulated(rng, GammaGamma(5.0, 0.8, 4.0), 5_000)
    result = fit(GammaGamma, data)
    assert result.status.name == "edge: heavy tail"
    assert (result.posterior.q > 1).all()
    assert np.isfinite(result.model.quantile(0.9))


def single_orders(seed, customers=400):
    """Orders one by one of TRUTH: who placed each, its value, and order values with and without what singles add."""
    rng = np.random.default_rng(seed)
    x = rng.integers(1, 7, customers)
    who = np.repeat(np.arange(customers), x)
    nothing = np.zeros(customers)
    value = TRUTH.draw_order_values(rng, who, x=nothing, mean=nothing)
    data = OrderValues(x, np.bincount(who, value) / x, np.ones(customers), singles=shares_of_orders(who, value))
    return who, value, data


def test_means_and_shares_together_are_the_likelihood_of_single_orders():
    """log Π Γ(p, ν) over the orders, ν ~ Γ(q, v) integrated out, against the sum of both parts; a constant apart."""
    who, value, data = single_orders(0)
    x, spent, logs = np.bincount(who), np.bincount(who, value), np.bincount(who, np.log(value))

    def direct(p, q, v):
        lg = special.gammaln
        each = lg(p * x + q) - lg(q) + q * np.log(v) - x * lg(p) + (p - 1) * logs - (p * x + q) * np.log(v + spent)
        return each.sum()

    points = np.array([[6.25, 3.74, 15.44], [2.0, 1.5, 40.0], [11.0, 6.0, 9.0]])
    ours = GammaGamma.total(data).values(np.log(points))
    theirs = np.array([direct(*point) for point in points])
    assert_allclose(np.diff(ours), np.diff(theirs), rtol=1e-10)
    total = GammaGamma.total(data)
    value, gradient, hessian = total.derivatives(np.log(points[1]))
    assert value == pytest.approx(ours[1])
    step = 1e-5
    for i in range(3):
        ends = np.log(points[1]) + np.eye(3)[i] * [[step], [-step]]
        up, down = total.values(ends)
        assert gradient[i] == pytest.approx((up - down) / (2 * step), rel=1e-6)
        slopes = [total.derivatives(end)[1] for end in ends]
        assert_allclose(hessian[i], (slopes[0] - slopes[1]) / (2 * step), rtol=1e-5)


def test_single_orders_tell_p_where_means_hardly_do():
    *_, data = single_orders(1, customers=3000)
    alone = replace(data, singles=np.empty((0, 3)))
    full, means = fit(GammaGamma, data), fit(GammaGamma, alone)
    error = full.estimates.loc["p", "se"]
    assert abs(full.model.p - TRUTH.p) < 3 * error
    assert error < means.estimates.loc["p", "se"] / 2


def test_a_next_order_lies_in_its_interval_as_often_as_said():
    """CDNOW up to 1997-09-30: a 90 % interval of each single order after it, of customers with a repeat order before.

    Orders there have heavier tails than a gamma, so .88 is what the family can reach; with p from means it is .73.
    """
    before, after = ltv.split(ltv.read_orders("cdnow_sample"), at="1997-09-30")
    known = ltv.summarize(before).frame().query("frequency > 0 and mean_order_value > 0")
    orders = after.table.to_pandas().set_index("customer")["value"].astype(float)
    joined = known.join(orders.rename("next"), how="inner")
    x, mean, value = (joined[name].to_numpy(float) for name in ("frequency", "mean_order_value", "next"))

    def covered(data):
        model = fit(GammaGamma, data, priors=None).model
        inside = stats.betaprime(model.p, model.q + model.p * x).cdf(value / (model.v + x * mean))
        return np.mean((inside > 0.05) & (inside < 0.95))

    data = ltv.summarize(before).order_values
    assert value.size == pytest.approx(1548, abs=40)
    assert covered(replace(data, singles=np.empty((0, 3)))) == pytest.approx(0.73, abs=0.02)
    assert covered(data) >= 0.87
