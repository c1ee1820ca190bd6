"""One door for orders: right rows in, every fault said at once, every row that stays out counted."""

import datetime as dt
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import DataError, ParameterError

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


def log(rows, columns=("who", "when", "paid")):
    return pd.DataFrame(rows, columns=list(columns))


def rows_of(orders):
    frame = orders.table.order_by("customer", "day").to_pandas()
    return [(r.customer, str(r.day)[:10], r.value) for r in frame.itertuples()]


def test_cdnow_has_the_published_size():
    orders = ltv.read_orders("cdnow_sample")
    assert orders.audit.loc["kept", "rows"] == 6919
    assert (orders.size["orders"], orders.size["customers"]) == (6696, 2357)
    before, after = ltv.split(orders, at="1997-09-30")
    counts = ltv.summarize(before).counts
    assert counts == {"customers": 2357, "repeaters": 946, "repeat_orders": 2457, "free": 0}
    assert after.size["orders"] == 1882
    assert after.size["revenue"] == pytest.approx(70_976.39, abs=0.005)


def test_full_cdnow_has_the_published_size():
    orders = ltv.read_orders("cdnow")
    assert orders.audit.loc["kept", "rows"] == 69_659
    counts = ltv.summarize(ltv.split(orders, at="1997-09-30")[0]).counts
    assert counts == {"customers": 23_570, "repeaters": 9_451, "repeat_orders": 24_337, "free": 1}


def test_orders_of_one_customer_on_one_day_are_one_order():
    orders = ltv.read_orders(
        log([("a", "2024-01-01", "0.1"), ("a", "2024-01-01", "0.2"), ("a", "2024-01-02", 1)]), **COLUMNS
    )
    assert rows_of(orders) == [("a", "2024-01-01", Decimal("0.3000")), ("a", "2024-01-02", Decimal("1.0000"))]


@pytest.mark.parametrize("suffix", ["csv", "parquet", "frame"])
def test_the_same_orders_come_out_of_every_source(tmp_path, suffix):
    frame = log([("9007199254740993", "2024-01-01", "10.10"), ("7", "2024-02-01", "5"), ("7", "2024-01-01", "2.5")])
    source = frame if suffix == "frame" else tmp_path / f"orders.{suffix}"
    if suffix == "csv":
        frame.to_csv(source, index=False)
    elif suffix == "parquet":
        frame.to_parquet(source)
    orders = ltv.read_orders(source, **COLUMNS)
    assert rows_of(orders) == [
        ("7", "2024-01-01", Decimal("2.5000")),
        ("7", "2024-02-01", Decimal("5.0000")),
        ("9007199254740993", "2024-01-01", Decimal("10.1000")),
    ]
    assert orders.until == dt.date(2024, 2, 1)


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        (["2024-02-01", "2024-03-13"], "2024-03-13"),
        (["2024-02-01 10:00", "2024-03-13T23:59:59.5"], "2024-03-13"),
        (["20240201", "20240313"], "2024-03-13"),
        (["01.02.2024", "13.03.2024"], "2024-03-13"),
        (["01/02/2024", "13/03/2024"], "2024-03-13"),
        (["02/01/2024", "03/13/2024"], "2024-03-13"),
        (["2024-02-01T10:00:00Z", "2024-03-13T23:30:00+02:00"], "2024-03-13"),
        ([dt.date(2024, 2, 1), dt.date(2024, 3, 13)], "2024-03-13"),
        (pd.to_datetime(["2024-02-01 00:00", "2024-03-13 11:00"]), "2024-03-13"),
    ],
)
def test_a_column_of_dates_in_one_form_is_read(dates, day):
    orders = ltv.read_orders(pd.DataFrame({"who": ["a", "b"], "when": dates, "paid": [1, 2]}), **COLUMNS)
    assert str(orders.until) == day


def test_the_time_zone_decides_the_day_of_an_instant():
    frame = pd.DataFrame({"who": ["a"], "when": pd.to_datetime(["2024-01-31T20:00Z"]), "paid": [1]})
    assert ltv.read_orders(frame, **COLUMNS).until == dt.date(2024, 1, 31)
    assert ltv.read_orders(frame, time_zone="Asia/Taipei", **COLUMNS).until == dt.date(2024, 2, 1)


def test_every_fault_is_said_at_once_with_its_row():
    frame = log([("a", "2024-01-01", "12"), ("b", "2024-02-30", "x"), ("c", "2024-01-03", "-5")])
    with pytest.raises(DataError) as caught:
        ltv.read_orders(frame, policy=ltv.Policy(refunds="refuse"), **COLUMNS)
    message = str(caught.value)
    assert len(caught.value.faults) == 3
    assert '1 of 3 rows in "when" are not dates' in message
    assert "row 2, customer b, '2024-02-30'" in message
    assert "row 2, customer b, 'x'" in message
    assert "row 3, customer c, '-5'" in message


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (["01/02/2024", "02/03/2024"], "to different days; pass date_format="),
        (["2024-01-31", "31.31.2024", "2024-02-01"], "1 of 3 rows"),
        (["soon", "later"], "are not dates"),
        ([None, "2024-01-01"], "are not dates"),
    ],
)
def test_dates_that_cannot_be_known_are_refused(dates, words):
    frame = pd.DataFrame({"who": "a", "when": dates, "paid": 1})
    with pytest.raises(DataError, match=words):
        ltv.read_orders(frame, **COLUMNS)


def test_an_ambiguous_column_is_read_in_the_form_that_is_named():
    frame = pd.DataFrame({"who": "a", "when": ["01/02/2024", "02/03/2024"], "paid": 1})
    assert ltv.read_orders(frame, date_format="%m/%d/%Y", **COLUMNS).until == dt.date(2024, 2, 3)


def test_missing_columns_are_named_with_the_nearest_one():
    with pytest.raises(DataError) as caught:
        ltv.read_orders(log([("a", "2024-01-01", 1)]), customer="Who", date="wen", amount="zzz")
    message = str(caught.value)
    assert len(caught.value.faults) == 3
    assert 'no column "wen"; did you mean "when"?' in message
    assert 'no column "zzz"; there are who, when, paid' in message
    with pytest.raises(DataError, match="name its column: date="):
        ltv.read_orders(log([("a", "2024-01-01", 1)]), customer="who", amount="paid")


def test_files_that_cannot_be_orders(tmp_path):
    empty, header, odd = tmp_path / "empty.csv", tmp_path / "header.csv", tmp_path / "orders.docx"
    empty.touch()
    header.write_text("who,when,paid\n")
    odd.write_text("x")
    for path, words in [
        (tmp_path / "none.csv", "does not exist"),
        (empty, "is empty"),
        (header, "none below the header"),
        (odd, "neither CSV, Parquet nor Excel"),
    ]:
        with pytest.raises(DataError, match=words):
            ltv.read_orders(path, **COLUMNS)
    broken = tmp_path / "broken.parquet"
    broken.write_text("not a parquet file at all")
    with pytest.raises(DataError, match="could not be read"):
        ltv.read_orders(broken, **COLUMNS)
    with pytest.raises(DataError, match="has no rows"):
        ltv.read_orders(log([]), **COLUMNS)


def test_rows_left_out_are_counted_and_the_money_adds_up():
    frame = log(
        [
            ("a", "2024-01-01", 10),
            (None, "2024-01-02", 7),
            ("b", "2024-01-02", 5),
            ("b", "2024-03-01", 2.25),
            ("", "2024-01-02", 1),
        ]
    )
    orders = ltv.read_orders(frame, until="2024-01-31", **COLUMNS)
    assert orders.audit["rows"].to_dict() == {"kept": 2, "no customer": 2, "after the window": 1}
    assert orders.audit["money"].sum() == pytest.approx(25.25)
    assert orders.size["revenue"] == 15
    assert orders.dropped == 3
    with pytest.raises(DataError, match="on or before until=2020-01-01"):
        ltv.read_orders(frame, until="2020-01-01", **COLUMNS)


def test_arguments_are_checked_before_anything_is_read():
    with pytest.raises(ParameterError) as caught:
        ltv.read_orders(
            log([("a", "2024-01-01", 1)]), until="31 May", time_zone="Mars/Base", margin=30, cost="c", **COLUMNS
        )
    for word in ("until", "time_zone", "margin is the share", "not both"):
        assert word in str(caught.value)


def test_margin_is_a_share_or_what_a_cost_column_leaves():
    frame = log([("a", "2024-01-01", "10", "4.5")], ("who", "when", "paid", "cost"))
    assert ltv.read_orders(frame, margin=0.3, **COLUMNS).size["margin"] == 3
    assert ltv.read_orders(frame, cost="cost", **COLUMNS).size["margin"] == 5.5
    assumed = ltv.read_orders(frame, **COLUMNS)
    assert assumed.size["margin"] == 3
    assert assumed.margin == "30% of revenue, assumed until a margin is given"
    assert ltv.read_orders(frame, margin=0.3, **COLUMNS).margin == "30% of revenue"


def test_ids_keep_every_digit_and_mixed_kinds_meet():
    frame = pd.DataFrame({"who": [2**64 - 1, "7", 7, 3.0], "when": "2024-01-01", "paid": 1}, dtype=object)
    assert {row[0] for row in rows_of(ltv.read_orders(frame, **COLUMNS))} == {str(2**64 - 1), "7", "3.0"}
    gaps = pd.DataFrame({"who": [1.0, np.nan, 2.0], "when": "2024-01-01", "paid": 1.0})
    assert [row[0] for row in rows_of(ltv.read_orders(gaps, **COLUMNS))] == ["1", "2"]


def test_order_of_rows_changes_nothing():
    frame = ltv.read_orders("cdnow_sample").table.to_pandas()[["customer", "day", "value"]].head(500)
    names = {"customer": "customer", "date": "day", "amount": "value"}
    one = ltv.summarize(ltv.read_orders(frame, **names)).frame()
    two = ltv.summarize(ltv.read_orders(frame.sample(frac=1, random_state=1), **names)).frame()
    pd.testing.assert_frame_equal(one, two)


def test_attributes_are_those_of_the_first_order():
    frame = log([("a", "2024-01-01", 1, "mail"), ("a", "2024-02-01", 1, "ads")], ("who", "when", "paid", "channel"))
    customers = ltv.summarize(ltv.read_orders(frame, by=["channel"], **COLUMNS)).frame()
    assert customers.loc["a", "channel"] == "mail"


def test_displays_say_window_size_and_what_was_left_out():
    frame = log([("<b>a</b>", "2024-01-01", 10), (None, "2024-01-02", 7)])
    orders = ltv.read_orders(frame, **COLUMNS)
    assert "2024-01-01 to 2024-01-02" in repr(orders)
    assert "Rows left out  1 (see audit)" in repr(orders)
    assert '<th scope="row">Window</th>' in orders._repr_html_()
    customers = ltv.summarize(orders)
    assert "Unit           week" in repr(customers)
    assert "<b>" not in orders._repr_html_() + customers._repr_html_()


def test_split_changes_the_window_and_refuses_an_empty_side():
    orders = ltv.read_orders(log([("a", "2024-01-01", 1), ("b", "2024-02-01", 1), ("a", "2024-03-01", 1)]), **COLUMNS)
    before, after = ltv.split(orders, at="2024-01-15")
    assert (before.since, before.until, after.since, after.until) == tuple(
        dt.date(2024, *day) for day in [(1, 1), (1, 15), (1, 16), (3, 1)]
    )
    assert rows_of(after) == [("a", "2024-03-01", Decimal("1.0000"))]
    for at in ("2023-12-31", "2024-03-01"):
        with pytest.raises(DataError, match="must be on or after"):
            ltv.split(orders, at=at)
