"""A model fitted to lay beside what was observed, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from ltv.errors import DataError, FitError
from ltv.metrics.backtests.grading import choose
from ltv.metrics.cohort_retention.modelled import modelled_repeats, modelled_retention, projected_retention
from ltv.metrics.lifetime_value.winback import win_back
from ltv.models import Fit, fit, fit_worth
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
    """Fit the family that forecast this log best (`choose`) and Gamma-Gamma to `customers` and say what follows for their retention, repeat orders and return.

    Ages run `ahead` periods beyond the oldest customer's. A retention report is due also where no model can be fitted
    (a young log, nobody came back): then the frames are empty and the reason is in `why`.
    """
    if customers.orders.cycle is not None:
        return Beside(why=f"{customers.orders.cycle} A model of purchases does not hold for them")
    family, reason = choose(customers.orders, unit=customers.unit)
    try:
        buying = fit(family, customers)
        oldest = (customers.orders.until - customers.orders.since).days / Unit.of(period).days
        ages = int(oldest) + ahead
        retention = modelled_retention(buying, period=period, ages=ages)
        projected = projected_retention(customers, buying, period=period, cohort=cohort, ages=ages, draws=DRAWS)
    except (DataError, FitError) as fault:
        return Beside(why=str(fault))
    repeats = modelled_repeats(buying)
    if not customers.orders.amounts:
        return Beside((buying,), retention, repeats, projected, reason=reason, why="the log has no amounts")
    try:
        order_value = fit_worth(customers)
        gone = win_back(customers, buying, order_value, lapsed=lapsed, draws=DRAWS)
    except (DataError, FitError) as fault:
        return Beside((buying,), retention, repeats, projected, reason=reason, why=str(fault))
    return Beside((buying, order_value), retention, repeats, projected, gone, reason)
