"""The reports there are and the parameters they take: one frozen dataclass per notebook, checked before a kernel starts.

A notebook's parameters cell is generated from its dataclass (`parameters_cell`), and a test holds the two together.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import re
import zoneinfo
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ltv.errors import LtvError, ParameterError, UnitError
from ltv.units import Horizon, Unit

SAMPLES = ("cdnow",)


def _field(default: Any, about: str, **rules: Any) -> Any:
    """A parameter with its help and the rules its value obeys: choices=, above=, least=, most=, form=."""
    return dataclasses.field(default=default, metadata={"help": about, **rules})


@dataclass(frozen=True)
class Parameters:
    """What every report takes."""

    orders: str = _field("cdnow", "the order log: a CSV or Parquet file, or the sample cdnow", form="file")
    customer: str | None = _field(None, "column of the customer id; a sample needs none")
    date: str | None = _field(None, "column of the order date; a sample needs none")
    amount: str | None = _field(None, "column of the order's amount; a sample needs none")
    until: str | None = _field(
        None, "last whole day of the log, such as 1998-06-30; default: the last order", form="day"
    )
    time_zone: str = _field("UTC", "decides the day of an instant, such as Europe/Berlin", form="zone")
    currency: str = _field("USD", "three letters, shown beside amounts", form="currency")
    margin: float = _field(0.30, "net margin as a share of revenue", above=0, most=1)


@dataclass(frozen=True)
class Retention(Parameters):
    """Who comes back, cohort by cohort."""

    cohort: str = _field("week", "customers acquired in the same", choices=("week", "month", "quarter"))
    period: str = _field("month", "length of an age in a customer's own life", choices=("week", "month", "quarter"))


@dataclass(frozen=True)
class Ltv(Parameters):
    """What a customer is worth, and how well the model that says so has forecast."""

    unit: str = _field("week", "unit of time of the model", choices=("day", "week", "month"))
    horizon: str = _field("12 months", "span the value covers", form="span")
    discount: float = _field(0.10, "discount rate a year", least=0, most=1)
    holdout: str | None = _field(None, "last day the tested model may see; default: the middle of the log", form="day")


@dataclass(frozen=True)
class Payback(Parameters):
    """When a customer has earned back what it cost, and what one may cost."""

    unit: str = _field("week", "unit of time of the model", choices=("day", "week", "month"))
    horizon: str = _field("36 months", "how far ahead payback is looked for", form="span")
    discount: float = _field(0.10, "discount rate a year", least=0, most=1)
    cac: float = _field(30.0, "cost of acquiring one customer, to find its payback", above=0)
    probability: float = _field(0.9, "how sure an affordable cost must be to come back", least=0.5, most=0.99)
    targets: str = _field("6, 12, 24 months", "payback times to find the highest affordable cost for", form="months")
    holdout: str | None = _field(None, "last day the tested model may see; default: the middle of the log", form="day")


_REPORTS: dict[str, type[Parameters]] = {"retention": Retention, "ltv": Ltv, "payback": Payback}


def reports() -> list[str]:
    """The names of the reports, in the order in which they are read."""
    return list(_REPORTS)


def parameters(name: str) -> type[Parameters]:
    """The dataclass of a report. Raises ParameterError, naming the report that was probably meant."""
    if name not in _REPORTS:
        raise ParameterError(f"there is no report {name!r}{_meant(name, _REPORTS)}; there are {', '.join(_REPORTS)}")
    return _REPORTS[name]


def check(name: str, given: Mapping[str, Any]) -> Parameters:
    """The parameters of report `name`: `given` over the defaults, text parsed to numbers where numbers are due.

    Text stays text ("NO", "007"). A file's path becomes absolute. Raises one ParameterError with every fault.

    >>> check("payback", {"cac": "12.5"}).cac
    12.5
    """
    kind = parameters(name)
    fields = {field.name: field for field in dataclasses.fields(kind)}
    faults = [f"{key}: there is no such parameter{_meant(key, fields)}" for key in given if key not in fields]
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key in fields:
            try:
                values[key] = _valid(fields[key], value)
            except LtvError as fault:
                faults.append(f"{key}: {fault}")
    checked = kind(**values)
    faults += _together(checked)
    if faults:
        count = "1 fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise ParameterError("\n  ".join([f"report {name}: {count} in its parameters", *faults]))
    return checked


def parameters_cell(name: str) -> str:
    """The source of a notebook's parameters cell.

    >>> print(parameters_cell("retention").splitlines()[-2])
    cohort: str = "week"  # customers acquired in the same: week, month or quarter
    """
    return "\n".join(
        f"{field.name}: {field.type} = {_literal(field.default)}  # {describe(field)}"
        for field in dataclasses.fields(parameters(name))
    )


def describe(field: dataclasses.Field[Any]) -> str:
    """A parameter's help with its choices."""
    *firsts, last = field.metadata.get("choices", ("",))
    return field.metadata["help"] + (f": {', '.join(firsts)} or {last}" if firsts else "")


def months(text: str) -> tuple[int, ...]:
    """Ages in whole months, the unit said once at the end.

    >>> months("6, 12, 24 months"), months("1, 2 years")
    ((6, 12, 24), (12, 24))
    """
    parts = [part.strip() for part in text.split(",")]
    unit = re.sub(r"^[0-9.\s]+", "", parts[-1])
    spans = [Horizon.of(part if re.search(r"[A-Za-z]", part) else f"{part} {unit}") for part in parts]
    counts = [span.in_(Unit.MONTH) for span in spans]
    if any(abs(count - round(count)) > 1e-9 or count < 1 for count in counts):
        raise UnitError(f'a list of whole months such as "6, 12, 24 months" is needed, not {text!r}')
    return tuple(round(count) for count in counts)


def _valid(field: dataclasses.Field[Any], value: Any) -> Any:
    """The value as its type and rules want it. Raises LtvError."""
    rules, optional = field.metadata, "None" in str(field.type)
    if optional and (value is None or value == ""):
        return None
    if field.type == "float":
        return _within(_number(value), rules)
    text = _text(value)
    if "choices" in rules and text not in rules["choices"]:
        raise ParameterError(f"{text!r} is none of {', '.join(rules['choices'])}{_meant(text, rules['choices'])}")
    return _FORMS[rules["form"]](text) if "form" in rules else text


def _within(value: float, rules: Mapping[str, Any]) -> float:
    low, least, most = rules.get("above", -math.inf), rules.get("least", -math.inf), rules.get("most", math.inf)
    if low < value and least <= value <= most:
        return value
    limits = [f"above {low:g}"] * ("above" in rules) + [f"at least {least:g}"] * ("least" in rules)
    limits += [f"at most {most:g}"] * ("most" in rules)
    raise ParameterError(f"a number {' and '.join(limits)} is needed, not {value:g}")


def _number(value: Any) -> float:
    try:
        if isinstance(value, bool):
            raise TypeError
        number = float(value)
    except (TypeError, ValueError):
        raise ParameterError(f"a number is needed, not {value!r}") from None
    if not math.isfinite(number):
        raise ParameterError(f"a finite number is needed, not {value!r}")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ParameterError(f"text is needed, not {value!r}; put it in quotes")
    return value


def _file(value: str) -> str:
    if value in SAMPLES or "://" in value:
        return value
    path = Path(value).expanduser()
    found = any(path.parent.glob(path.name)) if re.search(r"[*?\[]", path.name) else path.exists()
    if not found:
        raise ParameterError(f"there is no file {value!r} (looked in {Path.cwd()})")
    return str(path.absolute())


def _day(value: str) -> str:
    try:
        return str(dt.date.fromisoformat(value))
    except ValueError:
        raise ParameterError(f"a day such as 1998-06-30 is needed, not {value!r}") from None


def _zone(value: str) -> str:
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        raise ParameterError(f"there is no time zone {value!r}{_meant(value, known)}") from None
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ParameterError(f"three capital letters such as USD are needed, not {value!r}")
    return value


def _span(value: str) -> str:
    return str(Horizon.of(value))


def _months(value: str) -> str:
    return f"{', '.join(map(str, months(value)))} months"


_FORMS = {"file": _file, "day": _day, "zone": _zone, "currency": _currency, "span": _span, "months": _months}


def _together(checked: Parameters) -> Iterable[str]:
    """Faults that only two parameters have together."""
    if isinstance(checked, Payback) and max(months(checked.targets)) > Horizon.of(checked.horizon).in_("month") + 1e-9:
        yield f"targets: {checked.targets} reach beyond the horizon of {checked.horizon}"


def _meant(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""


def _literal(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)
