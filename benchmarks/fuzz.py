"""Seeded damage to good inputs: each ends in right numbers or in a listed fault, never in a traceback or a silent loss.

python -m benchmarks fuzz         3,000 inputs: orders, native exports, costs, plans, saved fits; and pages
python -m benchmarks fuzz 60      so many
"""

from __future__ import annotations

import collections
import contextlib
import io
import tempfile
import tomllib
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np

from benchmarks import damage
from ltv import Patterns, Unit, fit, models, read_costs, read_orders
from ltv.errors import LtvError
from ltv.models import saving
from ltv.orders.proposal import check_orders
from ltv.pages.batch import render_all
from ltv.pages.checking import check_page
from ltv.pages.plan import read_plan

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}
ENDS = ("read", "fault", "traceback", "silent loss", "half page")
RIGHT = ("read", "fault")
TIMES = {damage.whole: 1, damage.twice: 2}
"""How often a file of this damage holds the rows; of another it cannot be said."""


class Loss(Exception):
    """Rows, money or reports that are neither in the result nor in a fault."""


def _lost(lost: object, what: str) -> None:
    if lost:
        raise Loss(what)


def _harmed(rng: np.random.Generator, rows: damage.Rows, path: Path) -> tuple[bool, int]:
    """Write the rows with damage: whether their cells are odd, and how often all of them are there, 0 where unknown."""
    if odd := rng.random() < 0.7:
        rows = damage.damaged_cells(rng, rows)
    harm = damage.DAMAGE[int(rng.integers(0, len(damage.DAMAGE)))]
    path.write_bytes(harm(rng, damage.written(rng, rows)))
    return odd, TIMES.get(harm, 0)


def orders(rng: np.random.Generator, folder: Path) -> None:
    """A log with odd cells and damaged bytes: all its rows and money are in the log or in its audit."""
    rows = damage.orders(rng)
    right, path = sum(float(row[2]) for row in rows[1:]), folder / "orders.csv"
    odd, times = _harmed(rng, rows, path)
    read = read_orders(path, **COLUMNS)  # type: ignore[arg-type]
    audit, kept = read.audit, float(read.ledger.value.sum().to_pyarrow().as_py() or 0)
    _lost(abs(audit.loc[~audit["dropped"], "money"].sum() - kept) > 0.005, "kept money is not that of the audit")
    _lost(audit["rows"].sum() < times * (len(rows) - 1), f"{times * (len(rows) - 1)} lines, {audit['rows'].sum()} rows")
    if times and not odd:
        _lost(abs(audit["money"].sum() - times * right) > 0.005, "the money is not that of the file")
    _lost("<script" in read._repr_html_(), "markup is not escaped")


def exports(rng: np.random.Generator, folder: Path) -> None:
    """A native export with odd cells, pasted twice or damaged: what can be read accounts for every line."""
    rows = (damage.shop_export if rng.random() < 0.5 else damage.payments_export)(rng)
    path = folder / "export.csv"
    _, times = _harmed(rng, rows, path)
    found = check_orders(path)
    found.command()
    if found.orders is None:
        raise LtvError("; ".join(found.faults))
    there = found.orders.audit["rows"].sum()
    _lost(there < times * (len(rows) - 1), f"{times * (len(rows) - 1)} lines, {there} rows in the audit")


def costs(rng: np.random.Generator, folder: Path) -> None:
    """Costs with odd cells and damaged bytes: what is read is all of the money."""
    rows = damage.costs(rng)
    right, path = sum(float(row[1]) for row in rows[1:]), folder / "costs.csv"
    odd, times = _harmed(rng, rows, path)
    read = read_costs(path, each=str(rng.choice(["day", "day", "week", "month"])))
    _lost(times and not odd and abs(read.total - times * right) > 0.005, "the money is not that of the file")


def plans(rng: np.random.Generator, folder: Path) -> None:
    """A plan with odd values: every segment that it names has a folder of its own, and every report."""
    (folder / "orders.csv").write_text("who,when,paid\n")
    path, text = folder / "jobs.toml", damage.damaged_plan(rng)
    path.write_text(text, "utf-8")
    segments = read_plan(path).of([{"channel": "ads"}, {"channel": "★★★★♦!"}, {"channel": "★★!♥!?"}])
    asked = 3 + len(tomllib.loads(text).get("segment", []))
    _lost(len(segments) != asked, f"{asked} segments, {len(segments)} planned")
    _lost(len({it.folder.casefold() for it in segments}) != asked, "two segments share a folder")
    _lost(not all(it.reports for it in segments), "a segment without a report")


@cache
def _saved() -> tuple[str, str]:
    patterns = Patterns(x=[0, 1, 4], t_x=[0, 9, 30], T=[39, 39, 39], n=[50, 30, 20], unit=Unit.WEEK)
    found = fit(models.NBD, patterns)
    return saving.to_json(found), repr(found)


def fits(rng: np.random.Generator, folder: Path) -> None:
    """A saved fit with odd values: what is loaded is the fit that was saved."""
    text, right = _saved()
    path = folder / "fit.json"
    path.write_text(damage.damaged_json(rng, text), "utf-8")
    _lost(repr(saving.load(path)) != right, "another fit was loaded")


def pages(rng: np.random.Generator, folder: Path) -> None:
    """A page of a damaged log: whole, or not there, with the reason beside it."""
    path = folder / "orders.csv"
    path.write_bytes(damage.written(rng, damage.damaged_cells(rng, damage.orders(rng))))
    (record,) = render_all({"data_quality": COLUMNS | {"orders": str(path)}}, folder / "out")
    for page in (folder / "out").rglob("*.html"):
        if faults := check_page(page.read_text("utf-8")):
            raise Loss(f"half page: {page.name}: {faults}")
    if record.status == "failed":
        _lost(not record.error or "Error:" in record.error, f"a failure without words: {record.error[:200]}")
        raise LtvError(record.error)


KINDS: dict[str, Callable[[np.random.Generator, Path], None]] = {
    it.__name__: it for it in (orders, exports, costs, plans, fits, pages)
}
SHARES = {"orders": 0.336, "exports": 0.16, "costs": 0.16, "plans": 0.18, "fits": 0.16, "pages": 0.004}


def outcome(kind: str, seed: int, folder: Path) -> tuple[str, str]:
    """How one damaged input ends, one of `ENDS`, and what was said."""
    with tempfile.TemporaryDirectory(dir=folder) as place, contextlib.redirect_stdout(io.StringIO()):
        try:
            KINDS[kind](np.random.default_rng([seed, list(KINDS).index(kind)]), Path(place))
        except LtvError as fault:
            words = str(fault)
            return ("fault" if words.strip() and max(map(len, words.splitlines())) < 1500 else "traceback"), words
        except Loss as loss:
            return ("half page" if "half page" in str(loss) else "silent loss"), str(loss)
        except Exception as error:  # noqa: BLE001 what must not happen is counted and shown
            return "traceback", f"{type(error).__name__}: {error}"
    return "read", ""


def table(count: int) -> tuple[str, bool]:
    """So many damaged inputs by kind and end, as Markdown, below those that ended badly; and whether none did."""
    ends: dict[str, collections.Counter[str]] = {kind: collections.Counter() for kind in KINDS}
    told = []
    with tempfile.TemporaryDirectory() as place:
        for kind, share in SHARES.items():
            for seed in range(max(1, round(count * share))):
                end, words = outcome(kind, seed, Path(place))
                ends[kind][end] += 1
                told += [f"{kind} {seed}: {end}: {words[:300]}"] * (end not in RIGHT)
    lines = [["kind", "inputs", *ENDS], ["---", *["---:"] * (len(ENDS) + 1)]]
    lines += [[kind, f"{sum(found.values()):,}", *(f"{found[end]:,}" for end in ENDS)] for kind, found in ends.items()]
    return "\n".join([*told, *(f"| {' | '.join(line)} |" for line in lines)]), not told
