"""The small version of benchmarks/payback_coverage.py: forecasts of the demo shop against what its customers went on to do."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import ltv
from ltv.metrics.channels import channel_payback
from ltv.metrics.costs import acquisition, read_costs
from ltv.simulate import DEMO, Shop, simulate_shop


@pytest.fixture(scope="module", params=[1, 2])
def shop(request):
    whole: Shop = replace(DEMO, customers=3_000, refunds=0.0, beyond=400)
    (chunk,) = simulate_shop(whole, request.param)
    new = chunk.truth[~chunk.truth["old"]]
    costs = new.groupby(["acquired", "channel"], as_index=False)["cac"].sum()
    costs.columns = ["date", "channel", "amount"]
    costs["date"] = costs["date"].dt.strftime("%Y-%m-%d")
    mine = chunk.orders[chunk.orders["customer"].isin(new["customer"])]
    log = ltv.read_orders(
        mine,
        customer="customer",
        date="date",
        amount="amount",
        by=["channel"],
        until=DEMO.until,
        margin=DEMO.margin,
        policy=ltv.Policy(old_customers="keep"),
    )
    found = channel_payback(ltv.summarize(log), acquisition(log, read_costs(costs)), draws=100, tau=0.0)
    later = pd.concat([mine, chunk.hidden[chunk.hidden["customer"].isin(new["customer"])]])
    return found, later


def test_margin_at_twelve_months_lies_in_its_band(shop):
    found, orders = shop
    first = orders.groupby("customer")["date"].transform("min")
    age = (orders["date"] - first).dt.days
    margin = (orders["amount"] * DEMO.margin * 1.1 ** (-age / 365.25)).where(age <= 365, 0.0)
    cohort = first.dt.to_period("M").dt.start_time.dt.date
    true = margin.groupby([cohort, orders["channel"]]).sum() / orders.groupby([cohort, "channel"])["customer"].nunique()
    cells = found.cells[(found.cells["margin_12_high"] - found.cells["margin_12_low"]) > 1e-9]
    seen = true.reindex(cells.index)
    held = (cells["margin_12_low"] <= seen) & (seen <= cells["margin_12_high"])
    assert len(held) > 30
    # Cells of a shop share its parameters, so the bound is that of a third as many.
    assert stats.binomtest(int(held.sum() / 3), len(held) // 3, 0.90).pvalue > 0.001


def test_a_channel_too_small_to_judge_and_the_money_add_up(shop):
    found, _ = shop
    assert "podcast" in found.too_small
    shown = found.acquisition.cells["cost"].sum() + found.acquisition.unmatched["cost"].sum()
    assert shown == pytest.approx(found.acquisition.blended["cost"].sum())
    assert np.isclose(found.channels.loc["all", "n"], found.cells["n"].sum())
