"""What every report says of its data, its words and where its numbers come from."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import version

import pandas as pd

from ltv.metrics.backtests.grading import Grade
from ltv.metrics.cac_payback.refunding import refund_curve, still_to_come
from ltv.models import Fit
from ltv.orders import Customers, Orders
from ltv.pages import blocks, formats
from ltv.pages.changes import closed_months
from ltv.pages.tables import Table

NO_AMOUNTS = "This log has no amounts: what customers spend is not known, and this page counts customers and orders."
DEFINITIONS = {
    "Customer": "Someone with at least one order in the window; acquired on the day of the first order.",
    "Order": "All that a customer buys on one day.",
    "Cohort": "Customers acquired in the same calendar week, month, quarter or year, or with the same attribute of the first order.",
    "Age": "Time since a customer's own first order. Month 1 is days 31 to 60 of that life, and so on (30.4375 days each). "
    "On the calendar clock, calendar periods since that of the first order.",
    "Retention": "Share of a cohort's customers who are active in an age. Only customers who have lived through the whole age count.",
    "Margin": "What is left of revenue to pay for marketing and everything else; a share of revenue unless costs are given.",
    "90% interval": "Of 100 such intervals about 90 hold the truth, if the stated model or sampling holds.",
    "Repeat order": "Any order after the first day.",
    "P(alive)": "Probability that a customer will ever order again, by the model. Never observed: read P(order within 30 days) instead.",
    "P(order within 30 days)": "Probability of at least one order in the 30 days after the window.",
    "Customer value": "Discounted margin of the orders still to come within the horizon; past orders are not in it.",
    "Band for calendar shocks": "A forecast's own band leaves out what happens to all customers at once. The wider band multiplies "
    "the total by a shock with a Student t₄ distribution of scale τ: 12% by convention, on the pages Customer value and Forecasts on trial what past forecasts taught.",
    "CAC": "What it costs to acquire one customer.",
    "Payback": "Age at which the cumulative margin per acquired customer, first order included, refunds still to come subtracted, "
    "discounted to acquisition, reaches the CAC for good.",
    "LTV:CAC": "Margin per customer up to an age over the CAC: at 1 the money is back. ROI is LTV:CAC less 1.",
    "First year already happened": "Share of a cohort's margin of the first 12 months that its customers have already brought; "
    "the rest is the model's.",
    "Affordable CAC": "The highest CAC that a next cohort pays back within the target with the stated probability.",
    "Active": "With at least one order in the period, unless the parameter active asks for more orders or for an amount.",
    "Small cohort": "Fewer than 30 customers: its share is hardly more than a list of names, and its line is not drawn.",
    "Ordered again by day": "Share that placed the next order by so many days after the last, by Kaplan and Meier: customers still waiting "
    "count for as long as they were watched. A third order: among those who reached a second one.",
    "On or after": "Active in an age or any later one up to a common last age; a cohort that has not lived so long is not yet known.",
    "Net revenue retention": "Revenue of an age over that of age 0 (first order included) of the same customers; growth of some offsets loss of others.",
    "Gross revenue retention": "As net, but each customer counts up to what it brought in age 0 at most.",
    "Trend of an age": "A line through the retention of successive cohorts at one age. It counts as moved only where the change exceeds what "
    "cohorts differ by anyway.",
    "Projected": "Customers who have not lived through an age yet count by simulated futures given their own history; the others as observed.",
    "Lapsed": "Without an order for longer than the parameter lapsed says.",
    "Returns unaided": "Probability of an order within 12 months if nobody does anything. Only returns beyond these are won back.",
    "New": "With the first order in this period. Where the export begins late, old customers look new at first: those periods are not judged.",
    "Retained": "With an order in this period and in the one before.",
    "Resurrected": "With an order in this period and in an earlier one, but none in the one before.",
    "Churned": "With an order in the period before and none in this one. A shop's customer who skips a period counts, and may be resurrected.",
    "Quick ratio": "Gained over lost: (new + resurrected) ÷ churned for customers; for revenue, expansion counts as gained and contraction as lost.",
    "Expansion and contraction": "What retained customers brought more, or less, than in the period before.",
    "Stickiness": "Mean number of customers active on a day over those active in 28 days: the share of its days on which an active customer orders.",
    "Core metric": "The one figure to watch. Commerce: revenue of repeat orders per customer with an order in the month. Usage: customers active in the week.",
    "Difference of segments": "Share of a segment less that of the largest one, with Newcombe's interval for independent shares.",
}
BANDS = {"raw": "parameters and chance only", "widened": "with calendar shocks"}


def definitions(*words: str) -> blocks.Definitions:
    """These words, as defined for every report."""
    return blocks.Definitions({word: DEFINITIONS[word] for word in words})


def audit(log: Orders) -> Table:
    """Every input row: kept, or left out and why. The first offenders are in `log.audit` only: they name customers."""
    unshown = ["dropped", "first"] if log.amounts else ["dropped", "first", "money"]
    frame = log.audit.drop(columns=unshown).rename_axis("rule")
    left = "no row was left out" if not log.dropped else f"{log.dropped:,} rows were left out"
    kinds = {"money": f"money:{log.currency}"} if log.amounts else {}
    return Table(frame, f"Where the rows went: {left}.", formats=kinds)


def refunds(log: Orders) -> blocks.Notes | None:
    """What goes back and what is subtracted for what has not gone back yet; nothing where no refund is known."""
    curve = refund_curve(log)
    if curve is None:
        return None
    low, high = curve.interval()
    said = f"{formats.percent(curve.total)} of what is ordered goes back in the end ({formats.interval(low, high, formats.percent)})"
    if not curve.by_day.any():
        return blocks.Notes("Refunds", [f"{said}; no refund names its order, so each lowers margin on its own day."])
    days = f"half of it within {curve.half():,} days and all within {len(curve.by_day) - 1:,}"
    ahead = formats.money(still_to_come(log, curve), log.currency)
    text = f"{said}, {days} of the order. The {ahead} still expected back of orders already made is subtracted, as is its share of orders to come."
    return blocks.Notes("Refunds", [text])


def graded(grade: Grade) -> blocks.Grade:
    """How far to trust the forecast, in a colour and in words."""
    return blocks.Grade(grade.tone, grade.text)  # type: ignore[arg-type]


def trust(grade: Grade) -> str:
    """How far to trust the forecast, as a sentence for a headline; the word is that of the badge."""
    word = blocks.GRADES[grade.tone].lower()
    off = "" if grade.tone == "good" else f": the last one was {abs(grade.error):.0%} too {grade.way}"
    return f"Past forecasts of this kind were **{word}**{off}."


def tracking_alt(grade: Grade) -> str:
    """The finding of the tracking plot for those who do not see it."""
    return (
        f"Cumulative repeat orders: fitted up to {grade.at}, the forecast runs {abs(grade.error):.1%} too "
        f"{'low' if grade.error < 0 else 'high'} by {grade.until} ({grade.forecast:,.0f} forecast, {grade.actual:,} made)."
    )


def fit_health(*fits: Fit, reason: str = "") -> blocks.Notes:
    """The status of each fit, in its own words, and the reason for the family."""
    health = [f"**{fit.family.title}: {fit.status.name}.** {fit.status.sentence}" for fit in fits]
    cautions = [fit.caution for fit in fits if fit.caution]
    return blocks.Notes("Health of the fits", [*health, *cautions, *([reason] if reason and fits else [])])


def estimates(fit: Fit) -> Table:
    """Parameters of a fit with their intervals."""
    timed = "" if fit.family.reads == "order_values" else f" (time in {fit.unit}s)"
    since = f" of what was done after {fit.given.rpartition(' ')[2]}" if fit.given else ""
    caption = f"{fit.family.title}: parameters{timed}, log-likelihood{since} {fit.log_likelihood:,.3f}"
    return Table(
        fit.estimates, caption, formats=dict.fromkeys(fit.estimates, "number:4"), labels={"se": "standard error"}
    )


def provenance(log: Orders, **parameters: object) -> blocks.Provenance:
    """Data, window, parameters and versions behind every number; no clock and no host, so that two runs agree."""
    facts: dict[str, object] = dict(log.describe())
    facts |= {"Data fingerprint": log.fingerprint}
    facts |= {
        f"Parameter {name}": f"{value:.6g}" if isinstance(value, float) else value for name, value in parameters.items()
    }
    facts["Versions"] = versions(("ltv", "ibis-framework", "duckdb", "numpy", "scipy", "pandas"))
    return blocks.Provenance(facts, closed=closed_months(log))


def versions(packages: Iterable[str]) -> str:
    return ", ".join(f"{package} {version(package)}" for package in packages)


def covers(log: Orders, customers: Customers | None = None) -> str:
    """What a page is about, in half a line."""
    count = customers.counts["customers"] if customers is not None else log.size["customers"]
    return f"{log.source}: {count:,.0f} customers, orders from {log.since} to {log.until}"


def share(row: pd.Series, digits: int = 1) -> str:
    """A share with its interval: "12.9% (12.6% to 13.3%)"."""
    show = lambda value: formats.percent(value, digits)  # noqa: E731
    return f"{show(row['estimate'])} ({formats.interval(row['low'], row['high'], show)})"


def amount(row: pd.Series, currency: str, digits: int | None = None) -> str:
    """An amount with its interval: "$26.57 (25.90 to 27.20)"."""
    show = lambda value: formats.money(value, currency, digits)  # noqa: E731
    return f"{show(row['estimate'])} ({formats.interval(row['low'], row['high'], show)})"
