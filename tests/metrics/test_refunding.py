"""Refunds still to come: the delay curve by hand and against simulated truth, and what it does to margin."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.metrics.cac_payback.asordered import as_ordered, fit_order_values
from ltv.metrics.cac_payback.refunding import of_group, refund_curve, refunds_of
from ltv.simulate import DEMO, simulate_shop

COLUMNS = {"customer": "who", "date": "when", "amount": "paid", "order": "order"}


def read(rows, **more):
    frame = pd.DataFrame(rows, columns=["order", "who", "when", "paid"])
    return ltv.read_orders(frame, **COLUMNS, policy=ltv.Policy(old_customers="keep"), **more)


@pytest.fixture
def four_orders():
    return read(
        [
            (1, "a", "2024-01-01", 100),
            (2, "b", "2024-01-05", 100),
            (3, "c", "2024-01-08", 100),
            (4, "d", "2024-01-10", 100),
            (1, "a", "2024-01-03", -40),  # after two days
            (2, "b", "2024-01-09", -100),  # after four
        ],
        until="2024-01-10",
        margin=0.5,
    )


def test_a_day_of_delay_rests_on_the_orders_that_are_old_enough_to_have_shown_it(four_orders):
    curve = refund_curve(four_orders)
    # Ages of the orders are 9, 5, 2 and 0 days: three could show a refund after two days, two one after four.
    np.testing.assert_allclose(curve.by_day, [0, 0, 40 / 300, 0, 100 / 200])
    assert curve.total == pytest.approx(40 / 300 + 0.5)
    assert curve.half() == 4


def test_orders_that_are_old_enough_have_no_refund_left(four_orders):
    curve = refund_curve(four_orders)
    left = curve.expected(np.array([0, 1, 2, 3, 4, 400]))
    assert left[0] == left[1] == pytest.approx(40 / 300 + 0.5)
    assert left[2] == pytest.approx(0.5 / (1 - 40 / 300))
    assert left[4] == left[5] == 0


def test_amounts_as_ordered_hold_no_refund(four_orders):
    ordered = as_ordered(ltv.summarize(four_orders)).table.to_pandas().set_index("customer")
    assert ordered["first_value"].astype(float).to_dict() == dict.fromkeys("abcd", 100)
    assert refund_curve(read([(1, "a", "2024-01-01", 5)])) is None


def test_a_refund_that_names_no_order_lowers_margin_on_its_own_day():
    orders = read(
        [
            (1, "a", "2024-01-01", 100),
            (2, "a", "2024-01-20", 30),
            (3, "b", "2024-01-01", 80),
            (9, "a", "2024-02-10", -60),  # more than the last order is worth, and of no order's number
        ],
        until="2024-03-31",
        margin=0.5,
    )
    assert not orders.refunds.to_pandas()["matched"].any()
    curve = refund_curve(orders)
    assert curve.by_day.sum() == 0
    assert curve.unmatched == pytest.approx(60 / 210)
    buying, worth = ltv.BGNBD(r=0.5, alpha=8, a=0.8, b=2), ltv.GammaGamma(p=6, q=4, v=15)
    projection = ltv.project(ltv.summarize(orders), Known(buying), Known(worth), discount=0.0, draws=10)
    assert projection.realised[[0, 19, 39, 40]].tolist() == [45, 52.5, 52.5, 37.5]
    # Payback is the start of the last stretch above the CAC: the refund takes the first crossing back.
    when = ltv.payback(projection, cac=50.0).iloc[0]
    assert when["first_crossing"] == pytest.approx(19 / 30.4375)
    assert when["estimate"] > 40 / 30.4375


class Known:
    """Parameters that are known, in the place of a fit."""

    def __init__(self, model):
        self.model = model

    def draws(self, count):
        return type(self.model)(*(np.full((count, 1), float(value)) for value in self.model.parameters()))


@pytest.fixture(scope="module")
def shop():
    """A shop whose refunds take long, so that the export has seen only a part of those of its last months."""
    slow = replace(DEMO, customers=6_000, refunds=0.2, refund_days=40.0, beyond=600)
    (chunk,) = simulate_shop(slow, 5)
    log = ltv.read_orders(
        chunk.orders,
        customer="customer",
        date="date",
        amount="amount",
        order="order",
        by=["channel"],
        until=DEMO.until,
        margin=DEMO.margin,
        policy=ltv.Policy(old_customers="keep"),
    )
    return log, chunk


def test_the_share_given_back_in_the_end_is_found_though_the_youngest_orders_hide_it(shop):
    log, chunk = shop
    low, high = refund_curve(log).interval()
    lines = pd.concat([chunk.orders, chunk.hidden])
    bought = lines[(lines["amount"] > 0) & (lines["date"] <= pd.Timestamp(DEMO.until))]
    back = lines[(lines["amount"] < 0) & lines["order"].isin(bought["order"])]
    days = lines.groupby("order")["date"].agg(["min", "max"])
    same_day = back["order"].isin(days.index[days["min"] == days["max"]])
    eventual = -back.loc[~same_day, "amount"].sum() / bought["amount"].sum()
    assert low < eventual < high


def test_what_refunds_still_take_of_orders_made_lies_in_its_band(shop):
    log, chunk = shop
    curve = refund_curve(log)
    table = log.table.to_pandas()
    age = (pd.Timestamp(DEMO.until) - pd.to_datetime(table["day"])).dt.days.to_numpy()
    value = table["value"].astype(float).to_numpy()
    rng = np.random.default_rng(0)
    drawn = [
        (curve.part * value * (rng.random(len(value)) < curve.still_to_come(share, age))).sum()
        for share in curve.drawn(rng, 400)
    ]
    made = chunk.orders.loc[chunk.orders["amount"] > 0, "order"]
    later = chunk.hidden[(chunk.hidden["amount"] < 0) & chunk.hidden["order"].isin(made)]
    low, high = np.quantile(drawn, [0.005, 0.995])
    assert low < -later["amount"].sum() < high
    assert np.mean(drawn) > 0.02 * value[age < 90].sum()


def test_a_channel_has_a_level_of_its_own_shrunk_towards_the_log(shop):
    log, _ = shop
    customers, curve = ltv.summarize(log), refund_curve(log)
    levels = {}
    for name in ("search", "podcast"):
        segment = replace(customers, table=customers.table.filter(customers.table.channel == name))
        levels[name] = of_group(curve, segment)
    assert levels["search"].level == pytest.approx(1, abs=0.15)
    assert levels["podcast"].known < 50 < 200 < levels["search"].known
    assert refunds_of(customers).level == pytest.approx(1, abs=0.02)


def test_order_values_with_the_first_order_and_before_refunds_have_the_true_mean(shop):
    log, _ = shop
    model = fit_order_values(ltv.summarize(log)).model
    true = float(DEMO.channels[0].order_value.expected_order_value())
    assert float(model.expected_order_value()) == pytest.approx(true, rel=0.03)
    net = ltv.fit(ltv.GammaGamma, ltv.summarize(log)).model
    assert float(net.expected_order_value()) < 0.95 * true


def test_cheap_first_orders_are_brought_to_the_level_of_later_ones():
    rng = np.random.default_rng(1)
    level = 40 / rng.gamma(4, 1 / 3, 800)
    rows = [
        (
            f"{who}-{n}",
            f"c{who}",
            f"2024-0{1 + n}-15",
            round(level[who] * rng.gamma(6, 1 / 6) * (0.5 if n == 0 else 1), 2),
        )
        for who in range(800)
        for n in range(3 if who % 2 else 1)
    ]
    customers = ltv.summarize(read(rows, until="2024-06-30"))
    plain = customers.table.first_value.sum().to_pyarrow().as_py()
    brought = as_ordered(customers).table.first_value.sum().to_pyarrow().as_py()
    assert float(brought / plain) == pytest.approx(2, rel=0.08)


def test_first_orders_that_are_no_cheaper_stay_as_they_are():
    customers = ltv.summarize(ltv.read_orders("cdnow_sample"))
    assert as_ordered(customers) is customers


def test_margin_of_young_cohorts_is_lowered_by_what_still_goes_back_of_it(shop):
    log, chunk = shop
    customers = ltv.summarize(log)
    projection = ltv.project(
        customers, ltv.fit(ltv.BGNBD, customers), fit_order_values(customers), discount=0, draws=100
    )
    # On the day of the first order nothing is projected: the paths are what happened less the refunds to come.
    taken = (projection.realised[0] - projection.paths[:, 0]) * projection.customers
    made = chunk.orders[chunk.orders["amount"] > 0]
    first = made.sort_values("date").groupby("customer").first()["order"]
    later = chunk.hidden[(chunk.hidden["amount"] < 0) & chunk.hidden["order"].isin(first)]
    low, high = np.quantile(taken, [0.01, 0.99])
    assert 0 < low < -DEMO.margin * later["amount"].sum() < high
