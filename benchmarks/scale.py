"""Orders in Parquet → customers → patterns → BG/NBD and Gamma-Gamma with intervals → scores in Parquet, by size.

    python -m benchmarks.scale                       10⁵, 10⁶ and 10⁷ customers, and lifetimes with pandas at 10⁶
    python -m benchmarks.scale --sizes 100000        other sizes

Each size runs cold, in a process of its own: interpreter, imports and compilation are in the time, and the peak is
that of the whole process. Both sides end with P(alive), expected orders and discounted margin of the next 12 months for
every customer. `ltv` also checks and accounts for every row, and adds intervals, P(order within 30 days) and the value if
won back; lifetimes has none of these, takes a month as 4.345 weeks and discounts at the end of each. It is asked by its own
functions, which compute the orders until the start and the end of each of the twelve months: about a third of its time.
Writes benchmarks/results/scale.md.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "scale.md"
COMPARED = 1_000_000
PACKAGES = ("ltv", "duckdb", "ibis-framework", "numpy", "scipy", "pandas", "lifetimes")


def peak() -> float:
    """Peak memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def ours(folder: Path) -> dict[str, float]:
    """Seconds of each step in `ltv`."""
    clock = Clock()
    import ltv

    orders = ltv.read_orders(folder / "orders.parquet", customer="customer", date="date", amount="amount", margin=0.3)
    clock.mark("read and clean")
    customers = ltv.summarize(orders)
    clock.mark("customers")
    patterns = customers.patterns
    clock.mark("patterns")
    buying = ltv.fit(ltv.BGNBD, customers)
    clock.mark("BG/NBD")
    order_value = ltv.fit(ltv.GammaGamma, customers)
    clock.mark("Gamma-Gamma")
    scored = ltv.score(customers, buying, order_value)
    clock.mark("score patterns")
    ltv.write_scores(scored, folder / "scores.parquet")
    clock.mark("write scores")
    return clock.seconds | {"orders": orders.size["orders"], "distinct patterns": len(patterns.x)}


def lifetimes(folder: Path) -> dict[str, float]:
    """Seconds of the same job with lifetimes and pandas, by the functions they have for it."""
    clock = Clock()
    import lifetimes as lt
    import lifetimes.utils as utils
    import numpy as np
    import pandas as pd

    rows = pd.read_parquet(folder / "orders.parquet", columns=["customer", "date", "amount"])
    clock.mark("read and clean")
    end = rows["date"].max()
    summary = utils.summary_data_from_transaction_data(
        rows, "customer", "date", monetary_value_col="amount", observation_period_end=end, freq="D"
    )
    clock.mark("customers")
    weeks = summary.assign(recency=summary["recency"] / 7, T=summary["T"] / 7)
    history = weeks["frequency"], weeks["recency"], weeks["T"]
    buying = lt.BetaGeoFitter().fit(*history)
    clock.mark("BG/NBD")
    paid = weeks[(weeks["frequency"] > 0) & (weeks["monetary_value"] > 0)]
    order_value = lt.GammaGammaFitter().fit(paid["frequency"], paid["monetary_value"])
    clock.mark("Gamma-Gamma")
    money = weeks["monetary_value"]
    monthly = 1.10 ** (1 / 12) - 1
    scores = weeks.assign(
        probability_alive=np.asarray(buying.conditional_probability_alive(*history)),
        orders=buying.conditional_expected_number_of_purchases_up_to_time(365.25 / 7, *history),
        value=0.3 * order_value.customer_lifetime_value(buying, *history, money, 12, monthly, freq="W"),
    )
    clock.mark("score patterns")
    scores.to_parquet(folder / "scores.parquet")
    clock.mark("write scores")
    return clock.seconds | {"orders": len(rows), "distinct patterns": 0}


class Clock:
    """Seconds between marks."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.last = time.perf_counter()

    def mark(self, name: str) -> None:
        now = time.perf_counter()
        self.seconds[name], self.last = now - self.last, now


def measure(how: str, folder: Path, memory: str) -> dict[str, float]:
    """One cold run in a process of its own."""
    start = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.scale", "--run", how, "--folder", str(folder)]
    done = subprocess.run(
        command, cwd=HERE.parent, env=os.environ | {"LTV_MEMORY": memory}, stdout=subprocess.PIPE, check=True
    )
    seconds = time.perf_counter() - start
    return json.loads(done.stdout.splitlines()[-1]) | {"total": seconds}


def generate(customers: int, folder: Path) -> None:
    """The log, in a process of its own, so that its memory is not counted."""
    from ltv.simulate import plain_shop, write_shop

    write_shop(plain_shop(customers), folder, seed=customers)


def report(results: dict[str, dict[str, float]], memory: str) -> str:
    """The results as Markdown."""
    steps = [
        name for name in next(iter(results.values())) if name not in ("orders", "distinct patterns", "total", "peak")
    ]
    rows = ["orders", "distinct patterns", *steps, "total", "peak"]
    units = {"orders": "", "distinct patterns": "", "peak": ", GB"}
    lines = [
        "# Scale",
        "",
        str(__doc__).split("\n\n", 2)[2].rsplit("\n", 2)[0],
        "",
        "| | " + " | ".join(results) + " |",
        "|---|" + "---:|" * len(results),
    ]
    for row in rows:
        shown = []
        for result in results.values():
            value = result.get(row)
            whole = row in ("orders", "distinct patterns")
            shown.append("–" if not value else f"{value:,.0f}" if whole else f"{value:.1f}")
        lines.append(f"| {row}{units.get(row, ', s')} | " + " | ".join(shown) + " |")
    lines += [
        "",
        f"Cold runs, {os.cpu_count()} cores, memory of the engine bounded to {memory}, {platform.machine()}, ",
    ]
    lines += [f"Python {platform.python_version()}, " + ", ".join(f"{name} {version(name)}" for name in PACKAGES) + "."]
    return "\n".join([*lines, "Written by `python -m benchmarks.scale`.", ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000, 10_000_000])
    parser.add_argument("--memory", default="3GB", help="bound of the engine's memory")
    parser.add_argument("--run", choices=["ours", "lifetimes", "generate"])
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--customers", type=int)
    given = parser.parse_args()
    if given.run == "generate":
        return generate(given.customers, given.folder)
    if given.run:
        seconds = {"ours": ours, "lifetimes": lifetimes}[given.run](given.folder)
        return print(json.dumps(seconds | {"peak": peak()}))
    results = {}
    for size in given.sizes:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            options = ["--folder", place, "--customers", str(size)]
            subprocess.run(
                [sys.executable, "-m", "benchmarks.scale", "--run", "generate", *options], cwd=HERE.parent, check=True
            )
            results[f"{size:,} customers"] = measure("ours", folder, given.memory)
            if size == COMPARED:
                results[f"{size:,}, lifetimes"] = measure("lifetimes", folder, given.memory)
        RESULTS.write_text(report(results, given.memory), "utf-8")
    return None


if __name__ == "__main__":
    main()
