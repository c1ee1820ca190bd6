"""Costs through the door of orders: every form of date, amount and heading with its right value, or a refusal with a cure."""

import datetime as dt
import itertools
import shlex

import pandas as pd
import pytest

from ltv.errors import DataError
from ltv.orders.costs import read_costs, read_orders_and_costs
from ltv.orders.marketing import looks_like_costs
from ltv.orders.proposal import check_orders


def costs(dates, amounts, channel="ads", **headings):
    names = {"date": "date", "amount": "amount", "channel": "channel"} | headings
    columns = {"date": dates, "amount": amounts, "channel": [channel] * len(dates)}
    return pd.DataFrame({names[part]: values for part, values in columns.items()})


def by_month(found):
    months = [f"{day:%Y-%m}" for day in found.daily["day"]]
    return {month: units / 10_000 for month, units in found.daily.groupby(months)["units"].sum().items()}


LEAP = {"2024-01": 310.0, "2024-02": 290.0}
FORMS = {
    "months": (["2024-01", "2024-02"], ["310", "290"], "month", LEAP),
    "months by name": (["Jan 2024", "February 2024"], ["310", "290"], "month", LEAP),
    "months of two digits": (["Jan-24", "Feb-24"], ["310", "290"], "month", LEAP),
    "months as numbers": ([202401, 202402], [310, 290], "month", LEAP),
    "months in German": (["Januar 2024", "Feb. 2024"], ["310", "290"], "month", LEAP),
    "firsts of months": (["2024-01-01", "2024-02-01"], ["310", "290"], "month", LEAP),
    "lasts of months": (["2024-01-31", "2024-02-29"], ["310", "290"], "month", LEAP),
    "quarters": (["2024-Q1", "Q2 2024"], ["91", "91"], "quarter",
                 {"2024-01": 31.0, "2024-02": 29.0, "2024-03": 31.0, "2024-04": 30.0, "2024-05": 31.0, "2024-06": 30.0}),
    "a year": (["2023"], ["365"], "year", {f"2023-{m:02}": float(pd.Period(f"2023-{m}").days_in_month) for m in range(1, 13)}),
    "weeks by number": (["2024-W05"], ["7"], "week", {"2024-01": 3.0, "2024-02": 4.0}),
    "weeks": (["2024-01-29", "2024-02-05", "2024-02-12"], ["7", "7", "14"], "week", {"2024-01": 3.0, "2024-02": 25.0}),
    "days": (["2024-01-31", "2024-02-01"], ["310", "290"], "day", LEAP),
    "days, the month first": (["01/31/2024", "02/01/2024"], ["€310", "€290"], "day", LEAP),
    "decimal commas": (["2024-01-31", "2024-02-02"], ["1.234,50", "0,25"], "day", {"2024-01": 1234.5, "2024-02": 0.25}),
    "codes beside amounts": (["2024-01-31", "2024-02-02"], ["310 EUR", "EUR 290"], "day", LEAP),
    "corrections": (["2024-01-31", "2024-01-30"], ["100", "(2.50)"], "day", {"2024-01": 97.5}),
}  # fmt: skip


@pytest.mark.parametrize(("dates", "amounts", "each", "months"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("kind", ["frame", "csv"])
def test_every_form_is_read_with_the_span_of_its_rows(tmp_path, kind, dates, amounts, each, months):
    table = costs(dates, amounts)
    if kind == "csv":
        table.to_csv(tmp_path / "costs.csv", index=False, sep=";")
        table = tmp_path / "costs.csv"
    found = read_costs(table)
    assert (found.each, by_month(found), found.rows) == (each, months, len(dates))
    assert (each == "day") == ("covers" not in " ".join(found.remarks))


def test_what_is_said_of_a_row_wins_over_what_its_dates_show():
    found = read_costs(costs(["2024-01-01", "2024-02-01"], ["310", "290"]), each="day")
    assert found.daily["day"].tolist() == [dt.date(2024, 1, 1), dt.date(2024, 2, 1)]
    assert found.remarks == ()


HEADINGS = {
    "Meta": ({"Reporting starts": ["2024-01-01"], "Reporting ends": ["2024-02-29"], "Campaign name": ["x"],
              "Amount spent (EUR)": ["60"], "Impressions": ["9"]}, {"2024-01": 31.0, "2024-02": 29.0}, ("EUR",)),
    "Google Ads": ({"Day": ["2024-01-01", "2024-02-02", "Total: account"], "Campaign": ["x", "x", ""], "Currency code": ["EUR", "EUR", ""],
                    "Cost": ["1,234.50", "10.00", "1,244.50"]}, {"2024-01": 1234.5, "2024-02": 10.0}, ("EUR",)),
    "TikTok": ({"By Day": ["2024-01-02"], "Campaign name": ["x"], "Cost": ["12.30"], "CPC": ["1"]}, {"2024-01": 12.3}, ()),
    "year and month": ({"Year": ["2024", "2024"], "Month": ["1", "2"], "Cost (USD)": ["310", "290"], "Platform": ["x", "x"]}, LEAP, ("USD",)),
    "year and month's name": ({"Jahr": ["2024"], "Monat": ["Februar"], "Kosten": ["29"], "Kanal": ["x"]}, {"2024-02": 29.0}, ()),
    "analytics": ({"Date": ["20240131"], "Source / medium": ["x"], "Ad cost": ["3"]}, {"2024-01": 3.0}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "months", "currencies"), HEADINGS.values(), ids=HEADINGS)
def test_exports_of_platforms_are_recognised_by_their_headings(columns, months, currencies):
    found = read_costs(pd.DataFrame(columns))
    assert (by_month(found), found.channels, found.currencies) == (months, ["x"], currencies)
    assert "Columns by their headings" in found.remarks[0]
    assert set(looks_like_costs(list(columns))) == {"date", "amount", "channel"}


@pytest.mark.parametrize(
    ("headings", "like"),
    [
        (["date", "amount", "channel"], True),
        (["date", "amount"], False),
        (["customer_id", "date", "amount", "channel"], False),
        (["order_id", "date", "cost", "source"], False),
        (["day", "spend"], True),
    ],
)
def test_a_table_with_people_or_orders_is_no_costs(headings, like):
    assert (looks_like_costs(headings) is not None) is like


REFUSED = {
    "forty digits": (costs(["2024-01-05"], ["1" * 40]), ["amount   1 of 1 rows cannot be read"]),
    "an exponent": (costs(["2024-01-05"], ["1e30"]), ["amount   1 of 1 rows cannot be read"]),
    "beyond money": (costs(["2024-01-05"], ["10000000000000"]), ["above 1,000,000,000,000"]),
    "day or month first": (costs(["01/02/2024", "03/04/2024"], ["1", "2"]), ['pass date_format="%d/%m/%Y"']),
    "thousands or decimals": (costs(["2024-01-05"], ["1,234"]), ["to different values"]),
    "two currencies": (costs(["2024-01-05", "2024-01-06"], ["$10", "€5"]), ["several currencies in one table ($, €)"]),
    "days and months": (costs(["2024-01-05", "2024-02"], ["1", "2"]), ["row 2, '2024-02'"]),
    "no spend is empty": (costs(["2024-01-05", "2024-01-06"], ["1", None]), ["and 0 where nothing was spent (first: row 2, empty)"]),
    "nothing but blanks": (costs([None], [None], channel=None), ["there are none below the header"]),
    "a column per channel": (pd.DataFrame({"date": ["2024-01-05"], "TV": ["1"], "Radio": ["2"]}),
                             ['no column "amount"', 'no column "channel"']),
    "three at once": (costs(["soon"], ["x"], channel=" "), ["date ", "amount ", "channel "]),
}  # fmt: skip


@pytest.mark.parametrize(("table", "said"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_read_is_refused_with_its_row_and_a_cure(table, said):
    with pytest.raises(DataError) as caught:
        read_costs(table)
    assert len(caught.value.faults) == len(said)
    for words in said:
        assert words in str(caught.value)


def test_the_cure_of_two_readings_reads_the_one_that_is_meant():
    found = read_costs(costs(["01/02/2024", "03/04/2024"], ["1,234", "2"]), date_format="%m/%d/%Y", decimal="comma")
    assert by_month(found) == {"2024-01": 1.234, "2024-03": 2.0}


def test_every_line_is_costs_a_blank_or_a_total_that_is_said():
    table = pd.DataFrame(
        {"date": ["2024-01-05", None, "Total"], "amount": ["10", None, "10"], "channel": ["ads", None, None]}
    )
    found = read_costs(table)
    assert (found.total, found.rows) == (10.0, 1)
    assert found.remarks == ("One line holds a total of the others and is left out.", "1 blank line is left out.")


def test_spellings_of_one_channel_are_one_and_said():
    names = ["Face book", "face\u00a0book", " Face book", "Cafe\u0301", "Café", "Café", "Cafe"]
    table = costs(["2024-01-05"] * 7, ["1"] * 7).assign(channel=names)
    found = read_costs(table)
    assert found.daily.set_index("channel")["units"].to_dict() == {"Face book": 30_000, "Café": 30_000, "Cafe": 10_000}
    assert sum("are one channel" in text for text in found.remarks) == 2


ORDERS = pd.DataFrame({"who": ["a", "b"], "when": ["2024-01-05", "2024-02-06"], "paid": ["10", "20"], "channel": "ads"})
COLUMNS = {"customer": "who", "date": "when", "amount": "paid", "by": ["channel"]}


def test_one_call_lists_the_faults_of_orders_and_of_costs():
    with pytest.raises(DataError) as caught:
        read_orders_and_costs({"source": ORDERS.assign(paid=["x", "y"]), **COLUMNS}, {"source": costs(["soon"], ["1"])})
    assert len(caught.value.faults) == 2
    assert "amount   2 of 2 rows" in str(caught.value)
    assert "date     1 of 1 rows cannot be read" in str(caught.value)


@pytest.mark.parametrize(
    ("amount", "currency", "read"), [("€5", "EUR", True), ("€5", "USD", False), ("$5", "CAD", True), ("5", "CHF", True)]
)
def test_costs_in_another_currency_than_the_orders_are_refused(amount, currency, read):
    given = {"source": ORDERS, **COLUMNS, "currency": currency}, {"source": costs(["2024-01-05"], [amount])}
    if read:
        assert read_orders_and_costs(*given)[1].total == 5.0
    else:
        with pytest.raises(DataError, match=f"the costs are in EUR, the orders in {currency}"):
            read_orders_and_costs(*given)


def test_check_knows_costs_and_prints_the_part_of_the_command_that_reads_them(tmp_path):
    path = tmp_path / "meta ads.csv"
    table = pd.DataFrame(HEADINGS["Meta"][0])
    table.to_csv(path, index=False)
    found = check_orders(str(path))
    assert (found.faults, found.costs.total) == ((), 60.0)
    words = shlex.split(found.command())
    told = dict(pair.split("=", 1) for flag, pair in itertools.pairwise(words) if flag == "-p")
    assert told == {
        "costs": str(path),
        "cost_date": "Reporting starts",
        "cost_amount": "Amount spent (EUR)",
        "cost_channel": "Campaign name",
    }
    again = read_costs(told["costs"], date=told["cost_date"], amount=told["cost_amount"], channel=told["cost_channel"])
    assert by_month(again) == HEADINGS["Meta"][1]


def test_check_says_what_is_wrong_with_costs_and_orders_stay_orders(tmp_path):
    path = tmp_path / "costs.csv"
    costs(["soon"], ["1"]).to_csv(path, index=False)
    assert "date     1 of 1 rows cannot be read" in check_orders(str(path)).faults[0]
    ORDERS.to_csv(path, index=False)
    assert check_orders(str(path), customer="who").columns["customer"] == "who"


def test_two_exports_of_costs_in_one_file_are_refused_as_costs(tmp_path):
    path = tmp_path / "costs.csv"
    path.write_text("date,amount,channel\n2024-01-05,1,ads\ndate,amount,channel,note\n2024-01-06,2,ads,x\n")
    with pytest.raises(DataError, match=r"^costs \(costs.csv\)") as caught:
        read_costs(path)
    assert "line 3" in str(caught.value)
