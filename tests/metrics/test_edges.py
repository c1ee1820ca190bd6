"""Edges of the calendar and of a log, by hand, for what the report on growth counts."""

import pytest

import ltv


def by_day(frame, *columns):
    return {str(day): tuple(row) for day, *row in frame[list(columns)].itertuples()}


def test_the_53rd_week_is_one_period_like_any_other(read):
    rows = [("a", "2020-12-22", 1), ("a", "2021-01-02", 1), ("a", "2021-01-05", 1), ("b", "2020-12-21", 1)]
    weeks = ltv.growth_accounting(read([*rows, ("b", "2021-01-06", 1)], "2021-01-10"), period="week")
    assert by_day(weeks, "n", "new", "retained", "resurrected", "churned") == {
        "2020-12-21": (2, 2, 0, 0, 0),
        "2020-12-28": (1, 0, 1, 0, 1),
        "2021-01-04": (2, 0, 1, 1, 0),
    }


def test_a_leap_day_is_the_last_of_february_and_a_day_of_waiting(read):
    orders = read([("a", "2024-02-01", 5), ("a", "2024-02-29", 7), ("a", "2024-03-01", 11)], "2024-03-31")
    months = ltv.revenue_accounting(orders)
    assert by_day(months, "revenue", "new", "expansion", "contraction") == {
        "2024-02-01": (12, 12, 0, 0),
        "2024-03-01": (11, 0, 0, 1),
    }
    waits = ltv.time_to_order(orders)
    assert [waits.loc[number].index[waits.loc[number]["orders"] > 0].tolist() for number in (2, 3)] == [[28], [1]]


def test_the_zone_decides_the_month_and_the_wait(read):
    rows = [("a", "2024-01-10T00:00:00Z", 5), ("a", "2024-01-31T20:00:00Z", 7)]
    for zone, active, waited in (("UTC", [1, 0], 21), ("Asia/Taipei", [1, 1], 22)):
        orders = read(rows, "2024-02-29", time_zone=zone)
        assert ltv.growth_accounting(orders)["n"].tolist() == active
        wait = ltv.time_to_order(orders).loc[2]
        assert wait.index[wait["orders"] > 0].tolist() == [waited]


def test_an_order_counts_for_28_days_its_own_included(read):
    orders = read([("a", "2024-01-01", 1), ("b", "2024-01-02", 1)], "2024-02-10")
    frame = ltv.active_customers(orders)
    monthly = {str(day): count for day, count in frame["monthly"].items()}
    assert [monthly[day] for day in ("2024-01-28", "2024-01-29", "2024-01-30")] == [2, 1, 0]
    known = frame.index[frame["known"]]
    assert str(known[0]) == "2024-01-28"


def test_who_is_last_seen_on_the_day_of_an_event_was_still_waiting(read):
    # Both are watched for ten days; one orders on the tenth, the other does not.
    orders = read([("a", "2024-01-01", 1), ("a", "2024-01-11", 1), ("b", "2024-01-01", 1)], "2024-01-11")
    row = ltv.time_to_order(orders).loc[(2, 10)]
    assert (row["estimate"], row["n"], row["orders"]) == (0.5, 2, 1)


def test_two_rows_of_one_day_are_one_order(read):
    orders = read([("a", "2024-01-05", 4), ("a", "2024-01-05", 6), ("b", "2024-01-06", 1)], "2024-03-31")
    assert orders.size["orders"] == 2
    assert ltv.time_to_order(orders).loc[2, "orders"].sum() == 0
    assert ltv.order_counts(orders).loc[1, "n"] == 2
    assert ltv.revenue_by_cohort(orders)["estimate"].sum() == 11


def test_a_cohort_of_one_brings_what_it_brings(read):
    orders = read([("a", "2024-01-05", 10), ("a", "2024-02-10", 4)], "2024-03-31", margin=0.5)
    money = ltv.cumulative_value(orders, cohort="all").droplevel("cohort")
    assert money["estimate"].tolist() == [5, 5, 7]
    net = ltv.revenue_retention(orders, cohort="all").droplevel("cohort")
    assert net["estimate"].tolist() == pytest.approx([1, 0.4])
    assert net["small"].all()


def test_a_month_with_nobody_brings_nothing_and_is_there(read):
    orders = read([("a", "2024-01-01", 10), ("a", "2024-03-07", 4)], "2024-04-30")
    months = ltv.revenue_accounting(orders)
    assert by_day(months, "revenue", "churned", "resurrected") == {
        "2024-01-01": (10, 0, 0),
        "2024-02-01": (0, 10, 0),
        "2024-03-01": (4, 0, 4),
        "2024-04-01": (0, 4, 0),
    }
    cells = ltv.retention(orders, clock="calendar").droplevel("cohort")
    assert cells["active"].tolist() == [1, 0, 1, 0]
