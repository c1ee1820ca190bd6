"""What pictures decide for themselves."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from ltv.plots.channels import NOBODY, ltv_to_cac, payback_by_cohort
from ltv.plots.drawing import end_labels, happened, money


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def test_a_sum_is_solid_up_to_the_last_age_of_which_nine_tenths_have_happened():
    frame = pd.DataFrame({"realised": [10, 19, 26, 36, 30], "estimate": [10, 20, 30, 40, 45], "reached": True})
    assert happened(frame).index.tolist() == [0, 1, 2, 3]  # age 2 has less, age 3 more: the line does not break
    assert happened(frame.iloc[[4]]).empty
    young = frame.assign(reached=[True, True, True, False, False])
    assert happened(young).index.tolist() == [0, 1]  # nobody is three months old: nothing of that age has happened


@pytest.mark.parametrize(
    ("top", "said"),
    [(50, "₩20"), (2e6, "₩800,000"), (5e7, "₩20 m"), (1e9, "₩0.4 bn"), (2.5e12, "₩1,000 bn")],
)
def test_an_axis_counts_large_amounts_in_millions(top, said):
    ax = plt.subplots()[1]
    ax.set_ylim(0, top)
    ax.yaxis.set_major_formatter(money("KRW"))
    assert ax.yaxis.get_major_formatter()(0.4 * top) == said
    assert ax.yaxis.get_major_formatter()(0) == "₩0"


def test_words_at_the_ends_of_lines_that_meet_stand_apart():
    ax = plt.subplots()[1]
    ax.set_ylim(0, 1)
    end_labels(ax, [(1, 0.5, "one", "k"), (1, 0.501, "two", "k"), (1, 0.1, "far", "k")])
    height = ax.get_window_extent().height * 72 / ax.figure.dpi
    at = {text.get_text(): text.xy[1] * height + text.xyann[1] for text in ax.texts}
    assert at["two"] - at["one"] >= 12.9
    assert at["far"] == pytest.approx(0.1 * height)


def test_no_channel_that_can_be_judged_is_said_in_the_picture():
    index = pd.MultiIndex.from_tuples([], names=["cohort", "channel"])
    none = pd.DataFrame(columns=["estimate", "low", "high", "known", "cac", "ltv_cac_12"], index=index, dtype=float)
    for draw in (payback_by_cohort, ltv_to_cac):
        assert NOBODY in [text.get_text() for text in draw(none).texts]
