"""What stands beside payback: other margins, other lags, and what was forecast in the past."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.metrics.cac_payback.reviewing import _age
from ltv.metrics.cac_payback.sensitivity import lag_sensitivity, margin_sensitivity
from ltv.simulate import DEMO, simulate_shop
from ltv.units import Unit


@pytest.fixture(scope="module")
def shop():
    from dataclasses import replace

    (chunk,) = simulate_shop(replace(DEMO, customers=2_500), 3)
    new = chunk.truth[~chunk.truth["old"]]
    costs = new.groupby(["acquired", "channel"], as_index=False)["cac"].sum()
    costs.columns = ["date", "channel", "amount"]
    costs["date"] = costs["date"].dt.strftime("%Y-%m-%d")
    log = ltv.read_orders(
        chunk.orders[chunk.orders["customer"].isin(new["customer"])],
        customer="customer", date="date", amount="amount", by=["channel"], until=DEMO.until, margin=DEMO.margin,
        policy=ltv.Policy(old_customers="keep"),
    )  # fmt: skip
    spend = ltv.read_costs(costs)
    found = ltv.channel_payback(ltv.summarize(log), ltv.acquisition(log, spend), draws=60)
    return log, spend, found


def test_another_margin_is_another_cac(shop):
    _, _, found = shop
    projection = found.projections["search"]
    table = margin_sensitivity(projection, cac=22.0, share=0.30, factors=(0.5, 1.0, 10.0))
    assert table.index.tolist() == [0.15, 0.30, 1.0]
    assert table["estimate"].tolist() == [
        ltv.payback(projection, cac=cac)["estimate"].iloc[0] for cac in (44.0, 22.0, 6.6)
    ]
    assert table["estimate"].is_monotonic_decreasing


def test_a_lag_is_judged_on_the_same_cohorts_under_every_lag(shop):
    log, spend, found = shop
    table = lag_sensitivity(log, spend, found.projections)
    assert set(table.index.get_level_values("lag")) == {0, 7, 30}
    assert "all" not in table.index.get_level_values("channel")
    social = spend.daily[spend.daily["channel"] == "social"]
    first = max(log.since, min(social["day"]) + dt.timedelta(days=30))
    cells = ltv.acquisition(log, spend, lag={30: 1.0}).cells.xs("social", level="channel")
    whole = cells[[day >= first for day in cells.index]]
    assert table.loc[("social", 30), "cac"] == pytest.approx(whole["cost"].sum() / whole["customers"].sum())
    # The shop spends on the day a customer comes, at the same price every day: a lag moves little.
    assert table.loc[("social", 30), "cac"] == pytest.approx(17, rel=0.15)
    assert table.loc[("social", 0), "cac"] == pytest.approx(17, rel=0.01)


def test_costs_too_short_for_a_lag_make_no_rows(shop):
    log, _, found = shop
    late = ltv.read_costs(pd.DataFrame({"date": ["2025-12-20"], "channel": ["tv"], "amount": [5]}))
    assert lag_sensitivity(log, late, found.projections).empty


def test_a_past_forecast_knows_nothing_of_what_came_later(shop):
    log, spend, found = shop
    review = ltv.review_channels(log, spend, found, at="2024-12-31", draws=60)
    assert review.at == dt.date(2024, 12, 31)
    cohorts = review.cells.index.get_level_values("cohort")
    assert max(cohorts) == dt.date(2024, 12, 1)
    assert (review.cells["age"] == 12).all()
    orders, key = log.table.to_pandas(), ("search", dt.date(2024, 6, 1))
    theirs = orders[orders["channel"].eq("search") & orders["first_day"].astype(str).str.startswith("2024-06")]
    age = (pd.to_datetime(theirs["day"]) - pd.to_datetime(theirs["first_day"])).dt.days
    margin = theirs["margin"].astype(float) * 1.1 ** (-age / 365.25)
    seen = margin[age <= int(12 * Unit.MONTH.days)].sum() / theirs["customer"].nunique()
    assert review.cells.loc[key, "actual"] == pytest.approx(seen, rel=0.01)
    assert review.cells.loc[key, "low"] < review.cells.loc[key, "estimate"] < review.cells.loc[key, "high"]
    big = review.cells[review.cells["n"] >= 20]
    assert big["covered"].mean() > 0.7


def test_a_log_too_short_to_look_back_says_so(shop):
    log, spend, found = shop
    review = ltv.review_channels(log, spend, found, at=log.since, draws=20)
    assert review.cells.empty
    assert str(log.since) in review.reason


def test_the_age_of_a_review_was_ahead_then_and_is_past_now():
    at, until = dt.date(2024, 12, 31), dt.date(2025, 12, 31)
    assert _age(dt.date(2024, 12, 1), Unit.MONTH, at, until) == 12
    assert _age(dt.date(2023, 2, 1), Unit.MONTH, at, until) == 24
    assert _age(dt.date(2022, 1, 1), Unit.MONTH, at, until) is None
    assert _age(dt.date(2025, 1, 1), Unit.MONTH, at, until) is None
    assert _age(dt.date(2024, 12, 1), Unit.MONTH, at, dt.date(2025, 2, 1)) is None


def test_a_review_by_default_looks_back_a_year_or_half_of_a_short_log():
    log = ltv.read_orders("cdnow_sample")
    row = ltv.review(log).iloc[0]
    assert row["at"] == ltv.metrics.cac_payback.campaigns.review_day(log) == dt.date(1997, 9, 30)
    assert row.name == "1997-01-01 to 1997-03-25", "the 90 days before the last newcomer, of which the log holds 84"
    assert np.isfinite(row[["before", "estimate", "low", "high", "actual"]].astype(float)).all()


def test_a_page_of_a_log_too_short_to_look_back_says_why():
    from ltv.pages.story.payback import reviewed

    log = ltv.read_orders(
        pd.DataFrame({"who": ["a", "b"], "when": ["2024-01-01", "2024-01-02"], "paid": [1, 2]}),
        customer="who", date="when", amount="paid",
    )  # fmt: skip
    assert "Nothing could be forecast at the end of 2024-01-01" in reviewed(log, at=None, unit="week").items[0]
