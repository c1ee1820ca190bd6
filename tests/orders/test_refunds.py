"""Refunds: which order each undoes, what that does to orders, customers and money, and when it is known."""

from decimal import Decimal

import pandas as pd
import pytest

import ltv

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


def read(rows, columns=("who", "when", "paid"), **more):
    return ltv.read_orders(pd.DataFrame(rows, columns=list(columns)), **COLUMNS, **more)


def values(orders):
    frame = orders.table.order_by("customer", "day").to_pandas()
    return [(r.customer, str(r.day)[:10], r.value) for r in frame.itertuples()]


def booked(orders):
    frame = orders.refunds.order_by("customer", "refunded_on", "day").to_pandas()
    return [
        (r.customer, str(r.refunded_on)[:10], str(r.day)[:10], float(r.value), r.matched) for r in frame.itertuples()
    ]


def test_a_refund_of_the_same_amount_nets_the_latest_order_of_it():
    orders = read(
        [
            ("a", "2024-01-01", 10),
            ("a", "2024-02-01", 10),
            ("a", "2024-02-05", 7),
            ("a", "2024-03-01", -10),
            ("b", "2024-03-02", 1),
        ]
    )
    assert values(orders)[:3] == [("a", "2024-01-01", 10), ("a", "2024-02-01", 0), ("a", "2024-02-05", 7)]
    assert booked(orders) == [("a", "2024-03-01", "2024-02-01", -10, True)]
    assert ltv.summarize(orders).frame().loc["a", "frequency"] == 2  # refunded later, it was an order all the same


def test_refunds_close_purchases_like_brackets():
    rows = [("a", f"2024-01-0{day}", amount) for day, amount in enumerate([5, 5, -5, 5, -5, -5, -5], start=1)]
    assert booked(read(rows)) == [
        ("a", "2024-01-03", "2024-01-02", -5, True),
        ("a", "2024-01-05", "2024-01-04", -5, True),
        ("a", "2024-01-06", "2024-01-01", -5, True),
        ("a", "2024-01-07", "2024-01-07", -5, False),
    ]


def test_an_order_refunded_whole_on_its_day_is_no_order_and_brings_no_customer():
    orders = read([("a", "2024-01-01", 80), ("a", "2024-01-01", -80), ("b", "2024-01-02", 5), ("a", "2024-02-01", 3)])
    assert values(orders) == [("a", "2024-02-01", 3), ("b", "2024-01-02", 5)]
    assert orders.audit.loc["undone the same day", ["rows", "customers", "money"]].tolist() == [2, 1, 0]
    assert orders.refunds.count().to_pyarrow().as_py() == 0


def test_part_of_an_order_comes_back():
    orders = read([("a", "2024-01-01", 10), ("a", "2024-01-20", 6), ("a", "2024-02-01", -4), ("a", "2024-02-02", -1)])
    assert values(orders) == [("a", "2024-01-01", 10), ("a", "2024-01-20", 1)]
    assert orders.audit.loc["refund of an order", ["rows", "money"]].tolist() == [2, -5]


def test_parts_that_do_not_fit_into_the_order_stay_on_their_own_day():
    orders = read([("a", "2024-01-01", 10), ("a", "2024-02-01", -8), ("a", "2024-02-02", -7)])
    assert values(orders) == [("a", "2024-01-01", 10)]
    assert [row[2:] for row in booked(orders)] == [("2024-02-01", -8, False), ("2024-02-02", -7, False)]
    assert orders.size["revenue"] == -5
    assert orders.ledger.value.sum().to_pyarrow().as_py() == Decimal("-5")
    assert ltv.summarize(orders).counts["repeat_orders"] == 0


def test_the_order_number_decides_where_there_is_one():
    columns = ("who", "when", "paid", "number")
    rows = [
        ("a", "2024-01-01", 10, "1"),
        ("a", "2024-01-09", 10, "2"),
        ("a", "2024-02-01", -10, "1"),
        ("a", "2024-02-02", -3, "2"),
    ]
    assert values(read(rows, columns, order="number")) == [("a", "2024-01-01", 0), ("a", "2024-01-09", 7)]


def test_a_returned_product_undoes_the_order_that_held_it():
    columns = ("who", "when", "paid", "code")
    rows = [("a", "2024-01-01", 10, "cup"), ("a", "2024-01-09", 10, "hat"), ("a", "2024-02-01", -4, "cup")]
    assert values(read(rows, columns, product="code")) == [("a", "2024-01-01", 6), ("a", "2024-01-09", 10)]
    assert values(read(rows, columns)) == [("a", "2024-01-01", 10), ("a", "2024-01-09", 6)]


def test_refunds_of_orders_before_the_log_are_listed():
    orders = read([("a", "2024-01-01", -9), ("a", "2024-01-02", 5), ("b", "2024-01-03", -2), ("c", "2024-01-03", 1)])
    row = orders.audit.loc["refund without an order"]
    assert row[["rows", "customers", "money"]].tolist() == [2, 2, -11]
    assert row["first"] == "a 2024-01-01 -9.00; b 2024-01-03 -2.00"
    assert orders.audit["money"].sum() == -5


def test_refunds_can_be_left_out_or_refused():
    rows = [("a", "2024-01-01", 10), ("a", "2024-01-02", -10)]
    dropped = read(rows, policy=ltv.Policy(refunds="drop"))
    assert (values(dropped), dropped.audit.loc["refund", "money"]) == ([("a", "2024-01-01", 10)], -10)
    with pytest.raises(ltv.DataError, match=r"1 of 2 rows in .* are negative"):
        read(rows, policy=ltv.Policy(refunds="refuse"))


def test_a_split_knows_no_refund_made_later():
    orders = read(
        [
            ("a", "2024-01-01", 10),
            ("a", "2024-01-05", 4),
            ("a", "2024-02-01", -10),
            ("a", "2024-01-09", -4),
            ("a", "2024-02-09", 2),
        ],
        margin=0.5,
    )
    before, after = ltv.split(orders, at="2024-01-31")
    assert values(before) == [("a", "2024-01-01", 10), ("a", "2024-01-05", 0)]
    assert before.size["margin"] == 5
    assert values(after) == [("a", "2024-02-09", 2)]
    assert booked(after) == [("a", "2024-02-01", "2024-02-01", -10, False)]
    whole, parts = (
        orders.ledger.margin.sum().to_pyarrow().as_py(),
        [log.ledger.margin.sum().to_pyarrow().as_py() for log in (before, after)],
    )
    assert whole == sum(parts)


def test_the_margin_of_a_refund_takes_its_cost_back():
    rows = [
        ("a", "2024-01-01", 10, 6),
        ("a", "2024-01-08", -10, -6),
        ("a", "2024-02-01", 10, 6),
        ("a", "2024-02-08", -10, 0),
    ]
    orders = read(rows, ("who", "when", "paid", "cost"), cost="cost")
    assert orders.table.order_by("day").to_pandas()["margin"].tolist() == [0, -6]


def test_refunds_policy_and_signs_are_kept_with_the_orders(tmp_path, monkeypatch):
    monkeypatch.setenv("LTV_CACHE", str(tmp_path / "kept"))
    pd.DataFrame(
        [("a", "2024-01-01", 10), ("a", "2024-02-01", -3), ("a", "2024-02-01", -3)], columns=["who", "when", "paid"]
    ).to_csv(tmp_path / "log.csv", index=False)
    policy = ltv.Policy(leave_out=["x"])
    one, two = (ltv.read_orders(tmp_path / "log.csv", policy=policy, **COLUMNS) for _ in range(2))
    assert booked(one) == booked(two)
    assert (two.policy, two.signs, two.size) == (policy, one.signs, one.size)
    assert one.signs
    pd.testing.assert_frame_equal(one.audit, two.audit, check_dtype=False)


def test_a_refund_stays_where_an_order_of_its_day_was_undone_by_another():
    rows = [
        ("a", "2024-01-05 10:00", 100, "hat"),
        ("a", "2024-03-10 09:00", -50, "cup"),
        ("a", "2024-03-10 09:05", 50, "cup"),
        ("a", "2024-03-10 09:10", -50, "cup"),
    ]
    orders = read(rows, ("who", "when", "paid", "code"), product="code")
    assert values(orders) == [("a", "2024-01-05", 100)]
    assert booked(orders) == [("a", "2024-03-10", "2024-03-10", -50, False)]
    assert orders.audit["rows"][["kept", "refund on its own day", "undone the same day"]].tolist() == [1, 1, 2]
    assert orders.size["revenue"] == 50
