"""Every definition against a table computed by hand, and its edges: one order, one customer, nobody, leap days, zones."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.errors import DataError, ParameterError

DAY = dt.date.fromisoformat


def known(cells, column="active"):
    return {(str(c), a): v for (c, a), v in cells[column].items() if cells.loc[(c, a), "n"] > 0}


def row(frame, day, *columns):
    return frame.loc[DAY(day), list(columns)].tolist()


def test_on_or_after_falls_and_is_marked_unless_the_follow_up_is_equal(four):
    own = ltv.retention(four, clock="calendar", kind="on or after")
    january = {("2024-01-01", 0): 2, ("2024-01-01", 1): 2, ("2024-01-01", 2): 1}
    assert known(own) == january | {("2024-02-01", 0): 2, ("2024-02-01", 1): 1}
    assert not own["known"].any()
    assert own.loc[(DAY("2024-02-01"), 0), "through"] == 1
    equal = ltv.retention(four, clock="calendar", kind="on or after", through=2)
    assert known(equal) == january
    assert equal.loc[DAY("2024-01-01"), "known"].all()
    assert not equal.loc[DAY("2024-02-01"), "known"].any()


def test_on_or_after_needs_all_it_asks_for_from_the_age_on(four):
    twice = ltv.retention(four, clock="calendar", kind="on or after", active="2 orders", through=2)
    # a has orders in the ages 0, 1, 2; b in 0 and 1.
    assert twice.loc[DAY("2024-01-01"), "active"].tolist() == [2, 1, 0]
    spent = ltv.retention(four, clock="calendar", kind="on or after", active="50 USD", through=2)
    assert spent.loc[DAY("2024-01-01"), "active"].tolist() == [1, 1, 0]


def test_brackets_hold_whole_ages_and_wait_for_their_last(four):
    cells = ltv.retention(four, clock="calendar", kind=(0, 1, 3))
    assert known(cells) == {("2024-01-01", 0): 2, ("2024-01-01", 1): 2, ("2024-02-01", 0): 2}
    assert cells.loc[(DAY("2024-01-01"), 1), "through"] == 2
    twice = ltv.retention(four, clock="calendar", kind=(0, 1, 3), active="2 orders")
    assert known(twice) == {("2024-01-01", 0): 0, ("2024-01-01", 1): 1, ("2024-02-01", 0): 0}
    assert twice.loc[(DAY("2024-01-01"), 0), "estimate"] == 0


def test_an_amount_is_reached_when_it_is_met(four):
    cells = ltv.retention(four, clock="calendar", active="20 USD")
    assert cells.loc[DAY("2024-01-01"), "active"].tolist() == [0, 1, 1]
    assert ltv.retention(four, clock="calendar", active="20.01 USD").loc[DAY("2024-01-01"), "active"].tolist() == [
        0,
        0,
        1,
    ]


@pytest.mark.parametrize("text", ["no orders", "0 orders", "1.5 orders", "2", "50 EUR", ""])
def test_an_unclear_activity_is_refused(four, text):
    with pytest.raises(ParameterError, match="active="):
        ltv.retention(four, active=text)


def test_an_order_on_the_anniversary_belongs_to_the_next_age(read):
    orders = read(
        [("a", "2024-01-01", 1), ("a", "2024-01-07", 1), ("b", "2024-01-01", 1), ("b", "2024-01-08", 1)], "2024-01-14"
    )
    cells = ltv.retention(orders, period="week", cohort="all")
    assert cells[["n", "active"]].to_numpy().tolist() == [[2, 2], [2, 1]]
    one_day_less, _ = ltv.split(orders, at="2024-01-13")
    assert len(ltv.retention(one_day_less, period="week", cohort="all")) == 1


def test_a_year_of_a_customer_born_on_a_leap_day(read):
    rows = [("a", "2024-02-29", 1), ("a", "2025-02-28", 1), ("b", "2024-02-29", 1), ("b", "2025-03-01", 1)]
    cells = ltv.retention(read(rows, "2026-03-31"), period="year", cohort="all")
    # A year is 365.25 days: day 365 is still the first year, day 366 the second.
    assert cells["active"].tolist() == [2, 1]
    calendar = ltv.retention(read(rows, "2026-12-31"), period="year", clock="calendar")
    assert calendar["active"].tolist() == [2, 2, 0]


def test_the_53rd_week_belongs_to_the_old_year(read):
    orders = read([("a", "2021-01-02", 1), ("a", "2021-01-04", 1), ("b", "2020-12-28", 1)], "2021-01-10")
    cells = ltv.retention(orders, period="week", clock="calendar")
    assert known(cells) == {("2020-12-28", 0): 2, ("2020-12-28", 1): 1}


def test_the_zone_decides_the_day_and_so_the_cohort(read):
    rows = [("a", "2024-01-31T20:00:00Z", 1), ("b", "2024-01-01T00:00:00Z", 1)]
    utc = ltv.retention(read(rows, "2024-03-31"), clock="calendar")
    taipei = ltv.retention(read(rows, "2024-03-31", time_zone="Asia/Taipei"), clock="calendar")
    assert utc.xs(0, level="age")["n"].to_dict() == {DAY("2024-01-01"): 2}
    assert taipei.xs(0, level="age")["n"].to_dict() == {DAY("2024-01-01"): 1, DAY("2024-02-01"): 1}


def test_cohorts_of_a_start_attribute_keep_the_attribute_of_the_first_order(read):
    rows = [
        ("a", "2024-01-01", 1, "ads"),
        ("a", "2024-02-05", 1, "search"),
        ("b", "2024-01-01", 1, "search"),
        ("c", "2024-02-01", 1, None),
    ]
    orders = read(rows, "2024-03-31", by=["channel"])
    cells = ltv.retention(orders, cohort="channel", clock="calendar")
    assert known(cells) == {("ads", 0): 1, ("ads", 1): 1, ("ads", 2): 0, ("search", 0): 1, ("search", 1): 0, ("search", 2): 0, ("not stated", 0): 1, ("not stated", 1): 0}  # fmt: skip
    split = ltv.retention(orders, by="channel", clock="calendar")
    assert list(split.index.names) == ["channel", "cohort", "age"]
    assert split.loc[("ads", DAY("2024-01-01"), 1), "active"] == 1
    assert cells["small"].all()


def test_a_cohort_of_one_customer_with_one_order(read):
    cells = ltv.retention(read([("a", "2024-01-01", 5)], "2024-04-30"))
    assert cells["active"].tolist() == [1, 0, 0]
    assert cells["high"].tolist()[1:] == pytest.approx([0.7302] * 2, abs=1e-4)
    assert ltv.retention(read([("a", "2024-01-01", 5)], "2024-01-01")).empty


def test_revenue_retention_against_the_first_period(four):
    net = ltv.revenue_retention(four, clock="calendar").loc[DAY("2024-01-01")]
    gross = ltv.revenue_retention(four, clock="calendar", kind="gross").loc[DAY("2024-01-01")]
    assert net["estimate"].tolist() == pytest.approx([1, 25 / 15, 30 / 15])
    assert gross["estimate"].tolist() == pytest.approx([1, (10 + 5) / 15, 10 / 15])
    assert net["base"].tolist() == [15, 15, 15]
    with pytest.raises(ParameterError, match="net"):
        ltv.revenue_retention(four, kind="both")


def test_revenue_by_cohort(four):
    layers = ltv.revenue_by_cohort(four)["estimate"]
    assert layers.xs(DAY("2024-01-01"), level="cohort").tolist() == [15, 25, 30]
    assert layers.xs(DAY("2024-02-01"), level="cohort").tolist() == [15, 2]


def test_growth_accounting_by_hand(four):
    frame = ltv.growth_accounting(four)
    columns = ("before", "new", "retained", "resurrected", "churned", "n")
    assert row(frame, "2024-01-01", *columns) == [0, 2, 0, 0, 0, 2]
    assert row(frame, "2024-02-01", *columns) == [2, 2, 2, 0, 0, 4]
    assert row(frame, "2024-03-01", *columns) == [4, 0, 2, 0, 2, 2]
    assert frame["known"].tolist() == [False, True, True]
    assert frame["estimate"].tolist()[1:] == [np.inf, 0]
    money = ltv.revenue_accounting(four)
    columns = ("before", "new", "resurrected", "expansion", "contraction", "churned", "revenue")
    assert row(money, "2024-02-01", *columns) == [15, 15, 0, 10, 0, 0, 40]
    assert row(money, "2024-03-01", *columns) == [40, 0, 0, 10, 6, 12, 32]


def test_a_period_with_nobody_and_the_return_after_it(read):
    orders = read([("e", "2024-01-05", 10), ("e", "2024-03-07", 4)], "2024-04-30")
    frame = ltv.growth_accounting(orders)
    assert frame["n"].tolist() == [1, 0, 1, 0]
    assert frame["churned"].tolist() == [0, 1, 0, 1]
    assert frame["resurrected"].tolist() == [0, 0, 1, 0]
    # The log begins on the fifth: January is not whole, so February has no known period before it.
    assert frame["known"].tolist() == [False, False, True, True]
    assert ltv.core_metric(orders)["n"].tolist() == [1, 0, 1, 0]


def test_what_customers_bring_after_they_came(four):
    frame = ltv.brought_next(four, periods=2)
    assert frame["estimate"].tolist()[:2] == pytest.approx([(30 + 10 + 10 + 7) / 4, (50 + 5) / 2])
    assert frame["first"].tolist()[:2] == pytest.approx([30 / 4, 25 / 2])
    assert frame["n"].tolist() == [4, 2, 0]
    assert frame["known"].tolist() == [True, True, False]
    assert not ltv.brought_next(four, periods=12)["known"].any()


def test_time_to_the_next_order_by_hand(four):
    curves = ltv.time_to_order(four)
    # Second order: b after 20 days, a after 31, c after 33; d was watched for 31 days without one.
    assert curves.loc[2]["estimate"].to_dict() == pytest.approx({20: 1 / 4, 31: 1 / 2, 33: 1.0})
    assert curves.loc[2]["n"].tolist() == [4, 3, 1]
    # Third order: a after 29 days (through the leap day); c watched for 17, b for 40.
    assert curves.loc[3]["estimate"].to_dict() == pytest.approx({17: 0, 29: 1 / 2, 40: 1 / 2})
    assert ltv.median_days(curves.loc[2])[0] == 31
    shares = ltv.share_by(curves.loc[2], days=(10, 20, 32, 365))
    assert shares["estimate"].tolist()[:3] == [0, 0.25, 0.5]
    assert shares["n"].tolist() == [4, 4, 1, 0]
    assert shares["known"].tolist() == [True, True, True, False]
    assert ltv.time_to_order(four, numbers=[9]).loc[9:].empty
    with pytest.raises(ParameterError, match="second on"):
        ltv.time_to_order(four, numbers=[1])


def test_a_median_may_be_not_reached(read):
    curve = ltv.time_to_order(read([(f"c{i}", "2024-01-01", 1) for i in range(40)], "2024-06-30"), numbers=[2]).loc[2]
    assert ltv.median_days(curve) == (np.inf,) * 3
    assert curve["estimate"].tolist() == [0]
    assert curve["high"].tolist() == pytest.approx([0.0634], abs=1e-4)  # Wilson's, 0 of 40


def test_active_customers_by_hand(read):
    orders = read([("a", "2024-01-01", 1), ("a", "2024-01-05", 1), ("b", "2024-01-08", 1)], "2024-02-05")
    frame = ltv.active_customers(orders)
    assert row(frame, "2024-01-05", "daily", "weekly", "monthly") == [1, 1, 1]
    assert row(frame, "2024-01-11", "daily", "weekly", "monthly") == [0, 2, 2]
    assert row(frame, "2024-01-12", "daily", "weekly", "monthly") == [0, 1, 2]
    assert row(frame, "2024-02-01", "daily", "weekly", "monthly") == [0, 0, 2]
    assert row(frame, "2024-02-02", "daily", "weekly", "monthly") == [0, 0, 1]
    assert frame["known"].idxmax() == DAY("2024-01-28")
    assert frame.loc[DAY("2024-01-28"), "estimate"] == pytest.approx(3 / 28 / 2)


def test_orders_per_customer(four):
    counts = ltv.order_counts(four, window="60 days", most=2)
    # From the first of February: a 2, b 1, c 2, d 1.
    assert counts["n"].tolist() == [2, 2]
    assert counts["known"].all()
    assert not ltv.order_counts(four)["known"].any()


def test_core_metrics_by_hand(four):
    assert ltv.core_metric(four)["estimate"].tolist() == pytest.approx([0, 25 / 4, 32 / 2])
    weekly = ltv.core_metric(four, business="usage")
    assert weekly.loc[DAY("2024-02-26"), "estimate"] == 2  # the leap day and the first of March
    assert weekly["known"].all()  # the log runs from a Monday to a Sunday
    with pytest.raises(ParameterError, match="commerce"):
        ltv.core_metric(four, business="bank")


def test_change_of_a_metric():
    days = [dt.date(2024, month, 1) for month in range(1, 8)]
    metric = pd.DataFrame({"estimate": [9, 10, 10, 10, 12, 12, 12.0], "known": True}, index=days)
    change = ltv.metric_change(metric).iloc[0]
    assert change[["estimate", "low", "high"]].tolist() == pytest.approx([0.2] * 3)
    assert not ltv.metric_change(metric.iloc[:5])["known"].iloc[0]


def test_the_same_customers_twice(four):
    row = ltv.same_customers(four, first=("2024-02-01", "2024-02-29"), second=("2024-03-01", "2024-03-31")).iloc[0]
    # a and b were customers before: both ordered in February, a alone in March.
    assert row[["n", "first", "second", "estimate"]].tolist() == [2, 1.0, 0.5, -0.5]
    with pytest.raises(DataError, match="must lie within"):
        ltv.same_customers(four, first=("2023-02-01", "2024-02-29"), second=("2024-03-01", "2024-03-31"))


def _cells(rows):
    frame = pd.DataFrame(rows, columns=["channel", "cohort", "active", "n"]).assign(age=1, known=True)
    return frame.set_index(["channel", "cohort", "age"])


def test_mix_and_rate_add_up_to_the_change():
    # Shares stay: ads 10 %, search 50 %. The mix moves from half and half to three quarters ads.
    cells = _cells(
        [("ads", "old", 10, 100), ("search", "old", 50, 100), ("ads", "new", 15, 150), ("search", "new", 25, 50)]
    )
    split = ltv.mix_split(cells, "old", "new", by="channel", age=1)
    assert split["estimate"].tolist() == pytest.approx([0, -0.1, -0.1])
    # A segment that is new on one side moves the mix only.
    fresh = _cells([("ads", "old", 10, 100), ("ads", "new", 10, 100), ("search", "new", 50, 100)])
    assert ltv.mix_split(fresh, "old", "new", by="channel", age=1)["estimate"].tolist() == pytest.approx([0, 0.2, 0.2])


def test_cohorts_in_two_halves_of_about_as_many_customers():
    months = [dt.date(2024, month, 1) for month in range(1, 6)]
    cells = _cells([("ads", month, 1, n) for month, n in zip(months, [50, 10, 10, 10, 20], strict=True)])
    cells.loc[("ads", months[3], 1), "known"] = False
    halves = ltv.halve_cohorts(cells, age=1)
    assert halves["n"].to_dict() == {
        ("ads", "2024-01-01", 1): 50,
        ("ads", "2024-02-01 to 2024-05-01", 1): 40,
    }
    assert halves["active"].tolist() == [1, 3]
    with pytest.raises(DataError, match="fewer than two"):
        ltv.halve_cohorts(cells, age=2)


def test_two_spans_are_a_year_apart_where_the_log_holds_them(read):
    def spans(since, until="2024-03-31"):
        return ltv.two_spans(read([("a", since, 1), ("b", until, 1)], until=until), days=31)

    assert spans("2023-02-28") == (("2023-03-02", "2023-04-01"), ("2024-03-01", "2024-03-31"))  # 365 days, not a year
    assert spans("2024-01-01") == (("2024-01-30", "2024-02-29"), ("2024-03-01", "2024-03-31"))
    with pytest.raises(DataError, match="does not hold 62 days"):
        spans("2024-02-15")


def test_compare_pools_the_other_level():
    cells = _cells(
        [("ads", "old", 10, 100), ("search", "old", 50, 100), ("ads", "new", 15, 150), ("search", "new", 25, 50)]
    )
    channels = ltv.compare(cells, "ads", "search", level="channel").loc[1]
    assert channels["estimate"] == pytest.approx(75 / 150 - 25 / 250)
    assert channels["low"] > 0
    with pytest.raises(ParameterError, match="no channel mail"):
        ltv.compare(cells, "ads", "mail", level="channel")
