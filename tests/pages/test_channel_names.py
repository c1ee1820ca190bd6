"""The report on channels with names as people really give them: drawn and written as they are, one channel in two spellings."""

import re
from html import unescape

import numpy as np
import pandas as pd

from ltv.names import neutral

NAMES = [r"save $5 \now$", "two\nlines", "turned \u202egnihtyreve", "渠道 <b>", "Paid Search"]


def test_names_of_channels_stand_on_the_page_as_they_are_written(tmp_path, shown_by):
    rng, rows = np.random.default_rng(0), []
    for number, name in enumerate(NAMES):
        for who in range(120):
            day = int(rng.integers(0, 360))
            while day < 540:
                stamp = pd.Timestamp("2023-01-01") + pd.Timedelta(days=day)
                rows.append((f"{number}-{who}", f"{stamp:%Y-%m-%d}", round(rng.gamma(4, 8), 2), name))
                day += 1 + int(rng.exponential(90 + 40 * number))
    orders, costs = tmp_path / "orders.csv", tmp_path / "costs.csv"
    pd.DataFrame(rows, columns=["who", "day", "paid", "channel"]).to_csv(orders, index=False)
    spelled = [*NAMES[:-1], "paid\u00a0search "]
    months = [f"{month:%b %Y}" for month in pd.period_range("2023-01", "2024-06", freq="M")]
    spent = [(month, name, "1.200,00 €") for month in months for name in spelled]
    pd.DataFrame(spent, columns=["Month", "Platform", "Spend"]).to_csv(costs, index=False, sep=";")
    given = {
        "orders": str(orders),
        "customer": "who",
        "date": "day",
        "amount": "paid",
        "currency": "EUR",
        "margin": 0.5,
    }
    page = neutral(
        " ".join(shown_by("channels", **given, costs=str(costs), targets="6, 12 months", horizon="12 months"))
    )
    text = unescape(re.sub(r"<[^>]+>", " ", page))
    for shown in (r"save $5 \now$", "two lines", "turned gnihtyreve", "渠道 <b>"):
        assert f">{shown}<" in unescape(page), shown
    assert "<b>" not in page
    assert "are one channel: they differ in case, spaces or accent form only" in text
    assert "One row covers a month, as its date says." in text
    assert "€108,000 of costs were read" in text
    assert "cost nothing" not in text  # nobody is organic
    assert "**" not in text
