"""CDNOW as the papers use it: the 1/10 sample, weeks, calibration to 1997-09-30."""

from __future__ import annotations

import datetime as dt
import importlib.util
from collections import defaultdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from ltv.models import OrderValues, Patterns
from ltv.units import Unit

UNTIL = dt.date(1997, 9, 30)


@pytest.fixture(scope="session")
def logs() -> dict[str, dict[dt.date, float]]:
    """Customer → day → money. Orders of one day are one order."""
    spec = importlib.util.find_spec("lifetimes")
    [folder] = spec.submodule_search_locations
    days: dict[str, dict[dt.date, float]] = defaultdict(lambda: defaultdict(float))
    for line in (Path(folder) / "datasets" / "CDNOW_sample.txt").read_text().splitlines():
        match line.split():
            case [_, customer, date, _, dollars]:
                days[customer][dt.datetime.strptime(date, "%Y%m%d").date()] += float(dollars)
    return days


@pytest.fixture(scope="session")
def cdnow(logs) -> SimpleNamespace:
    """Rows per customer (x, t_x, T, mean of repeats, repeats after), and both compressed inputs."""
    rows = []
    for days in logs.values():
        seen = sorted(day for day in days if day <= UNTIL)
        repeats = [days[day] for day in seen[1:]]
        mean = np.mean(repeats) if repeats else 0.0
        later = sum(day > UNTIL for day in days)
        rows.append((len(repeats), (seen[-1] - seen[0]).days / 7, (UNTIL - seen[0]).days / 7, mean, later))
    x, t_x, T, mean, later = np.array(rows).T
    distinct, n = np.unique(np.stack([x, t_x, T]), axis=1, return_counts=True)
    bought = x > 0
    return SimpleNamespace(
        x=x,
        t_x=t_x,
        T=T,
        mean=mean,
        later=later,
        patterns=Patterns(*distinct, n=n, unit=Unit.WEEK, window="1997-01-01 to 1997-09-30"),
        order_values=OrderValues(x[bought], mean[bought], np.ones(bought.sum()), unit=Unit.WEEK),
    )
