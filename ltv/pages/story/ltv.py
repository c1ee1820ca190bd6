"""The customer value report in words."""

from __future__ import annotations

import pandas as pd

from ltv.errors import DataError
from ltv.metrics.backtests.grading import Grade
from ltv.metrics.backtests.widening import Widening
from ltv.metrics.lifetime_value.value import ONCE
from ltv.models import BGNBD, Fit, KnownValue, independence
from ltv.models.known_value import NEARLY
from ltv.orders import Customers, Orders
from ltv.pages import blocks, formats
from ltv.pages.story.common import amount, covers, share, trust


def headline(log: Orders, equity: pd.DataFrame, grade: Grade, *, horizon: str) -> blocks.Headline:
    """What the customer base is worth, and whether the forecast behind it has earned trust."""
    worth, count = equity.loc["widened"], int(equity["n"].iloc[0])
    text = f"The {count:,} customers are forecast to bring **{amount(worth, log.currency, 0)}** of margin in the next {horizon}. {trust(grade)}"
    return blocks.Headline(text, covers(log), str(log.until), log.alarms)


def cards(log: Orders, equity: pd.DataFrame, soon: pd.DataFrame, grade: Grade, *, horizon: str) -> blocks.Cards:
    """Worth of the base and of one customer, who orders soon, and the grade."""
    show = lambda value: formats.money(value, log.currency, 0)  # noqa: E731
    cents = lambda value: formats.money(value, log.currency, 2)  # noqa: E731
    worth, count = equity.loc["widened"], int(equity["n"].iloc[0])
    coming = soon.loc["all", ["estimate", "low", "high"]] * count
    each = worth[["estimate", "low", "high"]] / count
    return blocks.Cards(
        [
            blocks.Card(
                f"Value of the base, {horizon}",
                show(worth["estimate"]),
                formats.interval(worth["low"], worth["high"], show),
                f"discounted, at a margin of {log.margin}; band for calendar shocks",
                numbers=tuple(worth[["estimate", "low", "high"]]),
            ),
            blocks.Card(
                "Per customer",
                cents(each["estimate"]),
                formats.interval(each["low"], each["high"], cents),
                f"{count:,} customers",
                numbers=tuple(each),
            ),
            blocks.Card(
                "Order within 30 days",
                formats.integer(coming["estimate"]),
                formats.interval(coming["low"], coming["high"], formats.integer),
                "customers, with at least one order",
                numbers=tuple(coming),
            ),
            blocks.Card(
                "Forecast on its own past",
                f"{'−' if grade.error < 0 else '+'}{abs(grade.error):.1%}",
                note=f"repeat orders, {grade.at} to {grade.until}",
                tone=grade.tone,  # type: ignore[arg-type]
            ),
        ]
    )


def findings(log: Orders, groups: pd.DataFrame, soon: pd.DataFrame, *, horizon: str) -> blocks.Findings:
    """Whom to write to, and where value is made."""
    total = groups["n"].sum()
    fresh = groups[groups.index.str.contains("0–30 days|31–90 days")]
    lapsed = groups[groups.index.str.contains("over 365|181–365")]
    return blocks.Findings(
        for_operations=[*_lapsed(lapsed), *_unlikely(soon), *_second_order(log, groups, horizon)],
        for_product=[
            f"**{formats.percent(fresh['share'].sum(), 0)}** of the value sits with the {fresh['n'].sum():,} repeaters "
            f"({formats.percent(fresh['n'].sum() / total, 0)} of customers) who ordered in the last 90 days: losing their habit costs most.",
            _ordered_once(groups),
        ],
    )


def _lapsed(groups: pd.DataFrame) -> list[str]:
    """Who may be won back, where there is anybody."""
    if groups.empty:
        return []
    return [
        f"**{_many(groups['n'].sum())}** have ordered more than once but not for over 180 days; the model still expects "
        f"{formats.percent(groups['share'].sum())} of all value from them. That is the ground for winning back."
    ]


def _second_order(log: Orders, groups: pd.DataFrame, horizon: str) -> list[str]:
    """What a second order may cost, where somebody has placed one only."""
    if ONCE not in groups.index:
        return []
    return [
        f"A customer who ordered once is worth {amount(groups.loc[ONCE], log.currency, 2)} in the next {horizon}: more than that is too "
        f"much to spend on a second order, unless it changes the customer."
    ]


def _ordered_once(groups: pd.DataFrame) -> str:
    """How many have ordered once, and what of the value is theirs."""
    if ONCE not in groups.index:
        return "Nobody here has ordered only once."
    single = groups.loc[ONCE]
    return (
        f"{formats.percent(single['n'] / groups['n'].sum(), 0)} of customers have ordered once and carry "
        f"{formats.percent(single['share'])} of the value."
    )


def _unlikely(soon: pd.DataFrame) -> list[str]:
    """How many of the one-time buyers return soon by themselves."""
    if ONCE not in soon.index:
        return []
    row = soon.loc[ONCE]
    return [
        f"Left alone, {share(row)} of the {row['n']:,.0f} customers with one order will place a second one within 30 days: "
        "a campaign to them is measured against that."
    ]


def model_notes(buying: Fit, order_value: Fit, customers: Customers, grade: Grade, shocks: Widening) -> blocks.Notes:
    """What the two models say of the population, and what they leave out."""
    notes = [
        f"{buying.family.title} describes when customers order, from {customers.counts['repeat_orders']:,} repeat orders of "
        f"{buying.customers:,} customers. It knows no seasons and no trend; what happens to all customers at once is only in the wider band.",
        f"The scale of that band on this page: {shocks.text} The forecast on its own past is that of {grade.family.title}, "
        f"chosen and fitted on what was known by {grade.at}, and judged with τ = {grade.tau:.2f}.",
        *_by_assumption(buying),
        *_worth(order_value, customers),
        *_order_value_graded(grade),
    ]
    return blocks.Notes("What the models assume", notes)


def _worth(order_value: Fit, customers: Customers) -> list[str]:
    """What an order is worth, how far customers differ in it, and what is taken for granted."""
    free = customers.counts["free"]
    whose = "One whose repeat orders were free is" if free == 1 else f"{free:,} whose repeat orders were free are"
    left = f" {whose} left out of it." if free else ""
    mean = formats.money(float(order_value.model.expected_order_value()), customers.orders.currency)
    if order_value.family is KnownValue:
        nearly = " on average, and hardly any differs from it" if order_value.status == NEARLY else ""
        return [f"Every order is worth {mean}{nearly}: only the number of orders has to be forecast.{left}"]
    return [
        f"{order_value.family.title} describes what a repeat order is worth, from {order_value.customers:,} customers with repeat orders: "
        f"{mean} on average over all customers. " + _spread(order_value, customers.orders.currency) + left,
        "It takes order value to be independent of how often a customer orders. "
        + _independence(order_value, customers),
    ]


def _independence(order_value: Fit, customers: Customers) -> str:
    """Whether that holds here."""
    try:
        return independence(order_value.model, customers.order_values).text
    except DataError as fault:
        return f"This cannot be checked: {fault.faults[0]}."


def _order_value_graded(grade: Grade) -> list[str]:
    """What an order of the holdout was worth beside what had been expected of it."""
    if grade.order_value is None:
        return []
    times = lambda value: formats.number(value, 2)  # noqa: E731
    ratio = grade.order_value
    band = formats.interval(ratio["low"], ratio["high"], times)
    return [
        f"Tested on its own past: an order after {grade.at} brought {times(ratio['estimate'])} times ({band}) what was "
        "expected of the customer who placed it."
    ]


def _spread(order_value: Fit, currency: str) -> str:
    """How far customers differ in what an order of theirs is worth: half of them, and nine in ten."""
    show = lambda p: formats.money(float(order_value.model.quantile(p)), currency)  # noqa: E731
    return f"Half of all customers spend between {show(0.25)} and {show(0.75)} an order, nine in ten between {show(0.05)} and {show(0.95)}."


def _by_assumption(buying: Fit) -> list[str]:
    """What BG/NBD says of customers with one order, said where it is the family."""
    if buying.family is not BGNBD:
        return []
    return [
        "Its P(alive) of customers with one order is 1 by assumption: it stands in no figure of this page on its own."
    ]


def groups_alt(groups: pd.DataFrame, log: Orders) -> str:
    """The finding of the value picture for those who do not see it."""
    best, worst = groups["estimate"].idxmax(), groups["estimate"].idxmin()
    show = lambda name: f"{name} ({formats.money(groups.loc[name, 'estimate'], log.currency)})"  # noqa: E731
    return f"Expected margin per customer is highest for {show(best)} and lowest for {show(worst)}."


def _many(count: int) -> str:
    return f"{count:,} customers"
