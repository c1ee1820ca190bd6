"""Dates of any kind, from any container, are the day that was meant; where two days could be meant, it is asked."""

import sqlite3

import pandas as pd
import pytest

import ltv
from ltv.errors import DataError
from ltv.inputs import dates
from ltv.inputs.opening import open_source
from ltv.inputs.zones import zone_of_heading

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
CONTAINERS = ("frame", "csv", "parquet", "xlsx", "sqlite")


def put(frame, container, folder):
    """The frame in a container: what read_orders takes, and its other arguments."""
    if container == "frame":
        return frame, {}
    path = folder / f"log.{container}"
    if container == "sqlite":
        with sqlite3.connect(path) as connection:
            frame.to_sql("log", connection, index=False)
        return "log", {"on": str(path)}
    getattr(frame, {"csv": "to_csv", "parquet": "to_parquet", "xlsx": "to_excel"}[container])(path, index=False)
    return path, {}


def days_of(cells, container="frame", folder=None, *, heading="when", **arguments):
    frame = pd.DataFrame({"who": [f"c{i}" for i in range(len(cells))], heading: cells, "paid": 1.0})
    source, more = put(frame, container, folder)
    policy = ltv.Policy(last_day="keep", stray_dates="keep", old_customers="keep")
    given = COLUMNS | {"date": heading} | more | arguments
    table = ltv.read_orders(source, policy=policy, **given).table.order_by("customer").to_pandas()
    return [str(day)[:10] for day in table["day"]]


FORMS = {
    "iso": ["2024-01-03", "2024-02-29"],
    "iso with a clock": ["2024-01-03 10:05", "2024-02-29T23:59:59.999"],
    "offset": ["2024-01-03 04:19:59 +0100", "2024-02-29 01:00:00 -0000"],
    "UTC": ["2024-01-03 04:19:59 UTC", "2024-02-29 23:00 GMT"],
    "one digit": ["2024-1-3", "2024-2-29"],
    "slashes": ["2024/1/3 9:05", "2024/2/29 19:05"],
    "points": ["2024.01.03", "2024.02.29"],
    "close": ["20240103 091500", "20240229 235959"],
    "closer": ["20240103T0915", "20240229235959"],
    "short year, month first": ["1/3/24", "2/29/24"],
    "short year, points": ["03.01.24", "29.02.24"],
    "short year, year first": ["24-01-03", "24-02-29"],
    "day first": ["03/01/2024", "29/02/2024"],
    "afternoon": ["1/3/2024 1:05 PM", "2/29/2024 11:59:59 pm"],
    "midnight and noon": ["1/3/2024 12:05 AM", "2/29/2024 12:05 p.m."],
    "name": ["03 Jan 2024", "29 Feb 2024"],
    "name first": ["Jan 3, 2024", "February 29th, 2024"],
    "name and short year": ["3-Jan-24", "29-Feb-24"],
    "name between nothing": ["03JAN2024", "29feb2024"],
    "German name": ["3. Januar 2024", "29. Februar 2024"],
    "mail": ["Wed, 03 Jan 2024 10:00:00 +0000", "Thu, 29 Feb 2024 23:59:59 +0000"],
    "JavaScript": ["Wed Jan 03 2024 10:00:00 GMT+0100 (CET)", "Thu Feb 29 2024 10:00:00 GMT+0100 (CET)"],
    "week": ["2024-W01-3", "2024-W09-4"],
    "mixed": ["2024-01-03", "29 Feb 2024 1:05 PM"],
    "20240103": [20240103, 20240229],
    "spreadsheet": [45294, 45351],
    "spreadsheet with a clock": [45294.75, 45351.999],
    "seconds": [1704240000, 1709251199],
    "milliseconds": [1704240000000, 1709251199999],
    "microseconds": [1704240000000000, 1709251199000000],
    "nanoseconds": [1704240000000000000, 1709251199000000000],
    "timestamps": pd.to_datetime(["2024-01-03 00:00:00", "2024-02-29 23:59:59"]),
}


@pytest.mark.parametrize(
    ("container", "every"),
    [(kind, kind == "frame") for kind in CONTAINERS]
    + [pytest.param(kind, True, marks=pytest.mark.slow) for kind in CONTAINERS[1:]],
)
def test_a_date_in_any_form_is_the_same_day_everywhere(container, every, tmp_path):
    """Each form in a frame, and a quarter of them in each kind of file; all forms in all files where time is no matter."""
    wrong = {}
    own = CONTAINERS.index(container)
    for number, (name, cells) in enumerate(FORMS.items()):
        if not every and number % 4 != own - 1:
            continue
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        got = days_of(cells, container, folder)
        if got != ["2024-01-03", "2024-02-29"]:
            wrong[name] = got
    assert not wrong


@pytest.mark.parametrize("cells", [[20240103, 20240229], [45294, 45351], [1704240000, 1709251199], [1704240000000] * 2])
def test_numbers_are_read_alike_as_whole_as_floats_and_as_text(cells):
    column = [days_of(pd.Series(cells, dtype=kind)) for kind in ("int64", "float64", "string")]
    assert column[0] == column[1] == column[2]
    assert column[0][0] == "2024-01-03"


@pytest.mark.parametrize(
    ("cells", "cures"),
    [
        (["01/02/2024", "02/03/2024"], {"%d/%m/%Y": "2024-02-01", "%m/%d/%Y": "2024-01-02"}),
        (["1/2/24", "2/3/24"], {"%d/%m/%y": "2024-02-01", "%m/%d/%y": "2024-01-02"}),
        (
            ["01-02-03", "02-03-04"],
            {"%d-%m-%y": "2003-02-01", "%m-%d-%y": "2003-01-02", "%y-%m-%d": "2001-02-03"},
        ),
        (["24.01.03", "23.02.04"], {"%d.%m.%y": "2003-01-24", "%y.%m.%d": "2024-01-03"}),
        (["01/02/2024", "2024-03-31"], {"day first": "2024-02-01", "month first": "2024-01-02"}),
        (["1/2/2024 1:05 PM", "2/3/2024 11:00 AM"], {"%d/%m/%Y": "2024-02-01", "%m/%d/%Y": "2024-01-02"}),
    ],
)
def test_two_readings_are_asked_and_every_cure_reads_the_days_it_says(cells, cures):
    with pytest.raises(DataError) as caught:
        days_of(cells)
    listed = " or ".join(f'date_format="{form}"' for form in cures)
    assert listed in str(caught.value)
    assert {form: days_of(cells, date_format=form)[0] for form in cures} == cures


@pytest.mark.parametrize(
    ("cells", "form", "day"),
    [
        (["01/03/24 1:05 PM +0100"], "%m/%d/%y %I:%M %p %z", "2024-01-03"),
        (["10:05 03.01.2024"], "%H:%M %d.%m.%Y", "2024-01-03"),
        (["3/1/2024"], "%e/%-m/%Y", "2024-01-03"),
        ([1704240000], "epoch seconds", "2024-01-03"),
        ([45294], "excel", "2024-01-03"),
        (["2024-01"], "%Y-%m", "2024-01-01"),
        (["Wednesday 03 January 2024"], "%A %d %B %Y", "2024-01-03"),
    ],
)
def test_a_form_that_is_named_reads(cells, form, day):
    assert days_of(cells, date_format=form) == [day]


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        (
            ["13/01/2024", "01/13/2024", "01/02/2024"],
            "1 rows of .* only have the day first and 1 others only the month",
        ),
        (["0000-01-01", "2024-01-01"], "1 of 2 rows in .*first: row 1, customer c0, '0000-01-01'"),
        (["12024-01-01", "2024-01-01"], "1 of 2 rows"),
        (["2024-02-30", "2024-02-29"], "1 of 2 rows"),
        (["2024-W54-1", "2024-W01-1"], "1 of 2 rows"),
        (["2024-01", "2024-02"], "2 of 2 rows"),
        (["1/3/24", "Q1 2024"], "1 of 2 rows"),
        ([123, 20240229], "1 of 2 rows"),
    ],
)
def test_what_is_no_date_is_a_fault_with_its_row(cells, words):
    with pytest.raises(DataError, match=words):
        days_of(cells)


def test_a_year_is_never_read_as_one_of_the_first_century():
    with pytest.raises(DataError, match="1 of 1 rows"):
        days_of(["1/3/24"], date_format="%m/%d/%Y")


@pytest.mark.parametrize(
    ("cells", "zone", "heading", "day"),
    [
        (["2024-01-03 23:30:00 +0000"], "Asia/Tokyo", "when", "2024-01-04"),
        (["01/03/2024 11:30 PM PST"], "UTC", "when", "2024-01-04"),
        (["2024-01-03 23:30:00"], "Asia/Tokyo", "when", "2024-01-03"),
        ([1704324600], "Asia/Tokyo", "when", "2024-01-04"),
        ([45294.98], "Asia/Tokyo", "when", "2024-01-03"),
        (["2024-01-03 02:30:00"], "America/New_York", "Created (UTC)", "2024-01-02"),
        (["2024-01-03 02:30:00"], "UTC", "created_utc", "2024-01-03"),
        (["2024-01-03 02:30:00"], "UTC", "Date (America/New_York)", "2024-01-03"),
        (["2024-01-03"], "America/New_York", "Created (UTC)", "2024-01-03"),
        (pd.to_datetime(["2024-01-03 02:30"]), "America/New_York", "created_at_utc", "2024-01-02"),
        (pd.to_datetime(["2024-01-03"]), "America/New_York", "created_at_utc", "2024-01-03"),
        (pd.to_datetime(["2024-01-03 23:30Z"]), "Asia/Tokyo", "when", "2024-01-04"),
    ],
)  # fmt: skip
def test_instants_are_seen_from_the_time_zone_and_clocks_stay(cells, zone, heading, day):
    form = "%m/%d/%Y" if "/" in str(cells[0]) else None
    assert days_of(cells, heading=heading, time_zone=zone, date_format=form) == [day]


def test_an_offset_is_heeded_whatever_form_is_named():
    cells = ["03/01/2024 23:30:00 +0000"]
    assert days_of(cells, time_zone="Asia/Tokyo", date_format="%d/%m/%Y %H:%M:%S %z") == ["2024-01-04"]


def test_months_are_dates_where_they_may_be():
    table = open_source(pd.DataFrame({"month": ["2024-01", "Feb 2024", "03/2024"]})).table
    reading, faults = dates.choose_form(table, "month", "UTC", months=True)
    read = table.select(day=dates.parse_days(table.month, "UTC", reading)).to_pandas()["day"]
    assert not faults
    assert [str(day)[:10] for day in read] == ["2024-01-01", "2024-02-01", "2024-03-01"]


def test_the_day_of_acquisition_has_a_form_of_its_own():
    frame = pd.DataFrame({"who": ["a"], "when": ["2024-03-01"], "paid": [1], "born": ["1/31/24"]})
    log = ltv.read_orders(frame, acquired="born", policy=ltv.Policy(old_customers="keep"), **COLUMNS)
    assert log.size["orders"] == 1


@pytest.mark.parametrize(
    ("heading", "zone"),
    [
        ("Created (UTC)", "UTC"),
        ("createdAtUtc", "UTC"),
        ("Timestamp (America/New_York)", "America/New_York"),
        ("date_est", "America/New_York"),
        ("Best", None),
        ("utc_offset", None),
    ],
)
def test_the_zone_that_a_heading_names(heading, zone):
    assert zone_of_heading(heading) == zone
