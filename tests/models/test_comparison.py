"""Choosing a family on a holdout."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from ltv.errors import DataError, FitError
from ltv.models import BGNBD, MBGNBD, NBD, ParetoNBD, Patterns, compare, second_opinion
from ltv.simulate import first_days, simulate_patterns
from ltv.units import Unit


@pytest.fixture(scope="module")
def held_out(cdnow):
    """CDNOW rows counted by (x, t_x, T, later)."""
    rows, n = np.unique(np.stack([cdnow.x, cdnow.t_x, cdnow.T, cdnow.later]), axis=1, return_counts=True)
    return Patterns(*rows[:3], n, unit=Unit.WEEK), rows[3]


def test_cdnow_rejects_the_baseline_and_picks_the_best_forecast(held_out):
    result = compare(*held_out, 39.0)
    table = result.table
    assert table.index[-1] == "NBD"
    assert table.loc["NBD", "behind"] > 4 * table.loc["NBD", "se"]
    best = table.index[0]
    assert table.loc["Pareto/NBD", "behind"] > table.loc["Pareto/NBD", "se"]
    assert result.chosen is MBGNBD
    assert best == "MBG/NBD"
    assert table.chosen.sum() == 1
    assert table.loc["BG/NBD", "forecast"] == pytest.approx(1655, abs=1)
    assert (table.actual == 1882).all()
    assert result.reason.startswith("MBG/NBD")


def test_the_score_is_the_sum_of_log_probabilities(held_out):
    patterns, later = held_out
    result = compare(patterns, later, 39.0, families=[NBD])
    model = result.fits["NBD"].model
    probability = model.pmf(later, 39.0, x=patterns.x, t_x=patterns.t_x, T=patterns.T)
    assert result.table.log_score.iloc[0] == pytest.approx(patterns.n @ np.log(probability))


def test_without_dropout_the_baseline_is_not_far_behind():
    rng = np.random.default_rng(0)
    truth = NBD(0.8, 10.0)
    patterns = simulate_patterns(rng, truth, first_days(2000, 90), 364)
    who, _ = truth.future_orders(
        rng, 26.0, **{k: np.repeat(getattr(patterns, k), patterns.n.astype(int)) for k in ("x", "t_x", "T")}
    )
    later = np.bincount(who, minlength=2000)
    single = Patterns(
        *(np.repeat(getattr(patterns, k), patterns.n.astype(int)) for k in ("x", "t_x", "T")),
        np.ones(2000),
        unit=Unit.WEEK,
    )
    table = compare(single, later, 26.0, families=[BGNBD, NBD]).table
    assert (table.behind <= 2 * table.se + 1e-9).all()


def test_refusals(held_out):
    patterns, later = held_out
    with pytest.raises(DataError, match="one count"):
        compare(patterns, later[:-1], 39.0)
    nobody = Patterns([0.0], [0.0], [9.0], [50.0], unit=Unit.WEEK)
    with pytest.raises(FitError, match="no family fits"):
        compare(nobody, [0.0], 9.0)


def test_families_that_cannot_be_told_apart_follow_the_fixed_order(cdnow):
    """A few customers say little: the preferred family is taken, and the reason says so."""
    few = slice(2, 2357, 8)
    patterns = Patterns(cdnow.x[few], cdnow.t_x[few], cdnow.T[few], np.ones(295), unit=Unit.WEEK)
    result = compare(patterns, cdnow.later[few], 39.0)
    behind = result.table.loc["Pareto/NBD", "behind"]
    assert 0 < behind < result.table.loc["Pareto/NBD", "se"]
    assert result.chosen is ParetoNBD
    assert "fixed order" in result.reason


def test_lifetimes_finds_the_same_maximum(cdnow):
    table = second_opinion(cdnow.patterns, 39.0)
    assert len(table) == 6
    for title, rows in table.groupby(level="family"):
        own, peer = rows.xs("ltv", level="package").iloc[0], rows.xs("lifetimes", level="package").iloc[0]
        assert own["log_likelihood"] >= peer["log_likelihood"] - 2e-3, title
        assert own["log_likelihood"] == pytest.approx(peer["log_likelihood"], abs=0.05)
        assert own["forecast"] == pytest.approx(peer["forecast"], rel=1e-3)


def test_what_lifetimes_cannot_fit_is_said(cdnow, monkeypatch):
    monkeypatch.setitem(sys.modules, "lifetimes", None)
    table = second_opinion(cdnow.patterns, 39.0, families=[BGNBD])
    assert table.loc[("BG/NBD", "lifetimes"), "parameters"].startswith("ModuleNotFoundError: import of lifetimes")
    assert table["forecast"].notna().tolist() == [True, False]
