"""Every policy takes out what it names and nothing else, and money in is money out and money listed, to the cent."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import DataError, ParameterError

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


def read(rows, columns=("who", "when", "paid"), **more):
    return ltv.read_orders(pd.DataFrame(rows, columns=list(columns)), **COLUMNS, **more)


def test_free_lines_are_orders_unless_the_policy_says_otherwise():
    rows = [("a", "2024-01-01", 0), ("a", "2024-01-02", 5)]
    assert read(rows).size["orders"] == 2
    dropped = read(rows, policy=ltv.Policy(zero="drop"))
    assert (dropped.size["orders"], dropped.audit.loc["zero amount", "rows"]) == (1, 1)


def test_equal_lines_are_kept_and_said_or_dropped_and_counted():
    rows = [("a", "2024-01-01", 5)] * 3 + [("b", "2024-01-01", 5)]
    kept = read(rows)
    assert kept.size["revenue"] == 20
    assert any(sign.startswith("2 lines equal an earlier one") for sign in kept.signs)
    dropped = read(rows, policy=ltv.Policy(duplicates="drop"))
    assert dropped.size["revenue"] == 10
    assert dropped.audit.loc["duplicate line", ["rows", "money"]].tolist() == [2, 10]
    assert dropped.signs == ()


def test_customers_and_products_are_left_out_by_name():
    columns = ("who", "when", "paid", "code")
    rows = [
        ("a", "2024-01-01", 5, "cup"),
        ("a", "2024-01-01", 2, "post "),
        ("staff", "2024-01-01", 9, "cup"),
        ("a", "2024-01-02", 1, None),
    ]
    policy = ltv.Policy(leave_out=["staff"], not_products=["POST"])
    orders = read(rows, columns, product="code", policy=policy)
    assert orders.audit["rows"].to_dict() == {
        "kept": 2, "no customer": 0, "after the window": 0, "left out by name": 1, "not a product": 1,
    }  # fmt: skip
    with pytest.raises(ParameterError, match="needs product="):
        read(rows, columns, policy=policy)


def test_customers_above_a_quantile_of_revenue_are_wholesale():
    rows = [(f"c{i}", "2024-01-01", 10) for i in range(99)] + [("big", "2024-01-01", 900), ("big", "2024-01-03", -900)]
    orders = read([*rows, ("big", "2024-01-05", 1000)], policy=ltv.Policy(wholesale=0.99))
    assert orders.audit.loc["wholesale", ["rows", "customers", "money"]].tolist() == [3, 1, 1000]
    assert orders.size["customers"] == 99


def test_several_currencies_are_refused():
    rows = [("a", "2024-01-01", 5, "EUR"), ("a", "2024-01-02", 5, "GBP")]
    with pytest.raises(DataError, match=r"2 currencies in one log \(EUR 1, GBP 1 rows\)"):
        read(rows, (*COLUMNS.values(), "money"), currency_column="money")
    one = read(rows[:1], (*COLUMNS.values(), "money"), currency_column="money")
    assert one.currency == "EUR"
    with pytest.raises(DataError, match="the rows are in EUR, but currency=USD"):
        read(rows[:1], (*COLUMNS.values(), "money"), currency_column="money", currency="USD")


def test_net_is_price_times_quantity_less_discount_and_tax():
    rows = [("a", "2024-01-01", "2.50", 4, "1", None), ("a", "2024-01-02", "3", 1, None, "0.57")]
    orders = read(rows, ("who", "when", "paid", "n", "off", "vat"), quantity="n", discount="off", tax="vat")
    assert orders.table.order_by("day").to_pandas()["value"].tolist() == [9, Decimal("2.43")]


def busy(last_rows, last_hour=18, days=40):
    """Twenty orders a day from 9 to 18 h, and a last day of its own."""
    stamps = [
        pd.Timestamp("2024-01-01") + pd.Timedelta(days=d, hours=9 + h % 10) for d in range(days) for h in range(20)
    ]
    stamps += [pd.Timestamp("2024-01-01") + pd.Timedelta(days=days, hours=last_hour)] * last_rows
    return [(f"c{i % 50}", stamp, 1 + i / 100) for i, stamp in enumerate(stamps)]


@pytest.mark.parametrize(
    ("last_rows", "last_hour", "until"), [(20, 18, "2024-02-10"), (4, 18, "2024-02-09"), (20, 12, "2024-02-09")]
)
def test_a_last_day_that_is_not_whole_is_left_out(last_rows, last_hour, until):
    orders = read(busy(last_rows, last_hour))
    assert str(orders.until) == until
    assert orders.audit.loc["after the window", "rows"] == (last_rows if until == "2024-02-09" else 0)
    assert str(read(busy(last_rows, last_hour), policy=ltv.Policy(last_day="keep")).until) == "2024-02-10"


def test_policies_that_cannot_be_are_refused_at_once():
    with pytest.raises(ParameterError) as caught:
        ltv.Policy(refunds="maybe", zero="?", wholesale=2, leave_out="staff")
    for word in ("refunds is one of", "zero is one of", "wholesale is a quantile", 'list such as ["staff"]'):
        assert word in str(caught.value)


def random_log(seed):
    rng = np.random.default_rng(seed)
    n = 400
    cents = np.where(rng.random(n) < 0.25, -rng.integers(0, 900, n), rng.integers(0, 900, n))
    return pd.DataFrame(
        {
            "who": rng.choice([None, "", "staff", *map(str, range(25))], n),
            "when": [dt.date(2024, 1, 1) + dt.timedelta(days=int(d)) for d in rng.integers(0, 60, n)],
            "paid": [f"{c / 100:.2f}" for c in cents.tolist()],
            "code": rng.choice(["cup", "hat", "POST"], n),
            "number": rng.choice([None, *map(str, range(200))], n),
        }
    )


@pytest.mark.parametrize("seed", range(6))
def test_money_in_is_money_out_and_money_listed(seed):
    frame = random_log(seed)
    policy = ltv.Policy(
        leave_out=["staff"],
        not_products=["POST"],
        wholesale=[None, 0.9][seed % 2],
        duplicates=["keep", "drop"][seed % 2],
    )
    orders = ltv.read_orders(
        frame, **COLUMNS, until="2024-02-20", policy=policy, product="code", order="number", margin=0.37
    )
    money = frame["paid"].map(Decimal).sum()
    assert round(Decimal(orders.audit["money"].sum()), 4) == money
    assert orders.audit["rows"].sum() == len(frame)
    ledger = orders.ledger.aggregate(v=orders.ledger.value.sum(), m=orders.ledger.margin.sum()).to_pandas().iloc[0]
    assert round(Decimal(orders.audit.loc[~orders.audit["dropped"], "money"].sum()), 4) == ledger["v"]
    assert not orders.table.to_pandas().duplicated(["customer", "day"]).any()
    for at in ("2024-01-15", "2024-02-10"):
        before, after = ltv.split(orders, at=at)
        late = orders.ledger.filter(orders.ledger.first_day > dt.date.fromisoformat(at))
        assert before.ledger.value.sum().to_pyarrow().as_py() + (
            after.ledger.value.sum().to_pyarrow().as_py() or 0
        ) == ledger["v"] - (late.value.sum().to_pyarrow().as_py() or 0)


@pytest.mark.parametrize(
    "policy", [{}, {"leave_out": ["7"]}, {"wholesale": 0.9}, {"refunds": "drop"}], ids=lambda policy: "".join(policy)
)
def test_ids_that_are_numbers_and_the_same_ids_as_text_give_the_same_orders(policy):
    rng = np.random.default_rng(0)
    ids = pd.array(rng.integers(-1, 30, 400), dtype="Int64")
    days = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 60, 400), unit="D")
    rows = pd.DataFrame({"who": ids, "when": days, "paid": rng.integers(-3, 20, 400)})
    rows.loc[rng.integers(0, 400, 5), "who"] = pd.NA
    read = [
        ltv.read_orders(frame, **COLUMNS, until="2024-02-20", policy=ltv.Policy(**policy))
        for frame in (rows, rows.astype({"who": "string"}))
    ]
    one, two = (orders.table.order_by("customer", "day").to_pandas() for orders in read)
    pd.testing.assert_frame_equal(one, two)
    pd.testing.assert_frame_equal(read[0].audit, read[1].audit)
    assert read[0].signs == read[1].signs
    assert read[0].describe() == read[1].describe()
