"""A fixed billing cycle is named and not forecast as if customers chose their days; shops of any habit are none."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import ltv
from ltv.cli import main
from ltv.errors import DataError

STEPS = {
    "week": pd.DateOffset(days=7),
    "month": pd.DateOffset(months=1),
    "quarter": pd.DateOffset(months=3),
    "year": pd.DateOffset(years=1),
}


def bills(unit, *, customers=40, count=6, jitter=0, missed=0.0, seed=0):
    """Each customer billed every `unit`, up to `jitter` days early or late, a share of bills `missed`."""
    rng, rows = np.random.default_rng(seed), []
    for who in range(customers):
        day = pd.Timestamp("2018-01-01") + pd.Timedelta(days=int(rng.integers(0, 300)))
        for n in range(count):
            if n in (0, count - 1) or rng.random() >= missed:
                off = pd.Timedelta(days=int(rng.integers(-jitter, jitter + 1)))
                rows.append((f"c{who}", day + off, 9.0))
            day += STEPS[unit]
    return read(rows)


def read(rows):
    frame = pd.DataFrame(rows, columns=["who", "when", "paid"])
    return ltv.read_orders(frame, customer="who", date="when", amount="paid", margin=1.0, until="2025-12-31")


@pytest.mark.parametrize("unit", list(STEPS))
def test_bills_of_every_period_are_a_cycle(unit):
    found = bills(unit).cycle
    assert (found.unit, found.share) == (unit, 1.0)
    assert str(found).startswith(f"100% of all gaps between a customer's orders are whole {unit}s")


def test_bills_a_day_late_and_failed_ones_are_still_a_cycle():
    assert bills("month", jitter=1, missed=0.1, count=12).cycle.unit == "month"


def test_few_customers_and_single_renewals_show_no_cycle():
    assert bills("month", customers=29).cycle is None
    assert bills("month", count=2).cycle is None  # a bill and its renewal are too few


@pytest.mark.parametrize("spread", [1.0, 6.0, 20.0])
def test_shoppers_even_regular_ones_are_no_cycle(spread):
    """Gaps of mean 30 days, gamma with shape `spread`: from pure chance to a coefficient of variation of 22%."""
    rng, rows = np.random.default_rng(1), []
    for who in range(200):
        day = 0.0
        for _ in range(8):
            rows.append((f"c{who}", dt.date(2023, 1, 1) + dt.timedelta(days=int(day)), 9.0))
            day += max(rng.gamma(spread, 30 / spread), 1)
    assert read(rows).cycle is None


def test_the_sample_is_no_cycle():
    assert ltv.read_orders("cdnow_sample").cycle is None


def test_a_forecast_of_bills_is_refused_with_what_serves_and_how_to_insist():
    log = bills("month")
    with pytest.raises(DataError, match="retention and growth_accounting do; billing=forecast") as caught:
        log.require_purchases("customer value")
    assert len(caught.value.faults) == 1
    log.require_purchases("customer value", billing="forecast")
    assert "Billing cycle" in log.describe()
    beside = ltv.model_beside(ltv.summarize(log))
    assert beside.fits == ()
    assert "A model of purchases does not hold" in beside.why


def test_scores_of_bills_are_refused_unless_insisted_on(tmp_path, capsys):
    table = bills("month").table.to_pandas()[["customer", "day", "value"]]
    table.to_csv(tmp_path / "bills.csv", index=False)
    words = ["score", "--orders", str(tmp_path / "bills.csv"), "--customer", "customer", "--date", "day"]
    words += ["--amount", "value", "--until", "2019-12-31", "--out", str(tmp_path / "scores.csv")]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 2
    assert "billing=forecast" in capsys.readouterr().err
    assert not (tmp_path / "scores.csv").exists()
    main([*words, "-p", "billing=forecast"])
    assert len(pd.read_csv(tmp_path / "scores.csv")) == 40
