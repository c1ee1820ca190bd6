"""A page that would be too large sheds detail, and says where: long tables their middle, then pictures and tables whole."""

from __future__ import annotations

import re
from html import escape, unescape

from ltv.pages.checking import LARGEST

_TABLE = re.compile(r"<table\b.*?</table>", flags=re.S)
_BODY = re.compile(r"(<tbody>)(.*?)(</tbody>)", flags=re.S)
_ROW = re.compile(r"<tr\b.*?</tr>", flags=re.S)
_DRAWING = re.compile(r'<svg role="img".*?</svg>', flags=re.S)
_ROWS = (400, 200, 100, 50, 20)


def within(html: str, most: int = LARGEST) -> str:
    """The page itself where it has at most `most` bytes; else with so much of it left out that it has.

    >>> page = "<table><caption><span>Days</span></caption><tbody>" + "<tr><td>1</td></tr>" * 30 + "</tbody></table>"
    >>> within(page, 500).count("<tr>"), "10 first and 10 last of 30 rows" in within(page, 550)
    (20, True)
    """
    for rows in _ROWS:
        if _size(html) <= most:
            return html
        html = _TABLE.sub(lambda found, rows=rows: _shortened(found[0], rows), html)  # type: ignore[misc]
    while _size(html) > most:
        parts = [*_DRAWING.findall(html), *_TABLE.findall(html)]
        if not parts or len(largest := max(parts, key=len)) < 1000:
            return html
        html = html.replace(largest, _left_out(largest))
    return html


def _size(html: str) -> int:
    return len(html.encode("utf-8", "backslashreplace"))


def _shortened(table: str, most: int) -> str:
    """A table with the first and the last of its rows, and a caption that says so."""
    body = _BODY.search(table)
    rows = _ROW.findall(body[2]) if body else []
    if len(rows) <= most:
        return table
    half = most // 2
    told = re.search(r" \(the \d+ first and \d+ last of (\d+) rows[^)]*\)", table)
    count = told[1] if told else str(len(rows))
    note = f" (the {half} first and {half} last of {count} rows: with all of them the page would be too large)"
    table = table.replace(told[0], "") if told else table
    table = _BODY.sub(lambda found: found[1] + "".join([*rows[:half], *rows[-half:]]) + found[3], table, count=1)
    return re.sub(r"(</span>)?</caption>", lambda found: note + found[0], table, count=1)


def _left_out(part: str) -> str:
    """What stands in place of a picture or a table: what it was, and that it is not there."""
    kind = "picture" if part.startswith("<svg") else "table"
    name = re.search(r"<(title|caption)\b[^>]*>(.*?)</\1>", part, flags=re.S)
    words = escape(unescape(re.sub(r"<[^>]+>", "", name[2]))) if name else ""
    return f'<p class="ltv-note">Left out, for the page would be too large: the {kind} “{words}”</p>'
