"""The small version of benchmarks/payback_coverage.py: forecasts of the demo shop against what its customers went on to do."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from benchmarks import payback_coverage as benchmark


@pytest.fixture(scope="module")
def judged():
    """Per shop: its cells not yet paid back beside what happened, and which channels are named as what they are."""
    rows, named = [], []
    for seed, refunds in ((1, 0.0), (2, 0.0), (3, 0.1)):
        shop = benchmark.export(seed, 3_000, refunds=refunds)
        found = benchmark.judged(shop, draws=100, seed=seed)
        rows.append(benchmark.held(*found, benchmark.truth(shop), tau=0.0).assign(seed=seed))
        named.append(benchmark.names(*found))
    return pd.concat(rows), pd.DataFrame(named)


@pytest.mark.parametrize("name", ["margin 12", "margin 24", "payback, days"])
def test_what_happened_lies_in_its_band(judged, name):
    held = judged[0][name].dropna()
    assert len(held) > 30
    # Cells of a shop share its parameters, so the bound is that of a third as many.
    enough = stats.binomtest(int(held.sum() / 3), len(held) // 3, 0.90, alternative="less").pvalue > 0.001
    too_sure_of_nothing = held.mean() == 1 and len(held) > 100
    assert enough
    assert not too_sure_of_nothing


@pytest.mark.parametrize("name", ["pit margin 24", "pit payback"])
def test_ranks_of_what_happened_are_spread_over_all_draws(judged, name):
    ranks = judged[0][name].dropna()
    assert stats.kstest(ranks.sample(len(ranks) // 3, random_state=0), "uniform").pvalue > 0.001


def test_the_probability_of_being_paid_back_says_more_than_the_share_that_is(judged):
    rows, _ = judged
    for age in (6, 12, 24):
        said, came = rows[f"said {age}"], rows[f"happened {age}"]
        assert ((said - came) ** 2).mean() < 0.5 * came.mean() * (1 - came.mean())
    said = np.concatenate([rows[f"said {age}"] for age in benchmark.AGES])
    came = np.concatenate([rows[f"happened {age}"] for age in benchmark.AGES])
    open_ = (said > 0.1) & (said < 0.9)
    assert said[open_].mean() == pytest.approx(came[open_].mean(), abs=0.25)


def test_the_channel_that_never_pays_back_and_the_one_too_small_are_named_so(judged):
    _, named = judged
    assert named["never"].all()
    assert named["small"].all()
    assert not named["wrongly"].any()
