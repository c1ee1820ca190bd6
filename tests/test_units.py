"""Time is a type: spans carry their unit, rates are per year, conversion happens in one place."""

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ltv.errors import UnitError
from ltv.units import EPOCH, Horizon, Rate, Unit, annual, period_index, period_start


@pytest.mark.parametrize(
    ("text", "days"),
    [("12 months", 365.25), ("1 year", 365.25), ("90 days", 90), ("52 weeks", 364), ("1.5 quarters", 136.96875)],
)
def test_a_horizon_is_a_number_with_a_unit(text, days):
    assert Horizon.of(text).days == pytest.approx(days)


@pytest.mark.parametrize(
    "text", ["12", "months", "", "twelve months", "12 moons", "-3 months", "0 days", "1e9999 days"]
)
def test_a_horizon_without_number_or_unit_is_refused(text):
    with pytest.raises(UnitError):
        Horizon.of(text)


@pytest.mark.parametrize("rate", [-0.1, 11, math.nan, math.inf])
def test_an_impossible_annual_rate_is_refused(rate):
    with pytest.raises(UnitError):
        annual(rate)


@pytest.mark.parametrize("unit", list(Unit))
def test_a_rate_compounds_to_the_same_year_in_every_unit(unit):
    periods = Horizon.of("1 year").in_(unit)
    assert math.exp(-annual(0.15).per(unit) * periods) == pytest.approx(1 / 1.15)


def test_fifteen_percent_a_year_is_27_basis_points_a_week():
    # d = ln(1.15)/52 = .0027 in the BTYD walkthrough, which counts 52 weeks; a year here has 365.25 days.
    assert annual(0.15).per("week") == pytest.approx(math.log(1.15) / 52, rel=4e-3)


def test_discounting_one_year_away():
    np.testing.assert_allclose(Rate.of(0.10).discount([0, 365.25, 730.5]), [1, 1 / 1.1, 1 / 1.21])


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2200, 1, 1)), st.sampled_from(list(Unit)))
def test_every_day_lies_in_its_own_period(day, unit):
    index = period_index(day, unit)
    assert period_start(index, unit) <= day < period_start(index + 1, unit)


def test_weeks_begin_on_monday_across_the_53rd_iso_week():
    start = period_start(period_index(dt.date(2021, 1, 3), "week"), "week")
    assert start == dt.date(2020, 12, 28)
    assert start.isocalendar() == (2020, 53, 1)
    assert period_start(period_index(EPOCH, "week"), "week").weekday() == 0
