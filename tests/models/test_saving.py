"""A saved fit answers as the fit that was saved."""

from __future__ import annotations

import json

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from ltv.errors import FitError
from ltv.models import BGNBD, GammaGamma, ParetoNBD, fit, load, save
from ltv.models.saving import fingerprint, from_json, to_json


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


def test_what_is_not_a_fit_is_refused(cdnow):
    with pytest.raises(FitError, match="not a saved fit"):
        from_json("{}")
    with pytest.raises(FitError, match="not a saved fit"):
        from_json("hello")
    old = to_json(fit(BGNBD, cdnow)).replace('"format": 1', '"format": 0')
    with pytest.raises(FitError, match="fit again"):
        from_json(old)


def test_a_loaded_fit_has_no_data(cdnow):
    loaded = from_json(to_json(fit(BGNBD, cdnow)))
    with pytest.raises(FitError, match="does not hold its data"):
        loaded.log_posterior(np.zeros((1, 4)))
