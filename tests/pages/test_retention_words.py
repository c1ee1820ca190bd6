"""What the retention page says, by hand."""

import numpy as np
import pandas as pd
import pytest

from ltv.metrics.cohort_retention.beside import Beside
from ltv.metrics.cohort_retention.repeats import share_by
from ltv.metrics.intervals import wilson
from ltv.pages.story import retention as story
from ltv.pages.story import retention_tables as tables


def _ages(n):
    frame = pd.DataFrame({"estimate": 0.1, "low": 0.05, "high": 0.2, "n": n, "known": True})
    return frame.rename_axis("age")


def test_findings_leave_out_the_ages_that_only_a_handful_has_reached():
    average = _ages([1000, 900, 400, 50, 49])
    assert list(story.reached(average).index) == [0, 1, 2, 3]
    average["known"] = [True, True, False, True, True]
    assert list(story.reached(average).index) == [0, 1, 3]


def test_a_second_order_that_nobody_has_placed_yet_may_still_come():
    curve = pd.DataFrame(
        {"estimate": [0.5], "low": [0.2], "high": [0.8], "n": [4], "orders": [2], "known": True},
        index=pd.Index([40], name="days"),
    )
    row = share_by(curve, days=(30,)).loc[30]
    assert (row["estimate"], row["low"]) == (0, 0)
    assert row["high"] == pytest.approx(float(wilson(0, 4)[1]))


def test_projected_cells_are_said_to_be_projected():
    index = pd.MultiIndex.from_product([["2025-01-01"], [0, 1]], names=["cohort", "age"])
    cells = pd.DataFrame({"estimate": [1.0, 0.2], "known": [True, False], "n": 10}, index=index)
    html = tables.projected(Beside(projected=cells), period="month").html()
    assert "Projected by the model." in html
    assert '20<span class="ltv-hidden"> projected by the model</span>' in html
    assert "only part of the cohort" not in html


def test_orders_nobody_reached_are_not_spoken_of():
    waits = pd.DataFrame(
        {"estimate": [0.0], "low": [0.0], "high": [0.1], "n": [20], "orders": [0], "known": True},
        index=pd.MultiIndex.from_tuples([(2, 100)], names=["order", "days"]),
    )
    assert "third" not in tables.next_order_table(waits).html()
    assert story._again(waits) == "Of 100 customers 0 order again within 30 days and 0 within 90 days."
    assert np.isfinite(share_by(waits.loc[2]).loc[30, "high"])
