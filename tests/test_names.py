"""Names that came with the data: drawn and written as they are, on one line, in their own direction."""

import warnings
from html import unescape

import matplotlib.pyplot as plt
import pandas as pd
import pytest

from ltv.names import folded, neutral, short
from ltv.pages import Figure, Notes, Table
from ltv.plots import affordable_and_paid, channel_curves, payback_by_cohort
from ltv.plots.theme import families, theme

HOSTILE = {
    r"save $5 \now$": r"save $5 \now$",
    r"ads $ \o/ $": r"ads $ \o/ $",
    "$x^2$": "$x^2$",
    "two\nlines\tand a tab": "two lines and a tab",
    "turned \u202egnihtyreve\u2066": "turned gnihtyreve",
    "_hidden": "_hidden",
    "搜索引擎": "搜索引擎",
    "a" * 60: "a" * 27 + "…",
}


def svg(axes):
    return unescape(Figure(axes, "as written").svg)


@pytest.mark.parametrize(("name", "drawn"), HOSTILE.items())
def test_a_name_is_drawn_as_written_on_one_line(name, drawn):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        rows = pd.DataFrame({"estimate": [10.0], "cac_last": [12.0]}, index=[name])
        assert f">{drawn}<" in svg(affordable_and_paid(rows))
        cells = pd.DataFrame(
            {"estimate": [3.0], "low": [2.0], "high": [4.0], "known": [True], "cac": [9.0]},
            index=pd.MultiIndex.from_tuples([(pd.Timestamp("2024-01-01"), name)], names=["cohort", "channel"]),
        )
        assert f">{drawn}<" in svg(payback_by_cohort(cells)).replace("> ", ">")
        curve = pd.DataFrame(
            {"estimate": [1.0, 2.0], "low": [1.0, 1.0], "high": [2.0, 3.0], "reached": True, "realised": [1.0, 2.0]}
        )
        paid = pd.DataFrame({"cac": [1.5], "estimate": [1.0], "low": [0.0], "high": [1.0]}, index=[name])
        assert f">{drawn}<" in svg(channel_curves({name: curve}, paid))


def test_what_is_not_seen_is_on_no_page_and_leftward_names_stand_apart():
    name = "\u202eشركة الاختبار\u202c\ufeff"
    assert "<bdi>شركة الاختبار</bdi>: 3 customers" in Notes("Notes", [f"{name}: 3 customers"]).html()
    assert neutral(Table(pd.DataFrame({"n": [1]}, index=[name]), name).html()).count("شركة الاختبار") == 3
    assert short("a\u200bb\u00a0c\r\nd") == "ab c d"


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Facebook", "facebook", True),
        ("Paid\u00a0Search", " paid  search", True),
        ("Café", "Cafe\u0301", True),
        ("ads – brand", "ads - brand", True),
        ("Café", "Cafe", False),
        ("ads 1", "ads 2", False),
        ("Straße", "STRASSE", True),
    ],
)
def test_spellings_of_one_name_fold_to_the_same(one, other, same):
    assert (folded(one) == folded(other)) is same


def test_every_family_of_a_picture_is_installed_and_the_first_is_the_one_it_was():
    assert families()[0] in ("DejaVu Sans", "sans-serif")
    with theme():
        assert plt.rcParams["font.family"] == families()
        assert plt.rcParams["text.parse_math"] is False
