"""Pictures of payback by channel and cohort."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MultipleLocator

from ltv.names import short
from ltv.plots.drawing import amount, crossing, end_labels, happened, label, money, picture, rows_of_money
from ltv.plots.theme import ALARM, DATA, INK, MODEL, MONEY, MUTED, PALE, theme

NOBODY = "no channel is large enough to be judged by cohort"


def channel_curves(curves: dict[str, pd.DataFrame], paid: pd.DataFrame, *, currency: str = "") -> Figure:
    """Cumulative margin per customer against CAC, a panel per channel on one scale; the bar on CAC is where they cross.

    `curves` maps a channel to its `Projection.curve`; `paid` as `ChannelPayback.channels`: cac, estimate, low, high.
    """
    columns = min(len(curves), 3)
    rows = -(-len(curves) // columns)
    with theme():
        figure, axes = plt.subplots(rows, columns, figsize=(8.4, 2.6 * rows), sharex=True, sharey=True, squeeze=False)
        for ax in axes.flat[len(curves) :]:
            ax.set_visible(False)
        for ax, (name, frame) in zip(axes.flat, curves.items(), strict=False):
            _panel(ax, frame, paid.loc[name], name, currency)
        axes[0, 0].set_ylim(0, 1.05 * max(frame["high"].max() for frame in curves.values()))
        for ax in axes[-1]:
            ax.set_xlabel("months since the first order")
        for ax in axes[:, 0]:
            ax.yaxis.set_major_formatter(money(currency))
    return figure


def _panel(ax: Axes, frame: pd.DataFrame, row: pd.Series, name: str, currency: str) -> None:
    ax.fill_between(frame.index, frame["low"], frame["high"], color=MONEY, alpha=0.2, lw=0)
    ahead = frame.iloc[max(len(happened(frame)) - 1, 0) :]
    ax.plot(ahead.index, ahead["estimate"], color=MONEY, lw=1.8, ls="--")
    past = happened(frame)
    ax.plot(past.index, past["estimate"], color=DATA, lw=2)
    if np.isfinite(cac := float(row["cac"])):
        ax.axhline(cac, color=ALARM, lw=1.3)
        label(ax, frame.index[-1], cac, f"CAC {money(currency)(cac)}", ALARM, xytext=(-2, 7), ha="right")
        crossing(ax, row, cac, frame.index[-1])
    ax.set_title(short(name))
    ax.xaxis.set_major_locator(MultipleLocator(12))


@picture
def payback_by_cohort(frame: pd.DataFrame, ax: Axes, *, horizon: int = 36) -> Axes:
    """Months to payback of each cohort with its interval, a marker per channel; open markers are forecasts.

    `frame` as `ChannelPayback.cells`: index (cohort, channel), columns estimate, low, high, known, cac.
    """
    paid = frame[(frame["cac"] > 0) & frame["estimate"].notna()]
    channels = list(paid.index.get_level_values("channel").unique())
    shifts = np.linspace(-8, 8, len(channels)) if len(channels) != 1 else [0.0]
    for number, (name, shift) in enumerate(zip(channels, shifts, strict=True)):
        _cohort_points(ax, paid.xs(name, level="channel"), shift, number, name, horizon)
    ax.axhline(horizon, color=MUTED, lw=1, ls=":")
    ax.set(ylabel="months to payback", xlabel="customers acquired in", ylim=(0, horizon * 1.06))
    if channels:
        ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(len(channels), 4))
    else:
        _nobody(ax)
    return ax


def _nobody(ax: Axes) -> None:
    ax.text(0.5, 0.5, NOBODY, ha="center", color=MUTED, transform=ax.transAxes)


def _cohort_points(ax: Axes, rows: pd.DataFrame, shift: float, number: int, name: str, horizon: int) -> None:
    color, marker = (MODEL, ALARM, MONEY, INK, MUTED)[number % 5], "os^Dv"[number % 5]
    days = pd.to_datetime(pd.Index(rows.index)) + pd.Timedelta(days=float(shift))
    middle, low, high = (rows[end].to_numpy(float).clip(max=horizon) for end in ("estimate", "low", "high"))
    ax.vlines(days, low, high, color=color, lw=1.4, alpha=0.6)
    known = rows["known"].to_numpy(bool)
    ax.plot(days[known], middle[known], marker, color=color, ms=5)
    ax.plot(days[~known], middle[~known], marker, mfc="none", mec=color, ms=5)
    # A legend leaves out what begins with an underscore.
    ax.plot([], [], marker, color=color, ms=5, label=short(name).replace("_", " _", name.startswith("_")))


@picture
def ltv_to_cac(frame: pd.DataFrame, ax: Axes, *, age: int = 12) -> Axes:
    """LTV:CAC at an age by cohort, a line per channel with its band; the dotted line is break-even.

    `frame` as `ChannelPayback.cells`.
    """
    column = f"ltv_cac_{age}"
    shown = frame[frame[column].notna()] if column in frame else frame.iloc[:0]
    ends = []
    for number, name in enumerate(shown.index.get_level_values("channel").unique()):
        rows, color = shown.xs(name, level="channel"), (MODEL, ALARM, MONEY, INK, MUTED)[number % 5]
        days = pd.to_datetime(pd.Index(rows.index))
        ax.fill_between(days, rows[f"{column}_low"], rows[f"{column}_high"], color=color, alpha=0.15, lw=0)
        ax.plot(days, rows[column], color=color, lw=1.8)
        ends.append((days[-1], rows[column].iloc[-1], name, color))
    if not ends:
        _nobody(ax)
    ax.axhline(1, color=MUTED, lw=1, ls=":")
    ax.set(ylabel=f"margin in {age} months ÷ CAC", xlabel="customers acquired in", ylim=(0, None))
    end_labels(ax, ends)
    ax.yaxis.set_major_formatter(FuncFormatter(lambda ratio, _: f"{ratio:g}×"))
    ax.margins(x=0.02)
    return ax


@picture
def affordable_and_paid(frame: pd.DataFrame, ax: Axes, *, currency: str = "") -> Axes:
    """What a customer of each channel may cost (dot) against what one cost last (cross), joined by a line.

    `frame`: index channel, columns estimate (affordable), cac_last.
    """
    rows = np.arange(len(frame))
    ax.hlines(
        rows, frame[["estimate", "cac_last"]].min(axis=1), frame[["estimate", "cac_last"]].max(axis=1), color=PALE, lw=3
    )
    over = (frame["cac_last"] > frame["estimate"]).to_numpy()
    ax.plot(frame["estimate"], rows, "o", color=MODEL, ms=9, label="may cost")
    ax.plot(frame["cac_last"], rows, "x", color=INK, ms=9, mew=2, label="cost last")
    for row, (may, paid) in enumerate(zip(frame["estimate"], frame["cac_last"], strict=True)):
        if np.isfinite(paid):
            text, color = ("over by", ALARM) if over[row] else ("room of", MUTED)
            label(ax, max(may, paid), row, f"{text} {amount(abs(paid - may), currency)}", color, xytext=(10, 0))
    rows_of_money(ax, list(frame.index), currency)
    ax.set(xlabel="per customer", xlim=(0, None))
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, 1.14), ncols=2)
    ax.margins(x=0.2)
    return ax
