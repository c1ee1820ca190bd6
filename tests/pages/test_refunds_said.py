"""The sentence on refunds: what goes back, how fast, and what is subtracted for what has not gone back yet."""

import pandas as pd

import ltv
from ltv.pages.story import common

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


def read(rows):
    frame = pd.DataFrame(rows, columns=["who", "when", "paid"])
    return ltv.read_orders(frame, **COLUMNS, until="2024-01-10", policy=ltv.Policy(old_customers="keep"))


def test_the_sentence_says_what_is_still_expected_back():
    log = read([("a", "2024-01-01", 100), ("b", "2024-01-09", 50), ("a", "2024-01-05", -100)])
    (said,) = common.refunds(log).items
    assert said.startswith("100.0% of what is ordered goes back")  # the one order old enough to show it was given back
    assert "half of it within 4 days and all within 4 of the order" in said
    assert "The $50.00 still expected back" in said


def test_refunds_that_name_no_order_are_said_to_count_on_their_own_day():
    log = read([("a", "2024-01-01", 100), ("a", "2024-01-04", 30), ("a", "2024-01-05", -50)])
    (said,) = common.refunds(log).items
    assert "no refund names its order" in said


def test_nothing_is_said_where_nothing_goes_back():
    assert common.refunds(read([("a", "2024-01-01", 100)])) is None
