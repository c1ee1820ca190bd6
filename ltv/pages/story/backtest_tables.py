"""The tables of the back-test: scores, families, totals from several days, coverage, single customers, cohorts."""

from __future__ import annotations

from ltv.metrics.backtests.backtesting import Backtest
from ltv.orders import Orders
from ltv.pages import blocks
from ltv.pages.tables import Table

SCORES = {"log_score": "log score", "rmse": "RMSE", "mae": "MAE", "total": "forecast", "actual": "made"}


def score_table(test: Backtest) -> Table:
    """Scores of every forecast of orders per customer, the chosen one first."""
    frame = test.scores.assign(gini=test.gini).drop(columns="naive")
    caption = f"Orders per customer, {test.grade.at} to {test.grade.until}: the chosen model, the others, and forecasts without a model"
    formats_ = {"log_score": "number:4", "rmse": "number:3", "bias": "percent:1", "mae": "number:3", "total": "integer"}
    return Table(
        frame,
        caption,
        formats=formats_ | {"actual": "integer", "gini": "number:2"},
        labels=SCORES | {"gini": "ranking (Gini)"},
        missing="has no such score",
    )


def family_table(test: Backtest) -> Table:
    """The families in hindsight: held-out log score in total, its distance to the best, and the fit's own criteria."""
    frame = test.compared.table.drop(columns=["actual", "chosen"])
    frame["graded"] = ["graded" if title == test.family.title else "" for title in frame.index]
    kinds = dict.fromkeys(("log_score", "behind", "se", "log_likelihood", "aic", "bic"), "number:1")
    return Table(
        frame,
        "Families in hindsight, on the same holdout. The graded one was chosen before; AIC and BIC are shown and not used",
        formats=kinds | {"forecast": "integer", "status": "text", "graded": "text"},
        labels={
            "behind": "behind the best",
            "se": "standard error",
            "log_score": "held-out log score",
            "aic": "AIC",
            "bic": "BIC",
        },
    )


def coverage_table(test: Backtest) -> Table:
    """How often 50 and 90 % bands held, raw and widened."""
    frame = test.coverage.copy()
    kinds = dict.fromkeys(("raw_50", "raw_90", "widened_50", "widened_90"), "percent:0")
    labels = {
        "raw_50": "own 50%",
        "raw_90": "own 90%",
        "widened_50": "widened 50%",
        "widened_90": "widened 90%",
        "n": "forecasts",
    }
    caption = "Share of past forecasts whose band held what came (they overlap in time, so their number flatters)"
    return Table(frame, caption, formats=kinds, labels=labels)


def rolled_table(test: Backtest) -> Table:
    """Every past forecast of the total, with both bands."""
    frame = test.rolled.xs("all", level="cohort").reset_index()
    frame["error"] = frame["actual"] / frame["estimate"] - 1
    frame = frame[frame["what"] == "orders"].set_index(["days", "at"])[
        ["estimate", "low", "high", "wide_low", "wide_high", "actual", "error", "tau"]
    ]
    kinds = dict.fromkeys(("estimate", "wide_low", "wide_high", "actual"), "integer") | {
        "error": "percent:1",
        "tau": "number:2",
    }
    labels = {
        "estimate": "forecast",
        "wide_low": "widened: low",
        "wide_high": "high",
        "actual": "made",
        "at": "forecast on",
        "error": "made, against forecast",
        "tau": "τ",
    }
    return Table(
        frame, "Totals of repeat orders by horizon in days and day of the forecast", formats=kinds, labels=labels
    )


def conformal_notes(test: Backtest) -> blocks.Block:
    """What 90 % intervals of single customers held, by how often they had ordered."""
    if test.conformal.empty:
        return blocks.Notes(
            "Intervals of single customers", ["The log before the forecast is too short to learn levels from."]
        )
    kinds = {"raw": "percent:0", "conformal": "percent:0", "covered": "percent:0", "up_to": "number:1"}
    labels = {"raw": "model's own", "covered": "in whole orders", "up_to": "upper end, mean", "n": "customers"}
    return Table(test.conformal, "Share inside 90% intervals of single customers", formats=kinds, labels=labels)


def drift_block(test: Backtest) -> blocks.Block:
    """Parameters by acquisition cohort, and what they say of a new customer at the same age."""
    drift = test.drift
    if drift.frame.empty:
        return blocks.Notes("Cohorts", [drift.text])
    kinds = dict.fromkeys(drift.frame.columns, "number:3") | {
        "n": "integer",
        "repeaters": "integer",
        "estimate": "number:2",
    }
    caption = f"{test.family.title} by acquisition cohort: repeat orders of a new customer by day {drift.days}, and parameters"
    return Table(drift.frame, caption, formats=kinds, labels={"n": "customers", "estimate": "repeat orders"})


def widenings(test: Backtest, log: Orders) -> blocks.Notes:
    """What forecasts from now on are widened by, orders and revenue."""
    said = [f"Orders: {test.widening('orders').text}"]
    said += [f"Revenue: {test.widening('revenue').text}"] if log.amounts else []
    return blocks.Notes("What forecasts from now on are widened by", said)
