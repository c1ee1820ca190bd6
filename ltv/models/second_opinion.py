"""The same data fitted by `lifetimes`: an independent maximum of the same likelihood, where it has the family."""

from __future__ import annotations

import time
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ltv.models.beta_geometric import BGNBD, MBGNBD
from ltv.models.data import Patterns
from ltv.models.fitting import fit
from ltv.models.pareto_nbd import ParetoNBD

if TYPE_CHECKING:
    import pandas as pd

FITTERS = {BGNBD: "BetaGeoFitter", MBGNBD: "ModifiedBetaGeoFitter", ParetoNBD: "ParetoNBDFitter"}


def fitted_by_lifetimes(family: Any, patterns: Patterns) -> Any:
    """The family at the parameters that `lifetimes` finds by maximum likelihood; its own errors are let through."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # it sets a deprecated pandas option when it is imported
        import lifetimes
        import pandas as pd

        np.random.seed(0)  # noqa: NPY002 - ParetoNBDFitter starts at a random point
        columns = [pd.Series(column) for column in (patterns.x, patterns.t_x, patterns.T)]
        fitter = getattr(lifetimes, FITTERS[family])().fit(*columns, weights=pd.Series(patterns.n.astype(np.int64)))
    return family(**{name: float(value) for name, value in fitter.params_.items()})


def second_opinion(patterns: Patterns, t: float, *, families: Sequence[Any] = tuple(FITTERS)) -> pd.DataFrame:
    """Each family by maximum likelihood, here and in `lifetimes`, judged by one formula.

    By (family, package): parameters (text), log_likelihood, forecast (orders of these customers in the next t), seconds.
    What `lifetimes` cannot fit has its error as parameters.
    """
    import pandas as pd

    ways = {"ltv": lambda family: fit(family, patterns, priors=None).model}
    ways["lifetimes"] = lambda family: fitted_by_lifetimes(family, patterns)
    rows: dict[tuple[str, str], dict[str, str | float]] = {}
    history = {"x": patterns.x, "t_x": patterns.t_x, "T": patterns.T}
    for family in families:
        for package, way in ways.items():
            start = time.perf_counter()
            try:
                model = way(family)
            except Exception as error:  # noqa: BLE001 - whatever a peer raises is its result
                rows[family.title, package] = {"parameters": f"{type(error).__name__}: {error}"}
                continue
            seconds = time.perf_counter() - start
            named = zip(model.names(), model.parameters(), strict=True)
            rows[family.title, package] = {
                "parameters": ", ".join(f"{name} {float(value):.4g}" for name, value in named),
                "log_likelihood": float(patterns.n @ model.log_likelihood(**history)),
                "forecast": float(patterns.n @ model.expected_orders(t, **history)),
                "seconds": seconds,
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis(["family", "package"])
