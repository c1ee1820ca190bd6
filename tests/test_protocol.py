"""The protocol of forecasts sees nothing too early, and its table says what it measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import ltv
from benchmarks import forecasts
from benchmarks.designs import DESIGNS, HALVES, RULE, anchored, equal, half_rule, pool, rule
from benchmarks.protocol import Cells, Log, Past, pairs, run, weights
from ltv.metrics.backtests.holdouts import hold_out
from ltv.models import Patterns
from ltv.units import Unit

RESULTS = Path(forecasts.__file__).parent / "results"


@pytest.fixture(scope="module")
def sample():
    return ltv.read_orders("cdnow_sample")


def test_a_day_of_the_protocol_is_a_holdout_of_the_package(sample):
    log, holdout = Log.of(sample), hold_out(sample, at="1997-09-30", days=91)
    day = (holdout.at - sample.since).days
    patterns, later = pairs(log, day, 91)
    theirs, came = holdout.pairs
    mine = np.stack([patterns.x, patterns.t_x, patterns.T, later, patterns.n])
    other = np.stack([theirs.x, theirs.t_x, theirs.T, came, theirs.n])
    assert np.allclose(mine[:, np.lexsort(mine)], other[:, np.lexsort(other)])


@pytest.mark.parametrize(
    "design",
    [
        rule,
        half_rule,
        pool(("Pareto", "BG")),
        equal(HALVES),
        anchored(("MBG", "NBD"), rule),
        DESIGNS["best member so far"],
    ],
)
def test_no_design_sees_an_order_after_its_day(sample, design):
    log, at = Log.of(sample), 294
    rng, late = np.random.default_rng(3), log.day > at
    forged = np.where(late, rng.integers(at + 1, log.length, log.day.size), log.day)
    keys = np.unique(np.stack([log.who, forged]), axis=1)
    other = Log(keys[0], keys[1], log.length)
    totals = []
    for one in (log, other):
        past = Past(one)
        totals.append(design(past, past.asked(at, 182))["total"])
    assert totals[0] == pytest.approx(totals[1], rel=1e-9)


def test_weights_go_to_who_forecast_better_and_lean_to_equal_ones():
    patterns = Patterns([0, 1], [0, 2], [9, 9], [5000, 5000], unit=Unit.WEEK)
    good, bad = np.array([[0.9, 0.4], [0.5, 0.2]]), np.array([[0.5, 0.2], [0.9, 0.4]])

    def past(likely, n):
        held = Patterns(patterns.x, patterns.t_x, patterns.T, np.array([n, n]), unit=Unit.WEEK)
        return [Cells(at, 91, held, np.zeros(2), ("a", "b"), likely, likely) for at in (84, 175, 266)]

    assert weights(past(good, 5000.0), ("a", "b"))[0] > 0.99
    assert weights(past(bad, 5000.0), ("a", "b"))[0] < 0.01
    assert 0.5 < weights(past(good, 1.0), ("a", "b"))[0] < 0.7
    assert weights(past(good, 1.0), ("a", "c")).tolist() == [0.5, 0.5]


def rows(design, total, score, at=168):
    common = {"at": at, "days": 91, "made": 100.0, "customers": 50.0, "graded": True, "noise": 1.5, "fallback": False}
    return common | {"design": design, "total": total, "score": score}


def test_figures_by_hand():
    frame = pd.DataFrame(
        [rows(RULE, 80, -900), rows("x", 125, -893), rows(RULE, 125, -800, 210), rows("x", 100, -803, 210)]
    )
    found = forecasts.figures(frame)
    assert found.loc["x", ["forecasts", "gain", "off", "error"]].tolist() == pytest.approx(
        [2, 2, np.log(1.25) / 2, np.log(1.25) / 2]
    )
    assert found.loc[RULE, "off"] == pytest.approx(np.log(1.25))
    assert found.loc[RULE, "error"] == pytest.approx(0, abs=1e-12)
    assert found.loc["x", "held"] == 1  # τ 0.12 by convention: 100 lies in 125 less and more a third


def test_what_passes_is_better_and_nowhere_worse():
    logs = [("one", 6.0, 0.10, 0.12), ("two", 4.0, 0.30, 0.295)]
    table = pd.DataFrame(
        [{"log": log, "shop": True, "design": d, "gain": g, "off": o, "held": 0.9}
         for log, gain, off, plain in logs for d, g, o in ((RULE, 0.0, plain), ("x", gain, off), ("y", gain, off + 0.02))]
    )  # fmt: skip
    assert forecasts.passing(forecasts.means(table)) == ["x"]
    assert forecasts.means(table).loc["x", ["gain", "more", "worst"]].tolist() == pytest.approx([5, -0.0075, 0.005])


def test_the_page_is_that_of_the_figures():
    figures = pd.read_csv(RESULTS / "forecasts.csv")
    assert (RESULTS / "forecasts.md").read_text("utf-8") == forecasts.page(figures)
    assert "rule among fits to the second half, without NBD" in forecasts.passing(forecasts.means(figures))


def test_all_designs_run_on_a_short_log(sample):
    from ltv.orders.log import split

    found = run(split(sample, at="1997-10-31")[0], DESIGNS)
    assert set(found["design"]) == set(DESIGNS)
    assert np.isfinite(found[["score", "total"]].to_numpy()).all()
