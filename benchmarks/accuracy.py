"""How well the same data are fitted and forecast, beside lifetimes: parameters, log-likelihood, held-out scores.

`python -m benchmarks accuracy` writes benchmarks/results/accuracy.md: CDNOW, fitted to 1997-09-30 and asked for the
39 weeks after it. The same of any log, fitted to the middle of its window, is printed by

    python -m benchmarks accuracy --orders FILE [--title NAME] [--customer COLUMN --date COLUMN --amount COLUMN ...]

where the further words are those of `ltv.read_orders`; `--write NAME` puts it in results/accuracy_NAME.md as well. Our fits
are by maximum likelihood here, so that the numbers can be compared.
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
from ltv.errors import FitError
from ltv.metrics.backtests.backtesting import Backtest
from ltv.models import BGNBD, MBGNBD, NBD, ParetoNBD, fit

AT = "1997-09-30"
RESULTS = Path(__file__).with_name("results")
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


def weeks(test: Backtest) -> float:
    """How long the holdout is."""
    return test.holdout.days / 7


def ours(family: Any, test: Backtest, rows: pd.DataFrame) -> list[str]:
    """A row of the table from this project; where the likelihood has no maximum, with the default priors."""
    who, patterns = "ltv", test.holdout.customers.patterns
    try:
        found = fit(family, patterns, priors=None)
    except FitError:
        who, found = "ltv, with priors (no maximum without)", fit(family, patterns)
    known = {"x": rows["frequency"].to_numpy(), "t_x": rows["recency"].to_numpy(), "T": rows["T"].to_numpy()}
    mean = found.model.expected_orders(weeks(test), **known)
    score = np.log(found.model.pmf(rows["later"].to_numpy(), weeks(test), **known)).mean()
    shown = ", ".join(
        f"{name} {value:.4f}" for name, value in zip(family.names(), found.model.parameters(), strict=True)
    )
    return [who, shown, f"{found.log_likelihood:,.3f}", *judged(mean, rows["later"].to_numpy()), f"{score:.4f}"]


def theirs(family: Any, test: Backtest, rows: pd.DataFrame) -> list[str]:
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
        mean = np.asarray(forecast(weeks(test), rows["frequency"], rows["recency"], rows["T"]))
    # Its own attribute is scaled differently from family to family, so one formula judges both sides.
    model = family(**{name: float(value) for name, value in fitter.params_.items()})
    likelihood = model.log_likelihood(*(rows[name].to_numpy() for name in ("frequency", "recency", "T"))).sum()
    shown = ", ".join(f"{name} {value:.4f}" for name, value in fitter.params_.items())
    return ["lifetimes", shown, f"{likelihood:,.3f}", *judged(mean, rows["later"].to_numpy()), "–"]


def cdnow() -> dict[str, Backtest]:
    """The back-tests of the table that ships."""
    return {name: ltv.backtest(ltv.read_orders(source), at=AT) for source, name in DATA.items()}


def tables(tests: dict[str, Backtest]) -> Iterator[list[str]]:
    """The rows of the table."""
    for name, test in tests.items():
        rows = customers(test)
        for family in (BGNBD, MBGNBD, ParetoNBD, NBD):
            yield [name, family.title, *ours(family, test, rows)]
            if family in PEERS:
                yield [name, family.title, *theirs(family, test, rows)]


def choices(tests: dict[str, Backtest]) -> Iterator[str]:
    """The default back-test of each data set, in words."""
    for name, test in tests.items():
        name_of = test.scores.loc[test.scores["naive"], "log_score"].idxmax()  # of those that are a distribution
        chosen, rival = test.scores.iloc[0], test.against.loc[name_of]
        yield (
            f"- {name}: {test.reason} RMSE {chosen['rmse']:.4f}, MAE of the median forecast {chosen['mae']:.4f}, log score "
            f"{chosen['log_score']:.4f}, Gini {test.gini.iloc[0]:.3f}; log score {rival['estimate']:.4f} ({rival['low']:.4f} to "
            f"{rival['high']:.4f}) ahead of the best forecast without a model ({name_of}). {test.grade.text}"
        )


def main(tests: dict[str, Backtest], title: str, source: list[str]) -> str:
    """The table, as markdown."""
    lines = [
        f"# {title}",
        "",
        *source,
        "Maximum likelihood on both",
        "sides, times in exact weeks. log-likelihood is ours at either side's parameters; MAE is of the mean forecast; log score is the mean log probability of what each customer",
        "did, which lifetimes does not give.",
        "",
        f"{platform.machine()}, Python {platform.python_version()}, NumPy {version('numpy')}, lifetimes {version('lifetimes')}.",
        "",
        f"| {' | '.join(HEAD)} |",
        "|" + "---|" * len(HEAD),
    ]
    for row in tables(tests):
        lines.append(f"| {' | '.join(row)} |")
        print(lines[-1], flush=True)
    return "\n".join(
        [*lines, "", "The back-test as it runs by default (priors on, family by the rule):", "", *choices(tests), ""]
    )


def write() -> Path:
    tests = cdnow()
    length = weeks(next(iter(tests.values())))
    source = [f"Written by `python -m benchmarks accuracy`. Fitted to {AT}, asked for the {length:.0f} weeks after."]
    path = RESULTS / "accuracy.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(main(tests, "Accuracy of fits and forecasts", source), "utf-8")
    return path


def of_orders(words: list[str]) -> str:
    """The same table of any log, printed; `words` are `--name value` in turn, as the module says."""
    if len(words) % 2 or not all(word.startswith("--") for word in words[::2]) or "--orders" not in words[::2]:
        raise SystemExit(__doc__)
    given = dict(zip((word[2:].replace("-", "_") for word in words[::2]), words[1::2], strict=True))
    file = Path(given.pop("orders"))
    title, out = given.pop("title", file.stem), given.pop("write", "")
    orders = ltv.read_orders(str(file), **given)
    test = ltv.backtest(orders)
    policy = ", ".join(f"{name} {value!r}" for name, value in vars(orders.policy).items() if value)
    columns = ", ".join(f"{name} = {column}" for name, column in given.items())
    source = [
        f"Written by `python -m benchmarks accuracy --orders`. Source: {title}, {file.name} ({columns}). Policy: {policy}.",
        f"{orders.size['orders']:,} orders (a customer's of one day are one) of {orders.size['customers']:,} customers, "
        f"{orders.since} to {orders.until}, {orders.size['revenue']:,.2f} {orders.currency}. Fitted to {test.holdout.at}, asked for",
        f"the {weeks(test):.1f} weeks after, customers known by then.",
    ]
    text = main({title: test}, f"Accuracy on {title}", source)
    if out:
        (RESULTS / f"accuracy_{out}.md").write_text(text, "utf-8")
    return text
