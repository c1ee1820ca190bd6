"""How good past forecasts were: leads, calibration, ranking, and errors through time."""

from __future__ import annotations

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from ltv.plots.drawing import label, picture
from ltv.plots.theme import ALARM, DATA, INK, MODEL, MUTED, PALE


@picture
def leads(frame: pd.DataFrame, ax: Axes) -> Axes:
    """How far the chosen forecast is ahead of each other one, with intervals; right of the line it is better.

    `frame`: index forecast, columns rmse, rmse_low, rmse_high (the difference of root mean squared errors).
    """
    rows = np.arange(len(frame))
    ends = np.abs(frame[["rmse_low", "rmse_high"]].to_numpy().T - frame["rmse"].to_numpy())
    ax.axvline(0, color=MUTED, lw=1)
    ax.errorbar(frame["rmse"], rows, xerr=ends, fmt="o", color=MODEL, ecolor=INK, elinewidth=1.4, capsize=3, ms=7)
    ax.set_yticks(rows, [f"against {name}" for name in frame.index])
    ax.grid(axis="x", color=PALE)
    ax.grid(axis="y", visible=False)
    ax.set(xlabel="smaller error of the chosen model, in orders per customer (RMSE)", ylim=(len(frame) - 0.5, -0.5))
    return ax


@picture
def calibration(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Share who ordered against the forecast probability, one dot a group of customers; on the diagonal it was right.

    `frame`: columns forecast, estimate, low, high.
    """
    top = float(max(frame["forecast"].max(), frame["high"].max())) * 1.08
    ax.plot([0, top], [0, top], color=MUTED, lw=1, ls=":")
    ends = np.abs(frame[["low", "high"]].to_numpy().T - frame["estimate"].to_numpy())
    ax.errorbar(frame["forecast"], frame["estimate"], yerr=ends, fmt="o", color=MODEL, ecolor=INK, capsize=3, ms=6)
    label(ax, top, top, "as forecast", MUTED, xytext=(-6, -12), ha="right")
    ax.set(xlabel="forecast probability of an order", ylabel="share who ordered", xlim=(0, top), ylim=(0, top))
    ax.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


@picture
def lift(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Orders per customer in each tenth by forecast: made as bars, forecast as dots.

    `frame`: index tenth, columns actual, forecast, lift.
    """
    ax.bar(frame.index, frame["actual"], color=PALE, width=0.7)
    ax.plot(frame.index, frame["forecast"], "o", color=MODEL, ms=7)
    for tenth, row in frame.iterrows():
        label(ax, tenth, row["actual"], f"{row['lift']:.1f}×", MUTED, xytext=(0, 8), ha="center")
    label(ax, frame.index[0], frame["forecast"].iloc[0], "forecast", MODEL, xytext=(12, 0))
    ax.set(xlabel="customers in tenths, highest forecast first (× the average)", ylabel="orders per customer")
    ax.set_xticks(frame.index)
    ax.margins(y=0.12)
    return ax


@picture
def pit_bars(frame: pd.DataFrame, ax: Axes) -> Axes:
    """Where outcomes fell in their forecast distributions, by tenth; between the dashes they are as they should be.

    `frame`: index PIT, columns estimate, low, high.
    """
    rows = np.arange(len(frame))
    ax.bar(rows, frame["estimate"], color=MODEL, alpha=0.75, width=0.9)
    for name in ("low", "high"):
        ax.axhline(frame[name].iloc[0], color=INK, lw=1.2, ls="--")
    ax.set_xticks(rows, [str(name) for name in frame.index], fontsize=9)
    ax.set(xlabel="place of the outcome in its forecast distribution", ylabel="share of customers")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    return ax


@picture
def past_errors(frame: pd.DataFrame, ax: Axes) -> Axes:
    """What came, over what was forecast, less one, for forecasts from several days, in their own and the widened bands.

    `frame`: index at, columns estimate, actual, low, high, wide_low, wide_high.
    """
    days = pd.to_datetime(pd.Index(frame.index)).to_numpy()
    ratio = {name: frame[name] / frame["estimate"] - 1 for name in ("actual", "low", "high", "wide_low", "wide_high")}
    inside = (frame["wide_low"] <= frame["actual"]) & (frame["actual"] <= frame["wide_high"])
    ax.axhline(0, color=MUTED, lw=1)
    ax.vlines(days, ratio["wide_low"], ratio["wide_high"], color=MODEL, alpha=0.22, lw=9)
    ax.vlines(days, ratio["low"], ratio["high"], color=MODEL, alpha=0.6, lw=9)
    ax.plot(days, ratio["actual"], "o", color=DATA, ms=7)
    ax.plot(days[~inside], ratio["actual"][~inside], "o", mfc="none", mec=ALARM, ms=13, mew=1.6)
    label(ax, days[-1], ratio["actual"].iloc[-1], "came", DATA, xytext=(10, 0))
    ax.set(xlabel="forecast made on", ylabel="what came, against the forecast")
    ax.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    ax.xaxis.set_major_formatter(mdates.ConciseDateFormatter(ax.xaxis.get_major_locator()))
    ax.margins(x=0.08)
    return ax
