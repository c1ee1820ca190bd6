"""The forecast that every report uses: one family, chosen by forecasts that are over, fitted for who is known and who is to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import ibis

from ltv.errors import DataError, FitError
from ltv.metrics.backtests.holdouts import SHORTEST, hold_out, middle
from ltv.models import BGNBD, Fit, Patterns, compare, fit
from ltv.models.comparison import LEAVING, PREFERENCE
from ltv.orders.customers import Customers, summarize
from ltv.orders.log import Orders
from ltv.units import Unit

DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Outlook:
    """What customers will order, by two fits of one family, and why that family.

    `known` is for the customers of the log: fitted to what they did in its second half, given what was known of them by
    its middle. Over the logs of benchmarks/results/forecasts.md that forecast better than a fit to their whole past, in which
    a first rush after the first order counts as much as last month. `new` is for those to come, who begin with that rush:
    fitted to the whole past.
    """

    known: Fit
    new: Fit
    reason: str

    @property
    def family(self) -> Any:
        return self.known.family


def forecast(customers: Customers, family: Any = None, *, at: str | dt.date | None = None) -> Outlook:
    """The outlook for these customers: by the family of `choose` (tried on the log after day `at`, default its middle), or
    the one that is asked for.

    Where the chosen family cannot be fitted the next of `PREFERENCE` is. Raises FitError where none can.

    >>> import ltv
    >>> forecast(ltv.summarize(ltv.read_orders("cdnow_sample"))).family.title
    'MBG/NBD'
    """
    patterns, given = customers.patterns, halfway(customers)
    if family is not None:
        return _both(family, patterns, given, f"{family.title} was asked for.")
    family, reason = choose(customers.orders, at=at, unit=customers.unit)
    faults = []
    for one in dict.fromkeys((family, *PREFERENCE)):
        why = reason if one is family else f"{one.title}: {family.title} could not be fitted."
        try:
            return _both(one, patterns, given, why)
        except FitError as fault:
            faults.append(str(fault).removeprefix(f"{one.title} "))
    raise FitError("\n  ".join(["no family fits:", *dict.fromkeys(faults)]))


def choose(orders: Orders, *, at: str | dt.date | None = None, unit: str | Unit = "week") -> tuple[Any, str]:
    """The family whose forecast of the log after day `at` (default: its middle) was best, by the rule of
    `ltv.models.compare`, and why; BG/NBD where the log is too short to ask or nothing can be fitted to its first part.

    NBD is not asked: where nobody leaves the others say so too, and where it wins on a few customers' luck it forecasts that
    nobody ever will.

    >>> import ltv
    >>> choose(ltv.read_orders("cdnow_sample"))[0].title
    'MBG/NBD'
    """
    try:
        holdout = hold_out(orders, at=at or middle(orders), unit=unit)
        given = halfway(holdout.customers)
        try:
            choice = compare(*holdout.pairs, holdout.span, families=LEAVING, given=given)
        except FitError:
            choice = compare(*holdout.pairs, holdout.span, families=LEAVING)
    except (DataError, FitError):
        return BGNBD, f"{BGNBD.title}: the log is too short to choose by its forecasts."
    return choice.chosen, f"Family chosen on the orders from {holdout.at + DAY} to {holdout.until}. {choice.reason}"


def halfway(customers: Customers) -> Patterns | None:
    """What was known of these customers in the middle of their log; None where none was known, or a half is shorter than four weeks."""
    orders = customers.orders
    half = (orders.until - orders.since) // 2
    if half.days < SHORTEST:
        return None
    end = orders.since + half
    t = orders.table.filter(orders.table.day <= ibis.literal(end))
    mine = t.semi_join(customers.table, "customer")
    known = summarize(replace(orders, table=mine, until=end), unit=customers.unit).patterns
    return known if known.x.size else None


def fitted_since(family: Any, patterns: Patterns, given: Patterns | None, *, by: Callable[..., Fit] = fit) -> Fit:
    """`family` fitted to what is new in `patterns` over those `given`, or to all of it where that is too little to fit.

    `by` is a `fit` with or without its memory.
    """
    if given is not None:
        try:
            return by(family, patterns, given=given)
        except (FitError, DataError):
            pass
    return by(family, patterns)


def _both(family: Any, patterns: Patterns, given: Patterns | None, reason: str) -> Outlook:
    known, new = fitted_since(family, patterns, given), fit(family, patterns)
    middle = known.given.rpartition(" ")[2]
    since = f" Fitted to what customers did after {middle}, given what was known of them by then." if middle else ""
    return Outlook(known, new, reason + since)
