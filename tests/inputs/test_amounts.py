"""Amounts as exports write them are the money that was meant, in the one currency that the rows show; else a fault says why."""

import sqlite3

import pandas as pd
import pytest

import ltv
from ltv.errors import DataError
from ltv.inputs import amounts
from ltv.inputs.currencies import currency_of_heading
from ltv.inputs.opening import open_source

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


def log_of(cells, *, container="frame", folder=None, heading="paid", more=None, **arguments):
    frame = pd.DataFrame({"who": [f"c{i}" for i in range(len(cells))], "when": "2024-01-03", heading: cells})
    source, given = frame.assign(**(more or {})), {}
    path = folder and folder / f"log.{container}"
    if container == "sqlite":
        with sqlite3.connect(path) as connection:
            source.to_sql("log", connection, index=False)
        source, given = "log", {"on": str(path)}
    elif container != "frame":
        getattr(source, {"csv": "to_csv", "parquet": "to_parquet", "xlsx": "to_excel"}[container])(path, index=False)
        source = path
    policy = ltv.Policy(refunds="net", old_customers="keep")
    return ltv.read_orders(source, policy=policy, **COLUMNS | {"amount": heading} | given | arguments)


def money_of(cells, **arguments):
    """What the rows hold, in their order, refunds that undo nothing included."""
    table = open_source(pd.DataFrame({"paid": pd.Series(cells, dtype="string")})).table
    decimal, faults = amounts.choose_decimal(table, ["paid"])
    assert not faults
    return [
        None if pd.isna(it) else float(it)
        for it in table.select(it=amounts.parse(table.paid, decimal)).to_pandas()["it"]
    ]


FORMS = {
    "point": (["1234.50", "2.25"], "USD"),
    "comma": (["1234,50", "2,25"], "USD"),
    "sign before": (["$1,234.50", "$2.25"], "USD"),
    "sign behind": (["1.234,50 €", "2,25 €"], "EUR"),
    "no-break blanks": (["1\u00a0234,50\u00a0€", "2,25\u00a0€"], "EUR"),
    "narrow blanks": (["1\u202f234,50", "2,25"], "USD"),
    "apostrophes": (["CHF 1'234.50", "CHF 2.25"], "CHF"),
    "code behind": (["1234.50 eur", "2.25 EUR"], "EUR"),
    "letters": (["RM1,234.50", "RM 2.25"], "MYR"),
    "zloty": (["1 234,50 zł", "2,25 zł"], "PLN"),
    "another dollar": (["NT$1,234.50", "NT$2.25"], "TWD"),
    "full width": (["￥１，２３４．５０", "￥２．２５"], "JPY"),
}


CONTAINERS = ("frame", "csv", "parquet", "xlsx", "sqlite")


@pytest.mark.parametrize(
    ("container", "every"),
    [(kind, kind == "frame") for kind in CONTAINERS]
    + [pytest.param(kind, True, marks=pytest.mark.slow) for kind in CONTAINERS[1:]],
)
def test_amounts_in_any_form_are_the_same_money_everywhere(container, every, tmp_path):
    """Each form in a frame, and a quarter of them in each kind of file; all forms in all files where time is no matter."""
    wrong = {}
    own = CONTAINERS.index(container)
    for number, (name, (cells, currency)) in enumerate(FORMS.items()):
        if not every and number % 4 != own - 1:
            continue
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        log = log_of(cells, container=container, folder=folder, currency="JPY" if currency == "JPY" else None)
        if (log.size["revenue"], log.currency) != (1236.75, currency):
            wrong[name] = log.size["revenue"], log.currency
    assert not wrong


@pytest.mark.parametrize(
    ("cells", "right"),
    [
        (["(10.00)", "($5.00)", "$-2.5", "-$2.5", "7.25-", "−5.5", "+3.5"], [-10, -5, -2.5, -2.5, -7.25, -5.5, 3.5]),
        (["1,23,456.78", "12,34,567.00"], [123456.78, 1234567.0]),
        (["12.-", "1'000.--"], [12, 1000]),
        (["12,-", "2,5"], [12, 2.5]),
        (["12.5", "1.234"], [12.5, 1.234]),
        (["0.125", "1.234"], [0.125, 1.234]),
        (["1.234.567", "1.234"], [1234567, 1234]),
        (["1e3", "2.5"], [1000, 2.5]),
    ],
)
def test_what_one_form_says(cells, right):
    assert money_of(cells) == right


@pytest.mark.parametrize(
    "cell", ["12 50", "1 2345", "1\t234", "12\n50", "1'23", "12%", "１２％", "1/2", "--5", "5)", "(5", "12abc", "1,2345.0", "$", ""]
)  # fmt: skip
def test_what_is_no_amount_is_a_fault(cell):
    assert money_of([cell, "2.5"]) == [None, 2.5]


@pytest.mark.parametrize(
    ("cells", "point", "comma"),
    [(["1,234", "2,500"], 3734, 3.734), (["1.234", "2.500"], 3.734, 3734), (["$1.234"], 1.234, 1234)],
)
def test_three_digits_behind_every_mark_are_asked_and_both_cures_work(cells, point, comma):
    with pytest.raises(DataError, match=r'pass decimal="\." or decimal=","'):
        log_of(cells)
    assert log_of(cells, decimal=".").size["revenue"] == pytest.approx(point)
    assert log_of(cells, decimal=",").size["revenue"] == pytest.approx(comma)


@pytest.mark.parametrize(
    ("cells", "column", "given", "currency"),
    [
        (["$5"], None, None, "USD"),
        (["$5"], None, "cad", "CAD"),
        (["$5"], ["AUD"], None, "AUD"),
        (["$5", "US$6", "7 usd"], None, None, "USD"),
        (["€5", "6"], ["eur", "EUR "], None, "EUR"),
        (["5"], ["usd"], "USD", "USD"),
        (["5"], ["€"], None, "EUR"),
        (["¥5"], None, "CNY", "CNY"),
        (["5 kr"], ["dkk"], None, "DKK"),
        (["5"], None, None, "USD"),
    ],
)
def test_the_rows_say_their_currency(cells, column, given, currency):
    more = {"money": column} if column else {}
    log = log_of(cells, more=more, currency=given, currency_column="money" if column else None)
    assert log.currency == currency


@pytest.mark.parametrize(
    ("cells", "column", "given", "words"),
    [
        (["$10.00", "€20.00", "£5.00"], None, None, r"3 currencies in one log \(\$ 1, EUR 1, GBP 1 rows\)"),
        (["$10", "CA$5"], None, None, "2 currencies in one log"),
        (["$10"], ["EUR"], None, "2 currencies in one log"),
        (["5", "6"], ["EUR", "usd"], None, r"2 currencies in one log \(EUR 1, USD 1 rows\)"),
        (["$10"], None, "EUR", r"the rows are in \$, but currency=EUR"),
        (["5"], ["EUR"], "usd", "the rows are in EUR, but currency=usd"),
        (["5 kr"], None, None, 'pass currency="SEK" or currency="NOK"'),
        (["¥5"], None, None, 'pass currency="JPY" or currency="CNY"'),
    ],
)
def test_several_currencies_are_named_with_their_rows(cells, column, given, words):
    more = {"money": column} if column else {}
    with pytest.raises(DataError, match=words):
        log_of(cells, more=more, currency=given, currency_column="money" if column else None)


@pytest.mark.parametrize(
    ("heading", "currency"),
    [
        ("Total (EUR)", "EUR"),
        ("Total (eur)", "EUR"),
        ("amount_gbp", "GBP"),
        ("priceUsd", "USD"),
        ("Umsatz in €", "EUR"),
        ("sales_all", None),
        ("Total EUR/USD", None),
        ("Total", None),
    ],
)
def test_the_currency_that_a_heading_names(heading, currency):
    assert currency_of_heading(heading) == currency
    assert log_of([5.0], heading=heading).currency == (currency or "USD")


def test_smallest_units_are_asked_and_both_cures_work():
    with pytest.raises(DataError, match="pass minor_units=True, or minor_units=False"):
        log_of([1234, 66], heading="amount_cents")
    assert log_of([1234, 66], heading="amount_cents", minor_units=True).size["revenue"] == 13.0
    assert log_of([1234, 66], heading="amount_cents", minor_units="no").size["revenue"] == 1300.0
    assert log_of([1234, 66], heading="amount_cents", minor_units=True, currency="JPY").size["revenue"] == 1300.0
    assert log_of([1234, 66], heading="amount_cents", minor_units=True, currency="KWD").size["revenue"] == 1.3
    with pytest.raises(ltv.ParameterError, match="minor_units is true where money is in cents"):
        log_of([1234], minor_units="perhaps")


@pytest.mark.parametrize(
    ("columns", "amount", "minor"),
    [
        ({"amountCents": [100]}, "amountCents", True),
        ({"total_minor": ["100"]}, "total_minor", True),
        ({"amount_cents": [1.5]}, "amount_cents", False),
        ({"accents": [100]}, "accents", False),
        ({"amount": [100]}, "amount", False),
        (
            {
                "amount": [100],
                "amount_refunded": [0],
                "currency": ["usd"],
                "balance_transaction": ["t"],
                "created": [1],
            },
            "amount",
            True,
        ),
    ],
)
def test_smallest_units_are_known_by_their_heading(columns, amount, minor):
    assert amounts.minor_units(open_source(pd.DataFrame(columns)).table, amount) is minor
