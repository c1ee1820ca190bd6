"""Parameters: parsed, checked, every fault at once, before anything is run."""

import dataclasses
import inspect
import typing

import pytest

from ltv.errors import ParameterError
from ltv.orders import reading
from ltv.orders.policy import Policy
from ltv.pages import catalog
from ltv.pages.forms import months


@pytest.mark.parametrize("name", catalog.runnable({}))
def test_defaults_pass_their_own_check_and_have_help(name):
    assert catalog.check(name, {}) == catalog.parameters(name)()
    given = dataclasses.asdict(catalog.parameters(name)())
    assert catalog.check(name, given) == catalog.parameters(name)()
    assert all(catalog.describe(field) for field in dataclasses.fields(catalog.parameters(name)))


def test_a_report_says_what_it_needs(tmp_path):
    with pytest.raises(ParameterError, match="costs: needed, the marketing costs"):
        catalog.check("channels", {})
    (tmp_path / "costs.csv").write_text("date,amount")
    given = {"costs": str(tmp_path / "costs.csv")}
    assert catalog.check("channels", given).costs == given["costs"]
    assert "channels" in catalog.runnable(given)
    with pytest.raises(ParameterError, match="target: 9 months is none of the targets"):
        catalog.check("channels", given | {"target": 9})


@pytest.mark.parametrize("name", catalog.reports())
def test_the_parameters_cell_is_python_that_sets_the_defaults(name):
    told: dict[str, object] = {}
    exec(catalog.parameters_cell(name), told)
    kind = catalog.parameters(name)
    assert list(typing.get_type_hints(kind)) == list(told["__annotations__"])
    assert {field.name: told[field.name] for field in dataclasses.fields(kind)} == dataclasses.asdict(kind())


def test_every_fault_is_said_at_once():
    given = {
        "cacc": "1", "cac": "0", "horizon": "12", "margin": "30%", "time_zone": "Europe/Berln",
        "orders": "nowhere.csv", "until": "30.06.1998", "currency": "usd", "unit": "weeks", "discount": "2",
    }  # fmt: skip
    with pytest.raises(ParameterError) as error:
        catalog.check("payback", given)
    lines = str(error.value).splitlines()
    assert lines[0] == "payback: 10 faults in the parameters"
    assert {line.split(":")[0].strip() for line in lines[1:]} == given.keys()
    for cure in ("did you mean cac?", "above 0", "a number and a unit", "did you mean Europe/Berlin?", "1998-06-30"):
        assert cure in str(error.value)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"margin": True}, "a number is needed, not True"),
        ({"margin": "nan"}, "finite"),
        ({"margin": "1.01"}, "at most 1"),
        ({"customer": 7}, "put it in quotes"),
        ({"orders": None}, "text is needed"),
        ({"targets": "6, 48 months"}, "beyond the horizon"),
        ({"targets": "6, 12"}, "a number and a unit"),
        ({"targets": "10 days"}, "whole months"),
    ],
)
def test_impossible_values_are_refused(given, fault):
    with pytest.raises(ParameterError, match=fault):
        catalog.check("payback", given)


def test_text_stays_text_and_numbers_are_parsed():
    checked = catalog.check("payback", {"customer": "007", "date": "NO", "amount": "", "cac": "12.5", "margin": 1})
    assert (checked.customer, checked.date, checked.amount) == ("007", "NO", None)
    assert (checked.cac, checked.margin) == (12.5, 1.0)
    assert isinstance(checked.margin, float)


def test_a_path_becomes_absolute(tmp_path, monkeypatch):
    (tmp_path / "orders.csv").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert catalog.check("retention", {"orders": "orders.csv"}).orders == str(tmp_path / "orders.csv")
    assert catalog.check("retention", {"orders": "*.csv"}).orders == str(tmp_path / "*.csv")
    with pytest.raises(ParameterError, match="there is no file"):
        catalog.check("retention", {"orders": "none.csv"})
    assert catalog.check("retention", {"orders": "."}).orders == str(tmp_path)
    (tmp_path / "shop.duckdb").write_text("x")
    inside = catalog.check("retention", {"orders": "select * from orders", "on": "shop.duckdb"})
    assert (inside.orders, inside.on) == ("select * from orders", str(tmp_path / "shop.duckdb"))


def test_further_columns_and_choices_come_by_name():
    told = catalog.check(
        "ltv", {"columns": '{"cost": "cogs, net", "decimal": ","}', "policy": "refunds=drop,wholesale=.99"}
    )
    assert told.columns == {"cost": "cogs, net", "decimal": ","}
    assert told.margin is None
    for wrong, said in [
        ({"columns": "costs=cogs"}, "there is no costs; did you mean cost"),
        ({"columns": "{cost"}, "JSON that can be read"),
        ({"columns": "cost=cogs", "margin": "0.4"}, "it follows from the cost column"),
        ({"policy": "refunds=lose"}, "refunds is one of 'net', 'drop', 'refuse'"),
        ({"policy": "refund=drop"}, "there is no refund; there are refunds"),
        ({"on": "postgresql://me:secret@host/db"}, r"export LTV_DB="),
    ]:
        with pytest.raises(ParameterError, match=said) as error:
            catalog.check("ltv", wrong)
        assert "secret" not in str(error.value)


def test_several_reports_each_take_what_they_know():
    checked = catalog.check_all(["retention", "payback"], {"cac": "20", "period": "month", "margin": "0.5"})
    assert checked["payback"].cac == 20
    assert checked["retention"].period == "month"
    assert {parameters.margin for parameters in checked.values()} == {0.5}
    with pytest.raises(ParameterError, match="retention, payback: 1 fault"):
        catalog.check_all(["retention", "payback"], {"margin": "2"})


def test_an_unknown_report_is_named_with_the_one_that_was_meant():
    with pytest.raises(ParameterError, match="did you mean retention"):
        catalog.check("retenton", {})


def test_months_say_their_unit_once():
    assert months("6, 12, 24 months") == (6, 12, 24)
    assert months("1 year") == (12,)


def test_the_command_line_and_python_read_orders_alike():
    arguments = inspect.signature(reading.read_orders).parameters
    for field in dataclasses.fields(catalog.Parameters):
        if field.name in arguments and field.name not in ("orders", "policy", "columns"):
            assert field.default == arguments[field.name].default, field.name
    assert Policy.of(catalog.Parameters().policy) == arguments["policy"].default


def test_reports_on_money_need_a_column_of_amounts_and_the_others_do_not():
    log = {"orders": "data/README.md", "customer": "who", "date": "when"}
    assert catalog.runnable(log) == ["data_quality", "retention", "growth_accounting", "backtest"]
    assert "ltv" in catalog.runnable(log | {"amount": "paid"})
    assert "ltv" in catalog.runnable({"orders": "cdnow"})
    with pytest.raises(ParameterError, match=r"amount: needed.*without amounts there are data_quality, retention"):
        catalog.check("payback", log)
    assert catalog.check("retention", log).amount is None
