"""The page of the benchmarks says what their tables say."""

from pathlib import Path

from benchmarks import summary

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"


def test_the_page_is_that_of_the_tables():
    assert (BENCHMARKS / "README.md").read_text("utf-8") == summary.page(), "run python -m benchmarks readme"
    assert {path.stem for path in (BENCHMARKS / "results").glob("*.md")} <= set(summary.ORDER)


def test_growth_is_read_from_the_table():
    table = (
        "| | 100 customers | 100, lifetimes | 10,000 customers |\n|---|---:|---:|---:|\n| total, s | 2.0 | 9.0 | 20.0 |"
    )
    assert summary.growth(table).splitlines()[2:] == ["| total | 100 to 10,000 | 10.0× | 0.50 |"]


def test_what_is_ahead_is_every_step_by_its_own_slope():
    table = """| | 100 customers | 1,000 customers |
|---|---:|---:|
| distinct patterns | 10 | 20 |
| read, s | 2.0 | 20.0 |
| fit, s | 1.0 | 2.0 |
| total, s | 3.0 | 22.0 |"""
    said = summary.ahead(table, 1e5)  # read 20·10², fit 2·2², patterns 20·2²
    assert "100,000 customers take 0.6 hours" in said
    assert "(read 0.6 h, fit 0.0 h)" in said
    assert "0 million" in said
