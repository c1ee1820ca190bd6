"""A column of any kind → days. One reading must fit every cell; where two do, it is asked which is meant, not guessed.

Text may be written in many forms, mixed in one column where each cell can be read in one way only. Whether the day or
the month comes first (1/3/24) one cell cannot tell: the order that fits every such cell counts. Numbers are 20240103,
days of a spreadsheet, or seconds and less since 1970, told by their size.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from ltv import engine
from ltv.inputs.dateforms import CLOCKS, COUNTS, TIGHT, ZONES, Form, Iso, Reader, Strptime, Tried, form_of
from ltv.inputs.zones import zone_of_heading

SAMPLE, ROUNDS = 1000, 12
"""Rows on which forms are tried (each chosen one is then held against all), and how many forms may be mixed."""
ISO = Iso()
TOGETHER = ("%Y%m%d",)
PLAIN = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", *TOGETHER, "%d %b %Y", "%b %d %Y", "%Y %b %d", "%d %b %y", "%b %d %y")
WEEKS = ("%G-W%V-%u", "%GW%V%u", "%G-W%V", "%GW%V")
MONTHS = ("%Y-%m", "%Y/%m", "%m/%Y", "%m-%Y", "%m.%Y", "%Y%m", "%b %Y", "%Y %b", "%b %y")
ORDERS = {
    "day first": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d.%m.%y"),
    "month first": ("%m/%d/%Y", "%m-%d-%Y", "%d.%m.%Y", "%m/%d/%y", "%m-%d-%y", "%d.%m.%y"),
    "year first": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%y/%m/%d", "%y-%m-%d", "%y.%m.%d"),
}
"""Days whose order one cell cannot tell, in the same places; nobody writes the month first with points."""
_UNTOLD = tuple(dict.fromkeys(day for days in ORDERS.values() for day in days))
NAMED = {count.day: count for count in COUNTS}


def latest_today() -> dt.date:
    """The day it is where the day is furthest on: no order anywhere is later."""
    return (dt.datetime.now(dt.UTC) + dt.timedelta(hours=14)).date()


@dataclass(frozen=True)
class Reading:
    """How the cells of a column are read: the forms it is written in, tried in turn.

    `heading` is the zone that its heading names, where the wall clocks below it are to be those of another zone.
    """

    forms: tuple[Reader, ...] = (ISO,)
    heading: str | None = None

    def stamp(self, column: ir.Value, zone: str) -> ir.TimestampValue:
        """The wall clock in `zone`, null where a cell is no date of the years 1 to 9999."""
        if column.type().is_temporal():
            known = column.between(*_ages(column)).ifelse(column, ibis.null(column.type()))
            stamp = engine.wall_clock(known, zone)
            if self.heading and _shows_a_wall(column):
                return engine.moved(stamp, self.heading, zone)
            return stamp
        text = as_text(column)
        read = [self._read(form, text, zone) for form in self.forms]
        return read[0] if len(read) == 1 else ibis.coalesce(*read)

    def _read(self, form: Reader, text: ir.StringValue, zone: str) -> ir.TimestampValue:
        stamp = form.stamp(text, zone)
        if not (self.heading and form.wall):
            return stamp
        return text.contains(":").ifelse(engine.moved(stamp, self.heading, zone), stamp)


def _ages(column: ir.Value) -> tuple[ir.Value, ir.Value]:
    """The first and the last day, or instant, of the years 1 to 9999."""
    first, last = "0001-01-01", "9999-12-31"
    if not column.type().is_date():
        first, last = ("0001-01-02", "9999-12-30") if column.type().timezone else (first, f"{last} 23:59:59")
    return ibis.literal(first).cast(column.type()), ibis.literal(last).cast(column.type())


def as_text(column: ir.Value) -> ir.StringValue:
    """A column as text, whole numbers without a point."""
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_floating() or kind.is_decimal():
        number = column.cast("float64")
        inside = number.abs() < 1e19 if kind.is_decimal() else (number.abs() < 9e18).fill_null(False)
        whole = inside.ifelse(number, 0.0).cast("int64")
        return (number == whole).ifelse(whole.cast("string"), number.cast("string"))
    return column.cast("string")


def choose_form(
    table: ir.Table, column: str, zone: str, form: str | None = None, *, months: bool = False
) -> tuple[Reading, list[str]]:
    """How a column of days is read, and the faults of that choice; `form` is what the caller says of it.

    `form`: strptime letters (what stands behind the day, a clock or a zone, is read whatever it is), "day first",
    "month first" or "year first", "excel", "epoch seconds" (milliseconds, microseconds, nanoseconds). Without it two
    readings of every cell, to different days, are a fault. With `months`, 2024-01 is a date too.

    Text with an offset and seconds since 1970 are instants, and are seen from `zone`. Wall clocks stay as they are; but
    where the heading names a zone ("Created (UTC)") and `zone` is another one, they are clocks of the former. A `zone`
    of UTC, the default, says nothing against a heading of another zone.
    """
    cells = table[column]
    heading = _heading(column, zone)
    if cells.type().is_temporal():
        timed = heading is not None and _shows_a_wall(cells) and _is_timed(table, cells)
        return Reading(heading=heading if timed else None), []
    if form in NAMED:
        return Reading((NAMED[form],)), []
    one = form_of(form) if form and form not in ORDERS else None
    if form and form not in ORDERS and one is None:
        return Reading((Strptime(form),), heading), []
    rest = table.select(text=as_text(cells)).filter(lambda t: t.text.strip() != "")
    if one is not None:
        return Reading(_mixed(rest, zone, (), (one.day,)) or (one,), heading), []
    numbers = cells.type().is_numeric()
    days = TOGETHER if numbers else (*PLAIN, *WEEKS, *ORDERS.get(form or "", _UNTOLD))
    days += MONTHS if months else ()
    chosen = _mixed(rest, zone, COUNTS if numbers else (ISO, *COUNTS), days)
    untold = [reader for reader in chosen if reader.day in _UNTOLD]
    if not untold or form in ORDERS:
        return Reading(chosen or (ISO,), heading), []
    kept = tuple(reader for reader in chosen if reader not in untold)
    found, faults = _ordered(rest, column, zone, [it for it in untold if isinstance(it, Form)], alone=not kept)
    return Reading(kept + found, heading), faults


def _mixed(rest: ir.Table, zone: str, others: Sequence[Tried], days: Sequence[str]) -> tuple[Reader, ...]:
    """The forms that read these cells: the one that reads most, then the one that reads most of what is left, and so on."""
    chosen: tuple[Reader, ...] = ()
    for _ in range(ROUNDS):
        unread = rest.filter(Reading(chosen).stamp(rest.text, zone).isnull()) if chosen else rest
        sample = engine.keep(rest.get_backend(), unread.limit(SAMPLE))
        texts = list(engine.run(sample)["text"])
        forms = [form for form in (*others, *_forms(texts, days)) if form.fits(texts)]
        if not forms:
            break
        read = {f"form{i}": form.stamp(sample.text, zone) for i, form in enumerate(forms)}
        dated = {
            name: (stamp.notnull() & (sample.text.strip() != "0")).sum().fill_null(0) for name, stamp in read.items()
        }
        counts = engine.run(sample.aggregate(n=sample.count(), **dated)).iloc[0]
        best = int(counts.drop("n").to_numpy().argmax())
        if not counts.iloc[best + 1]:
            break
        chosen += (forms[best],)
        if counts["n"] < SAMPLE and counts.iloc[best + 1] == counts["n"]:  # those were all
            break
    return chosen


def _forms(texts: Sequence[str], days: Sequence[str]) -> list[Form]:
    """These days with every clock and zone that some text ends in."""
    places = [name for name, zone in ZONES.items() if any(_ends(text, zone.pattern) for text in texts)]
    forms = []
    for clocks in (CLOCKS, TIGHT):
        found = [
            (clock, place)
            for place in places
            for clock, part in clocks.items()
            if (clock or not place) and any(_ends(text, part.pattern + ZONES[place].pattern) for text in texts)
        ]
        forms += [Form(day, *tail) for day in days if Form(day).clocks is clocks for tail in found]
    return forms


def _ends(text: str, pattern: str) -> bool:
    return re.search(rf"{pattern}\s*$", text, re.IGNORECASE) is not None


def _ordered(
    rest: ir.Table, column: str, zone: str, untold: Sequence[Form], *, alone: bool
) -> tuple[tuple[Reader, ...], list[str]]:
    """The forms of the one order that fits all cells whose order cannot be told, and the faults where it is not one."""
    tails = dict.fromkeys((form.clock, form.zone) for form in untold)
    signs = {_marks(form.day) for form in untold}
    forms = {
        order: tuple(Form(day, *tail) for day in days if _marks(day) in signs for tail in tails)
        for order, days in ORDERS.items()
    }
    t = rest.mutate(
        **{f"order{i}": Reading(given).stamp(rest.text, zone).date() for i, given in enumerate(forms.values())}
    )
    first, second, third = t.order0, t.order1, t.order2
    dated = t.filter(ibis.or_(first.notnull(), second.notnull(), third.notnull()))
    first, second, third = dated.order0, dated.order1, dated.order2
    counts = dated.aggregate(
        n=dated.count(), **{f"n{i}": day.count() for i, day in enumerate((first, second, third))},
        **{f"late{i}": (day > latest_today()).sum() for i, day in enumerate((first, second, third))},
        d01=(first != second).sum(), d02=(first != third).sum(), d12=(second != third).sum(),
        no_month=(first.notnull() & second.isnull()).sum(), no_day=(second.notnull() & first.isnull()).sum(),
    )  # fmt: skip
    row, names = engine.run(counts).fillna(0).iloc[0].astype(int), list(forms)
    fitting = [i for i in range(3) if row[f"n{i}"] == row["n"]]
    if not fitting:
        return forms[names[int(row["n1"] > row["n0"])]], [
            f'date     {row["no_month"]:,} rows of "{column}" can only have the day first and {row["no_day"]:,} others only the month: '
            "day-first and month-first dates in one column. Export it again with the year first (2026-09-30)"
        ]
    meant = [i for i in fitting if not row[f"late{i}"]] if 2 in fitting else fitting
    fitting = meant or fitting
    best = fitting[0]
    others = [i for i in fitting[1:] if row[f"d{best}{i}"]]
    if not others:
        return forms[names[best]], []
    asked = [names[i] for i in (best, *others)]
    if alone and len(signs) == 1:
        asked = [forms[name][0].day for name in asked]
    listed = " or ".join(f'date_format="{name}"' for name in asked)
    return forms[names[best]], [
        f'date     column "{column}" reads as {" and ".join(asked)}, to different days; pass {listed}'
    ]


def _marks(day: str) -> str:
    """What orders of one day have in common: its mark and the length of its year."""
    return day[2] + ("%Y" if "%Y" in day else "%y")


def _heading(column: str, zone: str) -> str | None:
    named = zone_of_heading(column)
    return named if named and named != zone and (zone != "UTC") else None


def _shows_a_wall(column: ir.Value) -> bool:
    return bool(column.type().is_timestamp() and column.type().timezone is None)


def _is_timed(table: ir.Table, stamp: ir.TimestampValue) -> bool:
    """Whether some cell has a clock time: a column of midnights holds days."""
    row = engine.run(table.aggregate(most=(stamp.hour() * 60 + stamp.minute()).max())).fillna(0).iloc[0]
    return bool(row["most"])


def parse_days(column: ir.Value, zone: str, reading: Reading = Reading()) -> ir.DateValue:
    """A column of any kind as days seen from `zone`; null where it is no date."""
    if column.type().is_date():
        return column.between(*_ages(column)).ifelse(column, ibis.null("date"))
    return reading.stamp(column, zone).date()


def parse_seconds(column: ir.Value, zone: str, reading: Reading = Reading()) -> ir.IntegerValue:
    """Seconds since midnight in `zone`; 0 where the column knows days only."""
    if column.type().is_date():
        return ibis.literal(0).cast("int32")
    stamp = reading.stamp(column, zone)
    return (stamp.hour() * 3600 + stamp.minute() * 60 + stamp.second()).cast("int32").fill_null(0)


def dated_share(table: ir.Table, column: str, *, numbers: bool) -> float:
    """The share of a column's cells that are dates in some form; numbers are days and seconds only with `numbers`."""
    cells = table[column]
    if cells.type().is_temporal():
        return 1.0
    if cells.type().is_boolean() or (cells.type().is_numeric() and not numbers):
        return 0.0
    rest = table.select(text=as_text(cells)).filter(lambda t: t.text.strip() != "")
    forms = _mixed(rest, "UTC", (ISO, *COUNTS) if numbers else (ISO,), (*PLAIN, *WEEKS, *_UNTOLD))
    if not forms:
        return 0.0
    row = engine.run(rest.aggregate(n=rest.count(), dated=Reading(forms).stamp(rest.text, "UTC").count())).iloc[0]
    return float(row["dated"] / row["n"])
