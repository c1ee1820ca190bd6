"""Marketing money: what was spent, on which channel, on which day, and what a customer of each cohort cost.

Amounts are whole ten-thousandths throughout, so that what is spread over days and lags still adds up to the cent.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd

from ltv import engine
from ltv.errors import DataError, ParameterError
from ltv.inputs.opening import open_source
from ltv.orders.log import Orders
from ltv.units import Unit, period_index, period_start

WHOLE = "all channels"
SCALE = 10_000
SPANS = ("day", "week", "month")


@dataclass(frozen=True)
class Costs:
    """Spend by day and channel; `daily` has the columns day, channel, units (ten-thousandths of the currency).

    `corrections` is the sum of the negative amounts, which lower the spend of their own days.
    """

    daily: pd.DataFrame = field(repr=False, compare=False)
    source: str
    each: str
    corrections: float

    @property
    def total(self) -> float:
        return int(self.daily["units"].sum()) / SCALE

    @property
    def channels(self) -> list[str]:
        return sorted(self.daily["channel"].unique())

    def describe(self) -> dict[str, str]:
        """What these costs are, as label and text."""
        named = ", ".join(self.channels[:8]) + (" …" if len(self.channels) > 8 else "")
        rows = {
            "Costs": self.source,
            "Spend": f"{self.total:,.2f} from {self.daily['day'].min()} to {self.daily['day'].max()}, one row a {self.each}",
            "Channels with spend": named,
        }
        return rows | ({"Corrections": f"{self.corrections:,.2f}, in the spend"} if self.corrections else {})

    def __repr__(self) -> str:
        return "\n".join(["Costs", *(f"  {label:<20} {text}" for label, text in self.describe().items())])


def read_costs(
    source: str | Path | pd.DataFrame | Sequence[str | Path],
    *,
    date: str = "date",
    amount: str = "amount",
    channel: str | None = "channel",
    each: str = "day",
) -> Costs:
    """Read a costs table, or several: a row per period and channel (and whatever else; it is summed).

    `each` is the span of a row: "day", "week" (its first day is given) or "month" (any day of it, or "2026-09"); a
    longer span is spread evenly over its days. Without a channel column all spend is one channel, "all channels".
    Negative amounts are corrections: allowed, and said. Raises DataError with every fault.

    >>> read_costs(pd.DataFrame({"date": ["2026-02"], "amount": ["28"], "channel": ["ads"]}), each="month").total
    28.0
    """
    if each not in SPANS:
        raise ParameterError(f"each= is the span of a row: {', '.join(SPANS)}; not {each!r}")
    sources = list(source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]
    opened = [open_source(one) for one in sources]
    frames = [_cells(one.table, one.name, (date, amount, channel)) for one in opened]
    rows = pd.concat(frames, ignore_index=True)
    name = ", ".join(one.name for one in opened)
    days, units = _parsed(rows, f"costs ({name})")
    rows = rows.assign(day=days, units=units)
    daily = _spread(rows, each).groupby(["day", "channel"], as_index=False)["units"].sum()
    negative = int(rows.loc[rows["units"] < 0, "units"].sum()) / SCALE
    return Costs(daily, name, each, negative)


def _cells(table: ir.Table, name: str, columns: tuple[str, str, str | None]) -> pd.DataFrame:
    there = list(table.columns)
    missing = [column for column in columns if column is not None and column not in there]
    if missing:
        said = [f'columns  no column "{column}"; there are {", ".join(there)}' for column in missing]
        if columns[2] in missing:
            said[-1] += "; where these are the costs of all channels together, leave the channel empty"
        raise DataError(f"costs ({name})", said)
    date, amount, channel = columns
    named = {"date": table[date].cast("string"), "amount": table[amount].cast("string")}
    named["channel"] = ibis.literal(WHOLE) if channel is None else table[channel].cast("string").fill_null("").strip()
    return engine.run(table.select(**named))


def _parsed(rows: pd.DataFrame, what: str) -> tuple[list[dt.date], list[int]]:
    days = [_day(text) for text in rows["date"]]
    units = [_units(text) for text in rows["amount"]]
    faults = []
    for column, values, cure in (
        ("date", days, "write 2026-09-30 or 2026-09"),
        ("amount", units, "use a point for decimals"),
    ):
        bad = [number for number, value in enumerate(values) if value is None]
        if bad:
            first = f"row {bad[0] + 1}, {rows[column].iloc[bad[0]]!r}"
            faults.append(f"{column:<8} {len(bad):,} of {len(rows):,} rows cannot be read; {cure} (first: {first})")
    if nameless := int((rows["channel"] == "").sum()):
        faults.append(f"channel  {nameless:,} of {len(rows):,} rows have none; name one, such as unknown")
    if faults:
        raise DataError(what, faults)
    return days, units  # type: ignore[return-value]


def _day(text: str) -> dt.date | None:
    try:
        text = str(text).strip()
        return dt.date.fromisoformat(f"{text}-01" if len(text) == 7 else text[:10])
    except ValueError:
        return None


def _units(text: str) -> int | None:
    try:
        value = Decimal(str(text).strip()) * SCALE
        return int(value.to_integral_value()) if value.is_finite() else None
    except InvalidOperation:
        return None


def _spread(rows: pd.DataFrame, each: str) -> pd.DataFrame:
    """One row a day; the ten-thousandths that do not divide go to the first days."""
    if each == "day":
        return rows[["day", "channel", "units"]]
    parts = []
    for day, channel, units in rows[["day", "channel", "units"]].itertuples(index=False):
        first = day if each == "week" else day.replace(day=1)
        length = 7 if each == "week" else calendar.monthrange(day.year, day.month)[1]
        share, rest = divmod(units, length)
        parts += [(first + dt.timedelta(days=i), channel, share + (i < rest)) for i in range(length)]
    return pd.DataFrame(parts, columns=["day", "channel", "units"])


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
    `channel` is the attribute that names a customer's channel, None where the costs are totals.
    """

    cells: pd.DataFrame
    blended: pd.DataFrame
    unmatched: pd.DataFrame
    channel: str | None
    cohort: Unit


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
    is listed, like spend outside the window. Costs without channels are those of all customers. Cohorts that the window cuts are compared with the spend of the days inside.
    """
    if costs.channels == [WHOLE]:
        channel = None
    elif channel not in orders.by:
        raise ParameterError(
            f'costs have channels, but the orders have no attribute "{channel}": read_orders(…, by=["{channel}"])'
        )
    unit = Unit.of(cohort)
    new = _new_customers(orders, channel, unit)
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
        _dated(cells[names].astype({"customers": int}), unit), _dated(blended, unit), unmatched, channel, unit
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
