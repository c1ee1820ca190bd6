"""The futures of each channel's customers, cohort by cohort: parameters pooled, a cohort's own history conditioning them."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import DataError, FitError, ParameterError
from ltv.metrics.backtests.outlooks import choose, forecast, halfway
from ltv.metrics.cac_payback.asordered import as_ordered
from ltv.metrics.cac_payback.projection import Run, Terms, simulate
from ltv.metrics.cac_payback.refunding import RefundCurve, of_group, refund_curve
from ltv.metrics.cac_payback.spelling import Spellings
from ltv.metrics.lifetime_value.futures import hold
from ltv.models import Family, Fit, GammaGamma, OrderValues, Pooled, fit_worth, pooled
from ltv.models.known_value import one_price
from ltv.models.merging import merged
from ltv.orders.cost_cells import WHOLE
from ltv.orders.customers import Customers
from ltv.units import EPOCH, Unit, period_index

FEW = 100  # customers; below it a channel's money rests on a handful of orders
OWN = 0.9
KEPT = Spellings()


@dataclass(frozen=True)
class ChannelRuns:
    """Per channel: its customers, their fits (buying, order value), how customers to come will buy, how money goes back, the
    simulated run and the cohort index of each of its groups. `too_small` and `note` say how far channels speak for themselves."""

    segments: dict[str, Customers]
    fits: dict[str, tuple[Fit, Fit]]
    new: dict[str, Fit]
    refunds: dict[str, RefundCurve | None]
    runs: dict[str, Run]
    cohorts: dict[str, NDArray[np.int64]]
    too_small: tuple[str, ...]
    note: str


def simulate_channels(
    customers: Customers,
    channel: str | None,
    *,
    cohort: Unit,
    family: type[Family] | None,
    terms: Terms,
    spellings: Spellings = KEPT,
) -> ChannelRuns:
    """Fit every channel and complete the paths of its cohorts.

    Without a channel all customers are one. Raises ParameterError when the orders carry no such channel, DataError when
    no channel has a repeat order.
    """
    segments = _segments(customers, channel, spellings)
    ordered = {name: as_ordered(segment) for name, segment in segments.items()}
    family = family or choose(customers.orders, unit=customers.unit)[0]
    fits, new, small, note = _fits(ordered, family, terms.seed)
    curve = refund_curve(customers.orders)
    refunds = {name: None if curve is None else of_group(curve, segment) for name, segment in segments.items()}
    runs, cohorts = {}, {}
    for name, segment in segments.items():
        base = hold(ordered[name], first=True)
        cohorts[name], groups = np.unique(_cohorts(base.age_days, segment, cohort), return_inverse=True)
        runs[name] = simulate(segment, base, *fits[name], groups=groups, terms=terms, refunds=refunds[name])
    return ChannelRuns(segments, fits, new, refunds, runs, cohorts, tuple(small), note)


def _segments(customers: Customers, channel: str | None, spellings: Spellings) -> dict[str, Customers]:
    if channel is None:
        return {WHOLE: customers}
    if channel not in customers.orders.by:
        raise ParameterError(f'the orders have no attribute "{channel}"; name it: read_orders(…, by=["{channel}"])')
    t = customers.table
    named = t.mutate(**{channel: spellings.on(t[channel])})
    names = engine.run(named.select(channel).distinct().order_by(channel))[channel]
    return {name: replace(customers, table=named.filter(named[channel] == name)) for name in names}


def _fits(
    segments: dict[str, Customers], family: type[Family], seed: int
) -> tuple[dict[str, tuple[Fit, Fit]], dict[str, Fit], list[str], str]:
    """Buying and order value per channel, partially pooled; buying of those to come; channels too small to judge; the words."""
    if len(segments) == 1:
        ((name, only),) = segments.items()
        both = forecast(only, family), fit_worth(only.all_order_values, seed=seed)
        return {name: (both[0].known, both[1])}, {name: both[0].new}, [], "One channel: nothing to pool."
    if not any(segment.counts["repeat_orders"] for segment in segments.values()):
        raise DataError("order values", ["frequency  no channel has a customer who came back with an order of value"])
    spending = {}
    for name, segment in segments.items():
        try:
            spending[name] = segment.all_order_values
        except DataError:  # all of its orders were free
            continue
    buying = pooled(family, segments, seed=seed)
    known = _since(family, segments, seed) or buying
    worth = _worths(spending, seed)
    small = [name for name in segments if buying.own[name] < 0.5 or segments[name].counts["customers"] < FEW]
    few = "" if len(segments) > 4 else f"With {len(segments)} channels the spread between them comes from the prior. "
    said = f"Too small to judge: {', '.join(small)}." if small else "Every channel speaks mostly for itself."
    fits = {name: (_own_or_pooled(known, name), worth.get(name, worth[WHOLE])) for name in segments}
    return fits, {name: _own_or_pooled(buying, name) for name in segments}, small, few + said


def _since(family: type[Family], segments: dict[str, Customers], seed: int) -> Pooled | None:
    """The channels by what they did in the second half of the log; None where that is too little to fit."""
    halves = {name: halfway(segment) for name, segment in segments.items()}
    given = {name: half for name, half in halves.items() if half is not None}
    try:
        return pooled(family, segments, given=given, seed=seed) if given else None
    except (DataError, FitError):
        return None


def _worths(spending: dict[str, OrderValues], seed: int) -> dict[str, Fit]:
    """What orders are worth by channel, partially pooled, and in all: a channel of one price has that price."""
    whole = fit_worth(merged(list(spending.values())), seed=seed)
    varied = {name: values for name, values in spending.items() if not one_price(values)}
    known = {name: fit_worth(values, seed=seed) for name, values in spending.items() if name not in varied}
    if whole.family is not GammaGamma or len(varied) < 2:
        return dict.fromkeys(varied, whole) | known | {WHOLE: whole}
    values = pooled(GammaGamma, varied, seed=seed)
    return {name: _own_or_pooled(values, name) for name in varied} | known | {WHOLE: values.whole}


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
