"""Money has no natural size: a log in dong or won is that in dollars, times a factor."""

import numpy as np
import pandas as pd
import pytest

import ltv

FACTOR = 10_000_000


@pytest.fixture(scope="module")
def logs():
    rng = np.random.default_rng(5)
    size = 1500
    frame = pd.DataFrame(
        {
            "who": rng.integers(0, 300, size),
            "when": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 500, size), "D"),
            "price": np.round(rng.gamma(3, 300, size), 2),
            "units": rng.integers(1, 4, size),
        }
    )
    frame = pd.concat([frame, frame.iloc[:80].assign(units=-frame["units"].iloc[:80])])  # some are given back
    columns = {"customer": "who", "date": "when", "amount": "price", "quantity": "units"}
    large = frame.assign(price=(frame["price"] * FACTOR).round())
    return [ltv.read_orders(rows, margin=0.3, **columns) for rows in (frame, large)]


def test_the_log_itself(logs):
    small, large = logs
    assert large.size["revenue"] > 1e12
    assert float(large.size["revenue"]) == pytest.approx(FACTOR * float(small.size["revenue"]), rel=1e-12)
    assert float(large.size["margin"]) == pytest.approx(FACTOR * float(small.size["margin"]), rel=1e-6)
    assert large.size["orders"] == small.size["orders"]


@pytest.mark.parametrize(
    "metric",
    [ltv.cumulative_value, ltv.core_metric, ltv.brought_next, ltv.revenue_accounting, ltv.revenue_by_cohort],
    ids=lambda metric: metric.__name__,
)
def test_money_is_scaled(logs, metric):
    small, large = (metric(log).select_dtypes("number") for log in logs)
    money = [name for name in small if not np.allclose(small[name].fillna(0), large[name].fillna(0))]
    assert {"estimate", "low", "high"} <= set(money) or metric in (ltv.revenue_accounting, ltv.revenue_by_cohort)
    assert money
    for name in small:
        factor = FACTOR if name in money else 1
        np.testing.assert_allclose(large[name], factor * small[name], rtol=1e-6, err_msg=name)


@pytest.mark.parametrize("kind", ["net", "gross"])
def test_shares_of_money_are_not(logs, kind):
    small, large = (ltv.revenue_retention(log, kind=kind)[["estimate", "low", "high"]] for log in logs)
    np.testing.assert_allclose(large, small, rtol=1e-6)
