"""A model fitted to lay beside what was observed, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from ltv.errors import DataError, FitError
from ltv.metrics.backtests.outlooks import forecast
from ltv.metrics.cohort_retention.modelled import modelled_repeats, modelled_retention, projected_retention
from ltv.metrics.lifetime_value.winback import win_back
from ltv.models import Fit, fit_worth
from ltv.orders.customers import Customers
from ltv.units import Horizon, Unit

DRAWS = 60


@dataclass(frozen=True)
class Beside:
    """What a fitted family says of the same customers: `retention`, `repeats`, `projected` and `lapsed` are the frames of
    `modelled_retention`, `modelled_repeats`, `projected_retention` and `win_back`.

    `reason` says why this family. Where the data cannot be fitted, or nobody has lapsed, the frames in question are empty
    and `why` says so.
    """

    fits: tuple[Fit, ...] = ()
    retention: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    repeats: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    projected: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    lapsed: pd.DataFrame = field(default_factory=pd.DataFrame, repr=False)
    reason: str = ""
    why: str = ""


def model_beside(
    customers: Customers,
    *,
    period: str | Unit = "month",
    cohort: str | Unit | None = None,
    ahead: int = 6,
    lapsed: str | Horizon = "180 days",
) -> Beside:
    """Make the forecast of these customers (`forecast`), fit what orders are worth, and say what follows for their retention, repeat orders and return.

    Ages run `ahead` periods beyond the oldest customer's. A retention report is due also where no model can be fitted
    (a young log, nobody came back): then the frames are empty and the reason is in `why`.
    """
    if customers.orders.cycle is not None:
        return Beside(why=f"{customers.orders.cycle} A model of purchases does not hold for them")
    try:
        outlook = forecast(customers)
        oldest = (customers.orders.until - customers.orders.since).days / Unit.of(period).days
        ages = int(oldest) + ahead
        retention = modelled_retention(outlook.new, period=period, ages=ages)
        projected = projected_retention(customers, outlook.known, period=period, cohort=cohort, ages=ages, draws=DRAWS)
    except (DataError, FitError) as fault:
        return Beside(why=str(fault))
    repeats = modelled_repeats(outlook.new)
    if not customers.orders.amounts:
        return Beside(
            (outlook.new,), retention, repeats, projected, reason=outlook.reason, why="the log has no amounts"
        )
    try:
        order_value = fit_worth(customers)
        gone = win_back(customers, outlook.known, order_value, lapsed=lapsed, draws=DRAWS)
    except (DataError, FitError) as fault:
        return Beside((outlook.new,), retention, repeats, projected, reason=outlook.reason, why=str(fault))
    return Beside((outlook.new, order_value), retention, repeats, projected, gone, outlook.reason)
