"""Payback by cohort and channel, and what the next customer of each channel may cost.

Parameters are a channel's, partially pooled with the others; a cohort's own history conditions its customers' future.
Cohort payback Π is predictive (these customers: parameters and outcomes); channel payback π* is about the next
customer (E[M(t)] under the parameters alone).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import DataError, ParameterError
from ltv.metrics import intervals
from ltv.metrics.costs import CUT, MISSING, Acquisition
from ltv.metrics.futures import SHOCK_SD, hold
from ltv.metrics.payback import affordable, passage, quantile
from ltv.metrics.projection import TARGETS, Projection, Run, Terms, simulate
from ltv.models import BGNBD, Family, Fit, GammaGamma, Pooled, fit, pooled
from ltv.orders.customers import Customers
from ltv.units import EPOCH, Horizon, Rate, Unit, annual, period_index, period_start

Array = NDArray[np.float64]
AGES = (3, 6, 12, 24)
NEVER = 0.95
FEW = 100  # customers; below it a channel's money rests on a handful of orders
OWN = 0.9


@dataclass(frozen=True)
class ChannelPayback:
    """Payback by cohort and channel, by channel, and in total.

    `cells` by (cohort, channel) and `channels` by channel: n, cac, estimate (months, median), low, high (90 %, widened),
    raw_low, raw_high, paid_by_3 …, beyond, margin_3 … and ltv_cac_3 … (M and M ÷ CAC at those ages) with _low and
    _high, realised (share of M at 12 months that has happened), known, verdict. `channels` adds the
    next customer: next_estimate, next_low, next_high (π*), cac_last. `affordable` by (channel, months). `projections`
    holds the paths per channel and of all customers ("all"). `note` says how far channels speak for themselves.
    """

    cells: pd.DataFrame
    channels: pd.DataFrame
    affordable: pd.DataFrame
    projections: dict[str, Projection]
    acquisition: Acquisition
    too_small: tuple[str, ...]
    note: str

    @property
    def judged(self) -> pd.DataFrame:
        """The cells of whole cohorts, of channels that are not too small to judge."""
        whole = self.cells[~self.cells["verdict"].str.contains(CUT)]
        return whole.drop(index=list(self.too_small), level="channel", errors="ignore")

    def curves(self) -> dict[str, pd.DataFrame]:
        """Margin per customer by month of age, per channel."""
        return {name: self.projections[name].curve for name in self.channels.index.drop("all")}


def channel_payback(
    customers: Customers,
    acquired: Acquisition,
    *,
    family: type[Family] = BGNBD,
    horizon: str | Horizon = "36 months",
    discount: float | Rate = annual(0.10),
    targets: Sequence[int] = TARGETS,
    probability: float = 0.9,
    tau: float = SHOCK_SD,
    draws: int = 200,
    seed: int = 0,
) -> ChannelPayback:
    """Payback per cohort × channel and in total, of customers whose cost is `acquired` (see `acquisition`).

    `tau` is the scale of the calendar shocks in the widened bands; 0 leaves parameters and chance alone.

    Raises ParameterError when the orders carry no such channel, DataError when no channel has a customer with
    a repeat order.
    """
    terms = replace(Terms.of(horizon, discount, targets, draws, seed), tau=tau)
    segments = _segments(customers, acquired.channel)
    fits, small, note = _fits(segments, family, seed)
    runs, cells = {}, []
    for name, segment in segments.items():
        base = hold(segment)
        cohorts = _cohorts(base.age_days, segment, acquired.cohort)
        labels, groups = np.unique(cohorts, return_inverse=True)
        runs[name] = simulate(segment, base, *fits[name], groups=groups, terms=terms)
        cells.append(_cell_rows(runs[name], labels, name, acquired, name in small))
    whole = _together(runs)
    projections = {name: run.projection() for name, run in runs.items()}
    rows = [
        _channel_row(name, projections[name], acquired, name in small)
        | _next_customer(segments[name], fits[name], terms, acquired, name)
        for name in segments
    ]
    rows.append(_channel_row("all", whole, acquired, small=False))
    may_cost = pd.concat(
        {name: affordable(projections[name], probability=probability) for name in segments}, names=["channel"]
    )
    return ChannelPayback(
        cells=pd.concat(cells).sort_index(),
        channels=pd.DataFrame(rows).set_index("channel"),
        affordable=may_cost,
        projections=projections | {"all": whole},
        acquisition=acquired,
        too_small=tuple(small),
        note=note,
    )


def _segments(customers: Customers, channel: str) -> dict[str, Customers]:
    if channel not in customers.orders.by:
        raise ParameterError(f'the orders have no attribute "{channel}"; name it: read_orders(…, by=["{channel}"])')
    t = customers.table
    named = t.mutate(**{channel: t[channel].fill_null("unknown")})
    names = engine.run(named.select(channel).distinct().order_by(channel))[channel]
    return {name: replace(customers, table=named.filter(named[channel] == name)) for name in names}


def _fits(
    segments: dict[str, Customers], family: type[Family], seed: int
) -> tuple[dict[str, tuple[Fit, Fit]], list[str], str]:
    """Buying and order value per channel, partially pooled; the channels too small to judge; and the words for it."""
    if len(segments) == 1:
        ((name, only),) = segments.items()
        return (
            {name: (fit(family, only, seed=seed), fit(GammaGamma, only, seed=seed))},
            [],
            "One channel: nothing to pool.",
        )
    spending = {}
    for name, segment in segments.items():
        try:
            spending[name] = segment.order_values
        except DataError:
            continue
    buying = pooled(family, segments, seed=seed)
    if not spending:
        raise DataError("order values", ["frequency  no channel has a customer who came back with an order of value"])
    worth: dict[str, Any] = {}
    if len(spending) > 1:
        values = pooled(GammaGamma, spending, seed=seed)
        worth = {name: _own_or_pooled(values, name) for name in segments}
    else:
        worth = dict.fromkeys(segments, fit(GammaGamma, next(iter(spending.values())), seed=seed))
    small = [name for name in segments if buying.own[name] < 0.5 or segments[name].counts["customers"] < FEW]
    few = "" if len(segments) > 4 else f"With {len(segments)} channels the spread between them comes from the prior. "
    said = f"Too small to judge: {', '.join(small)}." if small else "Every channel speaks mostly for itself."
    return {name: (_own_or_pooled(buying, name), worth[name]) for name in segments}, small, few + said


def _own_or_pooled(fits: Pooled, name: str) -> Fit:
    """A channel that hardly leans on the others is fitted alone: pooling makes their shapes one, and it may have its own."""
    alone = fits.unpooled.get(name)
    if isinstance(alone, Fit) and fits.own.get(name, 0.0) >= OWN:
        return alone
    return fits.fits.get(name, fits.whole)


def _cohorts(age_days: NDArray[np.int64], segment: Customers, unit: Unit) -> NDArray[np.int64]:
    ages, where = np.unique(age_days, return_inverse=True)
    births = [(segment.orders.until - EPOCH).days - int(age) for age in ages]
    return np.array([period_index(EPOCH + pd.Timedelta(days=birth), unit) for birth in births])[where]


def _cell_rows(run: Run, labels: NDArray[np.int64], name: str, acquired: Acquisition, small: bool) -> pd.DataFrame:
    rows = {}
    for group, label in enumerate(labels):
        cohort = period_start(int(label), acquired.cohort)
        cost = acquired.cells.loc[(cohort, name)]
        rows[(cohort, name)] = _summary(run.projection(group), cost["estimate"], cost["remark"], small)
    return pd.DataFrame.from_dict(rows, orient="index").set_axis(
        pd.MultiIndex.from_tuples(list(rows), names=["cohort", "channel"])
    )


def _channel_row(name: str, projection: Projection, acquired: Acquisition, small: bool) -> dict[str, Any]:
    """A channel as a whole (or all of them) against its average CAC."""
    paid = acquired.cells
    paid = paid[paid["known"]] if name == "all" else paid[paid["known"]].xs(name, level="channel")
    count = paid["customers"].sum()
    average = (
        acquired.blended["cost"].sum() / acquired.blended["customers"].sum()
        if name == "all"
        else (paid["cost"].sum() / count if count else np.nan)
    )
    return {"channel": name} | _summary(projection, average, "" if count else MISSING, small)


def _summary(projection: Projection, cac: float, remark: str, small: bool) -> dict[str, Any]:
    """Payback and value of a group of customers against what each of them cost."""
    wide, month = projection.widened(), Unit.MONTH.days
    row: dict[str, Any] = {"n": projection.customers, "cac": cac}
    low, high = intervals.tails()
    if np.isfinite(cac):
        times, raw = passage(wide, cac), passage(projection.paths, cac)
        row |= {"estimate": quantile(times, 0.5) / month, "low": quantile(times, low) / month}
        row |= {"high": quantile(times, high) / month}
        row |= {"raw_low": quantile(raw, low) / month, "raw_high": quantile(raw, high) / month}
        row |= {f"paid_by_{age}": float((times <= age * month).mean()) for age in AGES}
        row |= {"beyond": float(np.isinf(times).mean())}
    for age in (age for age in AGES if age * month <= projection.days):
        at = wide[:, int(age * month)]
        ends = (at.mean(), *np.quantile(at, (low, high)))
        row |= dict(zip((f"margin_{age}", f"margin_{age}_low", f"margin_{age}_high"), ends, strict=True))
        if cac > 0:
            row |= {f"ltv_cac_{age}{end}": value / cac for end, value in zip(("", "_low", "_high"), ends, strict=True)}
    year = min(int(12 * month), projection.days)
    row["realised"] = float(projection.realised[year] / wide[:, year].mean()) if wide[:, year].mean() else 1.0
    row["known"] = bool(np.isfinite(cac) and projection.realised[min(projection.youngest, projection.days)] >= cac)
    return row | {"verdict": _verdict(row, projection, remark, small)}


def _verdict(row: dict[str, Any], projection: Projection, remark: str, small: bool) -> str:
    """One phrase for a reader: what is known, what is not, and what not to read too much into."""
    if not np.isfinite(row["cac"]):
        return remark or "no CAC"
    if row["cac"] == 0:
        return "organic"
    horizon = f"{round(projection.days / Unit.MONTH.days)} months"
    if row["known"]:
        said = "paid back"
    elif row["beyond"] >= NEVER:
        said = f"not within {horizon}"
    else:
        said = "forecast"
    notes = [said, *(["too small to judge"] if small else []), *([CUT] if remark == CUT else [])]
    return "; ".join(notes)


def _next_customer(
    segment: Customers, fits: tuple[Fit, Fit], terms: Terms, acquired: Acquisition, name: str
) -> dict[str, Any]:
    """π*: when the margin expected of the next customer of this channel reaches the CAC paid last."""
    paid = acquired.cells.xs(name, level="channel")
    paid = paid[paid["known"] & (paid["cost"] > 0)]
    if paid.empty:
        return {"cac_last": np.nan}
    last = float(paid["estimate"].iloc[-1])
    times = passage(expected_margin(segment, fits, terms), last)
    low, high = intervals.tails()
    names = ("next_estimate", "next_low", "next_high")
    shown = (quantile(times, q) * 7 / Unit.MONTH.days for q in (0.5, low, high))
    return {"cac_last": last} | dict(zip(names, shown, strict=True))


def expected_margin(segment: Customers, fits: tuple[Fit, Fit], terms: Terms) -> Array:
    """E[M(t)] of a new customer by draw, at the end of each week of age, shape (draws, weeks + 1).

    First order: the mean margin of observed ones, with its standard error. Later: discounted expected orders times the
    population's mean order value, times the margin.
    """
    buying, order_value = (one.draws(terms.draws) for one in fits)
    weeks = np.arange(int(terms.days / 7) + 1)
    later = buying.discounted_orders(weeks * 7 / segment.unit.days, terms.discount.per(segment.unit))
    worth = order_value.expected_order_value() * segment.orders.margin_share
    t = segment.table
    first = engine.run(
        t.aggregate(mean=t.first_margin.cast("float64").mean(), sd=t.first_margin.cast("float64").std(), n=t.count())
    ).iloc[0]
    error = float(first["sd"]) / np.sqrt(first["n"]) if first["n"] > 1 else float(first["mean"])
    rng = np.random.default_rng([terms.seed, 2])
    return np.asarray(float(first["mean"]) + error * rng.standard_normal((terms.draws, 1)) + later * worth)


def _together(runs: dict[str, Run]) -> Projection:
    """All channels as one group of customers; draws of different channels are paired by their number."""
    parts = [run.projection() for run in runs.values()]
    sizes = np.array([part.customers for part in parts])
    weights = sizes / sizes.sum()
    return replace(
        parts[0],
        realised=np.sum([w * part.realised for w, part in zip(weights, parts, strict=True)], axis=0),
        paths=np.sum([w * part.paths for w, part in zip(weights, parts, strict=True)], axis=0),
        next_cohort=np.sum([w * part.next_cohort for w, part in zip(weights, parts, strict=True)], axis=0),
        large_cohort=np.sum([w * part.large_cohort for w, part in zip(weights, parts, strict=True)], axis=0),
        customers=int(sizes.sum()),
        youngest=min(part.youngest for part in parts),
        oldest=max(part.oldest for part in parts),
    )
