"""The retention report in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ltv.errors import DataError
from ltv.metrics.cohort_retention.beside import Beside
from ltv.metrics.cohort_retention.repeats import median_days, share_by
from ltv.metrics.cohort_retention.trends import Trend
from ltv.orders import Customers, Orders
from ltv.pages import blocks, formats
from ltv.pages.story import growth
from ltv.pages.story.common import NO_AMOUNTS, amount, covers, share
from ltv.units import period_names

AGES = (1, 6, 12)
SPARSE = 20
percent = formats.percent


def headline(log: Orders, average: pd.DataFrame, waits: pd.DataFrame, *, period: str) -> blocks.Headline:
    """How many are active early and late, and how many order again at all.

    Raises DataError where nobody has lived through a whole period yet: there is no retention to report.
    """
    if average.empty:
        window = (
            f"window  nobody is a {period} old between {log.since} and {log.until}: ask for a shorter period, or wait"
        )
        raise DataError("retention", [window])
    early, late = _first_and_last(average)
    again = share_by(waits.loc[2])
    day = again.index[again["known"]].max() if again["known"].any() else None
    text = f"**{percent(average.loc[early, 'estimate'])}** of customers are active in {period} {early} after their first order"
    text += f" and **{percent(average.loc[late, 'estimate'])}** in {period} {late}" if late != early else ""
    if not early:
        text = f"Who comes back in {period} 1 is not known yet: nobody has lived through it"
    text += f"; **{percent(again.loc[day, 'estimate'], 0)}** have ordered again within {day} days." if day else "."
    return blocks.Headline(text, covers(log), str(log.until), log.alarms)


def reached(frame: pd.DataFrame) -> pd.DataFrame:
    """The known ages that at least one customer in twenty has lived through: the last ones of a log rest on a handful."""
    known = frame[frame["known"]]
    return known[known["n"] >= known["n"].max() / SPARSE]


def cards(
    log: Orders,
    average: pd.DataFrame,
    waits: pd.DataFrame,
    money: pd.DataFrame,
    metric: pd.DataFrame,
    *,
    period: str,
    business: str,
) -> blocks.Cards:
    """The core metric, new customers, who orders again and when, who is active at a few ages, margin per customer."""
    shown = [growth.metric_card(metric, log, business=business)]
    shown.append(
        blocks.Card("New customers", formats.integer(log.size["customers"]), note=f"{log.since} to {log.until}")
    )
    again = share_by(waits.loc[2], days=(30, 365))
    for day, row in again[again["known"]].iterrows():
        shown.append(_share_card(f"Ordered again within {day} days", row, f"{row['n']:,.0f} still waiting by then"))
    for age in (age for age in AGES if age in average.index):
        row = average.loc[age]
        shown.append(_share_card(f"Active in {period} {age}", row, f"{row['n']:,.0f} customers"))
    if not log.amounts:
        return blocks.Cards(shown)
    known = reached(money)
    row = known.loc[12] if 12 in known.index else known.iloc[-1]
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    interval = formats.interval(row["low"], row["high"], show)
    label = f"Margin per customer, {row.name} {period}s"
    numbers = (row["estimate"], row["low"], row["high"])
    shown.append(blocks.Card(label, show(row["estimate"]), interval, "first order included", numbers=numbers))
    return blocks.Cards(shown)


def _share_card(label: str, row: pd.Series, note: str) -> blocks.Card:
    numbers = (row["estimate"], row["low"], row["high"])
    interval = formats.interval(row["low"], row["high"], percent)
    return blocks.Card(label, percent(row["estimate"]), interval, note, numbers=numbers)


def findings(
    customers: Customers, average: pd.DataFrame, trend: Trend, waits: pd.DataFrame, model: Beside, *, period: str
) -> blocks.Findings:
    """What operations and product should know, in sentences."""
    counts, until = customers.counts, customers.orders.until
    early, late = _first_and_last(average)
    stay = f"In {period} {early} **{share(average.loc[early])}** of customers are active"
    stay += f", in {period} {late} **{share(average.loc[late])}**: " if late != early else ": "
    stay = stay if early else "Who stays is open: "
    return blocks.Findings(
        for_operations=[
            f"**{counts['customers']:,}** customers came new and {counts['repeaters']:,} of them have ordered again by "
            f"{until}, {counts['repeat_orders']:,} times.",
            _again(waits),
            lapsed_sentence(model, customers.orders),
        ],
        for_product=[
            stay + _fall(average, early, late, period),
            trend_sentence(trend, period=period),
            model_sentence(average, model, period=period),
        ],
    )


def _again(waits: pd.DataFrame) -> str:
    """Who orders a second and a third time, and when half of them have."""
    parts = []
    for number, who in ((2, "customers"), (3, "with a second order")):
        if number not in waits.index.get_level_values("order"):
            continue
        curve = share_by(waits.loc[number], days=(30, 90, 365))
        steps = [f"{100 * row['estimate']:.0f} within {day} days" for day, row in curve[curve["known"]].iterrows()]
        if steps:
            listed = " and ".join([", ".join(steps[:-1]), steps[-1]] if len(steps) > 1 else steps)
            parts.append(f"Of 100 {who} {listed.replace(' within', ' order again within', 1)}.")
        middle = median_days(waits.loc[number])[0]
        if number == 3 and np.isfinite(middle):
            parts.append(f"Half of those who reach a second order place the third within {middle:.0f} days.")
    return " ".join(parts) or "Nobody has been watched long enough to say when customers order again."


def trend_sentence(trend: Trend, *, period: str) -> str:
    """Whether the first age moved from cohort to cohort, and how sure that is."""
    if not trend.known:
        return f"Whether {period} 1 gets better from cohort to cohort is not yet known: {trend.why}."
    first, *_, last = period_names(trend.cohorts.index)
    span = f"from the cohort of {first} to that of {last}"
    points = formats.change(pd.Series({"estimate": trend.change, "low": trend.low, "high": trend.high}))
    if trend.moved:
        way = "rose" if trend.change > 0 else "fell"
        return (
            f"Activity in {period} 1 **{way}** {span}: {points}, more than cohorts differ by anyway (p {_p(trend.p)})."
        )
    return f"Activity in {period} 1 **did not move** beyond chance {span}: {points}."


def _p(p: float) -> str:
    return "below 0.001" if p < 0.001 else f"{p:.3f}"


def model_sentence(average: pd.DataFrame, model: Beside, *, period: str) -> str:
    """Where the model misses what was observed."""
    if model.retention.empty:
        return f"No model stands beside these figures: {model.why}"
    both = reached(average.loc[1:]).join(
        model.retention[["estimate"]].rename(columns={"estimate": "model"}), how="inner"
    )
    if both.empty:
        return "The model cannot be compared yet: nobody has lived through a second age."
    gap = both["model"] - both["estimate"]
    worst = gap.abs().idxmax()
    outside = int(((both["model"] < both["low"]) | (both["model"] > both["high"])).sum())
    return (
        f"{model.fits[0].family.title} describes retention to within {abs(100 * gap[worst]):.1f} points at every age that one "
        f"customer in {SPARSE} has reached; it lies outside the observed interval at {outside} of these {len(both)} ages, and is "
        f"farthest off in {period} {worst} "
        f"({percent(both.loc[worst, 'model'])} against {percent(both.loc[worst, 'estimate'])})."
    )


def lapsed_sentence(model: Beside, log: Orders) -> str:
    """How many lapsed customers there are, and what comes back without doing anything."""
    if model.lapsed.empty:
        return f"What lapsed customers would bring is not known: {model.why}" if log.amounts else NO_AMOUNTS
    frame = model.lapsed
    show = lambda value: formats.money(value, log.currency, 0)  # noqa: E731
    back, n = frame["returning"].sum(), frame["n"].sum()
    return (
        f"**{n:,}** customers have lapsed. {back:,.0f} of them ({percent(back / n, 0)}) will order within 12 months "
        f"unaided, bringing {show(frame['value'].sum())} of margin; only returns beyond these are won back."
    )


def curve_alt(average: pd.DataFrame, model: Beside, *, period: str) -> str:
    """The finding of the retention curve for those who do not see it."""
    early, late = _first_and_last(average)
    beside = "" if model.retention.empty else " The model's dashed curve runs beside the observed one and on beyond it."
    return (
        f"Share of customers active by age: {percent(average.loc[early, 'estimate'])} in {period} {early}, "
        f"{percent(average.loc[late, 'estimate'])} in {period} {late}, with 90% bands.{beside}"
    )


def next_order_alt(waits: pd.DataFrame) -> str:
    """The finding of the Kaplan–Meier picture for those who do not see it."""
    return "Share of customers that ordered again, by days since the order before. " + _again(waits)


def money_alt(money: pd.DataFrame, log: Orders, *, period: str) -> str:
    """The finding of the cumulative margin for those who do not see it."""
    first, last = money.loc[0], reached(money).iloc[-1]
    return (
        f"Margin per acquired customer rises from {formats.money(first['estimate'], log.currency)} with the first order to "
        f"{formats.money(last['estimate'], log.currency)} after {last.name} {period}s."
    )


def money_sentence(money: pd.DataFrame, log: Orders, *, period: str) -> blocks.Notes:
    """What the first order leaves and what age adds."""
    first, last = money.loc[0], reached(money).iloc[-1]
    text = f"The first order leaves {amount(first, log.currency)} of margin per customer"
    text += f"; {last.name} {period}s on it is {amount(last, log.currency)}." if last.name else "."
    return blocks.Notes("In words", [text])


def _first_and_last(average: pd.DataFrame) -> tuple[int, int]:
    ages = [age for age in average.index if age > 0] or [0]
    return ages[0], max([age for age in AGES if age in ages] or [ages[-1]])


def _fall(average: pd.DataFrame, early: int, late: int, period: str) -> str:
    kept = average.loc[late, "estimate"] / average.loc[early, "estimate"] if average.loc[early, "estimate"] else 0.0
    if early == late:
        return f"later {period}s are not yet known."
    return f"of 100 active in {period} {early}, {100 * kept:.0f} are active in {period} {late}."


def comparable(model: Beside, clock: str, active: str) -> pd.DataFrame | None:
    """The model's retention where it means the same as the observed one: own ages, any order."""
    return model.retention if clock == "anniversary" and active.strip() == "1 order" else None
