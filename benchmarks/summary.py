"""benchmarks/README.md: how to run them, and the last table of each, put together from benchmarks/results."""

from __future__ import annotations

import math
from heapq import nlargest
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
ORDER = {
    "fit_speed": "python -m benchmarks fit",
    "bayes": "python -m benchmarks bayes",
    "scale": "python -m benchmarks.scale",
    "retention": "python -m benchmarks.retention",
    "reports": "python -m benchmarks.reports",
    "accuracy": "python -m benchmarks accuracy",
    "accuracy_uci": "python -m benchmarks accuracy --orders FILE",
    "forecasts": "python -m benchmarks accuracy --protocol",
    "calibration": "python -m benchmarks calibration",
    "payback_coverage": "python -m benchmarks.payback_coverage",
}
INTRO = """# Benchmarks

What is claimed of speed, memory, accuracy and intervals, as last measured; each table names its machine and versions. This
page is put together by `python -m benchmarks readme` from the files in `results/`, which the programs below write.

    make bench     # fits, forecasts and the whole job beside lifetimes: some twenty minutes, most of them its own

Ratios are the figures to read: both sides run one after the other on the same machine, each job in a process of its own.
"""


def page() -> str:
    """The whole file."""
    found = {name: HERE / "results" / f"{name}.md" for name in ORDER}
    there = {name: path.read_text("utf-8") for name, path in found.items() if path.exists()}
    rows = ["| table | program |", "|---|---|"]
    rows += [f"| [{_title(text)}](results/{name}.md) | `{ORDER[name]}` |" for name, text in there.items()]
    parts = [INTRO, "\n".join(rows)]
    for name, text in there.items():
        parts.append("#" + text.strip())
        if name == "scale":
            parts += [growth(text), ahead(text)]
    return "\n\n".join(parts) + "\n"


def growth(text: str) -> str:
    """How time and memory grow with the customers: the exponent between neighbouring sizes of the scale table."""
    sizes, rows = _read(text)
    said = []
    for row in rows:
        if row[0].startswith(("total", "peak")):
            for (i, small), (j, large) in pairwise(sizes):
                times = float(row[j]) / float(row[i])
                power = math.log(times) / math.log(large / small)
                said.append(f"| {row[0].split(',')[0]} | {small:,.0f} to {large:,.0f} | {times:.1f}× | {power:.2f} |")
    return "\n".join(["| of the above | customers | grows | exponent (1 is linear) |", "|---|---|---:|---:|", *said])


def ahead(text: str, customers: float = 1e9) -> str:
    """What many more customers would take: every step of the scale table by its own slope between the largest two sizes."""
    sizes, rows = _read(text)
    (i, small), (j, large) = sizes[-2:]
    more = math.log(customers / large) / math.log(large / small)
    grown = {
        row[0]: float(row[j].replace(",", "")) * _ratio(row[i], row[j]) ** more
        for row in rows
        if row[0].endswith(", s") or row[0] == "distinct patterns"
    }
    patterns = grown.pop("distinct patterns")
    grown.pop("total, s")
    slowest = ", ".join(
        f"{name.removesuffix(', s')} {grown[name] / 3600:.1f} h" for name in nlargest(3, grown, key=grown.__getitem__)
    )
    return (
        f"Extrapolated from these slopes, each step by its own, and not measured: {customers:,.0f} customers take "
        f"{sum(grown.values()) / 3600:.1f} hours on this machine ({slowest}) and have {patterns / 1e6:.0f} million distinct patterns."
    )


def _ratio(small: str, large: str) -> float:
    """Growth between two cells; what is too short to be shown is taken as a tenth of a second."""
    low, high = (max(float(cell.replace(",", "")), 0.1) for cell in (small, large))
    return max(high / low, 1.0)


def _read(text: str) -> tuple[list[tuple[int, float]], list[list[str]]]:
    """The columns of our own runs with their customers, and the cells of the rows."""
    lines = [line for line in text.splitlines() if line.startswith("|") and not line.startswith("|-")]
    head, *rows = ([cell.strip() for cell in line.strip("|").split("|")] for line in lines)
    return [(i, _number(name)) for i, name in enumerate(head) if name.endswith("customers")], rows


def _number(name: str) -> float:
    return float(name.split()[0].replace(",", ""))


def _title(text: str) -> str:
    return text.splitlines()[0].lstrip("# ")


def write() -> Path:
    path = HERE / "README.md"
    path.write_text(page(), "utf-8")
    return path
