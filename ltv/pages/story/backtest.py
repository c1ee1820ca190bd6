"""The back-test in words: how good past forecasts were, which family made the best, and what its bands must add."""

from __future__ import annotations

import pandas as pd

from ltv.metrics.backtests.backtesting import Backtest
from ltv.orders import Orders
from ltv.pages import blocks, formats
from ltv.pages.story.common import covers

DEFINITIONS = {
    "Held out": "Everything after the day a forecast was made. No forecast on this page reads it; it only grades them.",
    "Newcomer": "A customer first seen after the forecast was made. No forecast of known customers can hold them, so they stand apart.",
    "Log score": "Mean logarithm of the probability that the forecast gave to what each customer did. Higher is better; it rewards being right "
    "and being sure only where that is right. A forecast of a single number has none.",
    "RMSE, bias, MAE": "RMSE: root mean squared error of the mean forecast per customer. Bias: total forecast over total made, less one. MAE: mean absolute "
    "error of the median forecast; most customers order nothing, so forecasting nothing for everyone looks good by it.",
    "All zero": "Nobody orders again.",
    "Last period repeated": "Each customer orders as often as in the period of equal length before.",
    "Cohort average": "Each customer orders as often as customers acquired in the same month did on average in the period before.",
    "RFM-cell mean": "Each customer orders as often as customers with a like recency and frequency did after an earlier day; that period was over "
    "when the forecast was made.",
    "NBD": "Customers differ in how often they order, and nobody ever leaves: the model to beat before one with dropout is believed.",
    "Ranking (Gini)": "How well the forecast orders customers from most to least orders: 1 is hindsight, 0 is chance.",
    "PIT": "Where an outcome fell in its forecast distribution, from 0% (far below) to 100% (far above). Flat where the distributions are right.",
    "Conformal interval": "An interval per customer cut where outcomes of an earlier forecast fell, instead of where the model says.",
    "Widened band": "The model's own band holds parameters and chance. The widened one multiplies the total by a shock common to all customers, "
    "Student t₄ with scale τ learned from errors of forecasts that were over by then (12% while fewer than five were).",
    "Whole days": "A log tells days, not hours: orders of one day are one, and the last day is not counted to its end. "
    "On simulated customers of BG/NBD this alone makes forecasts of half a year about 2% too high.",
}


def headline(test: Backtest, log: Orders) -> blocks.Headline:
    """How far off the last long forecast was, and whether a model is worth having."""
    grade, rival = test.grade, test.rival
    gain = 1 - test.scores["rmse"].iloc[0] / test.scores.loc[rival, "rmse"]
    worth = f"beats every forecast made without a model, the best of them ({rival}) by {gain:.0%} in error per customer"
    if not test.beats_naive:
        worth = f"has **no clear lead** over what can be forecast without a model ({rival})"
    text = (
        f"{test.family.title} forecast **{grade.forecast:,.0f}** repeat orders and {grade.actual:,} were made: "
        f"**{_signed(grade.error)}**. It {worth}."
    )
    return blocks.Headline(text, covers(log), str(log.until), log.alarms)


def verdict(test: Backtest) -> blocks.Grade:
    """How far to trust forecasts from this log: the grade of the long forecast, worse where no model beats the naive one."""
    tone = test.grade.tone if test.beats_naive else "bad"
    return blocks.Grade(tone, test.grade.text)  # type: ignore[arg-type]


def cards(test: Backtest) -> blocks.Cards:
    """Error of the total, lead over the naive forecast, ranking, probabilities, and the width to add."""
    grade, rival, widening = test.grade, test.rival, test.widening()
    lead = test.against.loc[rival]
    top = test.deciles.iloc[0]
    skill = test.brier.iloc[-1]
    return blocks.Cards(
        [
            blocks.Card(
                "Total of repeat orders",
                _signed(grade.error),
                note=f"{grade.at} to {grade.until}",
                tone=grade.tone,  # type: ignore[arg-type]
                numbers=(grade.error,),
            ),
            blocks.Card(
                f"Lead over {rival}",
                f"{lead['rmse']:.2f} orders",
                formats.interval(lead["rmse_low"], lead["rmse_high"]),
                "less error per customer (RMSE)",
                tone="good" if lead["rmse_low"] > 0 else "warn",
                numbers=(lead["rmse"], lead["rmse_low"], lead["rmse_high"]),
            ),
            blocks.Card(
                "The best tenth of customers",
                formats.percent(top["share"], 0),
                note=f"of all orders; {top['lift']:.1f} times the average",
                numbers=(top["share"],),
            ),
            blocks.Card(
                f"P(order within {test.brier.index[-1]} days)",
                formats.percent(skill["skill"], 0),
                note="of the error of saying one share for everyone is gone (Brier skill)",
                numbers=(skill["skill"],),
            ),
            blocks.Card(
                "Shock to add to totals",
                f"τ = {widening.tau:.2f}",
                note=f"learned from {widening.origins} past forecasts"
                if widening.learned
                else "by convention: too few past forecasts",
                numbers=(widening.tau,),
            ),
        ]
    )


def findings(test: Backtest) -> blocks.Findings:
    """What to plan with, and where the forecasts hold."""
    grade, coverage = test.grade, test.coverage
    totals = coverage.xs("totals", level="level").loc["orders"]
    wide = grade.total.loc["widened"]
    seen = int(totals["n"].sum())
    drift = test.drift
    return blocks.Findings(
        for_operations=[
            f"Plan totals with the widened band: it held **{_share(totals, 'widened_90')}** of {seen} past forecasts of 30 days and more, the model's own "
            f"band {_share(totals, 'raw_90')}; 90% is the aim. For {grade.at} to {grade.until} it ran from {wide['low']:,.0f} to {wide['high']:,.0f}.",
            "A list of the customers most likely to order can be trusted further than any total: the best tenth made "
            f"**{formats.percent(test.deciles['share'].iloc[0], 0)}** of all orders, {test.deciles['lift'].iloc[0]:.1f} times the average.",
        ],
        for_product=[
            drift.text[:1].upper() + drift.text[1:],
            _hindsight(test),
            *_naive(test),
        ],
    )


def _hindsight(test: Backtest) -> str:
    """The graded family, and whether it was the best choice as it turned out."""
    best = test.compared.chosen.title
    chosen = f"The forecast was made by {test.family.title}, chosen without the orders that grade it."
    if best == test.family.title:
        return f"{chosen} In hindsight it was the right choice."
    return f"{chosen} In hindsight {best} would have been better, as the table of families shows."


def _naive(test: Backtest) -> list[str]:
    naive = test.against.loc[test.scores.index[test.scores["naive"]], "better"]
    behind = [name for name, word in naive.items() if word != "yes"]
    if not behind:
        return [f"All {len(naive)} forecasts without a model were worse, each by more than its interval."]
    return [f"The model has no clear lead over {', '.join(behind)}: take the simpler forecast."]


def _share(totals: pd.DataFrame, name: str) -> str:
    return formats.percent((totals[name] * totals["n"]).sum() / totals["n"].sum(), 0)


def _signed(error: float) -> str:
    return f"{'−' if error < 0 else '+'}{abs(error):.1%}"


def errors(test: Backtest, what: str = "orders") -> pd.DataFrame:
    """Totals forecast from several days at one horizon: the longest with five of them, or the one with most."""
    totals = test.rolled.xs("all", level="cohort").loc[what]
    counts = totals.groupby(level="days").size()
    enough = counts[counts >= 5]
    days = enough.index.max() if len(enough) else counts.idxmax()
    return totals.loc[days].assign(days=int(days))


def errors_alt(frame: pd.DataFrame) -> str:
    """The finding of the picture of past errors for those who do not see it."""
    ratio = frame["actual"] / frame["estimate"] - 1
    inside = int(((frame["wide_low"] <= frame["actual"]) & (frame["actual"] <= frame["wide_high"])).sum())
    return (
        f"Repeat orders of {frame['days'].iloc[0]} days, forecast from {len(frame)} past days: what came lies between "
        f"{_signed(ratio.min())} and {_signed(ratio.max())} of the forecast; the widened band held {inside} of {len(frame)}."
    )


def newcomer_note(test: Backtest, log: Orders) -> blocks.Notes:
    """What those did who came after the forecast was made."""
    frame = test.newcomers
    if frame.empty:
        return blocks.Notes("Newcomers", ["Nobody was first seen in the holdout."])
    row, wide = frame.loc["raw"], frame.loc["widened"]
    brought = (
        f" and brought {formats.money(row['revenue'], log.currency, 0)}, first orders included" if log.amounts else ""
    )
    text = (
        f"{row['n']:,.0f} customers were first seen in the holdout{brought}. "
        f"Given their days of arrival the model expects {row['estimate']:,.0f} repeat orders of them ({wide['low']:,.0f} to {wide['high']:,.0f}, widened); "
        f"they made {row['actual']:,.0f}."
    )
    return blocks.Notes("Newcomers", [text])


def definitions() -> blocks.Definitions:
    """The words of this page."""
    return blocks.Definitions(DEFINITIONS)
