"""A small run of benchmarks/calibration.py: no silent failure, and intervals that hold the truth as often as said."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from scipy import stats

PATH = Path(__file__).parents[2] / "benchmarks" / "calibration.py"


@pytest.fixture(scope="module")
def calibration():
    spec = importlib.util.spec_from_file_location("calibration_benchmark", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(("family", "sets"), [("BG/NBD", 8), ("MBG/NBD", 8), ("Pareto/NBD", 3)])
def test_truths_from_the_prior(calibration, family, sets):
    [kind] = [kind for kind in calibration.FIXED if kind.title == family]
    tally = calibration.arm(kind, sets, seed=1)
    assert tally.sets == sets
    assert tally.silent == 0
    assert set(tally.statuses) <= {"converged"} | {name for name in tally.statuses if name.startswith("edge")}
    least = stats.binom.ppf(0.001 / 24, sets, calibration.LEVEL)
    assert all(held >= least for held in tally.covered.values()), tally.covered
    assert max(tally.k_hats) < 1
