"""Good inputs, and seeded damage to them: cells, bytes, lines, and the text of plans and saved fits."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np

CELLS = (
    "", " ", "x", "nan", "NULL", "inf", "-inf", "1e400", "1e-400", "9" * 40, "-5", "(3.10)", "0", "1,234.50", "1.234,50",
    "=1+1", '=HYPERLINK("http://x")', "<script>alert(1)</script>", "'; drop table orders; --", "2024-02-30", "31/12/2024",
    "12/31/2024", "2024-01-01T10:00:00+02:00", "0000-00-00", "0000-01-01", "1970-01-01", "2034-05-06", "1/3/24", "20240103", "9999-12-31", "1.03293E+19", "18446744073709551616", "\u202e", "é",
    'a"b', "a\nb", "a,b", "\t", "TRUE", "$10", "€20", "1.234", "1.5e3", "c\u00a01", "failed", "0x1F", "1_000", "٣", "½",
)  # fmt: skip
Rows = list[list[str]]


def orders(rng: np.random.Generator) -> Rows:
    """A header and forty lines of orders without a fault."""
    who, day, cents = rng.integers(0, 12, 40), rng.integers(0, 90, 40), rng.integers(1, 9000, 40)
    dates = np.datetime_as_string(np.datetime64("2024-01-01") + day)
    lines = [[f"c{w}", str(d), f"{c / 100:.2f}", "note"] for w, d, c in zip(who, dates, cents, strict=True)]
    return [["who", "when", "paid", "note"], *lines]


def costs(rng: np.random.Generator) -> Rows:
    """A header and thirty lines of costs without a fault."""
    days = np.datetime_as_string(np.datetime64("2024-01-01") + np.arange(30) // 2)
    lines = [[str(day), f"{rng.integers(100, 90_000) / 100:.2f}", str(rng.choice(["ads", "mail"]))] for day in days]
    return [["date", "amount", "channel"], *lines]


def shop_export(rng: np.random.Generator) -> Rows:
    """Like a shop system's own export: totals on the first line of an order alone, states, instants with a zone."""
    rows = [["Name", "Email", "Financial Status", "Created at", "Currency", "Total", "Refunded Amount", "Lineitem sku"]]
    states = ["paid", "paid", "paid", "refunded", "voided", "pending"]
    for number in range(20):
        who, state = f"c{rng.integers(0, 6)}@example.org", str(rng.choice(states))
        when = f"2024-{rng.integers(1, 7):02d}-{rng.integers(1, 28):02d} 10:00:00 +0100"
        total = f"{rng.integers(100, 9000) / 100:.2f}"
        back = total if state == "refunded" else "0.00"
        rows.append([f"#{1000 + number}", who, state, when, "EUR", total, back, "A-1"])
        for _ in range(int(rng.integers(0, 2))):
            rows.append([f"#{1000 + number}", who, "", when, "", "", "", "B-2"])
    return rows


def payments_export(rng: np.random.Generator) -> Rows:
    """Like a payment service's own export: charges with a status, and what was given back."""
    rows = [["id", "Created date (UTC)", "Amount", "Amount Refunded", "Currency", "Status", "Customer ID"]]
    for number in range(30):
        amount, status = f"{rng.integers(100, 9000) / 100:.2f}", str(rng.choice(["Paid", "Paid", "Failed", "Refunded"]))
        when = f"2024-{rng.integers(1, 7):02d}-{rng.integers(1, 28):02d} 09:30:00"
        back = amount if status == "Refunded" else "0.00"
        rows.append([f"ch_{number}", when, amount, back, "usd", status, f"cus_{rng.integers(0, 9)}"])
    return rows


def damaged_cells(rng: np.random.Generator, rows: Rows) -> Rows:
    """Some cells replaced by something odd, here and there or down a whole column."""
    column = int(rng.integers(0, len(rows[0])))
    picked = range(1, len(rows)) if rng.random() < 0.3 else rng.integers(1, len(rows), rng.integers(1, 4))
    for row in picked:
        rows[row][column] = str(rng.choice(CELLS))
    return rows


def written(rng: np.random.Generator, rows: Rows) -> bytes:
    """The rows as bytes: columns in any order, some delimiter, quoting, line end and encoding."""
    order = rng.permutation(len(rows[0]))
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=str(rng.choice([",", ",", ",", ";", "\t", "|"])), lineterminator=str(rng.choice(["\n", "\r\n"]))
    )
    writer.writerows([[row[i] for i in order] for row in rows])
    encoding = str(rng.choice(["utf-8", "utf-8", "utf-8-sig", "utf-16", "cp1252"]))
    return text.getvalue().encode(encoding, errors="replace")


def _cut(rng: np.random.Generator, content: bytes) -> bytes:
    return content[: int(rng.integers(0, len(content)))]


def _noise(rng: np.random.Generator, content: bytes) -> bytes:
    at = int(rng.integers(0, len(content)))
    return content[:at] + rng.bytes(int(rng.integers(1, 6))) + content[at:]


def _zeros(rng: np.random.Generator, content: bytes) -> bytes:
    at = int(rng.integers(0, len(content)))
    return content[:at] + b"\0" * int(rng.integers(1, 4)) + content[at:]


def _blank_lines(rng: np.random.Generator, content: bytes) -> bytes:
    return content.replace(b"\n", b"\n\n", int(rng.integers(1, 4)))


def _extra_mark(rng: np.random.Generator, content: bytes) -> bytes:
    lines = content.split(b"\n")
    lines[int(rng.integers(0, len(lines)))] += bytes(rng.choice([b",", b",,x", b'"', b";"]))
    return b"\n".join(lines)


def twice(rng: np.random.Generator, content: bytes) -> bytes:
    return content + content


def _zipped(rng: np.random.Generator, content: bytes) -> bytes:
    packed = gzip.compress(content)
    return packed if rng.random() < 0.5 else packed[: int(rng.integers(1, len(packed)))]


def whole(rng: np.random.Generator, content: bytes) -> bytes:
    return content


DAMAGE: tuple[Callable[[np.random.Generator, bytes], bytes], ...] = (
    whole, whole, whole, _cut, _noise, _zeros, _blank_lines, _extra_mark, twice, _zipped,
)  # fmt: skip


PLAN = """
reports = ["retention", "ltv", "payback"]
by = ["channel"]
least = 20

[parameters]
orders = "orders.csv"
customer = "who"
date = "when"
amount = "paid"
margin = 0.35
columns = {quantity = "units", decimal = "comma"}
policy = {refunds = "net", zero = "drop"}

[[segment]]
title = "Norway, paid search"
segment = {country = "NO", channel = "search"}
cac = 42

[[segment]]
title = "Ads / 広告"
horizon = "24 months"
targets = "6, 12 months"
"""
VALUES = (
    "3", "-1", "0", "true", "nan", "inf", '""', '"x"', "[]", "[[]]", "{}", "[1, 2]", "{a = 1}", "1979-05-27", '"../.."',
    '"a\\u0000b"', '"★!"', '"12 moons"', '"1e999 months"', "1e400", "9" * 40, '"$HOME"', '"con"', '["ltv", "ltv"]',
    '"postgresql://a:b@c/d"', '"99999999999 months"', '"0 days"', '"-1 weeks"', '"1, x months"', '"Europe/Nowhere"',
)  # fmt: skip
MARKS = ('"', "]", "=", "\\", "\u202e", "\0", "é")


def damaged_plan(rng: np.random.Generator) -> str:
    """A plan some of whose values, keys, lines or characters are others."""
    lines = PLAN.strip().splitlines()
    for _ in range(int(rng.integers(1, 4))):
        at, kind = int(rng.integers(0, len(lines))), rng.random()
        name, sign, _value = lines[at].partition(" = ")
        if sign and kind < 0.5:
            lines[at] = f"{name} = {rng.choice(VALUES)}"
        elif sign and kind < 0.65:
            lines[at] = f"{name[::-1]} = {rng.choice(VALUES)}"
        elif kind < 0.8:
            lines.insert(at, lines[int(rng.integers(0, len(lines)))])
        elif kind < 0.9:
            del lines[at]
        else:
            cut = int(rng.integers(0, len(lines[at]) + 1))
            lines[at] = lines[at][:cut] + MARKS[int(rng.integers(0, len(MARKS)))] + lines[at][cut:]
    return "\n".join(lines)


ODD: tuple[Any, ...] = (None, [], {}, "x", "", 0, -1, 1e308, float("nan"), float("inf"), [[1.0]], True, "week", 10**30)


def damaged_json(rng: np.random.Generator, text: str) -> str:
    """A JSON document with another value somewhere, cut, or with other characters."""
    kind = rng.random()
    if kind < 0.15:
        return text[: int(rng.integers(0, len(text)))]
    if kind < 0.45:
        at = int(rng.integers(0, len(text)))
        return text[:at] + str(rng.choice(list('0123456789-.eE,:[]{}"nx'))) + text[at + 1 :]
    document = json.loads(text)
    inner, last = document, document
    while isinstance(inner, dict | list) and inner and rng.random() < 0.8:
        last = inner
        inner = inner[_any_key(rng, inner)]
    key = _any_key(rng, last)
    if rng.random() < 0.3:
        del last[key]
    else:
        last[key] = ODD[int(rng.integers(0, len(ODD)))]
    return json.dumps(document)


def _any_key(rng: np.random.Generator, inner: Any) -> Any:
    keys = list(inner) if isinstance(inner, dict) else range(len(inner))
    return keys[int(rng.integers(0, len(inner)))]
