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
from ltv.metrics import intervals
from ltv.metrics.cac_payback.acquisition import CUT, MISSING, Acquisition
from ltv.metrics.cac_payback.channel_runs import ChannelRuns, simulate_channels
from ltv.metrics.cac_payback.payback import affordable, crossing, passage, quantile, settled
from ltv.metrics.cac_payback.projection import TARGETS, Projection, Run, Terms
from ltv.metrics.lifetime_value.futures import SHOCK_SD
from ltv.models import Family
from ltv.models.family import age_shift, along
from ltv.orders.customers import Customers
from ltv.units import Horizon, Rate, Unit, annual, period_start

Array = NDArray[np.float64]
AGES = (3, 6, 12, 24)
NEVER = 0.95
SHOWN = 6  # channels; more panels, lines and rows than theirs are neither read nor light


@dataclass(frozen=True)
class ChannelPayback:
    """Payback by cohort and channel, by channel, and in total.

    `cells` by (cohort, channel) and `channels` by channel: n, cac, estimate (months, median), low, high (90 %, widened),
    raw_low, raw_high, paid_by_3 …, beyond, margin_3 … and ltv_cac_3 … (M and M ÷ CAC at those ages) with _low and
    _high, realised (share of M at 12 months that has happened), first_crossing, known, verdict. `channels` adds what is
    undiscounted (payback in months) and margin_3_undiscounted …, and the next customer: next_estimate, next_low,
    next_high (π*), cac_last. `affordable` by (channel, months). `projections`
    holds the paths per channel and of all customers ("all"). `note` says how far channels speak for themselves.
    """

    cells: pd.DataFrame
    channels: pd.DataFrame
    affordable: pd.DataFrame
    projections: dict[str, Projection]
    acquisition: Acquisition
    too_small: tuple[str, ...]
    note: str

    def largest(self, most: int = SHOWN) -> list[str]:
        """So many channels with the most customers, in the order of the table."""
        own = self.channels.drop(index="all")
        return [name for name in own.index if name in own["n"].nlargest(most).index]

    def judged(self, most: int = SHOWN) -> pd.DataFrame:
        """The cells of whole cohorts, of the largest channels, those left out that are too small to judge."""
        whole = self.cells[~self.cells["verdict"].str.contains(CUT)]
        names = [name for name in self.largest(most) if name not in self.too_small]
        return whole[whole.index.get_level_values("channel").isin(names)]

    def curves(self, most: int = SHOWN) -> dict[str, pd.DataFrame]:
        """Margin per customer by month of age, per channel: of the largest ones."""
        return {name: self.projections[name].curve for name in self.largest(most)}


def channel_payback(
    customers: Customers,
    acquired: Acquisition,
    *,
    family: type[Family] | None = None,
    horizon: str | Horizon = "36 months",
    discount: float | Rate = annual(0.10),
    targets: Sequence[int] = TARGETS,
    probability: float = 0.9,
    tau: float = SHOCK_SD,
    draws: int = 200,
    seed: int = 0,
) -> ChannelPayback:
    """Payback per cohort × channel and in total, of customers whose cost is `acquired` (see `acquisition`).

    `family` is that of `choose` unless one is given. `tau` is the scale of the calendar shocks in the widened bands; 0 leaves
    parameters and chance alone.

    Raises ParameterError when the orders carry no such channel, DataError when no channel has a customer with
    a repeat order.
    """
    terms = replace(Terms.of(horizon, discount, targets, draws, seed), tau=tau)
    simulated = simulate_channels(
        customers,
        acquired.channel,
        cohort=acquired.cohort,
        family=family,
        terms=terms,
        spellings=acquired.spellings,
    )
    segments, runs, small = simulated.segments, simulated.runs, simulated.too_small
    cells = [_cell_rows(run, simulated.cohorts[name], name, acquired, name in small) for name, run in runs.items()]
    projections = {name: run.projection() for name, run in runs.items()}
    whole = _together(projections)
    rows = [
        _channel_row(name, projections[name], acquired, name in small)
        | _next_customer(simulated, name, terms, acquired)
        for name in segments
    ]
    rows.append(_channel_row("all", whole, acquired, small=False))
    for row, projection in zip(rows, [*projections.values(), whole], strict=True):
        row |= _undiscounted(projection.undiscounted(), row["cac"])
    may_cost = pd.concat(
        {name: affordable(projections[name], probability=probability) for name in segments}, names=["channel"]
    )
    return ChannelPayback(
        cells=pd.concat(cells).sort_index(),
        channels=pd.DataFrame(rows).set_index("channel"),
        affordable=may_cost,
        projections=projections | {"all": whole},
        acquisition=acquired,
        too_small=small,
        note=simulated.note,
    )


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
    paid = acquired.cells[acquired.cells["known"]]
    paid = paid if name == "all" else paid[paid.index.get_level_values("channel") == name]
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
        row |= {"beyond": float(np.isinf(times).mean()), "known": settled(projection, times)}
        row |= {"first_crossing": quantile(crossing(wide, cac), 0.5) / month}
    for age in (age for age in AGES if age * month <= projection.days):
        at = wide[:, int(age * month)]
        ends = (at.mean(), *np.quantile(at, (low, high)))
        row |= dict(zip((f"margin_{age}", f"margin_{age}_low", f"margin_{age}_high"), ends, strict=True))
        if cac > 0:
            row |= {f"ltv_cac_{age}{end}": value / cac for end, value in zip(("", "_low", "_high"), ends, strict=True)}
    year = min(int(12 * month), projection.days)
    row["realised"] = float(projection.realised[year] / wide[:, year].mean()) if wide[:, year].mean() else 1.0
    row = {"known": False} | row
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


def _next_customer(simulated: ChannelRuns, name: str, terms: Terms, acquired: Acquisition) -> dict[str, Any]:
    """π*: when the margin expected of the next customer of this channel reaches the CAC paid last."""
    paid = acquired.cells.xs(name, level="channel")
    paid = paid[paid["known"] & (paid["cost"] > 0)]
    if paid.empty:
        return {"cac_last": np.nan}
    last = float(paid["estimate"].iloc[-1])
    times = passage(expected_margin(simulated, name, terms), last)
    low, high = intervals.tails()
    names = ("next_estimate", "next_low", "next_high")
    shown = (quantile(times, q) * 7 / Unit.MONTH.days for q in (0.5, low, high))
    return {"cac_last": last} | dict(zip(names, shown, strict=True))


def expected_margin(simulated: ChannelRuns, name: str, terms: Terms) -> Array:
    """E[M(t)] of a new customer of a channel by draw, at the end of each week of age, shape (draws, weeks + 1).

    First order: the mean margin of observed ones, with its standard error. Later: discounted expected orders times the
    population's mean order value, times the margin. Both less the refunds still to be expected of them.
    """
    segment, refunds = simulated.segments[name], simulated.refunds[name]
    buying, order_value = (one.draws(terms.draws) for one in (simulated.new[name], simulated.fits[name][1]))
    rng, delta = np.random.default_rng([terms.seed, 2]), terms.discount.per(segment.unit)
    weeks = np.arange(int(terms.days / 7) + 1)
    later = along(lambda t: buying.discounted_orders(t, delta), weeks * 7 / segment.unit.days, age_shift(buying))
    worth = order_value.expected_order_value() * segment.orders.margin_share
    if refunds is not None:
        worth = worth * (1 - refunds.unmatched) * (1 - refunds.drawn(rng, terms.draws)[:, -1:])
    t, money = segment.table, segment.table.first_margin.cast("float64")
    by_age = t.group_by("age_days").aggregate(sum=t.first_margin.sum(), squares=(money * money).sum(), n=t.count())
    first = engine.run(by_age.order_by("age_days"))
    left = 1.0 if refunds is None else 1 - refunds.expected(first["age_days"].to_numpy())
    n, mean = first["n"].sum(), float((first["sum"] * left).sum() / first["n"].sum())
    error = np.sqrt(max(first["squares"].sum() / n - mean**2, 0.0) / (n - 1)) if n > 1 else mean
    return np.asarray(mean + error * rng.standard_normal((terms.draws, 1)) + later * worth)


def _undiscounted(projection: Projection, cac: float) -> dict[str, float]:
    """Payback and value with money ahead counted in full, beside the discounted ones."""
    wide, month = projection.widened(), Unit.MONTH.days
    row = {"undiscounted": quantile(passage(wide, cac), 0.5) / month} if np.isfinite(cac) else {}
    ages = [age for age in AGES if age * month <= projection.days]
    return row | {f"margin_{age}_undiscounted": float(wide[:, int(age * month)].mean()) for age in ages}


def _together(projections: dict[str, Projection]) -> Projection:
    """All channels as one group of customers; draws of different channels are paired by their number."""
    parts = list(projections.values())
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
