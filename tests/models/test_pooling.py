"""Segments that lend each other strength."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ltv.errors import DataError, FitError
from ltv.models import BGNBD, NBD, Fit, GammaGamma, OrderValues, Patterns, pooled
from ltv.simulate import first_days, simulate_patterns
from ltv.units import Unit

SIZES = (40, 150, 600)


def segments(rng, base, tau, count):
    """Segments around `base`, their coordinates `varying` spread with sd `tau`, and their truths."""
    family = type(base)
    coordinates = family.coordinates(45.0)
    data, truths = {}, {}
    for g in range(count):
        theta = coordinates.theta(np.log(base.parameters()))
        theta[list(family.varying)] += tau * rng.standard_normal(len(family.varying))
        name = f"segment {g}"
        truths[name] = family.of_logs(coordinates.logs(theta))
        data[name] = simulate_patterns(rng, truths[name], first_days(SIZES[g % len(SIZES)], 90), 364)
    return data, truths


def year(model):
    return model.expected_orders(52.0)


@pytest.fixture(scope="module")
def shops():
    return segments(np.random.default_rng(1), BGNBD(0.5, 6.0, 0.8, 2.4), 0.3, 6)


@pytest.fixture(scope="module")
def result(shops):
    return pooled(BGNBD, shops[0])


def test_small_segments_are_pulled_and_large_ones_are_not(result):
    table = result.table(year)
    assert list(table.index) == [f"segment {g}" for g in range(6)]
    assert (table.low < table.estimate).all()
    assert (table.estimate < table.high).all()
    width, alone = np.log(table.high / table.low), np.log(table.alone_high / table.alone_low)
    assert (width < alone).all()
    small, large = table.customers == 40, table.customers == 600
    assert (width / alone)[small].max() < (width / alone)[large].min()
    assert table.own[small].max() < table.own[large].min()
    assert set(result.too_small) == set(table.index[table.judge != ""])
    assert all(name in result.note for name in result.too_small)


def test_every_segment_gets_a_usable_fit(result, shops):
    for name, own in result.fits.items():
        assert isinstance(own, Fit)
        assert own.customers == shops[0][name].customers
        assert own.weighted.k_hat < 0.7
        assert own.draws(50).r.shape == (50, 1)
        assert own.weighted.method == "partial pooling"
    assert result.between.index.tolist() == ["log mean", "logit mean"]


def test_the_order_of_segments_does_not_matter(result, shops):
    forward = result.table(year)
    backward = pooled(BGNBD, dict(reversed(shops[0].items()))).table(year)
    change = np.log(backward.loc[forward.index, "estimate"] / forward.estimate)
    assert np.abs(change).max() < 0.1 * np.log(forward.high / forward.low).min()


def test_coverage_over_segments_drawn_from_the_population():
    """Nominal over segments drawn from the population; the seed is the cluster, so the bounds are wide."""
    held = []
    for seed in range(6):
        rng = np.random.default_rng(seed)
        data, truths = segments(rng, NBD(0.5, 10.0), 0.4 * abs(rng.standard_normal()), 10)
        table = pooled(NBD, data).table(year)
        truth = np.array([float(year(truths[name])) for name in table.index])
        held += ((table.low <= truth) & (truth <= table.high)).tolist()
    low, high = stats.binom.ppf([0.0005, 0.9995], len(held), 0.9)
    assert low <= sum(held) <= high


def test_a_segment_that_cannot_stand_alone_still_gets_an_answer(shops):
    silent = Patterns([0.0], [0.0], [30.0], [25.0], unit=Unit.WEEK)
    result = pooled(BGNBD, {**shops[0], "silent": silent})
    assert "second time" in result.unpooled["silent"]
    table = result.table(year)
    assert table.estimate["silent"] < table.estimate.drop("silent").min()
    assert np.isnan(table.alone["silent"])


def test_order_values_pool_on_their_mean():
    rng = np.random.default_rng(3)
    data = {}
    for name, level, n in (("a", 1.0, 400), ("b", 1.5, 400), ("c", 1.2, 15), ("d", 0.8, 200), ("e", 1.1, 60)):
        x = rng.integers(1, 5, n)
        who, nothing = np.repeat(np.arange(n), x), np.zeros(n)
        drawn = GammaGamma(6.0, 3.7, 15.0 * level).draw_order_values(rng, who, x=nothing, mean=nothing)
        data[name] = OrderValues(x, np.bincount(who, drawn) / x, np.ones(n))
    result = pooled(GammaGamma, data)
    table = result.table(lambda model: model.expected_order_value())
    assert table.estimate["d"] < table.estimate["a"] < table.estimate["b"]
    assert table.own["c"] < table.own["a"]
    p = [own.model.p for own in result.fits.values()]
    assert np.ptp(p) < 1e-9


def test_few_segments_are_said_to_lean_on_the_prior(shops):
    two = dict(list(shops[0].items())[:2])
    assert "comes from the prior" in pooled(BGNBD, two).note
    with pytest.raises(FitError, match="two segments"):
        pooled(BGNBD, dict(list(shops[0].items())[:1]))
    weeks = two["segment 0"]
    days = Patterns(weeks.x, 7 * weeks.t_x, 7 * weeks.T, weeks.n, unit=Unit.DAY)
    with pytest.raises(DataError, match="unit"):
        pooled(BGNBD, {"weeks": weeks, "days": days})
