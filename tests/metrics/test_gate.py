"""`ltv backtest` as a gate: its exit status says whether the forecasts may be used."""

import pytest

from ltv.cli import main

SAMPLE = ["backtest", "--orders", "cdnow_sample", "-p", "holdout=1997-09-30", "-p", "horizons=30 days"]


def test_a_forecast_too_far_off_ends_with_one(capsys):
    with pytest.raises(SystemExit) as ended:
        main([*SAMPLE, "--most", "0.05"])
    said = capsys.readouterr().out
    assert ended.value.code == 1
    assert "The forecasts may not be used:\n  the total of orders was -7.6% off, more than 5%" in said
    assert "RFM-cell mean" in said


def test_within_the_error_allowed_it_ends_with_zero(capsys):
    main([*SAMPLE, "--most", "0.2"])
    assert capsys.readouterr().out.endswith("The forecasts may be used.\n")


def test_what_cannot_be_run_ends_with_two(capsys):
    with pytest.raises(SystemExit) as ended:
        main([*SAMPLE, "-p", "horizons=30"])
    assert ended.value.code == 2
    assert "needs a number and a unit" in capsys.readouterr().err
