"""What an order says once: its total, its customer, day and status, what was given back; and which rows are orders."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv import engine
from ltv.errors import DataError, ParameterError
from ltv.orders import cleaning

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
ORDER = ("number", "who", "when", "paid", "code")


def read(rows, columns, **more):
    return ltv.read_orders(pd.DataFrame(rows, columns=list(columns)), **(COLUMNS | more))


def values(orders):
    frame = orders.table.order_by("customer", "day").to_pandas()
    return [(r.customer, str(r.day)[:10], float(r.value)) for r in frame.itertuples()]


def by_rule(orders, what="rows"):
    found = orders.audit[what]
    return found[found != 0].to_dict()


def shop(orders, lines):
    """Orders of several lines: `lines(total)` gives the amount that each line shows."""
    return [
        (f"#{i}", f"c{i % 4}", f"2024-01-{i + 1:02d}", amount, f"p{j}")
        for i in range(orders)
        for j, amount in enumerate(lines(10 + i))
    ]


@pytest.mark.parametrize(
    ("lines", "revenue", "said"),
    [
        (lambda total: [total, total], 75, "repeated on the lines of 6 orders"),
        (lambda total: [total, None, None], 75, "said on one line only of 6 orders"),
        (lambda total: [total - 1, 1], 75, ""),
        (lambda total: [5, 5], 60, ""),  # one price: two items of it
        (lambda total: [total, 0], 75, ""),  # an item that was free
    ],
    ids=["repeated", "once", "lines", "one price", "free item"],
)
def test_an_amount_repeated_on_the_lines_of_its_order_counts_once(lines, revenue, said):
    orders = read(shop(6, lines), ORDER, order="number", product="code")
    assert orders.size["revenue"] == revenue
    assert orders.size["orders"] == 6
    assert orders.audit["rows"].sum() == len(shop(6, lines))
    assert any(said in sign for sign in orders.signs) if said else not any("counts once" in s for s in orders.signs)


def test_few_orders_need_a_heading_or_the_policy_to_say_that_totals_are_repeated():
    rows = shop(3, lambda total: [total, total])
    assert read(rows, ORDER, order="number").size["revenue"] == 66
    assert read(rows, ORDER, order="number", policy=ltv.Policy(totals="order")).size["revenue"] == 33
    named = ("number", "who", "when", "Order Total", "code")
    assert read(rows, named, amount="Order Total", order="number").size["revenue"] == 33
    many, line = shop(8, lambda total: [total, total]), ("number", "who", "when", "Line total", "code")
    assert read(many, line, amount="Line total", order="number").size["revenue"] == 216
    assert read(many, ORDER, order="number", policy=ltv.Policy(totals="line")).size["revenue"] == 216


def test_equal_lines_of_one_product_are_more_of_it_and_no_total():
    rows = [(number, who, when, paid, "ticket") for number, who, when, paid, _ in shop(8, lambda total: [total] * 3)]
    assert read(rows, ORDER, order="number", product="code").size["revenue"] == 3 * sum(range(10, 18))


def test_an_amount_missing_from_a_line_is_a_fault_where_lines_have_their_own():
    rows = [
        *shop(6, lambda total: [total - 1, 1]),
        ("#9", "c", "2024-02-01", 5, "p0"),
        ("#9", "c", "2024-02-01", None, "p1"),
    ]
    with pytest.raises(DataError, match=r"1 of 14 rows .* are not numbers"):
        read(rows, ORDER, order="number")


def test_lines_take_what_they_leave_empty_from_their_order_where_it_is_of_one_mind():
    columns = ("number", "who", "when", "paid", "state")
    rows = [
        ("1", "a", "2024-01-01 10:00", 5, "paid"),
        ("1", None, None, 6, None),
        ("2", "b", "2024-01-02 10:00", 7, "voided"),
        ("2", None, "2024-01-02 10:00", 8, None),
        ("3", "a", "2024-01-03 10:00", 1, "paid"),
        ("3", "b", "2024-01-03 10:00", 1, "paid"),
        ("3", None, "2024-01-03 10:00", 9, "paid"),  # the numbers of two customers: whose it is cannot be known
    ]
    orders = read(rows, columns, order="number", status="state")
    assert values(orders) == [("a", "2024-01-01", 11), ("a", "2024-01-03", 1), ("b", "2024-01-03", 1)]
    assert by_rule(orders) == {"kept": 4, "no customer": 1, "not paid": 2}
    with pytest.raises(DataError, match=r"1 of 2 rows in .* are not dates"):
        read([("1", "a", "2024-01-01", 5), ("2", "a", None, 5)], columns[:4], order="number")


STATES = ("who", "when", "paid", "state")
MIXED = [
    ("a", "2024-01-01", 10, "Paid"),
    ("a", "2024-01-02", 20, "FAILED"),
    ("b", "2024-01-03", 30, "wc-on-hold"),
    ("b", "2024-01-04", 40, "partially_refunded"),
    ("c", "2024-01-05", 50, "Canceled"),
    ("c", "2024-01-06", 60, None),
    ("d", "2024-01-07", 70, "refunded"),
    ("d", "2024-01-08", 80, "zorp"),
    ("e", "2024-01-09", 90, "trial"),
]


def test_rows_whose_status_is_no_order_are_left_out_by_a_rule_of_their_kind():
    orders = read(MIXED, STATES, status="state", until="2024-01-09")
    assert by_rule(orders, "money") == {
        "kept": 260, "refund of an order": -70, "not paid": 50, "cancelled": 50, "draft or trial": 90,
    }  # fmt: skip
    assert orders.audit.loc["not paid", "why"] == "no money came in: FAILED 1, wc-on-hold 1 rows by their status"
    assert orders.audit["rows"].sum() == len(MIXED)
    assert values(orders)[-2:] == [("d", "2024-01-07", 0), ("d", "2024-01-08", 80)]
    assert [sign.partition(" (")[0] for sign in orders.signs] == [
        "Rows of an unknown status count as orders",
        "1 rows are refunded in part and count in full, for no column says how much came back: refunded= names it.",
    ]


def test_the_policy_says_which_statuses_are_orders():
    orders = read(MIXED, STATES, status="state", until="2024-01-09", policy={"status": "paid; On Hold"})
    assert values(orders) == [("a", "2024-01-01", 10), ("b", "2024-01-03", 30), ("c", "2024-01-06", 60)]
    assert orders.audit.loc["another status", "rows"] == 3
    with pytest.raises(DataError, match=r"is nowhere 'payed' .* there are Canceled, FAILED, Paid"):
        read(MIXED, STATES, status="state", policy={"status": "payed"})
    with pytest.raises(DataError, match="has more than 200 different values"):
        read([("a", "2024-01-01", 1, str(i)) for i in range(201)], STATES, status="state")


BACK = ("who", "when", "paid", "back")


def test_money_given_back_on_the_orders_own_row_is_its_refund_and_no_row_more():
    rows = [
        ("a", "2024-01-01", 10, "4"),
        ("a", "2024-01-02", 20, ""),
        ("b", "2024-01-03", 30, "-30"),
        ("b", "2024-01-04", 5, None),
    ]
    orders = read(rows, BACK, refunded="back", margin=0.5)
    assert values(orders) == [
        ("a", "2024-01-01", 6),
        ("a", "2024-01-02", 20),
        ("b", "2024-01-03", 0),
        ("b", "2024-01-04", 5),
    ]
    assert by_rule(orders) == {"kept": 4}
    assert by_rule(orders, "money") == {"kept": 65, "refund of an order": -34}
    assert (orders.size["revenue"], orders.size["margin"]) == (31, 15.5)
    assert "-34.00 USD on the rows of their orders" in orders.describe()["Refunds"]
    kept = read(rows, BACK, refunded="back", policy=ltv.Policy(refunds="drop"))
    assert (kept.size["revenue"], kept.audit.loc["refund", ["rows", "money"]].tolist()) == (65, [0, -34])


def test_more_given_back_than_was_paid_is_a_fault_with_its_row():
    rows = [("a", "2024-01-01", 10, "10"), ("a", "2024-01-02", 20, "20.01")]
    with pytest.raises(DataError, match=r'1 orders gave more back by "back" .* row 2, 20.01 of 20.00'):
        read(rows, BACK, refunded="back")
    with pytest.raises(DataError, match='1 of 1 rows in "back" are not numbers'):
        read([("a", "2024-01-01", 10, "some")], BACK, refunded="back")
    with pytest.raises(DataError, match=r'2 orders gave money back by "back" \(first: row 1'):
        read(rows, BACK, refunded="back", policy=ltv.Policy(refunds="refuse"))


def test_a_refund_line_of_its_own_does_not_undo_an_order_that_was_given_back_already():
    columns = (*BACK, "number")
    rows = [("a", "2024-01-01", 10, "", "1"), ("a", "2024-01-05", 10, "10", "2"), ("a", "2024-01-09", -10, "", None)]
    orders = read(rows, columns, refunded="back", order="number")
    assert values(orders) == [("a", "2024-01-01", 0), ("a", "2024-01-05", 0)]


def test_a_refund_repeated_on_the_lines_of_its_order_counts_once():
    columns = ("number", "who", "when", "Order Total", "back")
    rows = [("1", "a", "2024-01-01", 30, "5"), ("1", "a", "2024-01-01", 30, "5"), ("2", "b", "2024-01-02", 7, "0")]
    orders = read(rows, columns, amount="Order Total", order="number", refunded="back")
    assert values(orders) == [("a", "2024-01-01", 25), ("b", "2024-01-02", 7)]


def test_a_log_without_amounts_counts_orders_and_knows_no_money():
    rows = [("a", "2024-01-01"), ("a", "2024-01-01"), ("a", "2024-01-09"), ("b", "2024-01-02")]
    orders = read(rows, BACK[:2], amount=None)
    assert not orders.amounts
    assert values(orders) == [("a", "2024-01-01", 0), ("a", "2024-01-09", 0), ("b", "2024-01-02", 0)]
    assert orders.describe()["Revenue"] == "not known: the log has no amounts"
    assert "Margin" not in orders.describe()
    customers = ltv.summarize(orders)
    assert customers.patterns.x.tolist() == [0, 1]
    with pytest.raises(DataError, match="read without amounts: name their column with amount="):
        customers.order_values  # noqa: B018
    with pytest.raises(ParameterError, match=r"refunded= needs amount=.*policy\.zero needs amount="):
        read(rows, BACK[:2], amount=None, refunded="when", policy=ltv.Policy(zero="drop"))


def test_a_log_without_amounts_is_kept_as_one(tmp_path, monkeypatch):
    monkeypatch.setenv("LTV_CACHE", str(tmp_path / "kept"))
    (tmp_path / "log.csv").write_text("who,when\na,2024-01-01\nb,2024-01-02\n")
    found = [ltv.read_orders(tmp_path / "log.csv", customer="who", date="when") for _ in range(2)]
    assert [orders.amounts for orders in found] == [False, False]


def random_log(seed):
    """Order numbers, equal amounts, refunds before their order, free lines, nobody, copies: all that meets in one day."""
    rng = np.random.default_rng(seed)
    n = 80
    cents = rng.choice([0, 0, 100, 100, 200, 500, -100, -200, -500, 37, -37], n)
    frame = pd.DataFrame(
        {
            "who": rng.choice([None, "", "guest", "a", "b", "c"], n),
            "when": [
                f"2024-01-{d:02d} {h:02d}:00"
                for d, h in zip(rng.integers(1, 9, n), rng.integers(0, 24, n), strict=True)
            ],
            "paid": [f"{c / 100:.2f}" for c in cents.tolist()],
            "code": rng.choice(["x", "y", "POST", None], n),
            "number": rng.choice([None, *map(str, range(40))], n),
            "state": rng.choice(["paid", "failed", "refunded", "zorp", "cancelled", None], n),
            "back": [
                f"{max(c, 0) * s / 100:.2f}" for c, s in zip(cents.tolist(), rng.choice([0, 0, 0.5, 1], n), strict=True)
            ],
        }
    )
    return pd.concat([frame, frame.sample(frac=0.2, random_state=seed)], ignore_index=True)


@pytest.mark.parametrize("seed", range(8))
def test_rows_in_are_rows_accounted_for_and_money_in_is_money_out(seed):
    frame, pick = random_log(seed), np.random.default_rng(seed).choice
    policy = ltv.Policy(
        duplicates=str(pick(["keep", "drop"])),
        zero=str(pick(["keep", "drop"])),
        refunds=str(pick(["net", "net", "drop"])),
        wholesale=[None, 0.7][seed % 2],
        totals="line",
        not_products=["POST"],
    )
    named = {"order": "number", "product": "code", "status": "state"} | ({"refunded": "back"} if seed % 3 else {})
    orders = read(frame, frame.columns, policy=policy, **named)
    money = frame["paid"].map(Decimal).sum()
    if seed % 3:
        money -= frame["back"].map(Decimal).sum()
    else:
        whole = frame[(frame["state"] == "refunded") & (frame["paid"].map(Decimal) > 0)]
        filled = round(Decimal(orders.audit["money"].sum()), 4)  # a status may come from another line of the order
        assert filled <= money - whole["paid"].map(Decimal).sum()
        money = filled
    assert orders.audit["rows"].sum() == len(frame)
    assert round(Decimal(orders.audit["money"].sum()), 4) == money
    assert round(Decimal(orders.audit.loc[~orders.audit["dropped"], "money"].sum()), 4) == round(
        Decimal(orders.size["revenue"]), 4
    )


def test_an_account_that_does_not_add_up_is_an_error_and_never_a_page(monkeypatch):
    whole = cleaning.place_refunds
    monkeypatch.setattr(cleaning, "place_refunds", lambda *given: engine.keep(given[0], whole(*given).limit(0)))
    with pytest.raises(DataError) as caught:
        read([("a", "2024-01-01", 5), ("a", "2024-01-02", -2)], BACK[:3])
    assert [" ".join(fault.partition(". ")[0].split()) for fault in caught.value.faults] == [
        "rows the account does not add up: 2 read, 1 accounted for",
        "money the account does not add up: 3.0000 read, 5.0000 accounted for",
    ]
