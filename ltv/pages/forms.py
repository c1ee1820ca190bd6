"""The forms a parameter's value can take, from its text to what a notebook gets; every refusal says what is needed."""

from __future__ import annotations

import dataclasses
import datetime as dt
import glob
import json
import math
import os
import re
import zoneinfo
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ltv import secrets
from ltv.errors import DataError, ParameterError, UnitError
from ltv.units import Horizon, Unit

SAMPLES = ("cdnow", "cdnow_sample")


def spans(text: str) -> tuple[Horizon, ...]:
    """Spans of time, the unit said once at the end or with each.

    >>> [str(span) for span in spans("30, 90 days")]
    ['30 days', '90 days']
    """
    parts = [part.strip() for part in text.split(",")]
    unit = re.sub(r"^[0-9.\s]+", "", parts[-1])
    return tuple(Horizon.of(part if re.search(r"[A-Za-z]", part) else f"{part} {unit}") for part in parts)


def months(text: str) -> tuple[int, ...]:
    """Ages in whole months, the unit said once at the end.

    >>> months("6, 12, 24 months"), months("1, 2 years")
    ((6, 12, 24), (12, 24))
    """
    counts = [span.in_(Unit.MONTH) for span in spans(text)]
    if any(abs(count - round(count)) > 1e-9 or count < 1 for count in counts):
        raise UnitError(f'a list of whole months such as "6, 12, 24 months" is needed, not {text!r}')
    return tuple(round(count) for count in counts)


def valid(field: dataclasses.Field[Any], value: Any) -> Any:
    """The value as its type and rules want it. Raises LtvError."""
    rules, optional = field.metadata, "None" in str(field.type)
    if optional and (value is None or value == ""):
        return None
    if str(field.type).startswith("float"):
        return _within(_number(value), rules)
    if str(field.type).startswith("dict"):
        pairs = named(value)
        return _FORMS[rules["form"]](pairs) if "form" in rules else pairs
    text = _text(value)
    if "choices" in rules and text not in rules["choices"]:
        raise ParameterError(f"{text!r} is none of {', '.join(rules['choices'])}{meant(text, rules['choices'])}")
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


def named(value: Any) -> dict[str, str]:
    """Names and their values: text split at commas, or JSON or a mapping, which a value with a comma needs."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except json.JSONDecodeError as error:
            raise ParameterError(f"JSON that can be read is needed: {error}") from None
    if isinstance(value, str):
        pairs = [pair.partition("=") for pair in value.split(",")]
        if any(not name.strip() or not sign for name, sign, _ in pairs):
            raise ParameterError(f"names with values such as channel=ads, country=DE are needed, not {value!r}")
        value = {name.strip(): given.strip() for name, _, given in pairs}
    if not isinstance(value, Mapping) or not all(isinstance(part, str) for pair in value.items() for part in pair):
        raise ParameterError(f"names with text as values are needed, not {value!r}; put numbers in quotes")
    return dict(value)


def _columns(value: dict[str, str]) -> dict[str, str]:
    from ltv.orders.reading import MoreColumns

    known = [*MoreColumns.__annotations__, "encoding"]
    if unknown := [f"{name}{meant(name, known)}" for name in value if name not in known]:
        raise ParameterError(f"there is no {', '.join(unknown)}; there are {', '.join(known)}")
    return value


def _policy(value: dict[str, str]) -> dict[str, str]:
    from ltv.orders import Policy

    Policy.of(value)
    return value


def _engine(value: str) -> str:
    try:
        secrets.expand(value)
    except DataError as error:
        raise ParameterError(error.faults[0].removeprefix("on  ")) from None
    return value if "://" in value or "$" in value else _file(value)


def _file(value: str) -> str:
    from ltv.inputs import files, queries

    if value in SAMPLES or "://" in value:
        return value
    if queries.is_query(value):
        raise ParameterError("a query needs the engine that it asks: --on, a connection URL or a database file")
    path = Path(value).expanduser()
    if len(os.fsencode(path.name)) > files.LONGEST or not (path.exists() or glob.glob(str(path), recursive=True)):
        raise ParameterError(f"there is no file {value[:300]!r} (looked in {Path.cwd()})")
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
        raise ParameterError(f"there is no time zone {value!r}{meant(value, known)}") from None
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise ParameterError(f"three capital letters such as USD are needed, not {value!r}")
    return value


def _span(value: str) -> str:
    return str(Horizon.of(value))


def _months(value: str) -> str:
    return f"{', '.join(map(str, months(value)))} months"


def _spans(value: str) -> str:
    spans(value)
    return value


def _cost_forms(value: dict[str, str]) -> dict[str, str]:
    if unknown := sorted(value.keys() - {"date_format", "decimal"}):
        raise ParameterError(f"there is no {', '.join(unknown)}; there are date_format and decimal")
    return value


_FORMS: dict[str, Callable[[Any], Any]] = {
    "columns": _columns,
    "policy": _policy,
    "cost forms": _cost_forms,
    "engine": _engine,
    "spans": _spans,
    "file": _file,
    "day": _day,
    "zone": _zone,
    "currency": _currency,
    "span": _span,
    "months": _months,
}


def meant(name: str, known: Iterable[str]) -> str:
    """A question for the name that was probably meant, or nothing."""
    close = get_close_matches(str(name), list(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]}?" if close else ""
