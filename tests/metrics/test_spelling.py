"""Channels spelled apart in orders and costs: one where only case, spaces or accent form differ, a question where not."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.metrics.cac_payback.acquisition import acquisition
from ltv.metrics.cac_payback.channels import channel_payback
from ltv.metrics.cac_payback.spelling import Spellings
from ltv.orders.costs import read_costs
from ltv.pages.story import spending


def read(channels):
    """Three customers a channel in January 2024, each with orders ten days apart."""
    rows = [
        (f"{channel}{i}", f"2024-01-{day:02}", 10 + i + day / 7, channel)
        for channel in channels
        for i in range(3)
        for day in (1 + i, 11 + i, 21 + i)
    ]
    frame = pd.DataFrame(rows, columns=["who", "when", "paid", "channel"])
    columns = {"customer": "who", "date": "when", "amount": "paid"}
    return ltv.read_orders(frame, **columns, by=["channel"], until="2024-06-30", margin=1.0)


def spent(**money):
    return read_costs(
        pd.DataFrame(
            [("2024-01", name, amount) for name, amount in money.items()], columns=["date", "channel", "amount"]
        )
    )


def test_facebook_is_facebook_and_never_free():
    log = read(["Facebook", "FACEBOOK\u00a0", "mail"])
    costs = spent(facebook=60)
    found = acquisition(log, costs)
    cell = found.cells.loc[(dt.date(2024, 1, 1), "facebook")]
    assert cell[["customers", "cost", "estimate"]].tolist() == [6, 60, 10]
    assert set(found.cells.index.get_level_values("channel")) == {"facebook", "mail"}
    assert found.cells["cost"].sum() + found.unmatched["cost"].sum() == 60
    paid = channel_payback(ltv.summarize(log), found, draws=20).channels
    assert paid.loc["facebook", ["n", "cac"]].tolist() == [6, 10]
    said = spending.accounts(log, channel_payback(ltv.summarize(log), found, draws=20), costs).items
    assert any("are one channel: they differ in case, spaces or accent form only" in text for text in said)


@pytest.mark.parametrize(
    ("orders", "costs", "same", "questions"),
    [
        ({"ads": 5}, {"ads": 9}, {}, []),
        ({"Ads ": 5, "mail": 2}, {"ads": 9}, {"Ads ": "ads"}, []),
        ({"Ads": 5, "ads": 9}, {"tv": 1}, {"Ads": "ads"}, ["“tv”", "“ads” brought 14 customers"]),
        ({"paid-search": 5}, {"paid_search": 9}, {}, ["the orders name “paid-search” (5 customers)"]),
        (
            {"google cpc": 5, "google organic": 3},
            {"tv": 9},
            {},
            ["“tv”", "“google cpc” brought 5 customers and has no costs"],
        ),
        ({"walk-in": 5}, {"all channels": 9}, {}, []),
    ],
)
def test_what_is_merged_and_what_is_only_asked(orders, costs, same, questions):
    found = Spellings.of(pd.Series(orders), pd.Series(costs, dtype=float) * 10_000)
    assert found.same == same
    assert len(found.questions) == len(questions)
    for text, words in zip(found.questions, questions, strict=True):
        assert words in text


def test_a_review_of_the_past_spells_channels_alike():
    log = read(["Facebook", "facebook"])
    found = acquisition(log, spent(FACEBOOK=30), lag={0: 1.0})
    assert found.cells["customers"].tolist() == [6]
    assert np.isclose(found.cells["estimate"].iloc[0], 5)
