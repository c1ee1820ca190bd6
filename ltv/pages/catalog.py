"""The reports there are and the parameters they take: one frozen dataclass per notebook, checked before a kernel starts.

A notebook's parameters cell is generated from its dataclass (`parameters_cell`), and a test holds the two together.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ltv.errors import LtvError, ParameterError
from ltv.pages.forms import SAMPLES, meant, months, valid
from ltv.units import GUESSED_MARGIN, Horizon


def _field(default: Any, about: str, **rules: Any) -> Any:
    """A parameter with its help and the rules its value obeys: choices=, above=, least=, most=, form=."""
    return dataclasses.field(default=default, metadata={"help": about, **rules})


@dataclass(frozen=True)
class Parameters:
    """What every report takes."""

    orders: str = _field(
        "cdnow", "the order log: a file, a folder, a table or SELECT of `on`, or the sample cdnow", form="file"
    )
    on: str | None = _field(None, "where a table or SELECT lies: a DuckDB file, a URL, or $NAME of one", form="engine")
    customer: str | None = _field(None, "column of the customer id; a sample needs none")
    date: str | None = _field(None, "column of the order date; a sample needs none")
    amount: str | None = _field(None, "column of the order's amount; a sample needs none")
    columns: dict[str, str] | None = _field(
        None,
        "further columns and forms: quantity, discount, tax, cost, order, decimal …; `ltv check` names them",
        form="columns",
    )
    policy: dict[str, str] | None = _field(
        None, "choices on rows, such as refunds=drop, zero=drop, wholesale=0.999; default: an expert's", form="policy"
    )
    until: str | None = _field(
        None, "last whole day of the log, such as 1998-06-30; default: the last order", form="day"
    )
    time_zone: str = _field("UTC", "decides the day of an instant, such as Europe/Berlin", form="zone")
    currency: str | None = _field(
        None, "three letters, shown beside amounts; default: as the rows say, else USD", form="currency"
    )
    margin: float | None = _field(
        None,
        f"net margin as a share of revenue; default: revenue less the cost column, or {GUESSED_MARGIN:.0%} assumed without one",
        above=0,
        most=1,
    )
    segment: dict[str, str] | None = _field(
        None, "customers first seen with these, such as channel=ads; default: everybody"
    )


@dataclass(frozen=True)
class Retention(Parameters):
    """Who comes back, cohort by cohort."""

    cohort: str = _field("auto", "customers acquired in the same", choices=("auto", "week", "month", "quarter", "year"))
    period: str = _field("auto", "length of an age of a customer", choices=("auto", "week", "month", "quarter"))
    clock: str = _field("anniversary", "ages by a customer's own life or by the", choices=("anniversary", "calendar"))
    active: str = _field("1 order", "what makes a customer active in an age, such as 2 orders or 50 USD")
    by: str | None = _field(None, "column whose value at the first order makes segments to compare")
    business: str = _field("commerce", "decides the core metric", choices=("commerce", "usage"))
    lapsed: str = _field("180 days", "a customer without an order for so long has lapsed", form="span")


@dataclass(frozen=True)
class GrowthAccounting(Parameters):
    """Where customers and revenue come from, and where they go."""

    period: str = _field("auto", "what is compared with the one before", choices=("auto", "week", "month", "quarter"))
    cohort: str = _field("auto", "layers of revenue by the first order's", choices=("auto", "month", "quarter", "year"))
    business: str = _field("commerce", "decides the core metric", choices=("commerce", "usage"))


@dataclass(frozen=True)
class Ltv(Parameters):
    """What a customer is worth, and how well the model that says so has forecast."""

    billing: str = _field(
        "refuse",
        "what to do with orders that are bills on a fixed cycle, which are no purchases",
        choices=("refuse", "forecast"),
    )
    unit: str = _field("week", "unit of time of the model", choices=("day", "week", "month"))
    horizon: str = _field("12 months", "span the value covers", form="span")
    discount: float = _field(0.10, "discount rate a year", least=0, most=1)
    holdout: str | None = _field(None, "last day the tested model may see; default: the middle of the log", form="day")


@dataclass(frozen=True)
class Payback(Parameters):
    """When a customer has earned back what it cost, and what one may cost."""

    billing: str = _field(
        "refuse",
        "what to do with orders that are bills on a fixed cycle, which are no purchases",
        choices=("refuse", "forecast"),
    )
    unit: str = _field("week", "unit of time of the model", choices=("day", "week", "month"))
    horizon: str = _field("36 months", "how far ahead payback is looked for", form="span")
    discount: float = _field(0.10, "discount rate a year", least=0, most=1)
    cac: float | None = _field(
        None, "cost of acquiring one customer, to find its payback; default: what one may cost for a year", above=0
    )
    probability: float = _field(0.9, "how sure an affordable cost must be to come back", least=0.5, most=0.99)
    targets: str = _field("6, 12, 24 months", "payback times to find the highest affordable cost for", form="months")
    holdout: str | None = _field(None, "last day the tested model may see; default: the middle of the log", form="day")
    reviewed: str | None = _field(
        None, "day whose forecast is looked back on; default: a year before the end of the log", form="day"
    )


@dataclass(frozen=True)
class Backtest(Parameters):
    """How good past forecasts were, against what can be forecast without a model."""

    billing: str = _field(
        "refuse",
        "what to do with orders that are bills on a fixed cycle, which are no purchases",
        choices=("refuse", "forecast"),
    )
    unit: str = _field("week", "unit of time of the model", choices=("day", "week", "month"))
    holdout: str | None = _field(None, "day of the main forecast; default: the middle of the log", form="day")
    horizons: str = _field("30, 90, 180 days", "spans to forecast again from several past days", form="spans")


@dataclass(frozen=True)
class Channels(Parameters):
    """When each channel earns back what its customers cost, and what the next one may cost. Needs costs."""

    costs: str | None = _field(None, "the marketing costs: a CSV or Parquet file", form="file", needed=True)
    cost_date: str = _field(
        "date",
        "column of the costs with the day, week or month, or two as year+month; recognised where it is not there",
    )
    cost_amount: str = _field("amount", "column of the costs with the money; recognised where it is not there")
    cost_channel: str | None = _field(
        None, "column of the costs with the channel; default: that of the orders, or recognised"
    )
    cost_forms: dict[str, str] | None = _field(
        None, "date_format and decimal of the costs, each needed only where two fit", form="cost forms"
    )
    each: str = _field(
        "auto",
        "span of a row of the costs, auto is as its dates show",
        choices=("auto", "day", "week", "month", "quarter", "year"),
    )
    channel: str | None = _field("channel", "column of the orders with the channel; None where costs are totals")
    lag: float = _field(0.0, "days from spend to the first order it brings", least=0, most=365)
    cohort: str = _field("auto", "customers acquired in the same", choices=("auto", "week", "month", "quarter"))
    billing: str = _field(
        "refuse",
        "what to do with orders that are bills on a fixed cycle, which are no purchases",
        choices=("refuse", "forecast"),
    )
    unit: str = _field("week", "unit of time of the model", choices=("day", "week", "month"))
    horizon: str = _field("36 months", "how far ahead payback is looked for", form="span")
    discount: float = _field(0.10, "discount rate a year", least=0, most=1)
    probability: float = _field(0.9, "how sure an affordable cost must be to come back", least=0.5, most=0.99)
    targets: str = _field("6, 12, 24 months", "payback times to find the highest affordable cost for", form="months")
    target: float = _field(12.0, "payback time of the pictures and findings, in months; one of targets", above=0)
    reviewed: str | None = _field(
        None, "day whose forecast is looked back on; default: a year before the end of the log", form="day"
    )


@dataclass(frozen=True)
class DataQuality(Parameters):
    """Where every row and its money went, what came in day by day, and what looks damaged."""


MONEY: tuple[type[Parameters], ...] = (Ltv, Payback, Channels)
"""The reports on money; the others can be made of a log without amounts."""

_REPORTS: dict[str, type[Parameters]] = {
    "data_quality": DataQuality,
    "retention": Retention,
    "growth_accounting": GrowthAccounting,
    "ltv": Ltv,
    "payback": Payback,
    "backtest": Backtest,
    "channels": Channels,
}


def reports() -> list[str]:
    """The names of the reports, in the order in which they are read."""
    return list(_REPORTS)


def runnable(given: Mapping[str, Any]) -> list[str]:
    """The reports that have all they need in `given`.

    >>> "channels" in runnable({}), "channels" in runnable({"costs": "data/costs.csv"})
    (False, True)
    """
    silent = set(without_amounts(given))
    return [
        name
        for name, kind in _REPORTS.items()
        if name not in silent
        and all(given.get(field.name) for field in dataclasses.fields(kind) if field.metadata.get("needed"))
    ]


def without_amounts(given: Mapping[str, Any]) -> list[str]:
    """The reports that cannot be made of `given` because it names no column of amounts; a sample has its own.

    >>> without_amounts({"orders": "log.csv", "customer": "who", "date": "day"})
    ['ltv', 'payback', 'channels']
    """
    if given.get("amount") or given.get("orders", SAMPLES[0]) in SAMPLES:
        return []
    return [name for name, kind in _REPORTS.items() if kind in MONEY]


def parameters(name: str) -> type[Parameters]:
    """The dataclass of a report. Raises ParameterError, naming the report that was probably meant."""
    if name not in _REPORTS:
        raise ParameterError(f"there is no report {name!r}{meant(name, _REPORTS)}; there are {', '.join(_REPORTS)}")
    return _REPORTS[name]


def check(name: str, given: Mapping[str, Any]) -> Parameters:
    """The parameters of report `name`: `given` over the defaults, text parsed to numbers where numbers are due.

    Text stays text ("NO", "007"). A file's path becomes absolute. Raises one ParameterError with every fault.

    >>> check("payback", {"cac": "12.5"}).cac
    12.5
    """
    return check_all([name], given)[name]


def check_all(names: Sequence[str], given: Mapping[str, Any]) -> dict[str, Parameters]:
    """`check` for several reports at once: each takes what it knows, and one of them must know every name."""
    known = {name: {field.name: field for field in dataclasses.fields(parameters(name))} for name in names}
    every = [key for fields in known.values() for key in fields]
    faults = [f"{key}: there is no such parameter{meant(key, every)}" for key in given if key not in every]
    checked = {}
    for name, fields in known.items():
        values: dict[str, Any] = {}
        for key in given.keys() & fields.keys():
            try:
                inside = key == "orders" and given.get("on")  # a table or SELECT of an engine, not a file
                values[key] = given[key] if inside else valid(fields[key], given[key])
            except LtvError as fault:
                faults.append(f"{key}: {fault}")
        checked[name] = parameters(name)(**values)
        faults += _together(checked[name])
    if faults:
        faults = list(dict.fromkeys(faults))
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ParameterError("\n  ".join([f"{', '.join(names)}: {count} in the parameters", *faults]))
    return checked


def parameters_cell(name: str) -> str:
    """The source of a notebook's parameters cell.

    >>> print(parameters_cell("growth_accounting").splitlines()[-1])
    business: str = "commerce"  # decides the core metric: commerce or usage
    """
    return "\n".join(
        f"{field.name}: {field.type} = {_literal(field.default)}  # {describe(field)}"
        for field in dataclasses.fields(parameters(name))
    )


def describe(field: dataclasses.Field[Any]) -> str:
    """A parameter's help with its choices."""
    *firsts, last = field.metadata.get("choices", ("",))
    return field.metadata["help"] + (f": {', '.join(firsts)} or {last}" if firsts else "")


def _together(checked: Parameters) -> Iterable[str]:
    """Faults of parameters that are missing, and faults that only two have together."""
    for field in dataclasses.fields(checked):
        if field.metadata.get("needed") and not getattr(checked, field.name):
            yield f"{field.name}: needed, {field.metadata['help']}"
    if checked.margin is not None and "cost" in (checked.columns or {}):
        yield "margin: it follows from the cost column; leave it out"
    if isinstance(checked, MONEY) and without_amounts(dataclasses.asdict(checked)):
        others = ", ".join(name for name, kind in _REPORTS.items() if kind not in MONEY)
        yield f"amount: needed, {_help(checked, 'amount')}; without amounts there are {others}"
    if isinstance(checked, Channels) and round(checked.target) not in months(checked.targets):
        yield f"target: {checked.target:g} months is none of the targets {checked.targets}"
    if (
        isinstance(checked, Payback | Channels)
        and max(months(checked.targets)) > Horizon.of(checked.horizon).in_("month") + 1e-9
    ):
        yield f"targets: {checked.targets} reach beyond the horizon of {checked.horizon}"


def _help(checked: Parameters, name: str) -> str:
    return next(str(field.metadata["help"]) for field in dataclasses.fields(checked) if field.name == name)


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
