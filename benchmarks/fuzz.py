"""Seeded damage to a good file: each ends in right orders or in a listed fault, never in a traceback or a silent loss.

python -m benchmarks.fuzz              1,000 files
python -m benchmarks.fuzz --seeds 50
"""

from __future__ import annotations

import argparse
import collections
import csv
import gzip
import io
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from ltv import read_orders
from ltv.errors import DataError

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
HEADER = ("who", "when", "paid", "note")
CELLS = (
    "", " ", "x", "nan", "NULL", "inf", "-inf", "1e400", "1e-400", "9" * 40, "-5", "(3.10)", "0", "1,234.50", "1.234,50",
    "=1+1", '=HYPERLINK("http://x")', "<script>alert(1)</script>", "'; drop table orders; --", "2024-02-30", "31/12/2024",
    "12/31/2024", "2024-01-01T10:00:00+02:00", "0000-00-00", "9999-12-31", "1.03293E+19", "18446744073709551616", "\u202e", "é",
    'a"b', "a\nb", "a,b", "\t", "TRUE", "0x1F", "1_000", "٣", "½",
)  # fmt: skip
Rows = list[list[str]]


def good(rng: np.random.Generator) -> Rows:
    """Forty lines without a fault."""
    who, day, cents = rng.integers(0, 12, 40), rng.integers(0, 90, 40), rng.integers(1, 9000, 40)
    dates = np.datetime_as_string(np.datetime64("2024-01-01") + day)
    return [[f"c{w}", str(d), f"{c / 100:.2f}", "note"] for w, d, c in zip(who, dates, cents, strict=True)]


def damaged_cells(rng: np.random.Generator, rows: Rows) -> Rows:
    """Some cells replaced by something odd, here and there or down a whole column."""
    column = int(rng.integers(0, 4))
    picked = range(len(rows)) if rng.random() < 0.3 else rng.integers(0, len(rows), rng.integers(1, 4))
    for row in picked:
        rows[row][column] = str(rng.choice(CELLS))
    return rows


def written(rng: np.random.Generator, rows: Rows) -> bytes:
    """The rows as bytes: columns in any order, some delimiter, quoting, line end and encoding."""
    order = rng.permutation(4)
    text = io.StringIO()
    writer = csv.writer(
        text, delimiter=str(rng.choice([",", ",", ",", ";", "\t", "|"])), lineterminator=str(rng.choice(["\n", "\r\n"]))
    )
    writer.writerow([HEADER[i] for i in order])
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


def _twice(rng: np.random.Generator, content: bytes) -> bytes:
    return content + content


def _zipped(rng: np.random.Generator, content: bytes) -> bytes:
    packed = gzip.compress(content)
    return packed if rng.random() < 0.5 else packed[: int(rng.integers(1, len(packed)))]


def _whole(rng: np.random.Generator, content: bytes) -> bytes:
    return content


DAMAGE: tuple[Callable[[np.random.Generator, bytes], bytes], ...] = (
    _whole, _whole, _whole, _cut, _noise, _zeros, _blank_lines, _extra_mark, _twice, _zipped,
)  # fmt: skip


def outcome(seed: int, folder: Path) -> str:
    """ "read" or "fault"; AssertionError where rows or money got lost, any other exception where the program broke."""
    rng = np.random.default_rng(seed)
    rows = good(rng)
    right = sum(float(row[2]) for row in rows)
    if odd := rng.random() < 0.7:
        rows = damaged_cells(rng, rows)
    damage = DAMAGE[int(rng.integers(0, len(DAMAGE)))]
    path = folder / f"{seed}.csv"
    content = written(rng, rows)
    path.write_bytes(damage(rng, content))
    try:
        orders = read_orders(path, **COLUMNS)
    except DataError as fault:
        return "fault" if fault.faults and max(map(len, fault.faults)) < 1000 else "a fault without words"
    finally:
        path.unlink()
    audit, ledger = orders.audit, orders.ledger
    kept = float(ledger.value.sum().to_pyarrow().as_py())
    assert abs(audit.loc[~audit["dropped"], "money"].sum() - kept) < 0.005, (
        f"{seed}: kept money is not that of the audit"
    )
    assert abs(audit["money"].sum() - orders.days["money"].sum()) < 0.005, f"{seed}: money in is not money out"
    assert audit["rows"].sum() == orders.days["rows"].sum(), f"{seed}: rows in are not rows out"
    if damage is _whole:
        assert audit["rows"].sum() == len(rows), f"{seed}: {len(rows)} lines, {audit['rows'].sum()} read"
        assert odd or abs(audit["money"].sum() - right) < 0.005, f"{seed}: the money is not that of the file"
    assert "<script" not in orders._repr_html_()
    return "read"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    given = parser.parse_args()
    ends: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as place:
        for seed in range(given.seeds):
            try:
                ends[outcome(seed, Path(place))] += 1
            except Exception as error:  # noqa: BLE001 what must not happen is counted and shown
                ends["broken"] += 1
                print(f"{seed}: {type(error).__name__}: {str(error)[:300]}")
    print(", ".join(f"{name} {count:,}" for name, count in sorted(ends.items())))
    raise SystemExit(0 if ends.keys() <= {"read", "fault"} else 1)


if __name__ == "__main__":
    main()
