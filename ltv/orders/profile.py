"""One pass over all rows: what every day of the input holds, from which faults, the window and the alarms are read."""

from __future__ import annotations

import datetime as dt
import hashlib

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from ltv import engine
from ltv.orders.schema import LARGEST

USUAL_DAYS = 28
YEAR = 365
BODY = 20
"""Rows that show where a log lies in time: with fewer, no day is far from the others."""
EMPTY = ("1899-12-30", "1899-12-31", "1900-01-01", "1900-01-02", "1904-01-01", "1969-12-31", "1970-01-01", "1970-01-02")
"""Days that stand for an empty cell: nought in the calendars of spreadsheets and of computers, seen from any zone."""
BUSY = 8
"""A day's rows are judged only where usual days have at least so many."""


def profile_rows(typed: ir.Table) -> pd.DataFrame:
    """By day (rows without one last): rows, money, what is wrong in them, the last second, the mean log amount."""
    known = "acquired" in typed.columns
    unread = (
        typed.acquired.isnull() & (typed.acquired_text.fill_null("") != "") if known else typed.day.isnull() & False
    )
    counted = {
        "rows": typed.count(),
        "money": typed.value.sum(),
        "bad_date": typed.day.isnull().sum(),
        "bad_amount": typed.value.isnull().sum(),
        "bad_cost": typed.cost.isnull().sum(),
        "bad_large": (typed.value.abs() > LARGEST).sum(),
        "bad_negative": (typed.value < 0).sum(),
        "bad_acquired": unread.sum(),
        "bad_refunded": (typed.refunded.isnull() if "refunded" in typed.columns else typed.day.isnull() & False).sum(),
        "zero": (typed.value == 0).sum(),
        "rounded": typed.rounded.sum(),
        "untidy": typed.untidy.sum(),
        "nobody": typed.nobody.sum(),
        "no_customer": typed.customer.isnull().sum(),
        "last_second": typed.second.max(),
        "log_amount": typed.value.cast("float64").nullif(0).abs().ln().mean(),
    }
    frame = engine.run(typed.group_by("day").aggregate(**counted).order_by("day"))
    frame["day"] = pd.to_datetime(frame["day"])
    whole = [name for name in counted if name not in ("money", "log_amount")]
    return frame.set_index("day").fillna(dict.fromkeys(whole, 0)).astype(dict.fromkeys(whole, int))


def stray_days(days: pd.DataFrame, *, today: dt.date) -> pd.DatetimeIndex:
    """The days of a profile that belong to no order: after `today`, or far from all others.

    The body is the stretch without a silent year that holds the most rows. With a body of at least 20 rows, a day outside
    it is stray where its stretch has one row in a hundred or fewer, one in twenty where ten years part them, and any share
    where it is a day that programs write for an empty cell (1970-01-01). A day after today is stray where half of
    the rows or more are not after it, whatever their number.
    """
    rows = days.loc[days.index.notna(), "rows"]
    if rows.empty:
        return pd.DatetimeIndex([])
    late = rows.index > pd.Timestamp(today)
    stray = late & (rows[~late].sum() * 2 >= rows.sum())
    stretch = (rows.index.to_series().diff() >= pd.Timedelta(days=YEAR)).cumsum()
    held = rows.groupby(stretch.to_numpy()).sum()
    body = (stretch == held.idxmax()).to_numpy()
    if rows[body].sum() >= BODY:
        first, last = rows.index[body][[0, -1]]
        away = np.maximum((first - rows.index).days, (rows.index - last).days)
        share = stretch.map(held).to_numpy() / rows.sum()
        few = (share <= 0.01) | ((share <= 0.05) & (away >= 10 * YEAR)) | rows.index.isin(pd.to_datetime(EMPTY))
        stray |= ~body & few
    return rows.index[stray]


def last_whole_day(days: pd.DataFrame) -> dt.date:
    """The last day of the log, or the one before where the last is not whole.

    It is not where it has less than a quarter of the usual rows of the four weeks before, or where its last order came
    earlier in the day than on every one of them. Logs without clock times, and quiet ones, are taken as they are.
    """
    known = days[days.index.notna()]
    last, before = known.iloc[-1], known.iloc[-1 - USUAL_DAYS : -1]
    end: dt.date = known.index[-1].date()
    if len(before) < USUAL_DAYS // 2 or before["rows"].median() < BUSY:
        return end
    few = last["rows"] < before["rows"].median() / 4
    early = before["last_second"].min() > last["last_second"]
    return before.index[-1].date() if few or early else end


def jumps(days: pd.DataFrame, *, factor: float = 10.0) -> pd.Series:
    """Days with at least `factor` times the usual rows: the day → how many times the median of the days around it."""
    known = days[days.index.notna()]
    usual = known["rows"].rolling(2 * USUAL_DAYS + 1, center=True, min_periods=USUAL_DAYS // 2).median()
    ratio = known["rows"] / usual
    return ratio[(usual >= BUSY) & (ratio >= factor)]


def gaps(days: pd.DataFrame, *, least: int = 7) -> pd.Series:
    """Stretches without a row, where days are busy: first silent day → length.

    They are at least `least` days, and three times the usual distance of two days with rows: bills come once a month.
    """
    known = days[days.index.notna()]
    if known.empty or known["rows"].median() < BUSY:
        return pd.Series(dtype=int)
    silent = np.diff(known.index.to_numpy()).astype("timedelta64[D]").astype(int) - 1
    starts = known.index[:-1] + pd.Timedelta(days=1)
    return pd.Series(silent, index=starts)[silent >= max(least, 3 * (np.median(silent) + 1) if len(silent) else 0)]


def hundredfold(days: pd.DataFrame) -> pd.Series:
    """Days whose amounts are some 100 times those of the others, or a hundredth: cents among units. Day → factor."""
    known = days[days.index.notna() & (days["rows"] >= BUSY)].dropna(subset="log_amount")
    factor = np.exp(known["log_amount"] - known["log_amount"].median())
    return factor[(factor >= 30) | (factor <= 1 / 30)]


def fingerprint(days: pd.DataFrame) -> str:
    """Sixteen letters that change with the rows or the money of any day: for sources that are no files."""
    content = pd.util.hash_pandas_object(days[["rows", "money", "last_second"]].round(4)).to_numpy().tobytes()
    return hashlib.sha256(content).hexdigest()[:16]
