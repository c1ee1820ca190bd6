"""The payback report in words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ltv.errors import DataError, FitError
from ltv.metrics.backtests.grading import Grade
from ltv.metrics.cac_payback.campaigns import review, review_day
from ltv.metrics.cac_payback.payback import payback
from ltv.metrics.cac_payback.projection import Projection
from ltv.metrics.cac_payback.sensitivity import margin_sensitivity
from ltv.orders import Orders
from ltv.pages import blocks, formats
from ltv.pages.story.common import covers, trust
from ltv.pages.tables import Table
from ltv.plots.drawing import happened


def headline(
    log: Orders, projection: Projection, when: pd.DataFrame, affordable: pd.DataFrame, grade: Grade
) -> blocks.Headline:
    """What a customer may cost, when a given cost comes back, and how good such forecasts have been."""
    target = _year(affordable)
    safe = affordable.loc[target, "estimate"]
    cac, row = when.index[0], when.iloc[0]
    asked = "; at that CAC" if cac == safe else f". At a CAC of {formats.money(cac, log.currency)}"
    text = (
        f"A customer may cost **{formats.money(safe, log.currency)}** if the money has to be back within {target} months"
        f"{asked} it is back after **{months(row, projection)}**. {trust(grade)}"
    )
    return blocks.Headline(text, covers(log), str(log.until), log.alarms)


def asked(cac: float | None, affordable: pd.DataFrame) -> float:
    """The CAC whose payback is shown: the one given, else what a customer may cost for a year (1 where that is nothing)."""
    safe = float(affordable.loc[_year(affordable), "estimate"])
    return cac or (safe if safe > 0 else 1.0)


def _year(affordable: pd.DataFrame) -> int:
    return 12 if 12 in affordable.index else int(affordable.index[0])


def cards(
    log: Orders, projection: Projection, when: pd.DataFrame, affordable: pd.DataFrame, *, probability: float
) -> blocks.Cards:
    """Affordable CAC per target, payback of the given CAC, margin so far."""
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    shown = [
        blocks.Card(
            f"CAC that pays back in {age} months",
            show(row["estimate"]),
            note=f"with {probability:.0%} probability; an even chance at {show(row['even'])}",
            numbers=(row["estimate"], row["estimate"], row["even"]),
        )
        for age, row in affordable.iterrows()
    ]
    row = when.iloc[0]
    shown.append(
        blocks.Card(
            f"Payback at a CAC of {show(when.index[0])}",
            _span(row["estimate"], projection),
            "already happened" if row["known"] else _range(row, projection),
            f"within 12 months: {row['paid_by_12']:.0%}; within 24: {row['paid_by_24']:.0%}",
            numbers=(row["estimate"], row["low"], row["high"]),
        )
    )
    past = _happened(projection.curve)
    shown.append(
        blocks.Card(
            f"Margin per customer after {past.name} months",
            show(past["estimate"]),
            formats.interval(past["low"], past["high"], show) if past["low"] < past["high"] else "",
            note=f"{_realised(past)}, discounted, first order included",
            numbers=tuple(past[["estimate", "low", "high"]]),
        )
    )
    return blocks.Cards(shown)


def _happened(curve: pd.DataFrame) -> pd.Series:
    """The last age of which nine tenths have happened; age 0 where there is none."""
    past = happened(curve)
    return past.iloc[-1] if len(past) else curve.iloc[0]


def _realised(row: pd.Series) -> str:
    return "all of it realised" if row["known"] else f"{row['realised'] / row['estimate']:.0%} of it realised"


def findings(
    log: Orders,
    projection: Projection,
    when: pd.DataFrame,
    affordable: pd.DataFrame,
    *,
    probability: float,
) -> blocks.Findings:
    """What operations may spend, and what product brings back."""
    show = lambda value: formats.money(value, log.currency)  # noqa: E731
    curve, row, cac = projection.curve, when.iloc[0], when.index[0]
    end = curve.iloc[-1]
    past = _happened(curve)
    targets = "; ".join(f"{show(r['estimate'])} within {age} months" for age, r in affordable.iterrows())
    return blocks.Findings(
        for_operations=[
            f"With {probability:.0%} probability the next {projection.next_size:,} customers pay back a CAC of {targets}.",
            f"At a CAC of **{show(cac)}** the money is back after **{months(row, projection)}**"
            + (
                ", on orders that have already happened."
                if row["known"]
                else f"; not within {_horizon(projection)}: {row['beyond']:.0%}."
            ),
            f"All of it rests on a margin of {log.margin}: amounts here rise and fall in proportion to it.",
        ],
        for_product=[
            f"The first order leaves **{show(curve['estimate'].iloc[0])}** per customer; after {past.name} months it is "
            f"**{show(past['estimate'])}**, {_realised(past)}.",
            f"After {curve.index[-1]} months the model expects {show(end['estimate'])} ({show(end['low'])} to {show(end['high'])}), of which "
            f"{formats.percent(1 - end['realised'] / end['estimate'], 0)} is projected.",
        ],
    )


def sensitivity(log: Orders, affordable: pd.DataFrame, *, margins: tuple[float, ...] = (0.8, 1.0, 1.2)) -> pd.DataFrame:
    """Affordable CAC if the margin were another: one column per margin share, by target."""
    share = log.margin_share
    columns = {
        f"margin {formats.percent(min(share * factor, 1), 0)}": affordable["estimate"] * min(share * factor, 1) / share
        for factor in margins
    }
    return pd.DataFrame(columns).rename_axis("months")


def at_margins(log: Orders, projection: Projection, *, cac: float) -> Table:
    """Payback if the margin were another."""
    frame = margin_sensitivity(projection, cac=cac, share=log.margin_share)
    frame.index = pd.Index([formats.percent(margin, 0) for margin in frame.index], name="margin")
    return Table(
        frame[["estimate", "low", "high", "paid_by_12", "paid_by_24"]],
        f"Months to payback at a CAC of {formats.money(cac, log.currency)}, if the margin were another",
        formats={"estimate": "number:1", "paid_by_12": "percent:0", "paid_by_24": "percent:0"},
        labels={"estimate": "payback", "paid_by_12": "paid back in 12 months", "paid_by_24": "in 24 months"},
    )


def beside(log: Orders, projection: Projection, when: pd.DataFrame) -> blocks.Notes:
    """The same payback counted otherwise: without discount, and by the first crossing where a later one counts."""
    row, cac, undiscounted = when.iloc[0], when.index[0], projection.undiscounted()
    plain = payback(undiscounted, cac=cac).iloc[0]
    year = projection.curve.loc[min(12, projection.curve.index[-1])]
    full = formats.money(undiscounted.curve.loc[year.name, "estimate"], log.currency)
    said = [
        f"Without discounting: {months(plain, undiscounted)}; after {year.name} months a customer has brought {full}, "
        f"discounted {formats.money(year['estimate'], log.currency)}."
    ]
    share = formats.percent(year["realised"] / year["estimate"], 0)
    rest = "" if share == "100%" else "; the rest is the model's"
    said.append(f"Of the margin of these {year.name} months {share} has already happened{rest}.")
    if abs(row["first_crossing"] - row["estimate"]) > 0.05:
        said.append(
            f"The CAC is first reached after {_span(row['first_crossing'], projection)}, then refunds take margin below it "
            "again; payback counts from where it stays above."
        )
    return blocks.Notes("Counted otherwise", said)


def reviewed(log: Orders, *, at: str | None, unit: str) -> blocks.Notes:
    """What was forecast in the past for the newcomers of then, and what came; or why nothing could be."""
    title = "A past forecast, looked back on"
    try:
        row = review(log, at=at, unit=unit).iloc[0]
    except (DataError, FitError) as fault:
        return blocks.Notes(title, [f"Nothing could be forecast at the end of {at or review_day(log)}: {fault}"])
    show = lambda value: formats.money(value, log.currency, 0)  # noqa: E731
    miss = row["estimate"] / row["actual"] - 1 if row["actual"] > 0 else np.inf
    off = f", {abs(miss):.0%} too {'low' if miss < 0 else 'high'}" if np.isfinite(miss) else ""
    return blocks.Notes(
        title,
        [
            f"The {row['n']:,.0f} customers who came from {row.name} had brought a margin of {show(row['before'])} by {row['at']}. "
            f"What was forecast that day for the time until {log.until}: **{show(row['estimate'])}** "
            f"({formats.interval(row['low'], row['high'], show)}){off}. What came: **{show(row['actual'])}**, "
            + (
                "inside the band."
                if row["covered"]
                else "**outside the band**: read the forecasts of this page with care."
            )
        ],
    )


def curve_alt(projection: Projection, when: pd.DataFrame, log: Orders) -> str:
    """The finding of the payback curve for those who do not see it."""
    curve, row = projection.curve, when.iloc[0]
    return (
        f"Cumulative margin per acquired customer: {formats.money(curve['estimate'].iloc[0], log.currency)} with the first order, "
        f"{formats.money(curve['estimate'].iloc[-1], log.currency)} after {curve.index[-1]} months; it crosses a CAC of "
        f"{formats.money(when.index[0], log.currency)} after {months(row, projection)}."
    )


def affordable_alt(affordable: pd.DataFrame, log: Orders) -> str:
    """The finding of the affordable CAC picture for those who do not see it."""
    parts = [
        f"{formats.money(row['estimate'], log.currency)} within {age} months" for age, row in affordable.iterrows()
    ]
    return f"Highest CAC that pays back: {', '.join(parts)}."


def months(row: pd.Series, projection: Projection) -> str:
    """A payback time in words, with its interval unless it has already happened."""
    middle = _span(row["estimate"], projection)
    return middle if row["known"] or np.isinf(row["low"]) else f"{middle} ({_range(row, projection)})"


def _range(row: pd.Series, projection: Projection) -> str:
    """The interval of a payback time, the word months once."""
    if np.isinf(row["high"]):
        return f"{row['low']:.1f} months to {_span(row['high'], projection)}"
    return f"{row['low']:.1f} to {row['high']:.1f} months"


def _span(value: float, projection: Projection) -> str:
    return (
        f"not within {_horizon(projection)}"
        if np.isinf(value)
        else f"{value:.1f} months"
        if value
        else "the first order"
    )


def _horizon(projection: Projection) -> str:
    return f"{projection.curve.index[-1]} months"
