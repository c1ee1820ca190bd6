"""Speed and memory beside lifetimes: every figure measured in one run, each run in a process of its own.

Cold is a new process: import, first answer. Warm is the best of two more answers in that process (for answers
above 20 s the first one stands). Memory is the process's peak, data included. Counting rows into patterns is
part of our time.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.jobs import DATA, agreement, ours, theirs

# job, data, what it is, whether lifetimes has it, the aim as a ratio to lifetimes
TABLE = [
    ("bg", "cdnow_sample", "BG/NBD with covariance, CDNOW sample", True, None),
    ("bg", "cdnow_x10", "BG/NBD with covariance, CDNOW ×10", True, 40),
    ("bg", "bg_1m", "BG/NBD with covariance, simulated 1 M", True, 20),
    ("pareto", "pareto_250k", "Pareto/NBD with covariance, simulated 250 k", True, 100),
    ("pareto", "pareto_1m", "Pareto/NBD with covariance, simulated 1 M", True, 100),
    ("gamma_gamma", "spend_1m", "Gamma-Gamma, repeaters of simulated 1 M", True, 10),
    ("predict", "bg_1m", "expected orders, P(alive), value, simulated 1 M", True, 10),
    ("posterior", "cdnow_sample", "posterior, BG/NBD, CDNOW sample", False, None),
    ("bg", "bg_10m", "BG/NBD with covariance, simulated 10 M", False, None),
]
LONG = 20.0
Result = dict[str, Any]


def worker(who: str, job: str, file: str) -> None:
    """Answer one job and print what it took."""
    data = dict(np.load(file))
    run = ours if who == "ltv" else theirs
    times = []
    for _ in range(3):
        start = time.perf_counter()
        answer = run(job, data)
        times.append(time.perf_counter() - start)
        if times[0] > LONG:
            break
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)
    print(json.dumps({"cold": times[0], "warm": min(times[1:] or times), "peak_gb": peak, "answer": answer}))


def measure(who: str, job: str, file: Path) -> Result:
    """One job in a fresh process."""
    command = [sys.executable, "-m", "benchmarks.fit_speed", who, job, str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(only: str = "") -> str:
    """The table, as markdown, printed line by line."""
    lines = [
        "# Speed of the fits",
        "",
        "Written by `python -m benchmarks fit`. " + (__doc__ or "").split("\n\n", 1)[1].strip().replace("\n", " "),
        "",
        f"{platform.processor() or platform.machine()}, {len(_cores())} cores, Python {platform.python_version()},"
        f" NumPy {np.__version__}.",
        "",
        "| work | rows | ltv cold | warm | peak | lifetimes cold | warm | peak | ratio cold | warm | aim | difference |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for job, data, title, compared, aim in TABLE:
            if only and only not in (job, data):
                continue
            file = Path(folder) / f"{data}.npz"
            if not file.exists():
                np.savez(file, **DATA[data]())
            with np.load(file) as loaded:
                arrays = dict(loaded)
            own = measure("ltv", job, file)
            peer = measure("lifetimes", job, file) if compared else None
            agreed = agreement(job, arrays, own["answer"], peer["answer"]) if peer else ""
            lines.append(_line(title, arrays["x"].size, own, peer, aim, agreed))
            print(lines[-1], flush=True)
    return "\n".join(lines) + "\n"


def _cores() -> range:
    import os

    return range(os.cpu_count() or 1)


def _line(title: str, rows: int, own: Result, peer: Result | None, aim: int | None, agreed: str) -> str:
    cells = [title, f"{rows:,}", *_times(own)]
    if peer is None:
        note = f"effective sample {own['answer']:,.0f}" if "posterior" in title else "–"
        cells += ["–"] * 6 + [note]
    else:
        ratios = [f"{peer[kind] / own[kind]:.0f}×" for kind in ("cold", "warm")]
        cells += [*_times(peer), *ratios, f"≥ {aim}×" if aim else "–", agreed]
    return "| " + " | ".join(cells) + " |"


def _times(result: Result) -> list[str]:
    return [f"{result['cold']:.3g} s", f"{result['warm']:.3g} s", f"{result['peak_gb']:.2f} GB"]


def write(only: str = "") -> Path:
    text = main(only)
    path = Path(__file__).with_name("results") / "fit_speed.md"
    if not only:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return path


if __name__ == "__main__":
    worker(*sys.argv[1:4])
