"""Twenty segments of CDNOW's size with three reports each: `python -m benchmarks.reports [SEGMENTS]`.

One command in an empty cache: the whole log is read and cleaned once, each segment is cut from it once, then two workers
make the reports. Wall time is that of the command, all of it counted; a report's own seconds are those in its worker. An
empty notebook costs what starting a kernel and rendering a page cost. Memory is the proportional set size of a worker
together with its kernel and what that was forked from, in a second run: who looks at it five times a second is felt.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import psutil
from nbformat.v4 import new_code_cell, new_notebook

from ltv.orders.samples import SAMPLES
from ltv.pages.crew import Crew, Task

RESULTS = Path(__file__).parent / "results" / "reports.md"
REPORTS = ("retention", "ltv", "payback")


def write(count: int) -> str:
    """Run the batch and write the table beside the code."""
    with tempfile.TemporaryDirectory(prefix="ltv-bench-") as folder:
        rows = measure(count, Path(folder))
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when it ended (other work counts in the times)"
    told = __doc__.split("\n", 2)[2].strip()
    head = f"# Reports in a batch\n\n{told}\n\nPython {platform.python_version()}, {load}.\n\n"
    lines = ["| | |", "|---|---:|", *(f"| {what} | {value} |" for what, value in rows.items())]
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(head + "\n".join(lines) + "\n", "utf-8")
    return RESULTS.read_text("utf-8")


def measure(count: int, place: Path) -> dict[str, str]:
    """The rows of the table. Raises RuntimeError when a report failed."""
    log = _segments(count)
    log.to_parquet(place / "orders.parquet")
    columns = ["--customer", "customer", "--date", "date", "--amount", "amount", "--until", "1998-06-30"]
    batch = [sys.executable, "-m", "ltv", "batch", "--by", "segment", "--reports", ",".join(REPORTS), *columns]
    batch += ["--orders", str(place / "orders.parquet")]
    started = time.monotonic()
    _finish(_start(batch, place / "timed"))
    wall = time.monotonic() - started
    watched = _start(batch, place / "watched")
    rendering, reading = _watch(watched)
    _finish(watched)
    records = json.loads((place / "timed" / "out" / "manifest.json").read_text("utf-8"))["reports"]
    taken = pd.DataFrame(records).groupby("name")["seconds"].mean()
    return {
        "segments, reports": f"{count}, {len(records)}",
        "wall time, s": f"{wall:.0f}",
        "**wall time a report, s**": f"**{wall / len(records):.2f}**",
        **{f"`{name}` in its worker, s": f"{taken[name]:.2f}" for name in REPORTS},
        "an empty notebook in a warm worker, s": f"{_empty(place):.2f}",
        "**largest worker with its kernel, MB**": f"**{rendering / 1e6:.0f}**",
        f"reading the whole log once ({len(log):,} rows), MB": f"{reading / 1e6:.0f}",
    }


def _segments(count: int) -> pd.DataFrame:
    """CDNOW as often as there are segments, every copy with customers of its own."""
    rows = SAMPLES["cdnow"].rows()
    copies = [rows.assign(customer=f"{i}-" + rows["customer"], segment=f"segment {i:02d}") for i in range(count)]
    every = pd.concat(copies, ignore_index=True)
    return every.assign(date=pd.to_datetime(every["date"], format="%Y%m%d"), amount=every["amount"].astype(float))


def _start(batch: list[str], place: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {"LTV_CACHE": str(place / "cache")}
    words = [*batch, "--out", str(place / "out")]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)


def _finish(process: subprocess.Popen[bytes]) -> None:
    if process.wait():
        raise RuntimeError(f"the batch ended with {process.returncode}")


def _watch(process: subprocess.Popen[bytes]) -> tuple[int, int]:
    """The most memory that one worker had together with its kernel, and that one without a kernel had."""
    rendering = reading = 0
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        for worker in parent.children():
            try:
                family = [worker, *worker.children(recursive=True)]
                size = sum(it.memory_full_info().pss for it in family)
            except psutil.Error:
                continue
            if len(family) > 1:
                rendering = max(rendering, size)
            else:
                reading = max(reading, size)
        time.sleep(0.2)
    return rendering, reading


def _empty(place: Path) -> float:
    """Seconds that a notebook of one idle cell takes where one has run before."""
    path = place / "empty.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("0")]), path)
    with Crew(1) as crew:
        return min(result for _, result in crew.run([Task(str(i), _render, (path, place)) for i in range(4)]))


def _render(path: Path, place: Path) -> Any:
    from ltv.pages.render import render

    return render(path, {}, place / "empty").seconds


if __name__ == "__main__":
    print(write(int(sys.argv[1]) if len(sys.argv) > 1 else 20))
