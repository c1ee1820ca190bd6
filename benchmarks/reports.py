"""Twenty segments of CDNOW's size with three reports each: wall time per report, and the memory of the workers.

python -m benchmarks.reports [SEGMENTS]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil

from ltv.orders.samples import SAMPLES

REPORTS = "retention,ltv,payback"


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="ltv-bench-") as folder:
        place = Path(folder)
        _segments(count).to_parquet(place / "orders.parquet")
        columns = ["--customer", "customer", "--date", "date", "--amount", "amount", "--until", "1998-06-30"]
        batch = [sys.executable, "-m", "ltv", "batch", "--by", "segment", "--reports", REPORTS, *columns]
        batch += ["--orders", str(place / "orders.parquet"), "--out", str(place / "out")]
        started = time.monotonic()
        environment = os.environ | {"LTV_CACHE": str(place / "cache")}
        process = subprocess.Popen(batch, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
        largest = _watch(process)
        wall = time.monotonic() - started
    reports = count * len(REPORTS.split(","))
    load = os.getloadavg()[0]
    print(
        f"{reports} reports of {count} segments on {os.cpu_count()} cores, load {load:.1f}, exit {process.returncode}"
    )
    print(f"wall {wall:.0f} s, {wall / reports:.2f} s a report; largest worker with its kernel {largest / 1e6:.0f} MB")


def _segments(count: int) -> pd.DataFrame:
    """CDNOW as often as there are segments, every copy with customers of its own."""
    rows = SAMPLES["cdnow"].rows()
    copies = [rows.assign(customer=f"{i}-" + rows["customer"], segment=f"segment {i:02d}") for i in range(count)]
    every = pd.concat(copies, ignore_index=True)
    return every.assign(date=pd.to_datetime(every["date"], format="%Y%m%d"), amount=every["amount"].astype(float))


def _watch(process: subprocess.Popen[bytes]) -> int:
    """The most memory (proportional set size) that one worker and its children had together."""
    largest = 0
    parent = psutil.Process(process.pid)
    while process.poll() is None:
        for worker in parent.children():
            try:
                family = [worker, *worker.children(recursive=True)]
                largest = max(largest, sum(it.memory_full_info().pss for it in family))
            except psutil.Error:
                continue
        time.sleep(0.5)
    return largest


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
