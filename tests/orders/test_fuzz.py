"""A fast part of `python -m benchmarks.fuzz`."""

import pytest

from benchmarks.fuzz import outcome


@pytest.mark.parametrize("block", range(2))
def test_a_damaged_file_gives_right_orders_or_a_listed_fault(tmp_path, block):
    ends = {outcome(seed, tmp_path) for seed in range(10 * block, 10 * block + 10)}
    assert ends <= {"read", "fault"}
