"""CDNOW as published: tracking by week and the holdout, through the whole chain from rows to forecast.

Source of the figures: the BTYD walkthrough (vignette of the R package BTYD 2.4.3), BG/NBD on the 2,357 customers
fitted by maximum likelihood to 39 weeks.
"""

import numpy as np
import pytest

import ltv


@pytest.fixture(scope="module")
def log():
    return ltv.read_orders("cdnow_sample")


@pytest.fixture(scope="module")
def calibration(log):
    return ltv.summarize(ltv.split(log, at="1997-09-30")[0], unit="week")


def test_weekly_tracking(log, calibration):
    model = ltv.fit(ltv.BGNBD, calibration, priors=None).model
    born = (calibration.table.first_day.to_pandas().astype("datetime64[s]") - np.datetime64("1997-01-01")).dt.days / 7

    def expected(week):  # the walkthrough counts age from the morning of the first day
        return model.expected_orders(np.maximum(week - born, 0)).sum()

    weekly = [expected(week) - expected(week - 1) for week in range(20, 26)]
    np.testing.assert_allclose(weekly, [76.86531, 74.88843, 73.04554, 71.32166, 69.70412, 68.18213], rtol=1e-4)
    tracked = ltv.track(ltv.fit(ltv.BGNBD, calibration), calibration, log)
    actual = tracked["actual"].diff().iloc[19:25].astype(int).tolist()
    assert actual == [73, 55, 70, 33, 56, 99]
    assert tracked["actual"].iloc[[19, 20, 21, 22, 23, 24]].tolist() == [1359, 1414, 1484, 1517, 1573, 1672]


def test_holdout_total(log, calibration):
    model, patterns = ltv.fit(ltv.BGNBD, calibration, priors=None).model, calibration.patterns
    forecast = model.expected_orders(39, x=patterns.x, t_x=patterns.t_x, T=patterns.T) @ patterns.n
    assert forecast == pytest.approx(1653.4, abs=0.1)
    assert ltv.split(log, at="1997-09-30")[1].size["orders"] == 1882


def test_the_grade_names_the_miss_on_the_full_log():
    grade = ltv.grade(ltv.read_orders("cdnow"), ltv.BGNBD, at="1997-09-30")
    assert grade.actual == 19_684
    calibration = ltv.summarize(ltv.split(ltv.read_orders("cdnow"), at="1997-09-30")[0])
    p, model = calibration.patterns, ltv.fit(ltv.BGNBD, calibration).model
    whole = model.expected_orders(39, x=p.x, t_x=p.t_x, T=p.T) @ p.n
    assert whole / 19_684 - 1 == pytest.approx(-0.14, abs=0.01)  # by a fit to the whole past
    assert grade.error == pytest.approx(-0.12, abs=0.01)
    assert (grade.tone, grade.covered) == ("warn", False)  # outside its own band, inside the widened one
    assert "too low" in grade.text
    assert "outside its own 90% band" in grade.text
    assert "inside the band widened" in grade.text
