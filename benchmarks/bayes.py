"""BG/NBD with a posterior beside pymc-marketing: time, parameters, log-likelihood, effective sample size.

Each line is a process of its own. Cold is import and first answer, warm the second answer; `cpu` is the
processor time of the warm one. ltv's answer is always the posterior; pymc-marketing gives its mode (MAP) or draws from it
(NUTS: two chains, one after the other, 1,000 draws each after 1,000 of tuning, on the sample only: it costs minutes
elsewhere). Each side keeps its own default priors; the log-likelihood is ours, at either side's parameters (of NUTS: their
posterior means). The effective sample is the smallest of the parameters'.
"""

from __future__ import annotations

import importlib.util
import json
import os
import platform
import sys
import tempfile
import warnings
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit_speed import measure, timed, times
from benchmarks.jobs import DATA, cdnow, simulated

NAMES = ("r", "alpha", "a", "b")
ABSENT = "pymc-marketing is not installed here, so it has no line: pip install 'ltv[bayes]'."
Data = dict[str, np.ndarray]


def installed() -> bool:
    return importlib.util.find_spec("pymc_marketing") is not None


def ltv_posterior(data: Data) -> tuple[list[float], float]:
    from ltv import models
    from ltv.units import Unit

    found = models.fit(models.BGNBD, models.Patterns.count(data["x"], data["t_x"], data["T"], Unit.WEEK))
    return [float(value) for value in found.model.parameters()], float(found.weighted.effective)


def lifetimes_mode(data: Data) -> tuple[list[float], None]:
    import lifetimes

    fitter = lifetimes.BetaGeoFitter().fit(data["x"], data["t_x"], data["T"])
    return [float(fitter.params_[name]) for name in NAMES], None


def pymc(data: Data, **arguments: Any) -> Any:
    import pandas as pd
    from pymc_marketing.clv import BetaGeoModel

    columns = {"frequency": data["x"], "recency": data["t_x"], "T": data["T"]}
    model = BetaGeoModel(data=pd.DataFrame({"customer_id": np.arange(data["x"].size), **columns}))
    model.fit(progressbar=False, **arguments)
    return model.idata


def means(found: Any) -> list[float]:
    return [float(found.posterior[name].mean()) for name in NAMES]


def pymc_map(data: Data) -> tuple[list[float], None]:
    return means(pymc(data, method="map")), None


def pymc_nuts(data: Data) -> tuple[list[float], float]:
    import arviz

    found = pymc(data, method="mcmc", chains=2, cores=1, draws=1000, tune=1000, random_seed=0)
    sizes = arviz.summary(found, var_names=list(NAMES))["ess_bulk"].astype(float)
    return means(found), float(sizes.min())


RUNS: dict[str, Callable[[Data], tuple[list[float], float | None]]] = {
    "ltv, posterior": ltv_posterior,
    "lifetimes, maximum likelihood": lifetimes_mode,
    "pymc-marketing, MAP": pymc_map,
    "pymc-marketing, NUTS": pymc_nuts,
}


SAMPLE = "CDNOW sample"
SMALL_ONLY = {"pymc-marketing, NUTS"}
"""Runs that only the sample is small enough for."""

LOGS: dict[str, Callable[[], Data]] = {
    SAMPLE: DATA["cdnow_sample"],
    "CDNOW": lambda: cdnow("CDNOW_master.txt"),
    "CDNOW ×10": DATA["cdnow_x10"],
    "simulated 100,000": lambda: simulated("BGNBD", 100_000),
    "simulated 1,000,000": DATA["bg_1m"],
}


def worker(title: str, file: str) -> None:
    """Answer twice and print what it took."""
    data = dict(np.load(file))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        print(json.dumps(timed(lambda: RUNS[title](data), again=1)))


def line(log: str, title: str, data: Data, file: Path) -> str:
    """One line of the table, from a process of its own."""
    from ltv.models import BGNBD

    load = os.getloadavg()[0]
    found = measure(title, str(file), module="benchmarks.bayes")
    parameters, effective = found["answer"]
    likelihood = BGNBD(*parameters).log_likelihood(**data).sum()
    shown = ", ".join(f"{name} {value:.4f}" for name, value in zip(NAMES, parameters, strict=True))
    told = f"{effective:,.0f}" if effective else "–"
    return f"| {log} | {title} | {load:.1f} | {' | '.join(times(found))} | {shown} | {likelihood:,.3f} | {told} |"


def write() -> Path:
    """Measure, print and write benchmarks/results/bayes.md."""
    about = " ".join((__doc__ or "").split("\n\n", 1)[1].split())
    lines = ["# Posterior beside pymc-marketing", "", f"Written by `python -m benchmarks bayes`. {about}", ""]
    lines += [f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {_versions()}.", ""]
    lines += [
        "| customers | BG/NBD | load | cold | warm | cpu | peak | parameters | log-likelihood | effective sample |"
    ]
    lines += ["|" + "---|" * 10]
    with tempfile.TemporaryDirectory() as folder:
        for number, (log, read) in enumerate(LOGS.items()):
            data, file = read(), Path(folder) / f"{number}.npz"
            np.savez(file, **data)  # type: ignore[arg-type]
            for title in RUNS:
                if (installed() or not title.startswith("pymc")) and (log == SAMPLE or title not in SMALL_ONLY):
                    lines.append(line(log, title, data, file))
                    print(lines[-1], flush=True)
    if not installed():
        lines += ["", ABSENT]
    path = Path(__file__).with_name("results") / "bayes.md"
    path.write_text("\n".join(lines) + "\n", "utf-8")
    return path


def _versions() -> str:
    found = []
    for name in ("numpy", "lifetimes", "pymc-marketing", "pymc"):
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(found)


if __name__ == "__main__":
    worker(*sys.argv[1:3])
