"""Time as a type. A span always carries its unit, a rate is always per year, and conversion happens here only."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ltv.errors import UnitError

DAYS_PER_YEAR = 365.25
EPOCH = dt.date(1970, 1, 1)
GUESSED_MARGIN = 0.30  # where nobody has said what is left of revenue; every description names it
_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "CNY": "CN¥", "TWD": "NT$", "INR": "₹", "KRW": "₩"}
_WHOLE = {
    "BIF",
    "CLP",
    "DJF",
    "GNF",
    "ISK",
    "JPY",
    "KMF",
    "KRW",
    "PYG",
    "RWF",
    "UGX",
    "VND",
    "VUV",
    "XAF",
    "XOF",
    "XPF",
}


class Unit(Enum):
    """A unit of time and its length in days; a month is a twelfth of a year of 365.25 days.

    >>> Unit.of("weeks"), Unit.MONTH.days
    (<Unit.WEEK: 'week'>, 30.4375)
    """

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"

    @property
    def days(self) -> float:
        return _DAYS[self]

    @classmethod
    def of(cls, name: str | Unit) -> Unit:
        """The unit of this name, singular or plural, in any case.

        Raises UnitError, listing the units there are.
        """
        if isinstance(name, Unit):
            return name
        try:
            return cls(str(name).strip().lower().removesuffix("s"))
        except ValueError:
            known = ", ".join(unit.value for unit in cls)
            raise UnitError(f"no time unit {name!r}; there are {known}") from None

    def __str__(self) -> str:
        return self.value


# The one calendar table.
_DAYS: dict[Unit, float] = {
    Unit.DAY: 1.0,
    Unit.WEEK: 7.0,
    Unit.MONTH: DAYS_PER_YEAR / 12,
    Unit.QUARTER: DAYS_PER_YEAR / 4,
    Unit.YEAR: DAYS_PER_YEAR,
}


@dataclass(frozen=True)
class Horizon:
    """A span of time with its unit.

    >>> Horizon.of("12 months").days, Horizon.of("1 year").in_("week") == 365.25 / 7
    (365.25, True)
    """

    count: float
    unit: Unit

    def __post_init__(self) -> None:
        if not (math.isfinite(self.count) and self.count > 0):
            raise UnitError(f"a horizon must be a positive span of time, not {self.count:g} {self.unit}s")

    @classmethod
    def of(cls, text: str | Horizon) -> Horizon:
        """Parse "12 months", "90 days", "1.5 years". A number alone is refused: 12 of what?

        Raises UnitError.
        """
        if isinstance(text, Horizon):
            return text
        match = re.fullmatch(r"\s*([0-9]*\.?[0-9]+)\s*([A-Za-z]+)\s*", str(text))
        if match is None:
            raise UnitError(f'a horizon needs a number and a unit, such as "12 months" or "90 days", not {text!r}')
        return cls(float(match[1]), Unit.of(match[2]))

    @property
    def days(self) -> float:
        return self.count * self.unit.days

    def in_(self, unit: str | Unit) -> float:
        """This span as a number of `unit`."""
        return self.days / Unit.of(unit).days

    def __str__(self) -> str:
        return f"{self.count:g} {self.unit}{'' if self.count == 1 else 's'}"


@dataclass(frozen=True)
class Rate:
    """An effective annual rate; money one year away is worth 1/(1+annual) today.

    >>> round(annual(0.15).per("week"), 4), round(float(annual(0.10).discount(365.25)), 4)
    (0.0027, 0.9091)
    """

    annual: float

    def __post_init__(self) -> None:
        if not (math.isfinite(self.annual) and 0 <= self.annual <= 10):
            raise UnitError(
                f"an annual rate is a share such as 0.10 for 10 % a year, from 0 to 10; {self.annual!r} is not one"
            )

    @classmethod
    def of(cls, value: float | Rate) -> Rate:
        return value if isinstance(value, Rate) else cls(float(value))

    def per(self, unit: str | Unit) -> float:
        """The continuous rate δ = ln(1 + annual) for one `unit`."""
        return math.log1p(self.annual) * Unit.of(unit).days / DAYS_PER_YEAR

    def discount(self, days: ArrayLike) -> NDArray[np.float64]:
        """Present value of 1 paid after `days`: (1 + annual)^(−days/365.25)."""
        return np.exp(-self.per(Unit.DAY) * np.asarray(days, dtype=float))

    def __str__(self) -> str:
        return f"{self.annual:.4g} a year"


def annual(rate: float) -> Rate:
    """A rate per year, the only way to state one: `annual(0.10)` is 10 % a year.

    >>> annual(0.10)
    Rate(annual=0.1)
    """
    return Rate(float(rate))


def period_start(index: int, unit: str | Unit) -> dt.date:
    """The first day of the calendar period with this index: weeks begin on Monday, indices count as `period_index`.

    >>> period_start(12 * 1997 + 2, "month"), period_start(0, "week")
    (datetime.date(1997, 3, 1), datetime.date(1969, 12, 29))
    """
    unit, index = Unit.of(unit), int(index)
    if unit is Unit.DAY:
        return EPOCH + dt.timedelta(days=index)
    if unit is Unit.WEEK:
        return EPOCH + dt.timedelta(days=7 * index - EPOCH.weekday())
    months = index * {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[unit]
    return dt.date(months // 12, months % 12 + 1, 1)


def period_names(starts: Iterable[object]) -> list[str]:
    """Periods by their first days as a reader wants them: months where all begin one, else days.

    >>> period_names([dt.date(2024, 1, 1), dt.date(2024, 2, 1)]), period_names([dt.date(2024, 1, 8)])
    (['2024-01', '2024-02'], ['2024-01-08'])
    """
    starts = list(starts)
    form = "%Y-%m" if all(day.day == 1 for day in starts if isinstance(day, dt.date)) else "%Y-%m-%d"
    return [day.strftime(form) if isinstance(day, dt.date) else str(day) for day in starts]


def currency_prefix(currency: str) -> str:
    """What stands before an amount: the sign of a currency that has one, else its code.

    >>> currency_prefix("EUR") + "5", currency_prefix("CHF") + "5", currency_prefix("") + "5"
    ('€5', 'CHF 5', '5')
    """
    return _SIGNS.get(currency, f"{currency} ".lstrip())


def cents(currency: str) -> int:
    """Decimals of an amount of this currency: none where it has no coin below one (ISO 4217).

    >>> cents("EUR"), cents("JPY")
    (2, 0)
    """
    return 0 if currency in _WHOLE else 2


def counted_in(largest: float) -> tuple[float, str]:
    """What amounts up to this large are counted in, and its mark: ones, or from 10⁹ on thousands of millions.

    >>> counted_in(999_999_999), counted_in(5e11)
    ((1.0, ''), (1000000000.0, ' bn'))
    """
    return (1e9, " bn") if abs(largest) >= 1e9 else (1.0, "")


def period_index(day: dt.date, unit: str | Unit) -> int:
    """The index of the calendar period that holds a day: days and weeks since 1970, or 12·year + month − 1 and so on.

    >>> period_index(dt.date(1997, 3, 25), "month") - period_index(dt.date(1996, 12, 31), "month")
    3
    """
    unit = Unit.of(unit)
    if unit is Unit.DAY:
        return (day - EPOCH).days
    if unit is Unit.WEEK:
        return ((day - EPOCH).days + EPOCH.weekday()) // 7
    return (12 * day.year + day.month - 1) // {Unit.MONTH: 1, Unit.QUARTER: 3, Unit.YEAR: 12}[unit]
