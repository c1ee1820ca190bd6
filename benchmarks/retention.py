"""The whole retention computation by size: `python -m benchmarks.retention [customers …]`.

Each size runs in a process of its own, over a Parquet file that DuckDB writes from a seeded expression: customers born
over two years, half with repeat orders. Read means to read, check and clean the log and keep its daily orders; each
row after it is one question, answered from them. Peak is that of the process, the engine's memory included.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "retention.md"
SIZES = (100_000, 1_000_000, 10_000_000)
ORDERS = """
copy (
  with numbers as (select range as who, hash(range * 7919 + 17) as h from range({customers})),
  customers as (
    select who, (h % 730)::int as born, h,
           least(40, floor(-2.7 * ln(((h >> 20) % 1000000 + 1) / 1000001.0)))::int as repeats from numbers),
  orders as (
    select who, born, h, unnest(range(repeats + 1)) as j from customers)
  select who as customer,
         date '2023-01-01' + (born + case when j = 0 then 0 else (hash(h, j) % 500)::int + 1 end)::int as date,
         (5 + (hash(j, h) % 20000) / 100.0)::decimal(18, 2) as amount
  from orders
) to '{path}' (format parquet)
"""


def questions() -> dict[str, Callable[[Any], Any]]:
    """What a retention and a growth page ask, in their order."""
    import ltv

    return {
        "retention on a month, by month": lambda log: ltv.retention(log),
        "retention by week, calendar": lambda log: ltv.retention(log, period="week", clock="calendar"),
        "retention, 2 orders in brackets": lambda log: ltv.retention(log, kind=(0, 1, 3, 6, 12), active="2 orders"),
        "retention on or after": lambda log: ltv.retention(log, kind="on or after", through=6),
        "net revenue retention": lambda log: ltv.revenue_retention(log),
        "margin per customer by age": lambda log: ltv.cumulative_value(log),
        "time to second and third order": lambda log: ltv.time_to_order(log),
        "growth accounting, customers": lambda log: ltv.growth_accounting(log),
        "growth accounting, revenue": lambda log: ltv.revenue_accounting(log),
        "what returning customers bring": lambda log: ltv.brought_next(log),
        "revenue by cohort": lambda log: ltv.revenue_by_cohort(log),
        "active customers by day": lambda log: ltv.active_customers(log),
        "orders per customer": lambda log: ltv.order_counts(log),
        "core metric": lambda log: ltv.core_metric(log),
    }


def measure(customers: int) -> dict[str, Any]:
    """Seconds per question and the peak of this process in GB."""
    import duckdb

    import ltv

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "orders.parquet"
        duckdb.execute(ORDERS.format(customers=customers, path=path))
        seconds, start = {}, time.perf_counter()
        names = {"customer": "customer", "date": "date", "amount": "amount"}
        log = ltv.read_orders(str(path), until="2024-12-31", **names)
        seconds["read"] = time.perf_counter() - start
        for name, ask in questions().items():
            start = time.perf_counter()
            ask(log)
            seconds[name] = time.perf_counter() - start
        orders = log.size["orders"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    return {"customers": customers, "orders": orders, "seconds": seconds, "peak": peak}


def write(sizes: tuple[int, ...] = SIZES) -> str:
    """Measure every size in a new process and write the table beside the code."""
    runs = []
    for size in sizes:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.retention", "--one", str(size)],
            capture_output=True,
            text=True,
            check=True,
        )
        runs.append(json.loads(done.stdout.splitlines()[-1]))
    heads = [f"{run['customers']:,} customers, {run['orders']:,} orders" for run in runs]
    lines = [f"| seconds | {' | '.join(heads)} |", "|---|" + "---:|" * len(runs)]
    for name in runs[0]["seconds"]:
        lines.append(f"| {name} | {' | '.join(format(run['seconds'][name], '.2f') for run in runs)} |")
    totals = [f"{sum(run['seconds'].values()):.1f}" for run in runs]
    lines.append(f"| **all** | {' | '.join(totals)} |")
    lines.append(f"| peak memory, GB | {' | '.join(format(run['peak'], '.2f') for run in runs)} |")
    load = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} when it ended (other work counts in the times)"
    head = f"# Retention by size\n\n{__doc__.split(chr(10), 2)[2].strip()}\n\nPython {platform.python_version()}, {load}.\n\n"
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(head + "\n".join(lines) + "\n")
    return RESULTS.read_text()


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        print(json.dumps(measure(int(sys.argv[2]))))
    else:
        print(write(tuple(int(size) for size in sys.argv[1:]) or SIZES))
