"""Payback by cohort and channel: golden cases by hand, and a simulated shop whose truth is known."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import DataError, ParameterError
from ltv.metrics.cac_payback.acquisition import acquisition
from ltv.metrics.cac_payback.campaigns import review
from ltv.metrics.cac_payback.channels import channel_payback
from ltv.orders.costs import read_costs

START = dt.date(2023, 1, 1)
# channel: (customers a month, model, mean order value, CAC)
CHANNELS = {
    "search": (40, ltv.BGNBD(r=0.8, alpha=8, a=0.6, b=3), 40.0, 12.0),
    "social": (40, ltv.BGNBD(r=0.3, alpha=12, a=1.0, b=2), 30.0, 200.0),
    "walk-in": (30, ltv.BGNBD(r=0.9, alpha=8, a=0.6, b=3), 45.0, 0.0),
    "radio": (1 / 3, ltv.BGNBD(r=0.5, alpha=10, a=0.8, b=2), 35.0, 15.0),
}


def shop(seed=0, months=18):
    """Orders and costs of a shop with four channels, observed to the end of month `months`."""
    rng, orders, costs = np.random.default_rng(seed), [], []
    until = (pd.Timestamp(START) + pd.DateOffset(months=months) - pd.Timedelta(days=1)).date()
    last = (until - START).days
    for channel, (monthly, model, mean, cac) in CHANNELS.items():
        born = np.sort(rng.integers(0, last + 1, round(monthly * months)))
        nobody = np.zeros(len(born))
        who, when = model.future_orders(rng, last / 7, x=nobody, t_x=nobody, T=nobody)
        day = np.concatenate([born, born[who] + np.ceil(when * 7)]).astype(int)
        owner = np.concatenate([np.arange(len(born)), who])
        level = mean * 3 / rng.gamma(4, 1, len(born))
        value = np.round(level[owner] * rng.gamma(6, 1 / 6, len(owner)) + 0.01, 2)
        frame = pd.DataFrame({"who": [f"{channel}-{n}" for n in owner], "day": day, "paid": value, "channel": channel})
        orders.append(frame[frame["day"] <= last])
        if cac:
            costs += [((START + dt.timedelta(days=int(day))).isoformat(), channel, cac) for day in born]
    log = pd.concat(orders, ignore_index=True)
    log["when"] = pd.Timestamp(START) + pd.to_timedelta(log["day"], unit="D")
    columns = {"customer": "who", "date": "when", "amount": "paid"}
    read = ltv.read_orders(log, **columns, by=["channel"], until=until, margin=0.4)
    return read, read_costs(pd.DataFrame(costs, columns=["date", "channel", "amount"]))


@pytest.fixture(scope="module")
def found():
    orders, costs = shop()
    return channel_payback(ltv.summarize(orders), acquisition(orders, costs), draws=100)


def test_every_cell_and_channel_is_there(found):
    assert list(found.channels.index) == ["radio", "search", "social", "walk-in", "all"]
    assert found.channels.loc["all", "n"] == found.cells["n"].sum() == sum(round(18 * m) for m, *_ in CHANNELS.values())
    assert found.channels.loc["all", "cac"] == pytest.approx(
        found.acquisition.blended["cost"].sum() / found.channels.loc["all", "n"]
    )


def test_organic_customers_are_paid_back_at_once(found):
    organic = found.cells.xs("walk-in", level="channel")
    assert (organic["estimate"] == 0).all()
    assert (organic["cac"] == 0).all()
    assert (organic["verdict"] == "organic").all()
    assert organic["ltv_cac_12"].isna().all()


def test_a_channel_that_never_pays_back_is_named_so_and_a_good_one_is_not(found):
    assert found.channels.loc["social", "verdict"] == "not within 36 months"
    assert np.isinf(found.channels.loc["social", "estimate"])
    assert np.isinf(found.channels.loc["social", "next_estimate"])
    assert found.channels.loc["search", "estimate"] < 12
    assert found.channels.loc["search", "next_low"] <= found.channels.loc["search", "next_high"] < 12


def test_a_channel_too_small_to_judge_is_called_so(found):
    assert found.too_small == ("radio",)
    assert "too small to judge" in found.channels.loc["radio", "verdict"]
    assert "radio" in found.note


def test_old_cohorts_rest_on_data_and_young_ones_on_the_model(found):
    search = found.cells.xs("search", level="channel")
    assert search["realised"].iloc[0] == pytest.approx(1)
    assert search["realised"].iloc[-1] < 0.8
    assert (np.diff(search["realised"]) <= 0.15).all()
    width = (search["margin_24_high"] - search["margin_24_low"]) / search["margin_24"]
    assert width.iloc[-3:].mean() > width.iloc[:3].mean()


def test_margin_of_a_cell_is_what_its_customers_brought(found):
    orders, _ = shop()
    observed = ltv.cumulative_value(orders, period="month", cohort="month")
    log = orders.table.to_pandas()
    first = log.groupby("customer")["first_day"].first().astype(str).str[:7]
    theirs = log[log["channel"].eq("search") & log["customer"].map(first).eq("2023-01")]
    age = (pd.to_datetime(theirs["day"]) - pd.to_datetime(theirs["first_day"])).dt.days
    margin = theirs["margin"].astype(float) * 1.1 ** (-age / 365.25)
    expected = margin[age <= 365].sum() / theirs["customer"].nunique()
    assert found.cells.loc[(START, "search"), "margin_12"] == pytest.approx(expected)
    assert len(observed) > 0


def test_affordable_cac_separates_good_channels_from_bad(found):
    may = found.affordable["estimate"].unstack("months")
    assert (may.loc["search"] > may.loc["social"]).all()
    assert may.loc["search", 12] > CHANNELS["search"][3]
    assert may.loc["social", 24] < CHANNELS["social"][3]


def test_a_refund_after_payback_takes_the_payback_back():
    from ltv.metrics.cac_payback.payback import passage

    assert passage(np.array([[12.0, 12.0, 8.0, 8.0, 11.0]]), 10).tolist() == [4]


def test_orders_without_channels_and_shops_of_one_order_each_are_refused():
    orders, costs = shop()
    plain = ltv.summarize(ltv.read_orders("cdnow_sample"))
    with pytest.raises(ParameterError, match="no attribute"):
        channel_payback(plain, acquisition(orders, costs))


def test_one_channel_alone_needs_no_pooling():
    orders, costs = shop()
    t = orders.table
    one = ltv.read_orders(
        t.filter(t.channel == "search").to_pandas()[["customer", "day", "value", "channel"]],
        customer="customer",
        date="day",
        amount="value",
        by=["channel"],
        until=str(orders.until),
    )
    found = channel_payback(ltv.summarize(one), acquisition(one, costs), draws=20)
    assert list(found.channels.index) == ["search", "all"]
    assert found.note.startswith("One channel")
    assert {"social", "radio"} <= set(found.acquisition.unmatched["channel"])


def test_costs_of_all_channels_together_are_those_of_all_customers(tmp_path):
    orders, costs = shop()
    totals = costs.daily.groupby("day", as_index=False)["units"].sum()
    file = tmp_path / "costs.csv"
    file.write_text("date,amount\n" + "".join(f"{day},{units / 10_000:.2f}\n" for day, units in totals.values))
    with pytest.raises(DataError, match="leave the channel empty"):
        read_costs(file)
    spent = acquisition(orders, read_costs(file, channel=None), cohort="quarter")
    found = channel_payback(ltv.summarize(orders), spent, draws=20)
    by_channel = acquisition(orders, costs, cohort="quarter")
    assert spent.channel is None
    assert list(found.channels.index) == ["all channels", "all"]
    assert found.channels["n"].nunique() == found.channels["cac"].nunique() == 1
    pd.testing.assert_frame_equal(spent.blended, by_channel.blended)
    assert spent.cells["cost"].sum() + spent.unmatched["cost"].sum() == pytest.approx(costs.total)


def test_review_of_a_past_month_holds_what_its_customers_brought():
    orders, _ = shop()
    row = review(orders, acquired=("2023-03-01", "2023-03-31"), at="2023-06-30", only={"channel": "search"}).iloc[0]
    log = orders.table.to_pandas()
    theirs = log[log["channel"].eq("search") & log["first_day"].astype(str).str.startswith("2023-03")]
    later = theirs[pd.to_datetime(theirs["day"]) > "2023-06-30"]
    assert row["actual"] == pytest.approx(later["margin"].astype(float).sum())
    assert row["n"] == theirs["customer"].nunique()
    assert row["low"] < row["estimate"] < row["high"]
    with pytest.raises(DataError, match="no customer came"):
        review(orders, acquired=("2020-01-01", "2020-01-31"), at="2023-06-30")
