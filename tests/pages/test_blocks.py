"""Blocks: what they show, what they escape, what they tell the manifest."""

import re

import numpy as np
import pandas as pd
import pytest

from ltv.pages import (
    Card,
    Cards,
    Definitions,
    Figure,
    Findings,
    Grade,
    Headline,
    Notes,
    Provenance,
    Table,
    Triangle,
    colours,
    formats,
)
from ltv.pages.blocks import GRADES, MIME
from ltv.secrets import hide

HOSTILE = '<script>alert("x")</script> & \u202e"quotes"'
FRAME = pd.DataFrame(
    {"estimate": [12.5, np.nan], "low": [10.0, np.nan], "high": [15.0, np.nan], "n": [40, 7], HOSTILE: [HOSTILE, "b"]},
    index=pd.Index(["a", HOSTILE], name="segment"),
)


def cells() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["1997-01", "1997-02"], [0, 1, 2]], names=["cohort", "age"])
    n = [10, 10, 4, 20, 20, 0]
    return pd.DataFrame(
        {"estimate": [1.0, 0.5, 0.25, 1.0, 0.4, np.nan], "n": n, "known": [k > 0 for k in n]}, index=index
    )


def picture():
    import matplotlib.pyplot as plt

    figure, ax = plt.subplots()
    ax.plot([1, 2, 3], [1, 4, 2], marker="o", label="測試 & <b>")
    ax.fill_between([1, 2, 3], [0, 3, 1], [2, 5, 3])
    ax.legend()
    return figure


@pytest.mark.parametrize(
    "block",
    [
        Headline(HOSTILE, HOSTILE, HOSTILE),
        Cards([Card(HOSTILE, HOSTILE, HOSTILE, HOSTILE)]),
        Findings(for_operations=[HOSTILE], for_product=[HOSTILE]),
        Grade("good", HOSTILE),
        Notes(HOSTILE, [HOSTILE]),
        Definitions({HOSTILE: HOSTILE}),
        Provenance({HOSTILE: HOSTILE}),
        Table(FRAME, HOSTILE, labels={"segment": HOSTILE}, id='"><script>'),
        Triangle.of(cells().rename(index={"1997-01": HOSTILE}), HOSTILE, age=HOSTILE),
        Figure(picture(), HOSTILE, HOSTILE),
    ],
    ids=lambda block: type(block).__name__,
)
def test_everything_from_data_is_escaped_and_has_a_plain_form(block):
    shown = block._repr_mimebundle_()
    assert "<script" not in shown["text/html"]
    assert shown["text/plain"].strip()


def test_bold_is_the_only_markup_of_a_sentence():
    assert "<li><strong>26%</strong> &lt;i&gt;stay</li>" in Notes("n", ["**26%** <i>stay"]).html()


def test_a_grade_says_its_colour_in_words():
    for tone, word in GRADES.items():
        html = Grade(tone, "why").html()
        assert f"ltv-{tone}" in html
        assert word in html


def test_blocks_tell_the_manifest():
    card = Card("Value", "$12", "$10 to $15", tone="good", numbers=(12.0, 10.0, 15.0))
    assert Cards([card])._repr_mimebundle_()[MIME]["cards"][0]["numbers"] == (12.0, 10.0, 15.0)
    assert Headline("**Half** stay", "all")._repr_mimebundle_()[MIME]["headline"]["text"] == "Half stay"
    assert MIME not in Notes("n", ["x"])._repr_mimebundle_()


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://ann:s3cret@db.example:5432/shop", "postgresql://db.example:5432/shop"),
        ("read mysql://token@host/x failed", "read mysql://host/x failed"),
        ("s3://bucket/key, https://example.org/a@b", "s3://bucket/key, https://example.org/a@b"),
    ],
)
def test_urls_lose_their_secrets(url, shown):
    assert hide(url) == shown
    assert "s3cret" not in Provenance({"Source": url}).html()


def test_a_table_has_headers_with_scope_and_says_what_is_not_yet_known():
    html = Table(FRAME, "By segment", formats={"estimate": "money:EUR"}, labels={"n": "Customers"}).html()
    assert html.count('scope="col"') == 5  # segment, estimate, interval, customers, the hostile one
    assert html.count('scope="row"') == 2
    assert html.count("not yet known") == 2
    assert "€10.00 to €15.00" in html
    assert 'data-split="10|15"' in html
    assert ">90% interval</th>" in html
    assert ">Customers</th>" in html


def test_a_table_refuses_the_format_of_a_column_it_does_not_have():
    with pytest.raises(ValueError, match="no column estimat;"):
        Table(FRAME, "By segment", formats={"estimat": "money"})


def test_a_triangle_marks_what_is_not_final_and_leaves_empty_what_nobody_reached():
    html = Triangle.of(cells(), "Who comes back", age="month of age").html()
    assert re.findall(r'<td class="ltv-open"[^>]*>(\d+)<span[^>]*> not final', html) == ["25"]
    assert html.count("<td></td>") == 1
    assert ">10</td>" in html  # customers in the margin
    assert "only part of the cohort" in html
    final = Triangle(pd.DataFrame({0: [1.0]}, index=["a"]), pd.Series([3], index=["a"]), caption="c").html()
    assert "only part of the cohort" not in final


@pytest.mark.parametrize("ramp", [colours.RAMP, colours.DARK], ids=["light", "dark"])
def test_heat_map_text_is_readable_on_every_step(ramp):
    assert min(colours.contrast(step, colours.ink(step)) for step in ramp) >= 4.5
    lights = [colours._luminance(step) for step in ramp]
    assert lights in (sorted(lights), sorted(lights, reverse=True))


def test_a_figure_is_the_same_bytes_twice_and_stands_alone():
    one, two = (Figure(picture(), "Sales double.", "Sales").html() for _ in range(2))
    assert one == two
    for absent in ("<?xml", "<!DOCTYPE", "<metadata", "xlink", "http:", "Date", "DejaVu", "<style"):
        assert absent not in one
    assert 'role="img"' in one
    assert "Sales double.</title>" in one
    assert "測試 &amp; &lt;b&gt;</text>" in one
    ids = re.findall(r' id="([^"]+)"', one)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'(?:href="|url\()#([^")]+)', one)) <= set(ids)


def test_two_figures_share_no_id_and_are_closed():
    import matplotlib.pyplot as plt

    one, two = Figure(picture(), "One."), Figure(picture().axes[0], "Two.")
    assert not set(re.findall(r' id="([^"]+)"', one.html())) & set(re.findall(r' id="([^"]+)"', two.html()))
    assert not plt.get_fignums()


def test_a_figure_needs_its_finding():
    with pytest.raises(ValueError, match="needs alt text"):
        Figure(picture(), " ")
    import matplotlib.pyplot as plt

    plt.close("all")


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (formats.money(-0.001), "$0.00"),
        (formats.money(1234.5, "TWD"), "NT$1,234"),
        (formats.percent(float("nan")), "–"),
        (formats.number(float("inf")), "∞"),
        (formats.interval(float("nan"), float("nan")), "–"),
        (formats.text(pd.Timestamp("1997-01-31")), "1997-01-31"),
        (formats.text(True), "yes"),
        (formats.column(pd.Series([1, 2]))(1234), "1,234"),
        (formats.column(pd.Series([0.5]), "percent:0")(0.126), "13%"),
        (formats.column(pd.Series([12_000.0, 3]), "money:EUR")(3), "€3"),
    ],
)
def test_numbers_in_words(shown, text):
    assert shown == text


def test_an_unknown_format_is_refused():
    with pytest.raises(ValueError, match="no format 'euros'"):
        formats.column(pd.Series([1.0]), "euros")
