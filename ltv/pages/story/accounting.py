"""The growth accounting report in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ltv.errors import DataError
from ltv.metrics import intervals
from ltv.metrics.cohort_retention.comparisons import same_customers, two_spans
from ltv.orders import Orders
from ltv.pages import blocks, formats
from ltv.pages.story import growth
from ltv.pages.story.common import NO_AMOUNTS, covers
from ltv.pages.story.growth import period_name
from ltv.pages.tables import Table

YEAR = {"week": 52, "month": 12, "quarter": 4}


def headline(log: Orders, people: pd.DataFrame, *, period: str) -> blocks.Headline:
    """Whether the base of active customers grows, and by whom."""
    known = people[people["known"]]
    if known.empty:
        text = f"The log does not hold two whole {period}s in a row: growth cannot be accounted for yet."
        return blocks.Headline(text, covers(log), str(log.until), log.alarms)
    last = known.iloc[-1]
    way = f"**{'grew' if last['n'] > last['before'] else 'shrank'}** from {last['before']:,.0f} to"
    text = (
        f"In {period_name(last.name, period)} the base of active customers {way if last['n'] != last['before'] else 'stayed at'} "
        f"**{last['n']:,.0f}**: {last['new']:,.0f} new, {last['resurrected']:,.0f} came back, {last['churned']:,.0f} did not return."
    )
    return blocks.Headline(text, covers(log), str(log.until), log.alarms)


def cards(
    log: Orders,
    people: pd.DataFrame,
    active: pd.DataFrame,
    metric: pd.DataFrame,
    *,
    period: str,
    business: str,
) -> blocks.Cards:
    """The core metric, the parts of the last whole period, the quick ratio and stickiness."""
    shown = [growth.metric_card(metric, log, business=business)]
    known = people[people["known"]]
    if len(known):
        last = known.iloc[-1]
        shown += [
            blocks.Card(
                "Active customers",
                formats.integer(last["n"]),
                note=f"{period_name(last.name, period)}; {last['before']:,.0f} the {period} before",
            ),
            blocks.Card("New", formats.integer(last["new"]), note=f"first order in this {period}"),
            blocks.Card(
                "Resurrected",
                formats.integer(last["resurrected"]),
                note=f"back after a {period} or more without an order",
            ),
            _churn_card(last, period),
            blocks.Card(
                "Quick ratio",
                _ratio(last["estimate"]),
                formats.interval(last["low"], last["high"], _ratio),
                "gained for every one lost; 1 keeps the base as it is",
                numbers=tuple(last[["estimate", "low", "high"]]),
            ),
        ]
    seen = active[active["known"]]
    if len(seen):
        now = seen.iloc[-1]
        note = f"of its days a customer active in 28 days orders on; {now['monthly']:,.0f} of them, {now['weekly']:,.0f} in 7 days"
        shown.append(blocks.Card("Stickiness", formats.percent(now["estimate"]), note=note, numbers=(now["estimate"],)))
    return blocks.Cards(shown)


def _churn_card(last: pd.Series, period: str) -> blocks.Card:
    low, high = intervals.wilson(last["churned"], last["before"])
    share = last["churned"] / last["before"] if last["before"] else np.nan
    return blocks.Card(
        "Churned",
        formats.integer(last["churned"]),
        f"{formats.percent(share)} ({formats.interval(float(low), float(high), formats.percent)})",
        f"of those active the {period} before; a shop's customers often skip one",
        numbers=(share, float(low), float(high)),
    )


def _ratio(value: float) -> str:
    return formats.number(value, 2)


def findings(
    log: Orders,
    people: pd.DataFrame,
    money: pd.DataFrame,
    next_: pd.DataFrame,
    each: pd.DataFrame,
    *,
    period: str,
) -> blocks.Findings:
    """What operations and product should know, in sentences."""
    spent = [
        _revenue_sentence(money, log, period),
        brought_sentence(next_, log, period=period),
        _new_share(money, period),
    ]
    return blocks.Findings(
        for_operations=spent if log.amounts else [NO_AMOUNTS],
        for_product=[
            _base_sentence(people, period),
            _ratio_sentence(people, period),
            each_sentence(each),
            *_same_customers(log),
        ],
    )


def _same_customers(log: Orders) -> list[str]:
    """Whether the customers of a while ago are as active as they were; nothing where the log is too short."""
    try:
        first, second = two_spans(log)
        row = same_customers(log, first=first, second=second).iloc[0]
    except DataError:
        return []
    return [
        f"The same {row['n']:,.0f} customers, acquired before {first[0]}: {formats.percent(row['first'])} ordered from {first[0]} "
        f"to {first[1]}, {formats.percent(row['second'])} from {second[0]} to {second[1]}, a change of "
        f"**{formats.change(row)}**. Some fall is the rule, since they are further from their first order by then."
    ]


def _revenue_sentence(money: pd.DataFrame, log: Orders, period: str) -> str:
    known = money[money["known"]]
    if known.empty:
        return f"No {period} of the log can be compared with a whole one before it."
    last = known.iloc[-1]
    show = lambda value: formats.money(value, log.currency, 0)  # noqa: E731
    change, name = last["revenue"] - last["before"], period_name(last.name, period)
    return (
        f"Revenue {'rose' if change >= 0 else 'fell'} by **{show(abs(change))}** to {show(last['revenue'])} in {name}: "
        f"{show(last['new'])} from new and {show(last['resurrected'])} from returning customers, "
        f"{show(last['expansion'])} more and {show(last['contraction'])} less from those who stayed, and "
        f"{show(last['churned'])} gone with those who left."
    )


def brought_sentence(frame: pd.DataFrame, log: Orders, *, period: str) -> str:
    """What a resurrected customer goes on to bring, beside a new and a retained one."""
    known = frame[frame["known"]]
    if "resurrected" not in known.index:
        return (
            f"What returning customers go on to bring is not yet known: nobody has been followed for enough {period}s."
        )
    show = lambda name: f"{formats.money(known.loc[name, 'estimate'], log.currency)}"  # noqa: E731
    row = known.loc["resurrected"]
    ends = formats.interval(row["low"], row["high"], lambda value: formats.money(value, log.currency))
    others = " and ".join(f"{show(name)} of a {name} one" for name in ("new", "retained") if name in known.index)
    return (
        f"A resurrected customer brings **{show('resurrected')}** ({ends}) in the next six {period}s, against {others}."
    )


def _new_share(money: pd.DataFrame, period: str) -> str:
    known = money[money["known"]].tail(YEAR[period])
    if known.empty or not known["revenue"].sum():
        return f"The share of revenue from new customers is not yet known: no whole {period}."
    new, back = (known[name].sum() / known["revenue"].sum() for name in ("new", "resurrected"))
    return (
        f"Over the last {len(known)} {period}s {formats.percent(new, 0)} of revenue came from new customers and "
        f"{formats.percent(back, 0)} from returning ones; the rest from customers who had ordered the {period} before."
    )


def _base_sentence(people: pd.DataFrame, period: str) -> str:
    known = people[people["known"]].tail(YEAR[period])
    if len(known) < 2:
        return f"Too few whole {period}s to see the base move."
    first, last = known.iloc[0], known.iloc[-1]
    change = last["n"] / first["before"] - 1 if first["before"] else np.nan
    return (
        f"Over the last {len(known)} {period}s the base went from {first['before']:,.0f} to **{last['n']:,.0f}** active customers "
        f"({change:+.0%}): {known['new'].sum():,.0f} new and {known['resurrected'].sum():,.0f} returns against "
        f"{known['churned'].sum():,.0f} departures."
    ).replace("-", "−")


def _ratio_sentence(people: pd.DataFrame, period: str) -> str:
    known = people[people["known"]].tail(YEAR[period])
    if known.empty:
        return "The quick ratio is not yet known."
    shrinking, growing = int((known["high"] < 1).sum()), int((known["low"] > 1).sum())
    return (
        f"The quick ratio was clearly below 1 in {shrinking} of the last {len(known)} {period}s and clearly above in {growing}; "
        f"in the others gains and losses were within chance of each other."
    )


def each_sentence(each: pd.DataFrame) -> str:
    """How many active customers order more than once."""
    total = int(each["n"].sum())
    if not total:
        return "Nobody ordered in the last window."
    more, top = 1 - each.loc[1, "estimate"], each.index[-1]
    caveat = "" if each["known"].all() else " The log is shorter than that window, so both are too low."
    return (
        f"Of {total:,} customers active in the window **{formats.percent(more, 0)}** ordered more than once and "
        f"{formats.percent(each.loc[top, 'estimate'])} ordered {top} times or more.{caveat}"
    )


def growth_alt(frame: pd.DataFrame, *, of: str, period: str) -> str:
    """The finding of the growth bars for those who do not see it."""
    known = frame[frame["known"]]
    if known.empty:
        return f"No whole {period} with a whole one before it: no bars yet."
    if known["estimate"].isna().all():
        return f"{of} gained and lost by {period}: nothing was lost, so there is no quick ratio."
    best, worst = known["estimate"].idxmax(), known["estimate"].idxmin()
    return (
        f"{of} gained and lost by {period}: the quick ratio was highest in {period_name(best, period)} ({_ratio(known.loc[best, 'estimate'])}) and lowest "
        f"in {period_name(worst, period)} ({_ratio(known.loc[worst, 'estimate'])}); it is {_ratio(known['estimate'].iloc[-1])} in {period_name(known.index[-1], period)}."
    )


def layers_alt(layers: pd.DataFrame, *, period: str, cohort: str) -> str:
    """The finding of the layered cake for those who do not see it."""
    known = layers[layers["known"]]["estimate"].unstack("cohort")
    if known.empty:
        return "No whole period to show revenue of."
    last = known.iloc[-1].dropna()
    oldest, total = last.index[0], last.sum()
    share = formats.percent(last.iloc[0] / total, 0) if total else formats.UNKNOWN
    when, whose = period_name(known.index[-1], period), oldest.year if cohort == "year" else period_name(oldest, cohort)
    return f"Revenue by cohort over time: in {when} the oldest cohort, the customers of {whose}, brings {share} of it."


def active_alt(active: pd.DataFrame) -> str:
    """The finding of the activity picture for those who do not see it."""
    known = active[active["known"]]
    if known.empty:
        return "The log is shorter than 28 days: activity is not yet known."
    first, last = known.iloc[0], known.iloc[-1]
    return (
        f"Customers active in 28 days: {first['monthly']:,.0f} on {first.name}, {last['monthly']:,.0f} on {last.name}; in 7 days "
        f"{last['weekly']:,.0f}, on that day {last['daily']:,.0f}."
    )


def people_table(people: pd.DataFrame, *, period: str) -> Table:
    """Growth accounting in customers, period by period."""
    columns = ["before", "new", "resurrected", "churned", "n", "retained", "estimate", "low", "high"]
    frame = people[columns].assign(low=people["low"], high=people["high"])
    labels = {"n": "active", "estimate": "quick ratio", "before": "active before"}
    caption = f"Active now = active before + new + resurrected − churned, by {period}"
    return Table(frame, caption, formats={"estimate": "number:2"}, labels=labels)


def money_table(money: pd.DataFrame, log: Orders, *, period: str) -> Table:
    """Growth accounting in revenue, period by period."""
    parts = ["before", "new", "resurrected", "expansion", "contraction", "churned", "revenue"]
    caption = f"Revenue = before + new + resurrected + expansion − contraction − churned, by {period}"
    parts += ["refunds"] if (money["refunds"] != 0).any() else []
    digits = 0 if money[parts].abs().max().max() >= 10_000 else 2
    return Table(
        money[parts],
        caption,
        formats=dict.fromkeys(parts, f"money:{log.currency}:{digits}"),
        labels={"before": "revenue before", "refunds": "other refunds"}
        if "refunds" in parts
        else {"before": "revenue before"},
    )


def brought_table(frame: pd.DataFrame, log: Orders, *, period: str) -> Table:
    """What customers bring from a period on, by how they came into it."""
    money = f"money:{log.currency}"
    return Table(
        frame,
        f"Revenue per customer in the six {period}s from an entry on, by how they came",
        formats={"estimate": money, "first": money},
        labels={"estimate": "revenue", "n": "entries", "first": f"of it in the first {period}"},
    )
