"""The report on payback by channel in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ltv.metrics.cac_payback.channels import ChannelPayback
from ltv.metrics.cohort_retention.cohorts import MOST
from ltv.orders import Customers, Orders
from ltv.orders.costs import Costs
from ltv.pages import blocks, formats
from ltv.pages.story.common import covers
from ltv.pages.tables import Table

ALL = "all"


def headline(log: Orders, customers: Customers, found: ChannelPayback) -> blocks.Headline:
    """Which channels earn their money back and which do not."""
    paid = _paid(found)
    never = list(paid.index[paid["verdict"].str.startswith("not within")])
    sure = paid[~paid["verdict"].str.contains("too small|not within")]
    fast = sure["estimate"].idxmin() if len(sure) else None
    parts = []
    if fast is not None:
        months = sure.loc[fast, "estimate"]
        who = f"**{fast}** earns its money back first," if len(paid) > 1 else "What is spent on customers is back"
        parts.append(f"{who} {'after' if months else 'with'} **{_months(months)}**")
    if never:
        parts.append(f"**{_and(never)}** {'does' if len(never) == 1 else 'do'} not within {_horizon(found)}")
    text = "; ".join(parts) + "." if parts else "No channel with spend can be judged yet."
    return blocks.Headline(text, covers(log, customers), str(log.until), log.alarms)


def cards(log: Orders, found: ChannelPayback, costs: Costs) -> blocks.Cards:
    """Spend, blended CAC, payback of everything, and the best and worst channel per unit of money."""
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    whole = found.channels.loc[ALL]
    spent = found.acquisition.cells["cost"].sum()
    shown = [
        blocks.Card(
            "Spent on these customers",
            formats.money(spent, log.currency, 0),
            note=f"of {formats.money(costs.total, log.currency, 0)} in the costs",
        ),
        blocks.Card("Blended CAC", show(whole["cac"]), note=f"{whole['n']:,.0f} customers, organic ones included"),
        blocks.Card(
            "Payback of all spend",
            _months(whole["estimate"]),
            f"{_months(whole['low'])} to {_months(whole['high'])}",
            f"within 12 months: {whole['paid_by_12']:.0%}",
            numbers=(whole["estimate"], whole["low"], whole["high"]),
        ),
    ]
    paid = _paid(found)
    if "ltv_cac_12" in paid and paid["ltv_cac_12"].notna().any():
        best, worst = paid["ltv_cac_12"].idxmax(), paid["ltv_cac_12"].idxmin()
        poor = "bad" if paid.loc[worst, "ltv_cac_12"] < 1 else "plain"
        ends = [("Best: ", best, "good"), ("Worst: ", worst, poor)] if best != worst else [("", best, poor)]
        for words, name, tone in ends:
            row = paid.loc[name]
            shown.append(
                blocks.Card(
                    f"{words}{name}",
                    f"{row['ltv_cac_12']:.2f}× in 12 months",
                    f"{row['ltv_cac_12_low']:.2f}× to {row['ltv_cac_12_high']:.2f}×",
                    "LTV:CAC, margin per unit of CAC" + ("; too small to judge" if name in found.too_small else ""),
                    tone,  # type: ignore[arg-type]
                    numbers=(row["ltv_cac_12"], row["ltv_cac_12_low"], row["ltv_cac_12_high"]),
                )
            )
    return blocks.Cards(shown)


def findings(log: Orders, found: ChannelPayback, *, probability: float, target: int) -> blocks.Findings:
    """What to do with the money, and which customers stay worth it."""
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    beside = paid_and_affordable(found, target).drop(index=list(found.too_small), errors="ignore")
    over = beside[beside["cac_last"] > beside["estimate"]]
    room = beside[beside["cac_last"] <= beside["estimate"]]
    sentences = []
    if len(over):
        said = _and(
            [
                f"{name} ({show(row['cac_last'])} paid, {show(row['estimate'])} affordable)"
                for name, row in over.iterrows()
            ]
        )
        sentences.append(
            f"To have the money back within {target} months with {probability:.0%} probability, **{said}** {'costs' if len(over) == 1 else 'cost'} too much."
        )
    if len(room):
        said = _and(
            [f"{name} (up to {show(row['estimate'])}, {show(row['cac_last'])} paid)" for name, row in room.iterrows()]
        )
        sentences.append(f"There is room to pay more for {said}.")
    if found.too_small:
        sentences.append(
            f"**{_and(list(found.too_small))}** brought too few customers to judge: their figures lean on the other channels."
        )
    lost = found.acquisition.unmatched["cost"].sum()
    if lost:
        sentences.append(f"{show(lost)} of spend belongs to no customer here; it is listed below, not dropped.")
    return blocks.Findings(for_operations=sentences, for_product=[*_value(log, found), _rests(found)])


def _value(log: Orders, found: ChannelPayback) -> list[str]:
    column = "margin_12" if "margin_12" in found.channels else "margin_3"
    age = column.removeprefix("margin_")
    rows = found.channels.drop(index=ALL)
    rows = rows[~rows.index.isin(found.too_small)]
    if rows.empty:
        return []
    best, worst = rows[column].idxmax(), rows[column].idxmin()
    if best == worst:
        value, low, high = (
            formats.money(rows.loc[best, f"{column}{end}"], log.currency) for end in ("", "_low", "_high")
        )
        return [f"A customer brings {value} in {age} months ({low} to {high})."]
    apart = rows.loc[worst, f"{column}_high"] < rows.loc[best, f"{column}_low"]
    money = lambda name: formats.money(rows.loc[name, column], log.currency)  # noqa: E731
    return [
        f"A customer from **{best}** brings {money(best)} in {age} months, one from **{worst}** {money(worst)}: "
        + ("their bands do not meet." if apart else "their bands overlap, so they may be alike.")
    ]


def _rests(found: ChannelPayback) -> str:
    share = found.channels.loc[ALL, "realised"]
    return (
        f"{formats.percent(share, 0)} of the first year's margin has already happened; the rest is the model's. Older cohorts "
        "rest on data, younger ones on the forecast."
    )


def paid_and_affordable(found: ChannelPayback, target: int) -> pd.DataFrame:
    """Affordable CAC of a target beside what was paid last, for channels with spend. Index channel."""
    may = found.affordable.xs(target, level="months")
    rows = may.assign(cac_last=found.channels["cac_last"].reindex(may.index))
    return rows[rows["cac_last"].notna()]


def each_and_all(found: ChannelPayback) -> pd.DataFrame:
    """A row per channel and one of all of them, which a single channel already is."""
    return found.channels if len(found.channels) > 2 else found.channels.drop(index=ALL)


def channel_table(log: Orders, found: ChannelPayback) -> Table:
    """Payback and value by channel."""
    names = [
        "n",
        "cac",
        "estimate",
        "low",
        "high",
        "paid_by_12",
        "paid_by_24",
        "beyond",
        "first_crossing",
        "undiscounted",
        "realised",
        "verdict",
    ]
    frame = each_and_all(found)
    frame = frame[[name for name in names if name in frame]]
    kinds = {"cac": f"money:{log.currency}"} | dict.fromkeys(("estimate", "undiscounted"), "number:1")
    kinds |= dict.fromkeys(("paid_by_12", "paid_by_24", "beyond", "realised"), "percent:0")
    # A first crossing says something only where refunds took the margin below CAC again.
    moved = (frame["first_crossing"] - frame["estimate"]).abs() > 0.05 if "first_crossing" in frame else []
    frame = frame.drop(columns="first_crossing") if not np.any(moved) else frame
    kinds |= {"first_crossing": "number:1"}
    return Table(
        frame,
        "Payback by channel, in months (∞: not within the horizon)",
        formats=_only(kinds, frame),
        labels=_only(LABELS, frame),
    )


def cell_table(log: Orders, found: ChannelPayback) -> Table:
    """Payback and value by cohort and channel, channels with spend only."""
    names = ["n", "cac", "estimate", "low", "high", "paid_by_12", "ltv_cac_12", "realised", "verdict"]
    frame, of = largest(found, found.cells[found.cells["verdict"] != "organic"])
    frame = frame[[name for name in names if name in frame]].swaplevel().sort_index()
    kinds = {"cac": f"money:{log.currency}", "estimate": "number:1", "ltv_cac_12": "number:2"}
    kinds |= dict.fromkeys(("paid_by_12", "realised"), "percent:0")
    return Table(
        frame,
        f"Payback by channel and cohort{of}, in months (∞: not within the horizon)",
        formats=_only(kinds, frame),
        labels=_only(LABELS, frame),
    )


def largest(found: ChannelPayback, cells: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The rows that a page has room for, of the largest channels and the last cohorts, and words for what it leaves out."""
    names, count = found.largest(), len(found.channels) - 1
    of = f", the {len(names)} largest of {count} channels" if count > len(names) else ""
    cells = cells[cells.index.get_level_values("channel").isin(names)]
    if "cohort" in cells.index.names and len(cohorts := cells.index.unique("cohort").sort_values()) > MOST:
        cells = cells[cells.index.get_level_values("cohort") >= cohorts[-MOST]]
        of += f", the last {MOST} cohorts"
    return cells, of


LABELS = {
    "n": "customers",
    "cac": "CAC",
    "estimate": "payback",
    "paid_by_12": "paid back in 12 months",
    "paid_by_24": "in 24 months",
    "beyond": "not within the horizon",
    "ltv_cac_12": "LTV:CAC, 12 months",
    "first_crossing": "CAC first reached",
    "undiscounted": "payback, undiscounted",
    "realised": "first year already happened",
}


def _only(words: dict[str, str], frame: pd.DataFrame) -> dict[str, str]:
    return {name: word for name, word in words.items() if name in frame}


def affordable_table(log: Orders, found: ChannelPayback, *, probability: float) -> Table:
    """What the next customer of each channel may cost."""
    frame = found.affordable.copy()
    money = dict.fromkeys(("estimate", "even", "large_cohort"), f"money:{log.currency}")
    labels = {
        "estimate": "safe",
        "even": "even chance",
        "large_cohort": "safe for an endless cohort",
        "n": "next cohort",
    }
    return Table(
        frame,
        f"Highest CAC that pays back within so many months; safe means {probability:.0%}",
        formats=money,
        labels=labels,
    )


def unmatched(log: Orders, found: ChannelPayback) -> Table | None:
    """Spend that belongs to no customer of the log; nothing where all of it does."""
    frame = found.acquisition.unmatched
    if frame.empty:
        return None
    caption = "Spend that belongs to no customer here"
    return Table(frame.set_index(["channel", "cohort"]), caption, formats={"cost": f"money:{log.currency}"})


def curves_alt(found: ChannelPayback) -> str:
    """The finding of the channel panels for those who do not see them."""
    rows = _paid(found)
    parts = [f"{name} reaches its CAC after {_months(row['estimate'])}" for name, row in rows.iterrows()]
    return f"Cumulative margin per customer against CAC: {'; '.join(parts)}."


def cohorts_alt(found: ChannelPayback) -> str:
    """The finding of the payback months by cohort."""
    cells = found.judged()
    if cells.empty:
        return "Months to payback by cohort: no channel is large enough to be judged cohort by cohort."
    cells = cells[cells["cac"] > 0]
    known = int(cells["known"].sum())
    return f"Months to payback by cohort and channel: {known} of {len(cells)} cells have already paid back, the others are forecasts with bands."


def ratio_alt(found: ChannelPayback) -> str:
    """The finding of LTV:CAC over cohorts."""
    rows = _paid(found)
    parts = [f"{name} {row['ltv_cac_12']:.1f}" for name, row in rows.iterrows() if "ltv_cac_12" in row]
    return f"Margin of 12 months over CAC by cohort; on average {', '.join(parts)}."


def affordable_alt(found: ChannelPayback, log: Orders, target: int) -> str:
    """The finding of affordable against paid CAC."""
    rows = paid_and_affordable(found, target)
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    parts = [
        f"{name} may cost {show(row['estimate'])} and cost {show(row['cac_last'])} last"
        for name, row in rows.iterrows()
    ]
    return f"Within {target} months: {'; '.join(parts)}."


def _paid(found: ChannelPayback) -> pd.DataFrame:
    rows = found.channels.drop(index=ALL)
    return rows[rows["cac"] > 0]


def _months(value: float) -> str:
    if not np.isfinite(value):
        return "more than the horizon"
    return f"{value:.1f} months" if value else "the first order"


def _horizon(found: ChannelPayback) -> str:
    return f"{found.projections[ALL].curve.index[-1]} months"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
