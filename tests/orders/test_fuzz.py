"""A fast part of `python -m benchmarks fuzz`."""

import pytest

from benchmarks.fuzz import RIGHT, outcome

COUNTS = {"orders": 20, "exports": 8, "costs": 8, "plans": 12, "fits": 12}


@pytest.mark.parametrize(("kind", "count"), COUNTS.items())
def test_a_damaged_input_gives_right_numbers_or_a_listed_fault(tmp_path, kind, count):
    ends = {seed: outcome(kind, seed, tmp_path) for seed in range(count)}
    assert [f"{seed}: {end}: {words}" for seed, (end, words) in ends.items() if end not in RIGHT] == []
