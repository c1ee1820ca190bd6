"""What a customer of each cohort and channel cost: spend of its days over the customers it brought."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis
import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import ParameterError
from ltv.metrics.cac_payback.spelling import Spellings
from ltv.orders.cost_cells import SCALE, WHOLE
from ltv.orders.costs import Costs
from ltv.orders.log import Orders
from ltv.units import Unit, period_index, period_start


def lagged(daily: pd.DataFrame, lag: Mapping[int, float]) -> pd.DataFrame:
    """Spend moved to the days on which its customers are expected: `lag` gives the share per days of delay.

    >>> lagged(pd.DataFrame({"day": [dt.date(2026, 1, 1)], "channel": ["ads"], "units": [3]}), {0: 0.5, 7: 0.5})["units"].sum()
    np.int64(3)
    """
    shares = list(lag.items())
    if not shares or any(days < 0 or share < 0 for days, share in shares) or abs(sum(lag.values()) - 1) > 1e-9:
        raise ParameterError(
            f"a lag is days → share, shares adding up to 1, such as {{0: 0.7, 7: 0.3}}; not {dict(lag)}"
        )
    parts, left = [], daily["units"].to_numpy(np.int64)
    for number, (days, share) in enumerate(shares):
        last = number == len(shares) - 1
        units = left if last else np.floor(daily["units"] * share).astype(np.int64).to_numpy()
        parts.append(daily.assign(day=[day + dt.timedelta(days=int(days)) for day in daily["day"]], units=units))
        left = left - units
    return pd.concat(parts, ignore_index=True)


@dataclass(frozen=True)
class Acquisition:
    """What the customers of each cohort and channel cost.

    `cells` by (cohort, channel): customers, cost, estimate (CAC), known, remark. `unmatched` lists the spend that is in no
    cell, with its reason; cells and unmatched add up to all costs. `blended` by cohort: all cost over all customers.
    `channel` is the attribute that names a customer's channel, None where the costs are totals. `spellings` says which
    names of the orders are one channel with another.
    """

    cells: pd.DataFrame
    blended: pd.DataFrame
    unmatched: pd.DataFrame
    channel: str | None
    cohort: Unit
    spellings: Spellings = field(default_factory=Spellings)


def acquisition(
    orders: Orders,
    costs: Costs,
    *,
    channel: str | None = "channel",
    cohort: str | Unit = "month",
    lag: Mapping[int, float] | None = None,
) -> Acquisition:
    """CAC by acquisition cohort and channel: spend of the cohort's days on the channel, over customers it brought.

    `channel` is an attribute of the orders (`by=`), as it was on the first order. A channel without any spend is organic: its CAC is 0. A
    cohort of a paid channel without spend is not known (costs missing?); spend without customers has no CAC and
    is listed, like spend outside the window. Channels whose names differ in case, spaces or accent form only are one. Costs without channels are those of all customers. Cohorts that the window cuts are compared with the spend of the days inside.
    """
    if costs.channels == [WHOLE]:
        channel = None
    elif channel not in orders.by:
        raise ParameterError(
            f'costs have channels, but the orders have no attribute "{channel}": read_orders(…, by=["{channel}"])'
        )
    unit = Unit.of(cohort)
    new = _new_customers(orders, channel, unit)
    spellings = Spellings.of(new.groupby(level="channel").sum(), costs.daily.groupby("channel")["units"].sum())
    new = new.rename(index=spellings.same, level="channel").groupby(level=[0, 1]).sum()
    spend = costs.daily if lag is None else lagged(costs.daily, lag)
    inside = np.array([orders.since <= day <= orders.until for day in spend["day"]], dtype=bool)
    spent = spend[inside].assign(cohort=[period_index(day, unit) for day in spend.loc[inside, "day"]])
    by_cell = spent.groupby(["cohort", "channel"])["units"].sum()
    cells = pd.concat({"customers": new, "units": by_cell}, axis=1)
    paid = set(costs.channels)
    cells["remark"] = [_remark(row, channel in paid, _cut(at, unit, orders)) for (at, channel), row in cells.iterrows()]
    lost = cells[cells["customers"].isna()]
    outside = spend[~inside].groupby("channel")["units"].sum()
    unmatched = pd.concat([_listed(lost, unit), _outside(outside)], ignore_index=True)
    cells = cells[cells["customers"].notna()].fillna({"units": 0})
    cells["cost"] = cells["units"] / SCALE
    cells["known"] = cells["remark"] != MISSING
    cells["estimate"] = (cells["cost"] / cells["customers"]).where(cells["known"])
    blended = pd.DataFrame(
        {"customers": new.groupby(level=0).sum(), "cost": spent.groupby("cohort")["units"].sum() / SCALE}
    ).fillna(0)
    blended["estimate"] = (blended["cost"] / blended["customers"]).where(blended["customers"] > 0)
    names = ["customers", "cost", "estimate", "known", "remark"]
    return Acquisition(
        _dated(cells[names].astype({"customers": int}), unit),
        _dated(blended, unit),
        unmatched,
        channel,
        unit,
        spellings,
    )


MISSING = "no spend recorded: are costs missing?"
CUT = "the window cuts this cohort"
ORGANIC = "organic: no spend on this channel"


def _remark(row: pd.Series, paid: bool, cut: bool) -> str:
    if not paid:
        return ORGANIC
    if pd.isna(row["units"]) or row["units"] == 0:
        return MISSING
    return CUT if cut else ""


def _cut(cohort: int, unit: Unit, orders: Orders) -> bool:
    """Whether the window holds only a part of a cohort's period."""
    return period_start(cohort, unit) < orders.since or period_start(cohort + 1, unit) > orders.until + dt.timedelta(
        days=1
    )


def _new_customers(orders: Orders, channel: str | None, unit: Unit) -> pd.Series:
    """Customers by cohort index and channel, as on the first order."""
    t = orders.table.filter(orders.table.day == orders.table.first_day)
    name = t[channel].fill_null("unknown") if channel else ibis.literal(WHOLE)
    counted = t.group_by(cohort=engine.period_index(t.first_day, unit), channel=name).aggregate(n=t.count())
    return engine.run(counted.order_by("cohort", "channel")).set_index(["cohort", "channel"])["n"]


def _listed(lost: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    rows = [
        (str(period_start(cohort, unit)), channel, units / SCALE, "spend without new customers: no CAC")
        for (cohort, channel), units in lost["units"].items()
    ]
    return pd.DataFrame(rows, columns=["cohort", "channel", "cost", "why"])


def _outside(units: pd.Series) -> pd.DataFrame:
    rows = [
        ("", channel, amount / SCALE, "spend on days outside the window of the orders")
        for channel, amount in units.items()
    ]
    return pd.DataFrame(rows, columns=["cohort", "channel", "cost", "why"])


def _dated(frame: pd.DataFrame, unit: Unit) -> pd.DataFrame:
    """Cohort indices as the first day of the period."""
    if isinstance(frame.index, pd.MultiIndex):
        keys = [(period_start(cohort, unit), *rest) for cohort, *rest in frame.index]
        return frame.set_axis(pd.MultiIndex.from_tuples(keys, names=frame.index.names))
    return frame.set_axis(pd.Index([period_start(cohort, unit) for cohort in frame.index], name="cohort"))
