"""Calendar periods of a log: which there are, and which of them the window holds from end to end."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv.orders.log import Orders
from ltv.units import Unit, period_index, period_start


def every_period(orders: Orders, unit: Unit) -> NDArray[np.int64]:
    """The index of every period that the window touches, also of those in which nobody ordered."""
    return np.arange(period_index(orders.since, unit), period_index(orders.until, unit) + 1)


def whole(orders: Orders, periods: Iterable[int], unit: Unit) -> NDArray[np.bool_]:
    """Whether the window holds the whole of each period."""
    first = period_index(orders.since - dt.timedelta(days=1), unit)
    last = period_index(orders.until + dt.timedelta(days=1), unit)
    return np.array([first < index < last for index in periods], bool)


def first_days(periods: Iterable[int], unit: Unit) -> pd.Index:
    """Periods as their first days."""
    return pd.Index([period_start(int(index), unit) for index in periods], name="period")
