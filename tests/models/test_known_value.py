"""One price: what every order is worth is known, and everything that asks for a value gets it."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import FitError
from ltv.metrics.cac_payback.acquisition import acquisition
from ltv.metrics.cac_payback.channels import channel_payback
from ltv.models import GammaGamma, KnownValue, OrderValues, fit, load, save
from ltv.models.known_value import fit_worth
from ltv.orders.costs import read_costs
from ltv.pages.story import ltv as story


def box(price, seed=0, customers=150, channel="mail"):
    """A box at one price: (customer, day, amount, channel); gaps of 5 to 60 days, so that nothing is a cycle."""
    rng, start = np.random.default_rng(seed), dt.date(2023, 1, 1)
    rows = []
    for who in range(customers):
        day = int(rng.integers(0, 300))
        for _ in range(int(rng.geometric(0.35))):
            rows.append((f"{channel}{who}", start + dt.timedelta(days=day), price, channel))
            day += int(rng.integers(5, 60))
    return pd.DataFrame(rows, columns=["who", "when", "paid", "channel"])


def read(frame):
    columns = {"customer": "who", "date": "when", "amount": "paid"}
    return ltv.read_orders(frame, **columns, by=["channel"], until="2024-06-30", margin=0.5)


def test_one_price_is_known_and_gamma_gamma_has_nothing_to_learn_from_it():
    values = OrderValues(x=[1, 2, 7], mean=[29.99, 29.99, 29.99], n=[40, 20, 5])
    with pytest.raises(FitError):
        fit(GammaGamma, values)
    found = fit_worth(values)
    assert (found.family, found.status.name, found.model.value) == (KnownValue, "known", 29.99)
    assert found.estimates.loc["value", ["estimate", "low", "high", "se"]].tolist() == [29.99, 29.99, 29.99, 0.0]


def test_every_question_is_answered_with_the_price():
    model = KnownValue(29.0)
    base, slope = model.shrinkage(np.array([0.0, 3.0]))
    assert (base + slope * np.array([0.0, 99.0])).tolist() == [29.0, 29.0]
    assert model.expected_order_value([0, 2], [0, 31.0]).tolist() == [29.0, 29.0]
    assert model.quantile([0.05, 0.5, 0.95]).tolist() == [29.0, 29.0, 29.0]
    drawn = model.draw_order_values(np.random.default_rng(0), [0, 0, 1], x=[1.0, 2.0], mean=[29.0, 29.0])
    assert drawn.tolist() == [29.0, 29.0, 29.0]
    draws = fit_worth(OrderValues(x=[1, 2], mean=[29.0, 29.0], n=[40, 20])).draws(3)
    assert draws.expected_order_value() == pytest.approx(np.full((3, 1), 29.0), rel=1e-14)


@pytest.mark.parametrize(
    ("mean", "n", "family"),
    [
        ([29.0, 29.0], [1, 1], GammaGamma),  # three orders may be alike by chance
        ([29.0, 49.0, 99.0], [100, 100, 50], GammaGamma),
        ([29.0, 29.0, 29.0], [5, 3, 1], KnownValue),
    ],
)
def test_few_orders_make_no_price_and_several_prices_are_no_single_one(mean, n, family):
    values = OrderValues(x=[1, 2, 3][: len(mean)], mean=mean, n=n)
    assert fit_worth(values).family is family


def test_the_mean_of_nearly_one_price_has_the_error_of_a_mean():
    values = OrderValues(x=[1, 2, 3], mean=[29.0, 29.0, 58.0], n=[200, 199, 1])

    def stalls(*_, **__):
        raise FitError("stalled")

    found = fit_worth(values, by=stalls)
    with pytest.raises(FitError):  # customers differ by more than a tenth
        fit_worth(OrderValues(x=[1, 2], mean=[29.0, 58.0], n=[9, 9]), by=stalls)
    mean = (200 * 29 + 199 * 2 * 29 + 3 * 58) / (200 + 398 + 3)
    assert found.model.value == pytest.approx(mean)
    assert found.standard_errors["value"] == pytest.approx(mean * 29 * np.sqrt(399) / 400 / 29.0725 / 20)
    assert found.status.name == "nearly one price"


def test_a_fit_of_one_price_is_saved_and_read(tmp_path):
    found = fit_worth(OrderValues(x=[1, 2], mean=[29.0, 29.0], n=[40, 20]))
    again = load(save(found, tmp_path / "fit.json"))
    assert (again.family, again.model, again.draws(4).value.tolist()) == (
        KnownValue,
        found.model,
        found.draws(4).value.tolist(),
    )


def test_value_payback_and_score_of_one_price_are_orders_times_price(tmp_path):
    from ltv.metrics.lifetime_value.scoring import score_log

    log = read(box(29.0))
    customers = ltv.summarize(log)
    buying, worth = ltv.fit(ltv.BGNBD, customers), ltv.fit_worth(customers)
    scored = ltv.score(customers, buying, worth, discount=0).to_pandas()
    assert np.allclose(scored["value"], scored["orders"] * 29 * 0.5)
    assert score_log(log, tmp_path / "scores.parquet") == 150
    projection = ltv.project(customers, buying, ltv.fit_order_values(customers), discount=0, draws=20)
    assert projection.curve["estimate"].iloc[0] == pytest.approx(14.5)
    assert ltv.grade(log).order_value["estimate"] == pytest.approx(1.0)
    assert story._worth(worth, customers) == [
        "Every order is worth $29.00: only the number of orders has to be forecast."
    ]


@pytest.mark.parametrize("prices", [(29.0, 29.0, 29.0), (29.0, 49.0, 99.0)], ids=["one price", "a price each"])
def test_channels_of_one_price_have_a_payback(prices):
    parts = [box(price, seed, channel=name) for seed, (price, name) in enumerate(zip(prices, "abc", strict=True))]
    costs = read_costs(
        pd.DataFrame([("2023-02-01", name, 100) for name in "abc"], columns=["date", "channel", "amount"])
    )
    log = read(pd.concat(parts, ignore_index=True))
    found = channel_payback(ltv.summarize(log), acquisition(log, costs, cohort="quarter"), draws=20)
    first = found.channels.loc[list("abc"), "margin_3_undiscounted"]
    assert (first > np.array(prices) * 0.5).all()
    assert (np.diff(first) > -15).all()


def test_nobody_who_ordered_once_is_no_share_of_one_time_buyers():
    groups = pd.DataFrame(
        {"estimate": [5.0], "low": [4.0], "high": [6.0], "n": [70], "share": [1.0]}, index=["repeater, 0–30 days ago"]
    )
    log = read(box(29.0))
    said = story.findings(log, groups, groups, horizon="12 months")
    assert said.for_product[1] == "Nobody here has ordered only once."
    assert not any("ordered once" in text for text in said.for_operations)
