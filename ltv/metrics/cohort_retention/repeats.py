"""How long until the next order: Kaplan–Meier from first to second order and on, from counts by day."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics import intervals
from ltv.orders.log import Orders
from ltv.units import EPOCH

DAYS = (30, 60, 90, 365)


def time_to_order(orders: Orders, *, numbers: Sequence[int] = (2, 3)) -> pd.DataFrame:
    """Share of customers who have placed order j by so many days after order j − 1, of those who reached order j − 1.

    Kaplan and Meier (1958): a customer still waiting at `until` counts for as long as it was watched. The interval
    (90 %) is Wilson's at the size that gives Greenwood's variance (Rothman 1978), which is Wilson's own without censoring.
    From the third order on, those who reached order j − 1 late are watched for less: read those curves as "among those
    who reached order j − 1 by the end of the log".

    By (order, days), one row per day on which somebody ordered or left observation: estimate, low, high, n (still
    waiting at the start of the day), orders, known. Raises ParameterError for an order below the second.
    """
    wanted = [int(number) for number in numbers]
    if not wanted or min(wanted) < 2:
        raise ParameterError(f"numbers= are orders from the second on, such as (2, 3), not {tuple(numbers)!r}")
    t = orders.table
    mine = ibis.window(group_by="customer", order_by="day")
    t = t.select(
        day=engine.day_number(t.day),
        next=engine.day_number(t.day.lead().over(mine)),
        number=(ibis.row_number().over(mine) + 2).cast("int64"),
    )
    until = (orders.until - EPOCH).days
    waits = t.filter(t.number.isin(wanted)).mutate(came=t["next"].notnull().cast("int64"))
    waits = waits.mutate(days=waits["next"].fill_null(until) - waits.day)
    counts = engine.run(
        waits.group_by("number", "days")
        .aggregate(orders=waits.came.sum(), gone=waits.count())
        .order_by("number", "days")
    )
    curves = {number: _curve(group) for number, group in counts.groupby("number")}
    empty = {number: _curve(counts.iloc[:0]) for number in wanted if number not in curves}
    return pd.concat(curves | empty, names=["order", "days"]).sort_index()


def _curve(counts: pd.DataFrame) -> pd.DataFrame:
    """Kaplan–Meier from counts by day: `orders` came, `gone` came or left observation."""
    gone, came = counts["gone"].to_numpy(float), counts["orders"].to_numpy(float)
    waiting = gone[::-1].cumsum()[::-1]
    still = np.cumprod(1 - came / np.maximum(waiting, 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = still**2 * np.cumsum(came / (waiting * (waiting - came)))
        size = np.where((still > 0) & (still < 1), still * (1 - still) / greenwood, waiting)
    low, high = intervals.wilson((1 - still) * size, size)
    columns = {"estimate": 1 - still, "low": low, "high": high, "n": waiting.astype(int), "orders": came.astype(int)}
    return pd.DataFrame(columns | {"known": True}, index=pd.Index(counts["days"].astype(int), name="days"))


def share_by(curve: pd.DataFrame, *, days: Sequence[int] = DAYS) -> pd.DataFrame:
    """A curve of `time_to_order` (one order of it) read at a few days.

    Not `known` where nobody has been watched that long. By days: estimate, low, high, n (still waiting), known.
    """
    at = np.searchsorted(curve.index.to_numpy(), days, side="right") - 1
    longest = curve.index.max() if len(curve) else -1
    rows = {}
    for day, row in zip(days, at, strict=True):
        waiting = int(curve.loc[curve.index >= day, "n"].max()) if day <= longest else 0
        nobody = (0.0, 0.0, float(intervals.wilson(0, max(waiting, 1))[1]))
        seen = tuple(curve.iloc[row][["estimate", "low", "high"]]) if row >= 0 else nobody
        rows[day] = (*(seen if day <= longest else (np.nan,) * 3), waiting, day <= longest)
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "low", "high", "n", "known"]).rename_axis(
        "days"
    )


def median_days(curve: pd.DataFrame) -> tuple[float, float, float]:
    """Days until half of a curve of `time_to_order` have ordered, with its interval; inf where that is not reached.

    The interval inverts the band of the curve (Brookmeyer and Crowley 1982).
    """
    return tuple(_first_day(curve, name) for name in ("estimate", "high", "low"))  # type: ignore[return-value]


def _first_day(curve: pd.DataFrame, name: str) -> float:
    reached = curve.index[curve[name] >= 0.5]
    return float(reached[0]) if len(reached) else np.inf
