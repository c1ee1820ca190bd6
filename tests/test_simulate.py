"""Simulated shops: the same seed gives the same rows, and what is simulated is what was asked for."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.simulate import DEMO, plain_shop, shops, simulate_shop, write_shop

SMALL = replace(DEMO, customers=3000, beyond=365)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    return write_shop(SMALL, tmp_path_factory.mktemp("shop"), seed=7)


def read(shop, **more):
    return ltv.read_orders(
        shop["orders"],
        customer="customer",
        date="date",
        amount="amount",
        order="order",
        by=["channel"],
        until=SMALL.until,
        **more,
    )


def test_a_seed_says_everything_and_chunks_are_independent(monkeypatch):
    one, two = (next(simulate_shop(SMALL, 7)) for _ in range(2))
    pd.testing.assert_frame_equal(one.orders, two.orders)
    monkeypatch.setattr(shops, "CHUNK", 1000)
    parts = list(simulate_shop(SMALL, 7))
    assert [len(part.truth) for part in parts] == [1000] * 3
    assert pd.concat([part.orders for part in parts])["order"].nunique() == sum(
        part.orders["order"].nunique() for part in parts
    )
    pd.testing.assert_frame_equal(parts[1].orders, list(simulate_shop(replace(SMALL, customers=2000), 7))[1].orders)


def test_the_export_is_cut_at_both_ends(shop):
    orders, hidden, truth = (pd.read_parquet(shop[name]) for name in ("orders", "hidden", "truth"))
    assert orders["date"].min() >= pd.Timestamp(SMALL.since)
    assert orders["date"].max() <= pd.Timestamp(SMALL.until) < hidden["date"].min()
    assert truth["old"].mean() == pytest.approx(184 / 915, abs=0.03)
    late = truth[~truth["old"]].set_index("customer")["acquired"]
    first = orders.groupby("customer")["date"].min()
    assert (first[late.index] == late).all()


def test_refunds_find_their_orders(shop):
    orders = read(shop, policy=ltv.Policy(old_customers="keep"))
    raw = pd.read_parquet(shop["orders"])
    assert round(orders.audit["money"].sum(), 2) == round(raw["amount"].sum(), 2)
    share = (raw["amount"] < 0).sum() / (raw["amount"] > 0).sum()
    assert share == pytest.approx(SMALL.refunds, abs=0.01)
    refunds = orders.audit.loc[["refund of an order", "refund without an order"], "rows"]
    early = raw[(raw["amount"] < 0) & ~raw["order"].isin(raw.loc[raw["amount"] > 0, "order"])]
    assert refunds["refund without an order"] <= len(early)  # orders before the export began


def test_old_customers_of_the_demo_shop_are_found(tmp_path):
    files = write_shop(replace(DEMO, customers=14_000), tmp_path, seed=3)
    orders = read(files)
    assert orders.truncation is not None
    assert "old customer" in orders.audit.index
    truth = pd.read_parquet(files["truth"]).set_index("customer")["old"]
    rows = pd.read_parquet(files["orders"])
    kept = orders.table.select("customer").distinct().to_pandas()["customer"].astype(int)
    out = rows.loc[~rows["customer"].isin(kept), "customer"].unique()
    assert truth[out].mean() > 0.35  # of those left out, against one in ten of the others
    assert truth[kept].mean() < 0.15
    acquired = rows.merge(pd.read_parquet(files["truth"])[["customer", "acquired"]])
    told = ltv.read_orders(
        acquired, customer="customer", date="date", amount="amount", acquired="acquired", until=DEMO.until
    )
    assert not truth[told.table.select("customer").distinct().to_pandas()["customer"].astype(int)].any()


@pytest.mark.parametrize("seed", range(4))
def test_a_log_that_begins_with_the_business_has_no_old_customers(tmp_path, seed):
    shop = replace(plain_shop(4000), refunds=0.0)
    files = write_shop(shop, tmp_path, seed=seed)
    orders = ltv.read_orders(files["orders"], customer="customer", date="date", amount="amount")
    assert orders.truncation is None
    assert orders.size["customers"] == 4000


def test_channels_are_worth_what_they_are_said_to_be():
    months = 36 * 30.4375
    value = {channel.name: channel.value(months, DEMO.margin) for channel in DEMO.channels}
    cost = {channel.name: channel.cac for channel in DEMO.channels}
    assert [name for name in value if value[name] < cost[name]] == ["tv"]
    assert value["search"] > value["social"] > value["affiliates"] > value["tv"]
    chunk = next(simulate_shop(replace(plain_shop(40_000), beyond=0), 1))
    young = chunk.truth[chunk.truth["acquired"] <= pd.Timestamp("2024-06-30")]
    rows = chunk.orders.merge(young, on="customer")
    within = rows[(rows["date"] - rows["acquired"]).dt.days <= 365]
    per_customer = within.groupby("customer")["amount"].sum().reindex(young["customer"], fill_value=0)
    error = per_customer.std() / np.sqrt(len(per_customer))
    assert abs(per_customer.mean() - plain_shop(1).channels[0].value(365, 1.0)) < 4 * error


def test_costs_are_those_of_the_customers_acquired(shop):
    costs, truth = pd.read_csv(shop["costs"]), pd.read_parquet(shop["truth"])
    new = truth[~truth["old"]]
    assert costs["amount"].sum() == pytest.approx(new["cac"].sum(), abs=0.01)
    assert list(costs.columns) == ["date", "channel", "amount"]
