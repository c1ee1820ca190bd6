"""What one row of costs covers: a day, a week, a month … – as its text says, or as the steps between dates show."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import unicodedata
from collections.abc import Sequence

SPANS = ("day", "week", "month", "quarter", "year")
MONTHS = {"month": 1, "quarter": 3, "year": 12}
LEAST = 3
"""Dates from which a weekly or a quarterly step is believed; two firsts of a month make months."""
# The beginnings of the months' names in the languages of exports; longer ones decide first.
_NAMES = (
    "juillet 7|juil 7|juin 6|jan 1|gen 1|ene 1|feb 2|fev 2|mar 3|mrz 3|mär 3|apr 4|avr 4|abr 4|may 5|mai 5|mag 5|jun 6|giu 6"
    "|jul 7|lug 7|aug 8|aou 8|ago 8|sep 9|set 9|oct 10|okt 10|ott 10|out 10|nov 11|dec 12|dez 12|dic 12"
)
_MONTH_OF = {name: int(number) for name, _, number in (pair.rpartition(" ") for pair in _NAMES.split("|"))}
_YEAR, _MONTH = r"(?P<y>(?:19|20)\d\d)", r"(?P<m>0?[1-9]|1[0-2])"
_FORMS = (
    ("month", rf"{_YEAR}[-/. ]?{_MONTH}"),
    ("month", rf"{_MONTH}[-/. ]{_YEAR}"),
    ("month", r"(?P<name>[^\W\d]+)\.?[ \-/']*(?P<y>(?:19|20)?\d\d)"),
    ("month", rf"{_YEAR}[ \-/]*(?P<name>[^\W\d]{{3,}})"),
    ("quarter", rf"{_YEAR}[ \-/]*[qQ](?P<q>[1-4])"),
    ("quarter", rf"[qQ](?P<q>[1-4])[ \-/]*{_YEAR}"),
    ("week", rf"{_YEAR}[ \-/]*[wW](?P<w>\d\d?)"),
    ("year", _YEAR),
)


def period(text: str) -> tuple[str, dt.date] | None:
    """The span that a text names and its first day; None where it is no period.

    >>> period("2023-01"), period("Jan 2024"), period("Q2 2024"), period("2024-W05"), period("2024-01-31")
    (('month', datetime.date(2023, 1, 1)), ('month', datetime.date(2024, 1, 1)), ('quarter', datetime.date(2024, 4, 1)), ('week', datetime.date(2024, 1, 29)), None)
    """
    for span, form in _FORMS:
        if found := re.fullmatch(form, " ".join(text.split())):
            parts = found.groupdict()
            first = _first(parts, int(parts["y"]) if len(parts["y"]) == 4 else 2000 + int(parts["y"]))
            if first is not None:
                return span, first
    return None


def _first(parts: dict[str, str], year: int) -> dt.date | None:
    if "w" in parts:
        try:
            return dt.date.fromisocalendar(year, int(parts["w"]), 1)
        except ValueError:
            return None
    month = 1
    if "name" in parts:
        named = month_of(parts["name"])
        if named is None:
            return None
        month = named
    elif "m" in parts:
        month = int(parts["m"])
    elif "q" in parts:
        month = 3 * int(parts["q"]) - 2
    return dt.date(year, month, 1)


def month_of(name: str) -> int | None:
    """The number of a month by its name or a beginning of it, or by its number as text.

    >>> month_of("Februar"), month_of("août"), month_of("9"), month_of("ads")
    (2, 8, 9, None)
    """
    text = name.strip().rstrip(".").lower()
    if text.isdecimal():
        return int(text) if 1 <= int(text) <= 12 else None
    plain = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))
    return next((number for begin, number in _MONTH_OF.items() if plain.startswith(begin)), None)


def step(days: Sequence[dt.date]) -> tuple[str, str]:
    """What one row covers, by the dates of all of them, and what shows it ("" where rows are days).

    >>> step([dt.date(2024, 1, 1), dt.date(2024, 2, 1)])
    ('month', 'every date is the first of a month')
    """
    known = sorted(set(days))
    if len(known) < 2:
        return "day", ""
    if all(day.day == 1 for day in known):
        quarters = len(known) >= LEAST and all(day.month % 3 == 1 for day in known)
        return (
            ("quarter", "every date begins a quarter") if quarters else ("month", "every date is the first of a month")
        )
    if all((day + dt.timedelta(days=1)).day == 1 for day in known):
        return "month", "every date is the last of a month"
    if len(known) >= LEAST and len({day.weekday() for day in known}) == 1:
        return "week", f"every date is a {calendar.day_name[known[0].weekday()]}"
    return "day", ""


def days_of(day: dt.date, span: str) -> tuple[dt.date, int]:
    """The first day of the span that a row with this date covers, and its length in days; a week begins on the date.

    >>> days_of(dt.date(2024, 2, 29), "month")
    (datetime.date(2024, 2, 1), 29)
    """
    if span == "day":
        return day, 1
    if span == "week":
        return day, 7
    months = MONTHS[span]
    first = day.replace(month=day.month - (day.month - 1) % months, day=1)
    after = first.month - 1 + months
    return first, (dt.date(first.year + after // 12, after % 12 + 1, 1) - first).days
