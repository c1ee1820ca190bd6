"""Names of time zones, as they stand behind clock times and in the headings of columns."""

from __future__ import annotations

import re
import zoneinfo

ABBREVIATIONS = {
    "+00:00": "Z UTC GMT UT WET",
    "+01:00": "CET BST WEST",
    "+02:00": "CEST EET SAST",
    "+03:00": "EEST MSK",
    "+09:00": "JST KST",
    "+10:00": "AEST",
    "+11:00": "AEDT",
    "-04:00": "EDT",
    "-05:00": "EST CDT",
    "-06:00": "CST MDT",
    "-07:00": "MST PDT",
    "-08:00": "PST",
}
"""Offset → the abbreviations that mean it behind a clock time; CST is that of America."""
_HEADINGS = {
    "UTC": "utc gmt zulu",
    "America/New_York": "est edt et",
    "America/Chicago": "cst cdt ct",
    "America/Denver": "mst mdt",
    "America/Los_Angeles": "pst pdt pt",
    "Europe/Berlin": "cet cest",
    "Europe/London": "bst",
    "Asia/Tokyo": "jst",
}
_NAMES = {word: zone for zone, words in _HEADINGS.items() for word in words.split()}


def zone_of_heading(name: str) -> str | None:
    """The time zone that a column's heading names, None where it names none.

    >>> zone_of_heading("Created (UTC)"), zone_of_heading("created_at_utc"), zone_of_heading("Order date")
    ('UTC', 'UTC', None)
    >>> zone_of_heading("Timestamp (America/New_York)"), zone_of_heading("Date/Time (PST)")
    ('America/New_York', 'America/Los_Angeles')
    """
    for path in re.findall(r"[A-Z][A-Za-z]+/[A-Z][A-Za-z_]+", name):
        if path in zoneinfo.available_timezones():
            return str(path)
    words = re.split(r"[^a-z]+", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower())
    last = [word for word in words if word][-1:]
    bracketed = re.findall(r"[(\[]\s*([A-Za-z]+)\s*[)\]]", name.lower())
    known = [_NAMES[word] for word in (*bracketed, *last) if word in _NAMES]
    return known[0] if known else None
