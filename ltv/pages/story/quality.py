"""The data quality report in words."""

from __future__ import annotations

import pandas as pd

from ltv.orders import Orders
from ltv.orders.audit import MATCHED, UNMATCHED
from ltv.orders.taken import shares_taken
from ltv.pages import blocks, formats
from ltv.pages.story.common import NO_AMOUNTS, covers
from ltv.pages.tables import Table


def headline(log: Orders) -> blocks.Headline:
    """How much of the input the log holds, and how many signs of damage it shows."""
    rows = log.audit["rows"]
    share = 1 - log.dropped / max(int(rows.sum()), 1)
    signs = {0: "no sign of damage", 1: "one sign of damage"}.get(len(log.signs), f"{len(log.signs)} signs of damage")
    taken = [
        f" The rule that takes most, {rule}, leaves out **{sentence}**." for rule, sentence in shares_taken(log)[:1]
    ]
    text = (
        f"**{formats.percent(share)}** of {int(rows.sum()):,} rows are in the log, every other one is accounted for, and the "
        f"data show **{signs}**.{''.join(taken)}"
    )
    return blocks.Headline(text, covers(log), str(log.until))


def graded(log: Orders) -> blocks.Grade:
    """Whether the reports may rest on these data."""
    out = log.audit[log.audit["dropped"]]
    largest = out["rows"].max() / max(int(log.audit["rows"].sum()), 1) if len(out) else 0.0
    reasons = ["at the signs of damage"] * bool(log.signs)
    reasons += ["at the customers who were there before the log begins"] * (log.truncation is not None)
    reasons += ["at the rules that took the most rows"] * bool(largest > 0.05)
    if reasons:
        what = " and ".join([", ".join(reasons[:-1]), reasons[-1]] if len(reasons) > 1 else reasons)
        return blocks.Grade("warn", f"Look {what} before resting a decision on these data.")
    return blocks.Grade("good", "Nothing in the data speaks against resting reports on them.")


def cards(log: Orders, deciles: pd.DataFrame) -> blocks.Cards:
    """Rows, refunds, days and the weight of the best customers."""
    audit, days = log.audit, log.days.index.notna().sum()
    money = (lambda rows: formats.money(rows["money"].sum(), log.currency)) if log.amounts else (lambda _: "")
    refunds = audit.loc[audit.index.isin([MATCHED, UNMATCHED])]
    silent = (log.until - log.since).days + 1 - int(days)
    shown = [
        blocks.Card("Rows read", formats.integer(audit["rows"].sum()), note=money(audit)),
        blocks.Card("Rows left out", formats.integer(log.dropped), note=money(audit[audit["dropped"]])),
        blocks.Card("Days without a row", formats.integer(max(silent, 0)), note=f"{log.since} to {log.until}"),
    ]
    if log.amounts:
        best = formats.percent(deciles["estimate"].iloc[0])
        shown.insert(2, blocks.Card("Refunds", money(refunds), note=f"{refunds['rows'].sum():,.0f} rows"))
        shown.append(blocks.Card("Best tenth of customers", best, note="of revenue"))
    return blocks.Cards(shown)


def findings(log: Orders, deciles: pd.DataFrame, largest: pd.DataFrame) -> blocks.Findings:
    """What whoever made the export should know, and what whoever reads the reports should."""
    out = log.audit[log.audit["dropped"] & (log.audit["rows"] > 0)].sort_values("rows", ascending=False)
    taken = [
        f"**{row['rows']:,}** rows: {rule}{_money(row, log)} ({row['why']})." for rule, row in out.head(3).iterrows()
    ]
    readers = [_weight(log, deciles, largest) if log.amounts else NO_AMOUNTS]
    readers.append(
        f"Old customers who look new: {log.truncation}."
        if log.truncation
        else "No sign that the log begins late, or too short to tell."
    )
    return blocks.Findings(for_operations=taken or ["No row was left out."], for_product=readers)


def _money(row: pd.Series, log: Orders) -> str:
    return f", {formats.money(row['money'], log.currency)}" if log.amounts else ""


def _weight(log: Orders, deciles: pd.DataFrame, largest: pd.DataFrame) -> str:
    """How much of revenue hangs on the best customers."""
    best = largest.iloc[0]
    return (
        f"The best tenth of customers brings **{formats.percent(deciles['estimate'].iloc[0])}** of revenue, the largest one "
        f"(with {best['orders']:,.0f} orders) {formats.percent(best['share'])}."
    )


def signs(log: Orders) -> blocks.Notes:
    """Every sign of damage, in full."""
    return blocks.Notes("Signs of damage", list(log.signs) or ["None was found."])


def largest_table(largest: pd.DataFrame, log: Orders) -> Table:
    """The customers with the most revenue, without their ids."""
    ranked = largest.set_index(pd.RangeIndex(1, len(largest) + 1, name="rank"))
    money = f"money:{log.currency}"
    return Table(ranked, "The customers with the most revenue", formats={"revenue": money, "share": "percent:1"})


def rows_alt(steps: pd.DataFrame) -> str:
    """The finding of the funnel for those who do not see it."""
    read, kept = steps.loc["read", "rows"], steps.loc["in the log", "rows"]
    return f"Of {read:,} rows {kept:,} are in the log; {len(steps) - 2} rules took the others."


def days_alt(days: pd.DataFrame) -> str:
    """The finding of the rows by day for those who do not see it."""
    silent = int((days["rows"] == 0).sum())
    return f"Rows by day: usually {days['rows'].median():,.0f}, at most {days['rows'].max():,} on {days['rows'].idxmax():%Y-%m-%d}, none on {silent:,} days."


def deciles_alt(deciles: pd.DataFrame) -> str:
    """The finding of the shares of revenue for those who do not see it."""
    first, last = deciles["estimate"].iloc[0], deciles["estimate"].iloc[-1]
    return f"The best tenth of customers brings {formats.percent(first)} of revenue, the last {formats.percent(last)}."
