"""The back-test: one past day graded in every detail, several of them for the width of the bands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ltv.errors import DataError, FitError
from ltv.metrics.backtests.baselines import baselines
from ltv.metrics.backtests.conformal import conformal, levels
from ltv.metrics.backtests.drifting import Drift, drift
from ltv.metrics.backtests.forecasts import Forecast, modelled
from ltv.metrics.backtests.grading import FAIR, Grade, graded
from ltv.metrics.backtests.holdouts import Holdout, earlier, hold_out, middle
from ltv.metrics.backtests.newcoming import newcomers
from ltv.metrics.backtests.outlooks import Outlook, fitted_since, forecast, halfway
from ltv.metrics.backtests.revenue_scores import revenue_forecasts, revenue_table
from ltv.metrics.backtests.rolling import coverage, learned, roll
from ltv.metrics.backtests.scores import brier, deciles, gini, lead, pit, reliability, score_table
from ltv.metrics.backtests.widening import Widening
from ltv.models import Comparison, Fit, compare
from ltv.models.fitting import fit
from ltv.models.known_value import fit_worth
from ltv.orders.customers import summarize
from ltv.orders.log import Orders
from ltv.units import Horizon, Unit

HORIZONS = ("30 days", "90 days", "180 days")


@dataclass(frozen=True, repr=False)
class Backtest:
    """What past forecasts were worth. Every frame is computed when it is first asked for.

    `holdout` is the main origin, with all that came after it; `outlook` the forecast that is graded, made at the origin:
    nothing after it had a say. `days` are the horizons of the rolling origins.
    """

    holdout: Holdout
    outlook: Outlook
    days: tuple[int, ...]

    @property
    def buying(self) -> Fit:
        """The fit that forecasts the customers known at the origin."""
        return self.outlook.known

    @property
    def reason(self) -> str:
        """Why this family."""
        return self.outlook.reason

    @property
    def family(self) -> Any:
        """The family that is graded."""
        return self.buying.family

    @cached_property
    def compared(self) -> Comparison:
        """All families on the holdout: what hindsight says of them. The graded one was chosen without it."""
        return compare(*self.holdout.pairs, self.holdout.span, given=halfway(self.holdout.customers))

    @cached_property
    def grade(self) -> Grade:
        """The main origin's total of orders, with τ as it was known then."""
        tau = learned(self.rolled, what="orders", days=self._nearest, by=self.holdout.at).tau
        return graded(self.holdout, self.outlook, tau=tau)

    @property
    def _nearest(self) -> int:
        """The rolled horizon closest to the main one."""
        return min(self.days, key=lambda days: abs(days - self.holdout.days))

    @cached_property
    def forecast(self) -> Forecast:
        """The chosen family's forecast of each cell of the holdout."""
        return modelled(self.buying.model, self.holdout)

    @cached_property
    def others(self) -> list[Forecast]:
        """The forecasts of the other families and the naive ones."""
        rest = [other.model for title, other in self.compared.fits.items() if title != self.family.title]
        return [modelled(model, self.holdout) for model in rest] + baselines(self.holdout)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """Log score, RMSE, bias and MAE of each forecast of orders per customer; the chosen one first."""
        cells = self.holdout.cells
        return score_table([self.forecast, *self.others], cells["later"], cells["n"])

    @cached_property
    def against(self) -> pd.DataFrame:
        """How far the chosen family is ahead of each other forecast, with intervals."""
        cells = self.holdout.cells
        return lead(self.forecast, self.others, cells["later"], cells["n"])

    @property
    def rival(self) -> str:
        """The naive forecast with the least error (RMSE) per customer."""
        return str(self.scores.loc[self.scores["naive"], "rmse"].idxmin())

    @property
    def beats_naive(self) -> bool:
        """Whether the chosen family is ahead of every naive forecast by more than its interval."""
        naive = self.scores.index[self.scores["naive"]]
        return bool((self.against.loc[naive, "better"] == "yes").all())

    @cached_property
    def deciles(self) -> pd.DataFrame:
        """Customers in tenths by forecast orders."""
        return deciles(*self._sums(self.forecast))

    @cached_property
    def gini(self) -> pd.Series:
        """How well each forecast ranks customers: 1 as in hindsight, 0 not at all."""
        return pd.Series({one.name: gini(*self._sums(one)) for one in [self.forecast, *self.others]}, name="gini")

    def _sums(self, forecast: Forecast) -> tuple[Any, Any, Any]:
        cells = self.holdout.cells
        n = cells["n"].to_numpy(float)
        return n * forecast.mean, n * cells["later"].to_numpy(), n

    @cached_property
    def reliability(self) -> pd.DataFrame:
        """P(order within t) against the share who ordered, for each horizon that fits after the main origin."""
        return pd.concat({days: reliability(*known) for days, known in self._ordered.items()}, names=["days"])

    @cached_property
    def brier(self) -> pd.DataFrame:
        """By horizon: the Brier score of P(order within t), and its skill over the overall share."""
        rows = {days: brier(*known) for days, known in self._ordered.items()}
        return pd.DataFrame.from_dict(rows, orient="index", columns=["brier", "skill"]).rename_axis("days")

    @cached_property
    def _ordered(self) -> dict[int, tuple[Any, Any, Any]]:
        """By horizon: the forecast probability of an order, whether one came, and the customers, of each cell."""
        found = {}
        for days in sorted({*(days for days in self.days if days < self.holdout.days), self.holdout.days}):
            part = self.holdout if days == self.holdout.days else replace(self.holdout, days=days)
            probability = self.buying.model.probability_order(part.span, **part.rows)
            found[days] = (probability, (part.cells["later"] > 0).to_numpy(), part.cells["n"].to_numpy())
        return found

    @cached_property
    def pit(self) -> pd.DataFrame:
        """Shares of the randomised PIT by tenth."""
        return pit(self.forecast, self.holdout.cells["later"], self.holdout.cells["n"])

    @cached_property
    def conformal(self) -> pd.DataFrame:
        """What 90 % intervals per customer covered, the model's own and those of levels learned before the origin.

        Empty where the log before the origin is too short to learn from.
        """
        before = earlier(self.holdout)
        if before is None:
            return pd.DataFrame(columns=["n", "raw", "conformal", "covered", "up_to"])
        try:
            past = fitted_since(self.family, before.customers.patterns, halfway(before.customers), by=fit)
        except FitError:
            return pd.DataFrame(columns=["n", "raw", "conformal", "covered", "up_to"])
        return conformal(self.forecast, self.holdout, levels(modelled(past.model, before), before))

    @cached_property
    def revenue(self) -> pd.DataFrame:
        """RMSE, bias and total of revenue per customer, by forecast; empty where order values cannot be fitted."""
        try:
            values = fit_worth(self.holdout.customers)
        except (FitError, DataError):
            return revenue_table({}, self.holdout)
        return revenue_table(
            revenue_forecasts(self.buying.model, values.model, self.others, self.holdout), self.holdout
        )

    @cached_property
    def newcomers(self) -> pd.DataFrame:
        """Repeat orders of those first seen in the holdout, forecast from their number and days of arrival."""
        return newcomers(self.outlook.new, self.holdout, tau=self.grade.tau)

    @cached_property
    def rolled(self) -> pd.DataFrame:
        """Totals and cohorts forecast from several past days; see `rolling.roll`."""
        return roll(self.holdout.log, self.family, days=self.days, unit=self.holdout.customers.unit)

    @cached_property
    def coverage(self) -> pd.DataFrame:
        """How often the 50 and 90 % bands held, raw and widened."""
        return coverage(self.rolled)

    @cached_property
    def drift(self) -> Drift:
        """Whether old cohorts still speak for new ones, over the whole log."""
        return drift(summarize(self.holdout.log, unit=self.holdout.customers.unit), self.family)

    def widening(self, what: str = "orders", days: int | None = None) -> Widening:
        """τ for forecasts from now on: of the horizon asked for, or the longest one that five past forecasts taught."""
        if days is not None:
            return learned(self.rolled, what=what, days=days)
        found = [learned(self.rolled, what=what, days=length) for length in sorted(self.days, reverse=True)]
        return next((one for one in found if one.learned), found[0])

    def faults(self, *, most: float = FAIR) -> list[str]:
        """Why the forecasts should not pass a gate; empty where they should. `most` is the error allowed of the total."""
        found = []
        if abs(self.grade.error) > most:
            found.append(f"the total of orders was {self.grade.error:+.1%} off, more than {most:.0%}")
        if not self.beats_naive:
            ahead = self.against.loc[self.scores.index[self.scores["naive"]], "better"]
            found.append(f"no clear lead over {', '.join(ahead.index[ahead != 'yes'])}")
        if self.drift.warning:
            found.append("old cohorts no longer speak for new ones")
        return found

    def __repr__(self) -> str:
        return "\n".join([self.grade.text, self.reason, *(f"- {fault}" for fault in self.faults())])


def backtest(
    orders: Orders,
    family: Any = None,
    *,
    at: str | dt.date | None = None,
    horizons: Sequence[str | Horizon] = HORIZONS,
    unit: str | Unit = "week",
) -> Backtest:
    """Grade forecasts made at day `at` (default: the middle of the window) of all that came after, and roll the origin.

    The forecast is that of `forecast` on the log up to `at`. Horizons that do not fit after a quarter
    of the window are left out; if none does, half of what is left is taken.

    Raises DataError when the window is too short, FitError when no family fits.
    """
    holdout = hold_out(orders, at=at or middle(orders), unit=unit)
    outlook = forecast(holdout.customers, family)
    room = (orders.until - orders.since).days * 3 // 4
    days = sorted({max(1, int(np.floor(Horizon.of(horizon).days))) for horizon in horizons})
    return Backtest(holdout, outlook, tuple(d for d in days if d <= room) or (room // 2,))
