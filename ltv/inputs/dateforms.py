"""Ways of writing a date: a regular expression, and how what it finds becomes a timestamp.

A form has a day, a clock and a zone, each written in a way of its own; any day goes with any clock and any zone. What
is found is put together as `2024-1-3 9:05:00+01:00`, which every engine casts, or refuses (the 30th of February).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from ltv import engine
from ltv.inputs.zones import ABBREVIATIONS

_WEEKDAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,?\s+)?"
_BETWEEN = r"(?:T|,?\s+(?:at\s+)?)"
_MONTHS = (
    "jan ene gen", "feb fév fev", "mar mär mrt maa", "apr abr avr", "may mai mei mag", "jun giu juin", "jul lug juil",
    "aug ago aoû", "sep set", "oct okt ott out", "nov", "dec dez dic déc",
)  # fmt: skip
"""How the names of the twelve months begin in the languages of exports."""
_MONTH_NUMBERS = "".join(f"{word}{i:02}" for i, words in enumerate(_MONTHS, 1) for word in words.split())
_NAMES = "|".join(sorted((word for words in _MONTHS for word in words.split()), key=len, reverse=True))
_YEAR = r"(?:[1-9]\d{3}|0[1-9]\d\d|00[1-9]\d|000[1-9])"  # there is no year 0
_LETTERS = {
    "%Y": f"({_YEAR})",
    "%y": r"(\d{2})",
    "%m": r"(\d{1,2})",
    "%d": r"(\d{1,2})(?:st|nd|rd|th)?",
    "%b": rf"({_NAMES})\p{{L}}*\.?",
    "%G": f"({_YEAR})",
    "%V": r"(\d{2})",
    "%u": r"([1-7])",
}
_SAME = {"%e": "%d", "%-d": "%d", "%-m": "%m", "%B": "%b", "%h": "%b", "%F": "%Y-%m-%d", "%D": "%m/%d/%y", "%W": "%V"}
_ISO = rf"^\s*{_YEAR}-\d{{2}}-\d{{2}}([ T]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?)?\s*$"
_NUMBER = r"^\s*\d{1,19}(\.\d*)?(e\+?\d{1,2})?\s*$"
_TIMED = re.compile(r"(?:T|[,\s]+)?%(?:-?H|-?I|T|R|X).*$")
_CENTURIES = {"20": r"([0-6]\d)", "19": r"([7-9]\d)"}


@dataclass(frozen=True)
class Part:
    """A clock or a zone: its pattern, what it says in terms of its groups (\\0, \\1 …), and hours to add."""

    pattern: str
    says: str = ""
    add: int = 0

    @property
    def groups(self) -> int:
        return re.compile(self.pattern).groups

    def numbered(self, before: int) -> str:
        """What it says where `before` groups come first."""
        return re.sub(r"\\(\d)", lambda found: f"\\{int(found[1]) + before + 1}", self.says)


def _clocks() -> dict[str, Part]:
    clocks = {"": Part("")}
    for seconds, end in ((r":\d{2}", ""), ("", ":00")):
        fraction = r"(?:[.,]\d+)?" if seconds else ""
        clocks[f"24{end}"] = Part(rf"{_BETWEEN}(\d{{1,2}}:\d{{2}}{seconds}){fraction}", rf"\0{end}")
        for half, noon, add in (("a", "00", 0), ("p", "12", 12)):
            mark = rf"{fraction}\s*{half}\.?m\.?"
            hours = rf"((?:0?[1-9]|1[01]):\d{{2}}{seconds})"
            clocks[f"{half}{end}"] = Part(rf"{_BETWEEN}{hours}{mark}", rf"\0{end}", add)
            clocks[f"12{half}{end}"] = Part(rf"{_BETWEEN}12(:\d{{2}}{seconds}){mark}", rf"{noon}\0{end}")
    return clocks


CLOCKS = _clocks()
TIGHT = {
    "": Part(""),
    "24": CLOCKS["24"],
    "24:00": CLOCKS["24:00"],
    "6": Part(r"[T\s]*(\d{2})(\d{2})(\d{2})(?:\.\d+)?", r"\0:\1:\2"),
    "4": Part(r"[T\s]*(\d{2})(\d{2})", r"\0:\1:00"),
}
"""Clocks behind a day without marks between its numbers."""
ZONES = {
    "": Part(""),
    "+00:00 ": Part(r"\s*(?:UTC|GMT)?([+-]\d{2}):?(\d{2})(?:\s*\([^)]*\))?", r"\0:\1"),
    "+00 ": Part(r"\s*(?:UTC|GMT)?([+-]\d{2})", r"\0:00"),
} | {offset: Part(rf"\s*(?:{'|'.join(names.split())})", offset) for offset, names in ABBREVIATIONS.items()}


@dataclass(frozen=True)
class Form:
    """One way of writing a date: `day` in strptime letters, `clock` and `zone` by the names above.

    >>> Form("%d.%m.%y").letters
    ['%d', '%m', '%y']
    """

    day: str
    clock: str = ""
    zone: str = ""

    @property
    def letters(self) -> list[str]:
        return [letter for letter in re.findall("%.", self.day) if letter in _LETTERS]

    @property
    def clocks(self) -> dict[str, Part]:
        return TIGHT if re.search("%[Ymdy]%[Ymdy]", self.day) else CLOCKS

    @property
    def wall(self) -> bool:
        """Whether it shows what a clock showed somewhere, without saying where."""
        return bool(self.clock) and not self.zone

    def _pattern(self, short: str) -> str:
        day = _day_pattern(self.day, _LETTERS | {"%y": short})
        return rf"(?i)^\s*{_WEEKDAY}{day}{self.clocks[self.clock].pattern}{ZONES[self.zone].pattern}\s*$"

    def fits(self, texts: Sequence[str]) -> bool:
        """Whether some text looks like it, a day of the calendar or not."""
        pattern = re.compile(self._pattern(_LETTERS["%y"]).replace(r"\p{L}", r"[^\W\d_]"))
        return any(pattern.search(text) for text in texts)

    def stamp(self, text: ir.StringValue, zone: str) -> ir.TimestampValue:
        """The wall clock in `zone`; null where the text has another form or is no day of the calendar."""
        centuries = _CENTURIES if "%y" in self.letters else {"": ""}
        return ibis.coalesce(*(self._in(text, zone, century, short) for century, short in centuries.items()))

    def _in(self, text: ir.StringValue, zone: str, century: str, short: str) -> ir.TimestampValue:
        pattern, place = self._pattern(short), {letter: i for i, letter in enumerate(self.letters, 1)}
        fits = text.re_search(pattern).ifelse(text, ibis.null("string"))
        if "%V" in place:
            return _week(fits, pattern, place)
        year = century + (rf"\{place['%y']}" if century else rf"\{place['%Y']}")
        day = rf"-\{place['%d']}" if "%d" in place else "-1"
        clock, tail = self.clocks[self.clock], ZONES[self.zone]
        time = clock.numbered(len(place)) + tail.numbered(len(place) + clock.groups)
        rest = f"{day} {time}" if time else day
        if "%b" in place:
            name = fits.re_extract(pattern, place["%b"]).lower()
            month = ibis.literal(_MONTH_NUMBERS).substr(ibis.literal(_MONTH_NUMBERS).find(name) + name.length(), 2)
            whole = engine.rewritten(fits, pattern, f"{year}-") + month + engine.rewritten(fits, pattern, rest)
        else:
            whole = engine.rewritten(fits, pattern, rf"{year}-\{place['%m']}{rest}")
        if self.zone:
            return engine.wall_clock(whole.try_cast("timestamp('UTC')") + ibis.interval(hours=clock.add), zone)
        return whole.try_cast("timestamp") + ibis.interval(hours=clock.add)


def _day_pattern(day: str, letters: Mapping[str, str]) -> str:
    """The expression of a day in strptime letters."""
    pattern, pieces = "", re.findall("%.|[^%]+", day)
    for i, piece in enumerate(pieces):
        if piece in letters:
            pattern += letters[piece]
        elif "%b" in pieces and re.fullmatch(r"[-\s./,]+", piece):
            pattern += r"[-\s./,]" + ("*" if "%b" in pieces[i - 1 : i + 2] else "+")
        else:
            pattern += re.sub(r"(\\ )+", r"\\s+", re.escape(piece))
    return pattern


def _week(fits: ir.StringValue, pattern: str, place: dict[str, int]) -> ir.TimestampValue:
    """The day of an ISO week: the Monday where it names no other."""
    fourth = (fits.re_extract(pattern, place["%G"]) + "-01-04").try_cast("date")
    week = fits.re_extract(pattern, place["%V"]).try_cast("int64")
    past = fits.re_extract(pattern, place["%u"]).try_cast("int64") - 1 if "%u" in place else ibis.literal(0)
    number = engine.day_number(fourth)
    monday = number - (number + 3) % 7  # day 0, 1970-01-01, was a Thursday
    return engine.midnight(week.between(1, 53).ifelse(monday + 7 * (week - 1) + past, ibis.null("int64")))


def form_of(given: str) -> Form | None:
    """The form whose day is written so, its clock left open; None where it is no day followed by a clock.

    >>> form_of("%m/%d/%y %I:%M %p"), form_of("%H:%M %d.%m.%Y")
    (Form(day='%m/%d/%y', clock='', zone=''), None)
    """
    day = _TIMED.sub("", given.strip())
    day = re.sub(r"^%[aA]\.?,?\s*", "", day)
    for other, one in _SAME.items():
        day = day.replace(other, one)
    day = re.sub(r"\s*%[zZ]$", "", day)
    form = Form(day)
    known = sorted(form.letters)
    if len(known) != day.count("%") or known not in _WHOLE:
        return None
    return form


_WHOLE = [
    sorted(letters)
    for letters in (
        *(["%d", month, year] for month in ("%m", "%b") for year in ("%Y", "%y")),
        *([month, year] for month in ("%m", "%b") for year in ("%Y", "%y")),
        ["%G", "%V"],
        ["%G", "%V", "%u"],
        ["%Y", "%V", "%u"],
    )
]


@dataclass(frozen=True)
class Iso:
    """Year-month-day, with or without a clock: what almost every log holds, in one step."""

    day: str = "%Y-%m-%d"
    wall: bool = True

    def fits(self, texts: Sequence[str]) -> bool:
        return any(re.search(_ISO, text) for text in texts)

    def stamp(self, text: ir.StringValue, zone: str) -> ir.TimestampValue:
        return text.re_search(_ISO).ifelse(text.strip(), ibis.null("string")).try_cast("timestamp")


@dataclass(frozen=True)
class Count:
    """Time told as a number: `size` microseconds each since day `zero`, between `least` and `most`; nought is no date yet a day."""

    day: str
    size: float
    least: float
    most: float
    zero: int = 0
    instant: bool = True
    wall: bool = False

    def fits(self, texts: Sequence[str]) -> bool:
        return any(re.search(_NUMBER, text) and self.least <= float(text) <= self.most for text in texts)

    def stamp(self, text: ir.StringValue, zone: str) -> ir.TimestampValue:
        plain = text.re_search(_NUMBER).ifelse(text, ibis.null("string")).try_cast("float64")
        number = (plain.between(self.least, self.most) | (plain == 0)).ifelse(plain, ibis.null("float64"))
        seconds = (number * self.size / 1_000_000 + 86_400 * self.zero).round(0 if not self.instant else 6)
        moment = engine.instant(seconds.floor().cast("int64"))
        return engine.wall_clock(moment, zone if self.instant else "UTC")


COUNTS = (
    Count("excel", 86_400_000_000, 20_000, 80_000, zero=-25_569, instant=False),
    Count("epoch seconds", 1_000_000, 3e8, 5e9),
    Count("epoch milliseconds", 1_000, 3e11, 5e12),
    Count("epoch microseconds", 1, 3e14, 5e15),
    Count("epoch nanoseconds", 0.001, 3e17, 5e18),
)


@dataclass(frozen=True)
class Strptime:
    """A form that only the engine's own reader knows, such as one whose clock comes first."""

    day: str
    wall: bool = True

    def stamp(self, text: ir.StringValue, zone: str) -> ir.TimestampValue:
        return engine.parse_stamp(text.strip(), self.day)


Tried = Form | Iso | Count
Reader = Tried | Strptime
