"""Are the fits what they say they are? Simulated data sets, their truth hidden, fitted and compared.

`python -m benchmarks calibration` writes benchmarks/results/calibration.md. Two arms: truths drawn from the package's own
prior, where a correct posterior covers each truth at its nominal rate exactly; and one fixed point per family at
three sizes. The first arm is run again with the walkers that take over where importance weights do not settle, as if
they never did. Data sets with fewer than 30 repeaters are drawn again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import stats

from ltv.errors import FitError
from ltv.models import BGNBD, MBGNBD, ParetoNBD, Patterns, fit
from ltv.models.posterior import walk
from ltv.units import Unit

LEVEL = 0.9
WINDOW = 364  # days
ARRIVALS = 182
FIXED = {
    BGNBD: BGNBD(0.243, 4.414, 0.793, 2.426),
    MBGNBD: MBGNBD(0.525, 6.183, 0.891, 1.614),
    ParetoNBD: ParetoNBD(0.553, 10.578, 0.606, 11.669),
}
SIZES = (300, 2_000, 20_000)
WALKED = "prior, walkers"
TITLES = [
    "family",
    "truth",
    "sets",
    "silent",
    "refused",
    "edges",
    "worst k̂",
    "walked",
    "coverage by quantity",
    "allowed",
]
PLACES = ["prior", WALKED, *(f"{size:,}" for size in SIZES)]


@dataclass
class Tally:
    """Counts over data sets: how they ended, silent failures, and how often each interval held the truth."""

    sets: int = 0
    silent: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    k_hats: list[float] = field(default_factory=list)
    walked: int = 0


def simulated(rng: np.random.Generator, truth: Any, customers: int) -> Patterns:
    """Patterns of customers arriving evenly over half a year, seen to its end.

    Times are rounded to the nearest day and orders of one day are not merged: the model itself, not the log.
    """
    T = WINDOW - np.arange(customers) * ARRIVALS // customers
    nobody = np.zeros(customers)
    who, when = truth.future_orders(rng, WINDOW / 7, x=nobody, t_x=nobody, T=nobody)
    seen = when <= T[who] / 7
    x = np.bincount(who[seen], minlength=customers)
    t_x = np.zeros(customers)
    t_x[who[seen]] = np.rint(when[seen] * 7)
    return Patterns.count(x, t_x / 7, T / 7, Unit.WEEK)


def from_the_prior(rng: np.random.Generator, family: Any, customers: int) -> tuple[Any, Patterns]:
    """A truth drawn from the prior of a fit to such data, with at least 30 repeaters."""
    T = (WINDOW - np.arange(customers) * ARRIVALS // customers) / 7
    prior = family.coordinates(float(np.median(T)))
    while True:
        truth = family.of_logs(prior.logs(prior.mean + prior.sd * rng.standard_normal(prior.mean.size)))
        if truth.r / truth.alpha * WINDOW / 7 > 300:
            continue  # more than 300 orders a year at the mean rate: nobody's customers
        patterns = simulated(rng, truth, customers)
        if patterns.n[patterns.x > 0].sum() >= 30:
            return truth, patterns


def judge(tally: Tally, truth: Any, patterns: Patterns, seed: int, *, walkers: bool = False) -> None:
    """Fit one data set and count; with `walkers` the posterior is theirs, whatever the weights say."""
    tally.sets += 1
    try:
        result = fit(type(truth), patterns, seed=seed)
    except FitError as error:
        tally.statuses[str(error).partition(":")[0]] += 1
        return
    tally.statuses[result.status.name] += 1
    at_truth = result.coordinates.theta(np.log(truth.parameters()))
    better = float(np.diff(result.log_posterior(np.stack([result.theta, at_truth])))[0])
    tally.silent += better > 1e-3 or result.gradient_norm > 1e-3
    tally.k_hats.append(result.weighted.k_hat)
    if walkers and "walkers" not in result.weighted.method:
        result = replace(result, stored=walk(result.log_posterior, result.weighted, seed))
    tally.walked += "walkers" in result.weighted.method
    tail = (1 - LEVEL) / 2
    for name, value, draws in quantities(truth, result, patterns):
        low, high = np.quantile(draws, [tail, 1 - tail])
        tally.covered[name] += bool(low <= value <= high)
        tally.asked[name] += 1


def quantities(truth: Any, result: Any, patterns: Patterns) -> Iterator[tuple[str, float, np.ndarray]]:
    """What a reader looks at: name, true value, draws."""
    draws = result.draws(1000)
    for name, value, drawn in zip(truth.names(), truth.parameters(), draws.parameters(), strict=True):
        yield name, value, drawn.ravel()
    rows = {"x": patterns.x, "t_x": patterns.t_x, "T": patterns.T}
    few = type(truth)(*(parameter[:200] for parameter in draws.parameters()))
    yield "mean rate", truth.r / truth.alpha, (draws.r / draws.alpha).ravel()
    for name, answer in (("next 26 weeks", "expected_orders"), ("active in 13 weeks", "probability_order")):
        t = 26.0 if answer == "expected_orders" else 13.0
        yield name, getattr(truth, answer)(t, **rows) @ patterns.n, getattr(few, answer)(t, **rows) @ patterns.n
    yield "a new customer's year", float(truth.expected_orders(52.0)), draws.expected_orders(52.0).ravel()


def arm(family: Any, sets: int, *, customers: int | None = None, seed: int = 0, walkers: bool = False) -> Tally:
    """`sets` data sets: truths from the prior with 300 or 2,000 customers, or the fixed truth with `customers`.

    With `walkers` the truths are from the prior and all data sets have 300 customers.
    """
    tally = Tally()
    for number in range(sets):
        rng = np.random.default_rng([seed, number, customers or 0])
        if customers is None:
            truth, patterns = from_the_prior(rng, family, SIZES[0 if walkers else number % 2])
        else:
            truth = FIXED[family]
            patterns = simulated(rng, truth, customers)
        judge(tally, truth, patterns, number, walkers=walkers)
    return tally


def band(asked: int, checks: int) -> tuple[float, float]:
    """Coverage that a correct program leaves once in a thousand runs of all the checks together."""
    tail = 0.001 / checks / 2
    low, high = stats.binom.ppf([tail, 1 - tail], asked, LEVEL) / asked
    return float(low), float(high)


def lines(family: Any, sets: int) -> Iterator[str]:
    """The lines of one family: both prior arms, then the fixed truth at each size with a quarter of the sets.

    Walkers know nothing of the family that they walk for, so they do it for the two that cost least.
    """
    for label in PLACES:
        if label == WALKED and family is ParetoNBD:
            continue
        count = max(sets // {"prior": 1, WALKED: 2}.get(label, 4), 1)
        customers = None if label.startswith("prior") else int(label.replace(",", ""))
        yield line(family, label, arm(family, count, customers=customers, walkers=label == WALKED))


def line(family: Any, label: str, tally: Tally) -> str:
    """A row of the table."""
    names = list(tally.asked)
    low, high = band(min(tally.asked.values()), len(PLACES) * len(FIXED) * len(names))
    edges = sum(count for status, count in tally.statuses.items() if status.startswith("edge"))
    shares = ", ".join(f"{name} {tally.covered[name] / tally.asked[name]:.2f}" for name in names)
    refused = tally.sets - tally.statuses["converged"] - edges
    counts = [tally.sets, tally.silent, refused, edges, f"{max(tally.k_hats):.2f}", tally.walked]
    return "| " + " | ".join(map(str, [family.title, label, *counts, shares, f"{low:.2f}–{high:.2f}"])) + " |"


def table(rows: dict[tuple[str, str], str]) -> str:
    """The whole file."""
    return "\n".join(
        [
            "# Calibration of the fits",
            "",
            f"Written by `python -m benchmarks calibration`. Shares of {LEVEL:.0%} intervals that held the truth, with",
            "truths from the prior (300 and 2,000 customers in turn) and at one fixed truth per family and size.",
            "Silent failure: a usable status, but the truth more probable than the reported mode by .001, or a slope",
            "left. Walked: data sets whose posterior was left to walkers, because its weights did not settle (k̂ above 0.7) or",
            "to try them; worst k̂ is of the others. Allowed: what a correct program leaves once in a thousand runs of the whole table.",
            "",
            "| " + " | ".join(TITLES) + " |",
            "|" + "---|" * len(TITLES),
            *(rows[key] for key in sorted(rows, key=_place)),
            "",
        ]
    )


def _place(key: tuple[str, str]) -> tuple[int, int]:
    return [family.title for family in FIXED].index(key[0]), PLACES.index(key[1])


def _read(text: str) -> dict[tuple[str, str], str]:
    """(family, truth) → line of an earlier table."""
    cells = [(line.strip("| ").split(" | "), line) for line in text.splitlines() if "/NBD |" in line]
    return {(row[0], row[1]): line for row, line in cells if len(row) == len(TITLES)}


def write(sets: int = 200, only: str = "") -> Path:
    """Measure every family, or the one of this title; each line is written as it comes, others stay."""
    path = Path(__file__).with_name("results") / "calibration.md"
    path.parent.mkdir(exist_ok=True)
    for family in FIXED:
        if only and family.title != only:
            continue
        for row in lines(family, sets):
            print(row, flush=True)
            known = _read(path.read_text()) if path.exists() else {}
            path.write_text(table(known | _read(row)))
    return path
