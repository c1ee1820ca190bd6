"""What is timed: each job once for this project and once for lifetimes, on the same arrays in one process each."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

WEEK = 7.0
CDNOW_END = np.datetime64("1997-09-30")


def cdnow(name: str) -> dict[str, np.ndarray]:
    """One row per customer of CDNOW_master.txt or CDNOW_sample.txt: x, t_x, T in weeks to 1997-09-30."""
    [folder] = importlib.util.find_spec("lifetimes").submodule_search_locations  # type: ignore[union-attr]
    lines = [line.split() for line in (Path(folder) / "datasets" / name).read_text().splitlines()]
    lines = [line for line in lines if len(line) >= 4 and line[-3].isdigit()]
    who = np.array([line[-4] for line in lines])
    day = np.array([f"{d[:4]}-{d[4:6]}-{d[6:]}" for d in (line[-3] for line in lines)], dtype="datetime64[D]")
    kept = day <= CDNOW_END
    rows = np.unique(np.rec.fromarrays([who[kept], day[kept]], names="who,day"))
    _, start, count = np.unique(rows.who, return_index=True, return_counts=True)
    first, last = rows.day[start], rows.day[start + count - 1]
    age, recency = (CDNOW_END - first).astype(int), (last - first).astype(int)
    return {"x": count - 1.0, "t_x": recency / WEEK, "T": age / WEEK}


def simulated(family: str, customers: int) -> dict[str, np.ndarray]:
    """Customers arriving over a year, seen for two; orders of one day are one order. Parameters of CDNOW."""
    from ltv import models
    from ltv.simulate import first_days, simulate_customers

    truths = {"BGNBD": (0.243, 4.414, 0.793, 2.426), "ParetoNBD": (0.553, 10.578, 0.606, 11.669)}
    truth = getattr(models, family)(*truths[family])
    rng = np.random.default_rng(customers)
    x, t_x, T, _, _ = simulate_customers(rng, truth, first_days(customers, 365), 730)
    return {"x": x, "t_x": t_x, "T": T}


def counted(rows: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rows as patterns, the way an engine hands them over."""
    from ltv.models import Patterns
    from ltv.units import Unit

    patterns = Patterns.count(rows["x"], rows["t_x"], rows["T"], Unit.WEEK)
    return {"x": patterns.x, "t_x": patterns.t_x, "T": patterns.T, "n": patterns.n}


def spending(customers: int) -> dict[str, np.ndarray]:
    """Repeat orders and their mean value for the repeaters among simulated customers."""
    from ltv.models import GammaGamma

    rng = np.random.default_rng(1)
    x = simulated("BGNBD", customers)["x"]
    x = x[x > 0]
    nothing = np.zeros(x.size)
    who = np.repeat(np.arange(x.size), x.astype(int))
    values = GammaGamma(6.25, 3.74, 15.44).draw_order_values(rng, who, x=nothing, mean=nothing)
    return {"x": x, "mean": np.bincount(who, values) / x}


DATA: dict[str, Callable[[], dict[str, np.ndarray]]] = {
    "cdnow_x10": lambda: {name: np.tile(column, 10) for name, column in cdnow("CDNOW_master.txt").items()},
    "cdnow_sample": lambda: cdnow("CDNOW_sample.txt"),
    "bg_1m": lambda: simulated("BGNBD", 1_000_000),
    "bg_10m_patterns": lambda: counted(simulated("BGNBD", 10_000_000)),
    "pareto_250k": lambda: simulated("ParetoNBD", 250_000),
    "pareto_1m": lambda: simulated("ParetoNBD", 1_000_000),
    "spend_1m": lambda: spending(1_000_000),
}


def ours(job: str, data: dict[str, np.ndarray]) -> Any:
    """Run a job with this project; counting rows into patterns is part of it."""
    from ltv import models
    from ltv.units import Unit

    if job == "gamma_gamma":
        values = models.OrderValues(data["x"], data["mean"], np.ones(data["x"].size))
        return list(models.fit(models.GammaGamma, values).model.parameters())
    if job == "predict":
        model = models.BGNBD(0.243, 4.414, 0.793, 2.426)
        return float(
            sum(
                answer.sum()
                for answer in (
                    model.expected_orders(39.0, **data),
                    model.probability_alive(**data),
                    model.discounted_orders(52.0, 0.0018, **data),
                )
            )
        )
    if job == "patterns":
        patterns = models.Patterns(data["x"], data["t_x"], data["T"], data["n"], Unit.WEEK)
        return list(models.fit(models.BGNBD, patterns).model.parameters())
    patterns = models.Patterns.count(data["x"], data["t_x"], data["T"], Unit.WEEK)
    family = models.ParetoNBD if job == "pareto" else models.BGNBD
    result = models.fit(family, patterns)
    if job == "posterior":
        return result.weighted.effective
    return list(result.model.parameters())


def theirs(job: str, data: dict[str, np.ndarray]) -> Any:
    """The same with lifetimes."""
    import warnings

    warnings.simplefilter("ignore")
    import lifetimes
    import pandas as pd

    if job == "gamma_gamma":
        fitter = lifetimes.GammaGammaFitter().fit(pd.Series(data["x"]), pd.Series(data["mean"]))
        return list(fitter.params_)
    if job == "predict":
        fitter = lifetimes.BetaGeoFitter()
        fitter.params_ = pd.Series({"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426})
        frame = pd.DataFrame(data)
        expected = fitter.conditional_expected_number_of_purchases_up_to_time
        alive = fitter.conditional_probability_alive(frame["x"], frame["t_x"], frame["T"])
        months = range(1, 14)  # its value is a sum over periods, discounted at the end of each
        steps = [expected(4 * k, frame["x"], frame["t_x"], frame["T"]) for k in months]
        value = sum((b - a) / 1.0018 ** (4 * k) for k, (a, b) in enumerate(zip([0, *steps], steps, strict=False), 1))
        return float(expected(39, frame["x"], frame["t_x"], frame["T"]).sum() + alive.sum() + value.sum())
    np.random.seed(0)  # noqa: NPY002  its starts are random, and some take five times as long
    fitter = lifetimes.ParetoNBDFitter() if job == "pareto" else lifetimes.BetaGeoFitter()
    fitter.fit(data["x"], data["t_x"], data["T"])
    return list(fitter.params_)


def agreement(job: str, data: dict[str, np.ndarray], own: Any, peer: Any) -> str:
    """What both answers are worth: log-likelihood of ours less theirs, or the ratio of the forecasts."""
    from ltv import models

    if job == "predict":
        return f"forecasts {own / peer:.4f}"
    family = {"bg": models.BGNBD, "pareto": models.ParetoNBD, "gamma_gamma": models.GammaGamma}[job]
    own, peer = (family(*answer).log_likelihood(**data).sum() for answer in (own, peer))
    return f"log-likelihood {own - peer:+.2g}"
