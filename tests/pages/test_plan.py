"""What a batch is to make: plans, titles, folders, whatever the data call them."""

from unicodedata import normalize

import pytest

from ltv.errors import ParameterError
from ltv.pages.plan import Plan, chosen, read_plan, title_of
from ltv.pages.slugs import DIGITS, LONGEST, readable, slugs

HOSTILE = [
    "", " ", ".", "..", "../..", "/etc/passwd", "a/b", "a\\b", "a\nb", "a\0b", "C:", "con", "index", "failed", "runs",
    "<script>alert(1)</script>", '"quoted"', "it's", "a & b", "東京", "電子報", "Ünïcode", "\u202egnp.exe", "a\u200bb",
    "★★★★♦!", "★★!♥!?", "Ads", "ads", "ADS", "a...", "a ", "CON", "nul.txt", "caf\u00e9", "cafe\u0301", "ﬁ", "fi",
    "Straße", "strasse", "İ", "a\ud800", "com1", "ads-de-45e2f6af7b11", "Ads/DE", "😀", "x" * 300, "電" * 100, "NO", "007", "a b", "a-b", "A B", "-rf", "~", "$HOME", "%2e%2e", "*", "?", "|", "a.b",
]  # fmt: skip


def test_a_slug_is_one_plain_folder_and_no_two_are_the_same():
    made = slugs(HOSTILE)
    assert len({normalize("NFC", slug).casefold() for slug in made}) == len(HOSTILE)
    for slug in made:
        assert slug == slug.strip("-. ")
        assert all(c.isalnum() or c == "-" for c in slug)
        assert 0 < len(slug.encode()) <= LONGEST + 1 + DIGITS
        assert slug not in {"con", "index", "failed", "runs"}
    assert dict(zip(HOSTILE, made, strict=True))["東京"] == "東京"


def test_a_slug_does_not_depend_on_the_order_of_its_neighbours():
    assert slugs(HOSTILE) == slugs(HOSTILE[::-1])[::-1]


def test_what_is_shown_turns_no_direction_and_breaks_no_line():
    for name in HOSTILE:
        assert not set(readable(name)) & {"\n", "\0", "\u202e", "\u200b"}


def test_titles_differ_where_values_differ():
    values = ["", "(none)", "a", "a, b", 'a"', "NO"]
    pairs = [{"channel": one, "country": two} for one in values for two in values]
    assert len({title_of(pair) for pair in pairs}) == len(pairs)


def write(tmp_path, text):
    (tmp_path / "orders.csv").write_text("x")
    path = tmp_path / "jobs.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_plan_file_comes_to_segments_with_checked_parameters(tmp_path):
    path = write(
        tmp_path,
        """
        reports = ["retention", "payback"]
        least = 50
        [parameters]
        orders = "orders.csv"
        amount = "paid"
        margin = 0.5
        [[segment]]
        title = "Norway"
        segment = {country = "NO", code = "007"}
        cac = 12
        [[segment]]
        title = "Ads / 広告"
        segment = {channel = "ads"}
        """,
    )
    plan = read_plan(path)
    norway, ads = plan.of()
    assert (norway.title, norway.folder, ads.title) == ("Norway", "norway", "Ads / 広告")
    assert norway.reports["payback"]["cac"] == 12.0
    assert norway.reports["payback"]["segment"] == {"country": "NO", "code": "007"}
    assert ads.reports["retention"]["orders"] == str(tmp_path / "orders.csv")
    assert {given["margin"] for segment in (norway, ads) for given in segment.reports.values()} == {0.5}
    assert plan.least == 50


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("reports = 'retention'", "a list of names is needed"),
        ("report = []", "did you mean reports?"),
        ("[[segment]]\nmargin = 0.3", "segment 1: it has no title"),
        ("[[segment]]\ntitle = 'a'\n[[segment]]\ntitle = 'a'", "'a' is there twice"),
        ("x =", "cannot be read"),
        ("least = 'many'", "a whole number above 0 is needed"),
        ("least = true", "a whole number above 0 is needed"),
        ("least = 0", "a whole number above 0 is needed"),
        ("reports = [1]", "a list of names is needed"),
        ("reports = ['ltv', 'ltv']", "'ltv' is there twice"),
        ("reports = ['lvt']", "no report 'lvt'; did you mean ltv"),
        ("by = [['a']]", "a list of columns is needed"),
        ("segment = [1, 2]", r"tables: \[\[segment\]\] is needed"),
        ("parameters = 3", r"a table: \[parameters\] is needed"),
        ("[[segment]]\ntitle = 3", "segment 1: its title must be text in quotes, not 3"),
        ("[[segment]]\ntitle = '\u200b '", "segment 1: it has no title"),
        ("x = " + "[" * 5000, "cannot be read"),
    ],
)
def test_a_plan_that_cannot_be_is_refused(tmp_path, text, fault):
    with pytest.raises(ParameterError, match=fault):
        read_plan(write(tmp_path, text)).of()


def test_every_fault_of_a_plan_is_said_at_once(tmp_path):
    text = """
        least = 'many'
        repots = []
        reports = ["retention", "lvt", "lvt", "paybak"]
        [parameters]
        margin = 7
        [[segment]]
        title = 3
        [[segment]]
        title = "a"
        [[segment]]
        title = "b"
        [[segment]]
        title = "a"
        cohort = "moon"
        """
    with pytest.raises(ParameterError) as error:
        read_plan(write(tmp_path, text))
    said = str(error.value)
    for words in (
        "least: a whole",
        "did you mean reports",
        "title must be text",
        "'a' is there twice",
        "'lvt' is there",
    ):
        assert said.count(words) == 1, words
    for words in ("no report 'lvt'", "no report 'paybak'; did you mean payback", "a, b: retention: 1 fault", "'moon'"):
        assert said.count(words) == 1, words
    assert "10 faults" in said


def test_a_found_segment_that_has_the_title_of_a_written_one_is_refused():
    plan = Plan(["retention"], segments=[("ads", {})], by=["channel"])
    with pytest.raises(ParameterError, match="segment 'ads' is there twice"):
        plan.of([{"channel": "ads"}])


@pytest.mark.parametrize("given", [{"country": "NO"}, "country=NO"])
def test_segments_are_found_within_the_segment_of_all(given):
    plan = Plan(["retention"], parameters={"segment": given}, by=["channel"])
    (made,) = plan.of([{"channel": "ads"}])
    assert made.reports["retention"]["segment"] == {"country": "NO", "channel": "ads"}


def test_the_faults_of_all_segments_are_said_at_once(tmp_path):
    text = "reports = ['payback']\n[[segment]]\ntitle = 'a'\ncac = 0\n[[segment]]\ntitle = 'b'\ncacc = 1\nsegment = {n = 1}"
    with pytest.raises(ParameterError) as error:
        read_plan(write(tmp_path, text)).of()
    for words in (
        "a: payback: 1 fault",
        "above 0",
        "b: payback: 2 faults",
        "did you mean cac?",
        "put numbers in quotes",
    ):
        assert words in str(error.value)


def test_found_segments_join_the_written_ones():
    plan = Plan(["retention"], segments=[("Everybody", {})], by=["channel"])
    made = plan.of([{"channel": "ads"}, {"channel": ""}])
    assert [segment.title for segment in made] == ["Everybody", "ads", "(none)"]
    assert [segment.folder.partition("-")[0] for segment in made] == ["everybody", "ads", "none"]
    assert made[2].reports["retention"]["segment"] == {"channel": ""}


def test_only_picks_segments_and_single_reports():
    segments = Plan(["retention", "ltv"], segments=[("Ads", {}), ("Mail", {})]).of()
    assert [segment.folder for segment in chosen(segments, ["m*"])] == ["mail"]
    (picked,) = chosen(segments, ["ads/ltv"])
    assert list(picked.reports) == ["ltv"]
    with pytest.raises(ParameterError, match="did you mean mail"):
        chosen(segments, ["mial"])
