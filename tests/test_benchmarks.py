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
