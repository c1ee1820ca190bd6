"""Text → days. One form must fit the whole column; a column that two forms fit differently is refused, not guessed."""

from __future__ import annotations

from collections.abc import Callable

import ibis
import ibis.expr.types as ir

from ltv import engine

ISO = r"^\s*\d{4}-\d{2}-\d{2}([ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*$"
ZONED = r"^\s*\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s*(Z|[+-]\d{2}(:?\d{2})?)\s*$"
FORMS = ("%Y%m%d", "%Y/%m/%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")
TIMES = ("", " %H:%M", " %H:%M:%S")


def _iso(text: ir.StringValue, zone: str) -> ir.TimestampValue:
    return text.re_search(ISO).ifelse(text.strip(), ibis.null("string")).try_cast("timestamp")


def _zoned(text: ir.StringValue, zone: str) -> ir.TimestampValue:
    stamp = text.re_search(ZONED).ifelse(text.strip(), ibis.null("string")).try_cast("timestamp('UTC')")
    return engine.wall_clock(stamp, zone)


def _in_form(form: str) -> Callable[[ir.StringValue, str], ir.TimestampValue]:
    def parse(text: ir.StringValue, zone: str) -> ir.TimestampValue:
        return ibis.coalesce(*(engine.parse_stamp(text.strip(), form + time) for time in TIMES))

    return parse


PARSERS: dict[str, Callable[[ir.StringValue, str], ir.TimestampValue]] = {
    "year-month-day": _iso,
    "an instant with a zone": _zoned,
} | {form: _in_form(form) for form in FORMS}


def choose_form(table: ir.Table, column: str, zone: str) -> tuple[str, list[str]]:
    """The form that reads most of a text column, and the faults of that choice.

    Two forms that both read every cell, to different days, are a fault: which one is meant cannot be known.
    """
    text = table[column]
    counts = engine.run(table.aggregate(**{name: parse(text, zone).count() for name, parse in PARSERS.items()})).iloc[0]
    best = counts.max()
    fitting = [name for name in PARSERS if counts[name] == best]
    if best == 0 or len(fitting) == 1:
        return fitting[0], []
    first, second = (PARSERS[name](text, zone).date() for name in fitting[:2])
    if not engine.run(table.aggregate(differ=(first != second).sum())).fillna(0)["differ"].iloc[0]:
        return fitting[0], []
    forms = " and ".join(fitting[:2])
    return fitting[0], [
        f'date     column "{column}" reads as {forms}, to different days; pass date_format="{fitting[0]}"'
    ]


def turned(form: str) -> str | None:
    """The form with day and month exchanged, where there is one.

    >>> turned("%d/%m/%Y"), turned("%Y%m%d")
    ('%m/%d/%Y', None)
    """
    other = form.replace("%d", "\0").replace("%m", "%d").replace("\0", "%m")
    return other if other != form and other in FORMS else None


def parse_days(column: ir.Value, zone: str, form: str | None) -> ir.DateValue:
    """A column of any kind as days seen from `zone`; null where it is no date."""
    if not column.type().is_string():
        return engine.local_day(column, zone)
    return PARSERS.get(form or "", _in_form(form or ""))(column, zone).date()


def parse_seconds(column: ir.Value, zone: str, form: str | None) -> ir.IntegerValue:
    """Seconds since midnight in `zone`; 0 where the column knows days only."""
    if column.type().is_string():
        stamp = PARSERS.get(form or "", _in_form(form or ""))(column, zone)
    elif column.type().is_timestamp():
        stamp = engine.wall_clock(column, zone)
    else:
        return ibis.literal(0).cast("int32")
    return (stamp.hour() * 3600 + stamp.minute() * 60 + stamp.second()).cast("int32").fill_null(0)
