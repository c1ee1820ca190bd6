"""Which family? One rule: the held-out log score of counts, and a fixed order among those it cannot tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from ltv.errors import DataError, FitError
from ltv.models.beta_geometric import BGNBD, MBGNBD
from ltv.models.data import Array, Patterns
from ltv.models.fitting import Fit, fit
from ltv.models.nbd import NBD
from ltv.models.pareto_nbd import ParetoNBD

if TYPE_CHECKING:
    import pandas as pd

PREFERENCE: tuple[Any, ...] = (ParetoNBD, MBGNBD, BGNBD, NBD)
LEAVING = PREFERENCE[:3]
"""The families whose customers may leave. NBD is each of them without leaving, so data that know no leaving lose little."""


@dataclass(frozen=True)
class Comparison:
    """Families fitted to the same calibration window and scored on the same holdout.

    `table`, best first: log_score (held out, of all customers), behind (the best), se (of that difference),
    forecast and actual orders, log_likelihood, aic, bic, status, chosen.
    """

    table: pd.DataFrame
    fits: dict[str, Fit]
    chosen: Any
    why: str

    @property
    def reason(self) -> str:
        """The chosen family and why it was, as a sentence."""
        return f"{self.chosen.title}: {self.why}"

    def __repr__(self) -> str:
        return f"{self.table.round(2).to_string()}\n{self.reason}"


def log_scores(model: Any, patterns: Patterns, later: Array, t: float) -> Array:
    """log P(later orders in the next t | x, t_x, T) of each row."""
    probability = model.pmf(later, t, x=patterns.x, t_x=patterns.t_x, T=patterns.T)
    return np.log(np.maximum(probability, 1e-300))


def compare(
    patterns: Patterns,
    later: ArrayLike,
    t: float,
    *,
    families: Sequence[Any] = PREFERENCE,
    given: Patterns | None = None,
    priors: str | None = "default",
) -> Comparison:
    """Fit each family to `patterns` (to what is new in them over those `given`) and score its forecast of the `later`
    orders, row by row, in the next t.

    Rows of `patterns` are distinct in (x, t_x, T, later). The family with the best held-out log score wins; among
    those within one standard error of it, the first of `PREFERENCE`. Raises DataError where rows do not match,
    FitError where no family can be fitted.
    """
    import pandas as pd

    later = np.asarray(later, dtype=float)
    if later.shape != patterns.x.shape or not (later >= 0).all():
        raise DataError("holdout", ["later  must hold one count, 0 or more, for each pattern"])
    fits: dict[str, Fit] = {}
    scores: dict[str, Array] = {}
    rows: dict[str, dict[str, Any]] = {}
    for family in families:
        try:
            result = fit(family, patterns, given=given, priors=priors)
        except FitError as error:
            rows[family.title] = {"status": str(error)}
            continue
        fits[family.title] = result
        scores[family.title] = log_scores(result.model, patterns, later, t)
        rows[family.title] = _row(result, scores[family.title], patterns, later, t)
    if not fits:
        # The families mostly fail for the same reason, which is then said once.
        whys = dict.fromkeys(row["status"].removeprefix(f"{title} ") for title, row in rows.items())
        raise FitError("\n  ".join([f"no family fits ({', '.join(rows)}):", *whys]))
    best = max(scores, key=lambda title: rows[title]["log_score"])
    for title, score in scores.items():
        rows[title] |= _behind(scores[best] - score, patterns.n)
    near = [title for title in scores if rows[title]["behind"] <= rows[title]["se"]]
    order = [family.title for family in PREFERENCE]
    chosen = min(near, key=lambda title: order.index(title) if title in order else len(order))
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("family")
    table["chosen"] = table.index == chosen
    table = table.sort_values("log_score", ascending=False)
    return Comparison(table, fits, fits[chosen].family, _why(chosen, best, near))


def _row(result: Fit, scores: Array, patterns: Patterns, later: Array, t: float) -> dict[str, Any]:
    forecast = result.model.expected_orders(t, x=patterns.x, t_x=patterns.t_x, T=patterns.T) @ patterns.n
    return {
        "log_score": float(scores @ patterns.n),
        "behind": 0.0,
        "se": 0.0,
        "forecast": float(forecast),
        "actual": float(later @ patterns.n),
        "log_likelihood": result.log_likelihood,
        "aic": result.aic,
        "bic": result.bic,
        "status": result.status.name,
    }


def _behind(difference: Array, n: Array) -> dict[str, float]:
    """The total difference to the best, and its standard error over customers."""
    total, customers = float(difference @ n), float(n.sum())
    return {"behind": total, "se": float(np.sqrt(max(float(n @ difference**2) - total**2 / customers, 0.0)))}


def _why(chosen: str, best: str, near: list[str]) -> str:
    if near == [best]:
        return "it forecast the holdout best, by more than one standard error."
    others = ", ".join(title for title in near if title != chosen)
    if chosen == best:
        return f"it forecast the holdout best; {others} cannot be told apart from it."
    return f"by the fixed order, since the holdout cannot tell it from the best, {best}."
