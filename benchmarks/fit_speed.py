"""Speed and memory beside lifetimes: every figure measured in one run, each run in a process of its own.

Cold is a new process: import, first answer. Warm is the best of two more answers in that process (for answers
above 20 s the first one stands). Memory is the process's peak, data included. Counting rows into patterns is
part of our time. `cpu` is the processor time of the warm answer, `load` the machine's load average before the job:
where others use the machine, clocks of both sides are stretched and `cpu` is the fairer column.
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
    ("patterns", "bg_10m_patterns", "BG/NBD with covariance, the patterns of simulated 10 M", False, None),
]
LONG = 20.0
Result = dict[str, Any]


def worker(who: str, job: str, file: str) -> None:
    """Answer one job and print what it took: seconds of the clock and of the processor."""
    data = dict(np.load(file))
    run = ours if who == "ltv" else theirs
    print(json.dumps(timed(lambda: run(job, data))))


def timed(run: Callable[[], Any], again: int = 2) -> Result:
    """Cold, warm, cpu, peak and the last answer of something asked once and `again`; once where that takes long."""
    clock, work = [], []
    for _ in range(1 + again):
        start, begun = time.perf_counter(), time.process_time()
        answer = run()
        clock.append(time.perf_counter() - start)
        work.append(time.process_time() - begun)
        if clock[0] > LONG:
            break
    warm = {"warm": min(clock[1:] or clock), "cpu": min(work[1:] or work)}
    return {"cold": clock[0], **warm, "peak": peak_gb(), "answer": answer}


def peak_gb() -> float:
    """Peak memory of this process. Linux hands a parent's peak on through ru_maxrss, so its own record comes first."""
    status = Path("/proc/self/status")
    if status.exists():
        [line] = [line for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        return int(line.split()[1]) / (1 << 20)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1 << 20)


def measure(*words: str, module: str = "benchmarks.fit_speed") -> Result:
    """What `worker` of a module prints when asked with these words in a fresh process."""
    command = [sys.executable, "-m", module, *words]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout.splitlines()[-1]))


def rows(only: str = "") -> dict[str, str]:
    """Title → line of the table, printed as they come."""
    lines = {}
    with tempfile.TemporaryDirectory() as folder:
        for job, data, title, compared, aim in TABLE:
            if only and only not in (job, data):
                continue
            file = Path(folder) / f"{data}.npz"
            if not file.exists():
                np.savez(file, **DATA[data]())
            with np.load(file) as loaded:
                arrays = dict(loaded)
            load = os.getloadavg()[0]
            own = measure("ltv", job, str(file))
            peer = measure("lifetimes", job, str(file)) if compared else None
            agreed = agreement(job, arrays, own["answer"], peer["answer"]) if peer else ""
            if job == "posterior":
                agreed = f"effective sample {own['answer']:,.0f}"
            lines[title] = _line(title, arrays["x"].size, load, own, peer, aim, agreed)
            print(lines[title], flush=True)
    return lines


def _line(title: str, size: int, load: float, own: Result, peer: Result | None, aim: int | None, agreed: str) -> str:
    cells = [title, f"{size:,}", f"{load:.1f}", *times(own)]
    if peer is None:
        cells += ["–"] * 8
    else:
        ratios = [f"{peer[kind] / own[kind]:.0f}×" for kind in ("cold", "warm", "cpu")]
        cells += [*times(peer), *ratios, f"≥ {aim}×" if aim else "–"]
    return "| " + " | ".join([*cells, agreed]) + " |"


def times(result: Result) -> list[str]:
    """The cells of a result."""
    return [*(f"{result[kind]:.3g} s" for kind in ("cold", "warm", "cpu")), f"{result['peak']:.2f} GB"]


def table(lines: dict[str, str]) -> str:
    """The whole file."""
    machine = platform.processor() or platform.machine()
    about = " ".join((__doc__ or "").split("\n\n", 1)[1].split())
    titles = ["work", "rows", "load", "ltv cold", "warm", "cpu", "peak", "lifetimes cold", "warm", "cpu", "peak"]
    titles += ["ratio cold", "warm", "cpu", "aim", "agreement"]
    head = ["# Speed of the fits", "", f"Written by `python -m benchmarks fit`. {about}", ""]
    head += [f"{machine}, {os.cpu_count()} cores, Python {platform.python_version()}, NumPy {np.__version__}.", ""]
    head += ["| " + " | ".join(titles) + " |", "|" + "---|" * len(titles)]
    known = [lines[title] for _, _, title, _, _ in TABLE if title in lines]
    return "\n".join([*head, *known]) + "\n"


def write(only: str = "") -> Path:
    """Measure all jobs, or those of one name or data set, and put their lines in the file; others stay."""
    path = Path(__file__).with_name("results") / "fit_speed.md"
    path.parent.mkdir(exist_ok=True)
    measured = rows(only)
    titles = {title for _, _, title, _, _ in TABLE}
    old = path.read_text().splitlines() if path.exists() else []
    kept = {line.split(" | ")[0].removeprefix("| "): line for line in old if line.startswith("| ")}
    path.write_text(table({title: line for title, line in kept.items() if title in titles} | measured))
    return path


if __name__ == "__main__":
    worker(*sys.argv[1:4])
