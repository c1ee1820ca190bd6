"""A saved fit answers as the fit that was saved."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ltv.errors import FitError
from ltv.models import BGNBD, NBD, GammaGamma, ParetoNBD, Patterns, fit, load, save, saving
from ltv.models.saving import fingerprint, from_json, to_json
from ltv.units import Unit


@pytest.mark.parametrize("family", [BGNBD, ParetoNBD, GammaGamma])
def test_round_trip(cdnow, tmp_path, family):
    result = fit(family, cdnow)
    data = getattr(cdnow, family.reads)
    path = save(result, tmp_path / "fit.json", data)
    again = load(path)
    assert again.model == result.model
    assert again.status == result.status
    assert repr(again) == repr(result)
    assert again.estimates.equals(result.estimates)
    for one, other in zip(again.draws(300).parameters(), result.draws(300).parameters(), strict=True):
        assert_array_equal(one, other)
    assert to_json(again, data) == path.read_text()
    assert path.stat().st_size < 100_000
    assert [p.name for p in tmp_path.iterdir()] == ["fit.json"]
    record = json.loads(path.read_text())
    assert record["data"] == fingerprint(data)
    assert set(record["versions"]) == {"ltv", "numpy", "scipy"}


SMALL = Patterns(x=[0, 1, 4], t_x=[0, 9, 30], T=[39, 39, 39], n=[50, 30, 20], unit=Unit.WEEK)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("", "no JSON"),
        ("{}", "names no format"),
        ("null", "names no format"),
        ("[1, 2]", "names no format"),
        ("3", "names no format"),
        ('{"format": 1}', "fit again"),
        ('{"format": [2]}', "fit again"),
        ('{"format": 2}', "KeyError"),
    ],
)
def test_what_is_not_a_fit_is_refused(text, words):
    with pytest.raises(FitError, match=words):
        from_json(text)


@pytest.mark.parametrize(
    "path", ["parameters.r", "coordinates.mode", "coordinates.scale", "posterior.draws", "covariance", "status", "unit"]
)
@pytest.mark.parametrize("value", [None, [], {}, "x", float("nan"), [[1.0]], 7])
def test_a_fit_of_another_shape_is_refused_in_words(path, value):
    record = json.loads(to_json(fit(NBD, SMALL)))
    *way, last = path.split(".")
    inner = record
    for name in way:
        inner = inner[name]
    if inner[last] == value:
        pytest.skip("that is its value")
    inner[last] = value
    with pytest.raises(FitError, match="was changed"):
        from_json(json.dumps(record))
    if path in ("status", "unit", "parameters.r", "coordinates.scale") and value == 7:
        return  # a number where a number is due, which only the sum can tell
    if path == "unit" and value in (None, [], {}):
        return  # a fit without a unit
    record["sum"] = saving._sum(record)
    with pytest.raises(FitError, match="not a saved fit"):
        from_json(json.dumps(record))


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\0")
    for name in ("nothing", "bytes", "."):
        with pytest.raises(FitError, match="cannot be read"):
            load(tmp_path / name)


def test_a_loaded_fit_has_no_data(cdnow):
    loaded = from_json(to_json(fit(BGNBD, cdnow)))
    with pytest.raises(FitError, match="does not hold its data"):
        loaded.log_posterior(np.zeros((1, 4)))
