"""How well the same data are fitted and forecast, beside lifetimes: parameters, log-likelihood, held-out scores.

`python -m benchmarks accuracy` writes benchmarks/results/accuracy.md. CDNOW, fitted to 1997-09-30 and asked for the
39 weeks after it; our fits are by maximum likelihood here, so that the numbers can be compared.
"""

from __future__ import annotations

import platform
import warnings
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import ltv
from ltv.metrics import Backtest
from ltv.models import BGNBD, MBGNBD, NBD, ParetoNBD, fit

AT, WEEKS = "1997-09-30", 39
DATA = {"cdnow_sample": "CDNOW sample", "cdnow": "CDNOW full"}
PEERS = {BGNBD: "BetaGeoFitter", MBGNBD: "ModifiedBetaGeoFitter", ParetoNBD: "ParetoNBDFitter"}
HEAD = [
    "data",
    "family",
    "package",
    "parameters",
    "log-likelihood",
    "forecast",
    "made",
    "bias",
    "RMSE",
    "MAE",
    "log score",
]


def customers(test: Backtest) -> pd.DataFrame:
    """One row per customer: frequency, recency and T in weeks, and the orders of the holdout."""
    cells = test.holdout.cells
    wide = cells.loc[cells.index.repeat(cells["n"])]
    weeks = {"recency": wide["recency_days"] / 7, "T": wide["age_days"] / 7}
    return wide[["frequency", "later"]].assign(**weeks).reset_index(drop=True)


def judged(mean: np.ndarray, later: np.ndarray) -> list[str]:
    """Forecast, made, bias, RMSE, and MAE of the mean forecast, which is what lifetimes gives."""
    total, made = mean.sum(), later.sum()
    errors = (np.sqrt(np.mean((mean - later) ** 2)), np.mean(np.abs(mean - later)))
    return [f"{total:,.1f}", f"{made:,.0f}", f"{total / made - 1:+.2%}", *(f"{error:.4f}" for error in errors)]


def ours(family: Any, test: Backtest, rows: pd.DataFrame) -> list[str]:
    """A row of the table from this project."""
    found = fit(family, test.holdout.customers.patterns, priors=None)
    known = {"x": rows["frequency"].to_numpy(), "t_x": rows["recency"].to_numpy(), "T": rows["T"].to_numpy()}
    mean = found.model.expected_orders(WEEKS, **known)
    score = np.log(found.model.pmf(rows["later"].to_numpy(), WEEKS, **known)).mean()
    shown = ", ".join(
        f"{name} {value:.4f}" for name, value in zip(family.names(), found.model.parameters(), strict=True)
    )
    return ["ltv", shown, f"{found.log_likelihood:,.3f}", *judged(mean, rows["later"].to_numpy()), f"{score:.4f}"]


def theirs(family: Any, rows: pd.DataFrame) -> list[str]:
    """A row of the table from lifetimes, or why there is none."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        import lifetimes

        fitter = getattr(lifetimes, PEERS[family])()
        try:
            fitter.fit(rows["frequency"], rows["recency"], rows["T"])
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
            return ["lifetimes", f"{type(error).__name__}", *["–"] * 7]
        forecast = fitter.conditional_expected_number_of_purchases_up_to_time
        mean = np.asarray(forecast(WEEKS, rows["frequency"], rows["recency"], rows["T"]))
    # Its own attribute is scaled differently from family to family, so one formula judges both sides.
    model = family(**{name: float(value) for name, value in fitter.params_.items()})
    likelihood = model.log_likelihood(*(rows[name].to_numpy() for name in ("frequency", "recency", "T"))).sum()
    shown = ", ".join(f"{name} {value:.4f}" for name, value in fitter.params_.items())
    return ["lifetimes", shown, f"{likelihood:,.3f}", *judged(mean, rows["later"].to_numpy()), "–"]


def tables() -> Iterator[list[str]]:
    """The rows of the table."""
    for source, name in DATA.items():
        test = ltv.backtest(ltv.read_orders(source), at=AT)
        rows = customers(test)
        for family in (BGNBD, MBGNBD, ParetoNBD, NBD):
            yield [name, family.title, *ours(family, test, rows)]
            if family in PEERS:
                yield [name, family.title, *theirs(family, rows)]


def choices() -> Iterator[str]:
    """The default back-test of each data set, in words."""
    for source, name in DATA.items():
        test = ltv.backtest(ltv.read_orders(source), at=AT)
        chosen, rival = test.scores.iloc[0], test.against.loc[test.rival]
        yield (
            f"- {name}: {test.choice.reason} RMSE {chosen['rmse']:.4f}, MAE of the median forecast {chosen['mae']:.4f}, log score "
            f"{chosen['log_score']:.4f}, Gini {test.gini.iloc[0]:.3f}; log score {rival['estimate']:.4f} ({rival['low']:.4f} to "
            f"{rival['high']:.4f}) ahead of the best forecast without a model ({test.rival}). {test.grade.text}"
        )


def main() -> str:
    """The table, as markdown."""
    lines = [
        "# Accuracy of fits and forecasts",
        "",
        f"Written by `python -m benchmarks accuracy`. Fitted to {AT}, asked for the {WEEKS} weeks after; maximum likelihood on both",
        "sides, times in exact weeks. log-likelihood is ours at either side's parameters; MAE is of the mean forecast; log score is the mean log probability of what each customer",
        "did, which lifetimes does not give.",
        "",
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {version('numpy')}, lifetimes {version('lifetimes')}.",
        "",
        f"| {' | '.join(HEAD)} |",
        "|" + "---|" * len(HEAD),
    ]
    for row in tables():
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    return "\n".join(
        [*lines, "", "The back-test as it runs by default (priors on, family by the rule):", "", *choices(), ""]
    )


def write() -> Path:
    path = Path(__file__).parent / "results" / "accuracy.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(main())
    return path
