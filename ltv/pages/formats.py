"""Numbers as a reader wants them: one place decides digits, separators, signs and what an unknown value looks like."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pandas as pd

from ltv.units import cents, counted_in, currency_prefix

UNKNOWN = "–"
Show = Callable[[Any], str]


def number(value: float, digits: int = 2) -> str:
    """A number with thousands separators and a fixed count of decimals.

    >>> number(-1234.567), number(float("nan"))
    ('−1,234.57', '–')
    """
    if unknown(value):
        return UNKNOWN
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    text = f"{value:,.{digits}f}"
    return text.replace("-", "" if float(text.replace(",", "")) == 0 else "−")


def integer(value: float) -> str:
    """A count.

    >>> integer(23570)
    '23,570'
    """
    return number(value, 0)


def percent(value: float, digits: int = 1) -> str:
    """A share as a percentage.

    >>> percent(0.2643), percent(0.2643, 0)
    ('26.4%', '26%')
    """
    return UNKNOWN if unknown(value) else number(100 * value, digits) + "%"


def points(change: float, digits: int = 1) -> str:
    """A difference of two shares, in percentage points, with its sign.

    >>> points(-0.0123), points(0.05, 0)
    ('−1.2 points', '+5 points')
    """
    if unknown(change):
        return UNKNOWN
    return f"{'' if change < 0 else '+'}{number(100 * change, digits)} points"


def change(row: pd.Series) -> str:
    """A difference of two shares with its interval.

    >>> change(pd.Series({"estimate": -0.1, "low": -0.112, "high": -0.089}))
    '−10.0 points (−11.2 to −8.9 points)'
    """
    return f"{points(row['estimate'])} ({interval(row['low'], row['high'], points)})"


def money(value: float, currency: str = "USD", digits: int | None = None) -> str:
    """An amount in a sentence: cents below 1,000, or `digits` below 100,000; from 10⁹ on in thousands of millions.

    >>> money(36.951), money(-2_500_000, "EUR"), money(12, "CHF", 0), money(36.951, "JPY"), money(5.378e11, "VND", 2)
    ('$36.95', '−€2,500,000', 'CHF 12', '¥37', 'VND 537.8 bn')
    """
    if unknown(value):
        return UNKNOWN
    one, mark = counted_in(value)
    asked = (2 if abs(value) < 1000 else 0) if digits is None else digits if abs(value) < 100_000 else 0
    return _amount(value / one, currency, 1 if mark else min(asked, cents(currency)), mark)


def _amount(value: float, currency: str, digits: int, mark: str = "") -> str:
    if unknown(value):
        return UNKNOWN
    text = number(abs(value), digits)
    sign = "−" if value < 0 and any(c in "123456789" for c in text) else ""
    return sign + currency_prefix(currency) + text + mark


def interval(low: float, high: float, show: Show = number) -> str:
    """Two ends of an interval, each written by `show`; points are said once.

    >>> interval(0.21, 0.25, percent), interval(-0.02, 0.01, points)
    ('21.0% to 25.0%', '−2.0 to +1.0 points')
    """
    if low == high and math.isinf(low):
        return show(low)
    return UNKNOWN if unknown(low) and unknown(high) else f"{show(low).removesuffix(' points')} to {show(high)}"


def text(value: Any) -> str:
    """Anything else: days without their midnight, truth in words."""
    if unknown(value):
        return UNKNOWN
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value.date()) if isinstance(value, pd.Timestamp) else str(value)


def unknown(value: Any) -> bool:
    """Whether a cell holds no value: NaN, NaT, NA or None."""
    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def column(values: pd.Series, kind: str = "") -> Show:
    """How to write a column: "money:EUR", "money:EUR:0", "percent:0", "points:1", "integer", "number:3", "text", or what its type suggests.

    The digits of money are the same in all rows. Raises ValueError for another kind.
    """
    name, _, argument = (kind or _suggested(values)).partition(":")
    if name == "money":
        currency, _, asked = argument.partition(":")
        largest = pd.to_numeric(values, errors="coerce").abs().max()
        currency = currency or "USD"
        digits = int(asked) if asked else 0 if largest >= 10_000 else cents(currency)
        return lambda value: _amount(value, currency, digits)
    if show := {"percent": percent, "points": points, "number": number}.get(name):
        return (lambda value: show(value, int(argument))) if argument else show
    if name in ("integer", "text"):
        return integer if name == "integer" else text
    raise ValueError(f"no format {kind!r}; there are money, percent, points, integer, number and text")


def _suggested(values: pd.Series) -> str:
    if pd.api.types.is_bool_dtype(values):
        return "text"
    if pd.api.types.is_integer_dtype(values):
        return "integer"
    return "number" if pd.api.types.is_float_dtype(values) else "text"
