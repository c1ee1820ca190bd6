import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv

COLUMNS = {"customer": "who", "date": "when", "amount": "paid"}


@pytest.fixture
def read():
    """Rows of (customer, day, amount, attributes…) as an order log."""

    def read(rows, until=None, by=(), **options):
        frame = pd.DataFrame(rows, columns=["who", "when", "paid", *by])
        return ltv.read_orders(frame, until=until, by=by, **COLUMNS, **options)

    return read


@pytest.fixture
def four(read):
    """Four customers in a leap year. Ages in days: a 0, 31, 60 · b 0, 20 · c 0, 33 · d 0 (born on the leap day)."""
    return read(
        [
            ("a", "2024-01-01", 10),
            ("a", "2024-02-01", 20),
            ("a", "2024-03-01", 30),
            ("b", "2024-01-31", 5),
            ("b", "2024-02-20", 5),
            ("c", "2024-02-10", 8),
            ("c", "2024-03-14", 2),
            ("d", "2024-02-29", 7),
        ],
        until="2024-03-31",
    )


@pytest.fixture
def random_log():
    """A frame of random orders, customers of two channels, with gaps and days on which nobody ordered."""

    def random_log(seed, customers=60, days=420):
        rng = np.random.default_rng(seed)
        rows = [
            (f"c{who}", dt.date(2023, 1, 1) + dt.timedelta(days=int(day)), round(float(rng.gamma(2, 10)), 2), channel)
            for who, channel in enumerate(rng.choice(["ads", "search"], customers))
            for day in rng.integers(0, days, rng.integers(1, 8))
        ]
        return pd.DataFrame(rows, columns=["who", "when", "paid", "channel"])

    return random_log
