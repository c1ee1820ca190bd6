"""The same forecast from many past days: totals and cohorts, orders and revenue, several horizons, raw and widened."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv.errors import DataError, FitError
from ltv.metrics.backtests.bands import Totals, Worth, band, both_totals
from ltv.metrics.backtests.holdouts import acquired, histories, past_origins, totals_after
from ltv.metrics.backtests.outlooks import fitted_since, halfway
from ltv.metrics.backtests.widening import Widening, independent, widening
from ltv.models import Patterns
from ltv.models.fitting import fit  # without its memory: these fits are never asked for again
from ltv.models.known_value import fit_worth
from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders, split
from ltv.units import Unit, period_start

Array = NDArray[np.float64]
ALL = "all"
FEW = 30
"""Cohorts below so many customers are forecast, but not counted in the coverage."""


def roll(
    orders: Orders,
    family: Any,
    *,
    days: Sequence[int],
    unit: str | Unit = "week",
    most: int = 8,
) -> pd.DataFrame:
    """Refit `family` at up to `most` past days and forecast each horizon that fits, in days.

    One row per (what: orders or revenue, days, at, cohort): n customers, estimate, low, high (90 %), inner_low,
    inner_high (50 %), the same with the prefix wide_, actual, log_error, log_sd, tau. cohort is the acquisition month
    or "all"; newcomers after `at` are in none. τ of a row is learned from forecasts that were over by its `at`.
    An origin whose customers cannot be fitted is left out.
    """
    rows: list[dict[str, Any]] = []
    for at in past_origins(orders, days, most=most):
        spans = [length for length in days if at + dt.timedelta(days=length) <= orders.until]
        try:
            rows += _from(orders, family, at, spans, unit)
        except (FitError, DataError):
            continue
    if not rows:
        raise DataError("backtest", ["window  no past day has enough customers before it and enough days after it"])
    frame = pd.DataFrame(rows)
    return _banded(frame).set_index(["what", "days", "at", "cohort"]).drop(columns="totals")


def _from(orders: Orders, family: Any, at: dt.date, days: Sequence[int], unit: str | Unit) -> list[dict[str, Any]]:
    """The forecasts of one day, by what, horizon and cohort, with what came."""
    known = summarize(split(orders, at=at)[0], unit=unit)
    came = totals_after(known, orders, days)
    x, t_x, T = histories(came, known.unit).values()
    patterns = Patterns(x, t_x, T, came["n"].to_numpy(float), known.unit)
    months, groups = np.unique(acquired(came, at), return_inverse=True)
    names = [*(f"{period_start(month, Unit.MONTH):%Y-%m}" for month in months), ALL]
    sizes = _with_all(groups, came["n"].to_numpy(float))
    worth, rows = _worth(known, came), []
    spans = [length / known.unit.days for length in days]
    buying = fitted_since(family, patterns, halfway(known), by=fit)
    asked = {"orders": None} if worth is None else {"orders": None, "revenue": worth}
    forecasts = both_totals(buying, patterns, groups, spans, worths=list(asked.values()))
    for what, horizons in zip(asked, forecasts, strict=True):
        for length, totals in zip(days, horizons, strict=True):
            column = f"{'k' if what == 'orders' else 'v'}_{length}"
            actual = _with_all(groups, came[column].to_numpy(float))
            for number, cohort in enumerate(names):
                row = {"what": what, "days": length, "at": at, "cohort": cohort, "n": int(sizes[number])}
                rows.append(row | {"actual": actual[number], "totals": (totals, number)})
    return rows


def _worth(customers: Customers, patterns: pd.DataFrame) -> Worth | None:
    """The value of orders as known at the origin; None where too few repeat orders say anything."""
    try:
        values = fit_worth(customers)
    except (FitError, DataError):
        return None
    return Worth(values, (patterns["m"] / patterns["n"]).to_numpy(float))


def _with_all(groups: NDArray[np.int64], values: Array) -> Array:
    """Sums by group, and of all."""
    sums = np.bincount(groups, values)
    return np.append(sums, sums.sum())


def _banded(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with errors, τ as it was known, and both bands."""
    mean = np.array([totals.mean[number] for totals, number in frame["totals"]])
    frame["estimate"] = mean
    with np.errstate(divide="ignore", invalid="ignore"):
        frame["log_error"] = np.log(frame["actual"].to_numpy(float) / mean)
    frame["log_sd"] = [totals.log_sd[number] for totals, number in frame["totals"]]
    taus = {key: learned(frame, what=key[0], days=key[1], by=key[2]).tau for key in set(_keys(frame))}
    columns = []
    for key, (totals, number) in zip(_keys(frame), frame["totals"], strict=True):
        columns.append({"tau": taus[key]} | _both(totals, number, whole=key[0] == "orders", tau=taus[key]))
    return pd.concat([frame, pd.DataFrame(columns, index=frame.index)], axis=1)


def _keys(frame: pd.DataFrame) -> list[tuple[str, int, dt.date]]:
    return list(zip(frame["what"], frame["days"], frame["at"], strict=True))


def _both(totals: Totals, number: int, *, whole: bool, tau: float) -> dict[str, float]:
    wide = band(totals, number, whole=whole, tau=tau)
    return band(totals, number, whole=whole, tau=0.0) | {f"wide_{name}": end for name, end in wide.items()}


def calendar_shocks(orders: Orders, family: Any, *, unit: str | Unit = "week", days: int = 180) -> Widening:
    """τ for a total of revenue forecast from the end of the log: from six past forecasts of the next `days`.

    0.12 by convention where the log is too short for five of them, or revenue cannot be forecast.
    """
    try:
        rolled = roll(orders, family, days=[days], unit=unit, most=6)
    except DataError:
        return widening([], [])
    return learned(rolled, what="revenue", days=days)


def learned(rolled: pd.DataFrame, *, what: str, days: int, by: dt.date | None = None) -> Widening:
    """τ of totals over `days`, from the forecasts in `rolled` that were over by a day (default: all of them)."""
    rows = rolled.reset_index()
    mine = rows[(rows["what"] == what) & (rows["days"] == days) & (rows["cohort"] == ALL)]
    if by is not None:
        mine = mine[[at + dt.timedelta(days=days) <= by for at in mine["at"]]]
    starts = [at.toordinal() for at in mine["at"]]
    return widening(mine["log_error"], mine["log_sd"], effective=independent(starts, days))


def coverage(rolled: pd.DataFrame) -> pd.DataFrame:
    """How often bands held what came, by what, days and level (totals, cohorts): n, and a share for each band.

    raw_50, raw_90, widened_50, widened_90. Cohorts of 30 customers and more; forecasts from nearby days overlap, so n
    overstates what they say.
    """
    rows = rolled.reset_index()
    rows["level"] = np.where(rows["cohort"] == ALL, "totals", "cohorts")
    rows = rows[(rows["cohort"] == ALL) | (rows["n"] >= FEW)]
    ends = {"raw_50": "inner_", "raw_90": "", "widened_50": "wide_inner_", "widened_90": "wide_"}
    for name, prefix in ends.items():
        rows[name] = (rows[f"{prefix}low"] <= rows["actual"]) & (rows["actual"] <= rows[f"{prefix}high"])
    grouped = rows.groupby(["what", "days", "level"], sort=False)
    return grouped[list(ends)].mean().assign(n=grouped.size())
