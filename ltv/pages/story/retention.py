"""The retention report in words."""

from __future__ import annotations

import pandas as pd

from ltv.metrics import intervals
from ltv.orders import Customers, Orders
from ltv.pages import blocks, formats
from ltv.pages.story.common import amount, covers, share

AGES = (1, 6, 12)


def headline(log: Orders, average: pd.DataFrame, money: pd.DataFrame, *, period: str) -> blocks.Headline:
    """How many come back, early and late, and what a customer has brought by then."""
    early, late = _first_and_last(average)
    brought = money.loc[money["known"]].iloc[-1] if late not in money.index else money.loc[late]
    text = (
        f"**{formats.percent(average.loc[early, 'estimate'])}** of customers order in {period} {early} after their first order and "
        f"**{formats.percent(average.loc[late, 'estimate'])}** in {period} {late}; after {brought.name} {period}s each has "
        f"brought **{formats.money(brought['estimate'], log.currency)}** of margin."
    )
    return blocks.Headline(text, covers(log), str(log.until))


def cards(
    log: Orders, customers: Customers, average: pd.DataFrame, money: pd.DataFrame, *, period: str
) -> blocks.Cards:
    """New customers, who came back, retention at a few ages, margin per customer."""
    counts = customers.counts
    low, high = intervals.wilson(counts["repeaters"], counts["customers"])
    back = counts["repeaters"] / counts["customers"]
    shown = [
        blocks.Card(
            "New customers", formats.integer(counts["customers"]), note=f"{log.since} to {_last_birth(customers)}"
        ),
        blocks.Card(
            "Ordered again so far",
            formats.percent(back),
            formats.interval(float(low), float(high), formats.percent),
            numbers=(back, float(low), float(high)),
        ),
    ]
    for age in (age for age in AGES if age in average.index):
        row = average.loc[age]
        interval = formats.interval(row["low"], row["high"], formats.percent)
        note = f"{row['n']:,.0f} customers"
        numbers = (row["estimate"], row["low"], row["high"])
        shown.append(
            blocks.Card(f"Active in {period} {age}", formats.percent(row["estimate"]), interval, note, numbers=numbers)
        )
    known = money[money["known"]]
    row = known.loc[12] if 12 in known.index else known.iloc[-1]
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    shown.append(
        blocks.Card(
            f"Margin per customer, {row.name} {period}s",
            show(row["estimate"]),
            formats.interval(row["low"], row["high"], show),
            "first order included",
            numbers=(row["estimate"], row["low"], row["high"]),
        )
    )
    return blocks.Cards(shown)


def findings(
    log: Orders, customers: Customers, cells: pd.DataFrame, average: pd.DataFrame, money: pd.DataFrame, *, period: str
) -> blocks.Findings:
    """What operations and product should know, in sentences."""
    counts, size = customers.counts, log.size
    sizes = cells.xs(0, level="age")["n"]
    early, late = _first_and_last(average)
    first, last = money.loc[0], money[money["known"]].iloc[-1]
    repeat = 1 - first["estimate"] * first["n"] / size["margin"]
    for_operations = [
        f"**{counts['customers']:,}** customers came new, in {len(sizes)} cohorts; the largest, of {sizes.idxmax()}, "
        f"brought {sizes.max():,} of them.",
        f"**{counts['repeaters']:,}** came back at least once by {log.until} and placed {counts['repeat_orders']:,} repeat "
        f"orders, {formats.percent(repeat)} of all margin.",
        f"The first order leaves {amount(first, log.currency)} of margin per customer; {last.name} {period}s on it is "
        f"{amount(last, log.currency)}.",
    ]
    return blocks.Findings(
        for_operations=for_operations,
        for_product=[
            f"In {period} {early} after the first order **{share(average.loc[early])}** of customers order, in {period} {late} "
            f"**{share(average.loc[late])}**: {_fall(average, early, late, period)}",
            _spread(cells, early, period),
            _unknown(cells),
        ],
    )


def curve_alt(average: pd.DataFrame, *, period: str) -> str:
    """The finding of the retention curve for those who do not see it."""
    early, late = _first_and_last(average)
    return (
        f"Share of customers with an order by age: {formats.percent(average.loc[early, 'estimate'])} in {period} {early}, "
        f"{formats.percent(average.loc[late, 'estimate'])} in {period} {late}, with 90% bands; cohorts run close together behind it."
    )


def money_alt(money: pd.DataFrame, log: Orders, *, period: str) -> str:
    """The finding of the cumulative margin for those who do not see it."""
    first, last = money.loc[0], money[money["known"]].iloc[-1]
    return (
        f"Margin per acquired customer rises from {formats.money(first['estimate'], log.currency)} with the first order to "
        f"{formats.money(last['estimate'], log.currency)} after {last.name} {period}s."
    )


def _first_and_last(average: pd.DataFrame) -> tuple[int, int]:
    ages = [age for age in average.index if age > 0] or [0]
    return ages[0], max([age for age in AGES if age in ages] or [ages[-1]])


def _last_birth(customers: Customers) -> str:
    return str(customers.table.first_day.max().to_pyarrow().as_py())


def _fall(average: pd.DataFrame, early: int, late: int, period: str) -> str:
    kept = average.loc[late, "estimate"] / average.loc[early, "estimate"] if average.loc[early, "estimate"] else 0.0
    if early == late:
        return f"later {period}s are not yet known."
    return f"activity in {period} {late} is {formats.percent(kept, 0)} of that in {period} {early}."


def _spread(cells: pd.DataFrame, age: int, period: str) -> str:
    """Whether cohorts differ at an age, by the intervals of the best and the worst of a fair size."""
    if age not in cells.index.get_level_values("age"):
        return "No cohort has lived through a second age yet: come back later."
    rows = cells.xs(age, level="age")
    rows = rows[rows["known"] & (rows["n"] >= 100)]
    if len(rows) < 2:
        return f"Fewer than two cohorts have 100 customers who lived through {period} {age}: too few to compare."
    worst, best = rows.loc[rows["estimate"].idxmin()], rows.loc[rows["estimate"].idxmax()]
    apart = worst["high"] < best["low"]
    return (
        f"Cohorts of 100 customers or more run from {share(worst)} ({worst.name}) to {share(best)} ({best.name}) in {period} {age}; "
        + ("their intervals do not meet." if apart else "their intervals overlap, so the cohorts may be alike.")
    )


def _unknown(cells: pd.DataFrame) -> str:
    unknown = int((~cells["known"]).sum())
    if not unknown:
        return "Every cell of the table is complete."
    return f"{unknown} of {len(cells)} cells of the table are not yet known, because nobody has lived through them; they count nowhere."
