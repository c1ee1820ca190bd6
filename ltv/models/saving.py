"""A fit as a small readable JSON file: what it found, how sure it is, from what; never code, never the data."""

from __future__ import annotations

import hashlib
import json
import os
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from ltv.errors import FitError
from ltv.models.beta_geometric import BGNBD, MBGNBD
from ltv.models.fitting import Fit
from ltv.models.gamma_gamma import GammaGamma
from ltv.models.nbd import NBD
from ltv.models.pareto_nbd import ParetoNBD
from ltv.models.posterior import Posterior
from ltv.models.status import Status
from ltv.units import Unit

FORMAT = 1
FAMILIES = {family.__name__: family for family in (NBD, BGNBD, MBGNBD, ParetoNBD, GammaGamma)}


def fingerprint(data: Any) -> str:
    """A digest of the columns of patterns or order values: equal data, equal digest.

    >>> from ltv.models import OrderValues
    >>> fingerprint(OrderValues([2.0], [40.0], [1.0])) == fingerprint(OrderValues([2], [40], [1]))
    True
    """
    digest = hashlib.sha256()
    for name, column in vars(data).items():
        if isinstance(column, np.ndarray):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(column, dtype="<f8").tobytes())
    return digest.hexdigest()[:16]


def _versions() -> dict[str, str]:
    try:
        own = version("ltv")
    except PackageNotFoundError:
        own = "not installed"
    return {"ltv": own, "numpy": np.__version__, "scipy": version("scipy")}


def to_json(fit: Fit, data: Any = None) -> str:
    """The fit as JSON text. With `data`, its fingerprint is written beside."""
    names = fit.family.names()
    record = {
        "format": FORMAT,
        "family": fit.family.__name__,
        "parameters": dict(zip(names, fit.model.parameters(), strict=True)),
        "standard_errors": fit.standard_errors,
        "covariance": fit.covariance.tolist(),
        "status": vars(fit.status),
        "log_likelihood": fit.log_likelihood,
        "gradient_norm": fit.gradient_norm,
        "unit": str(fit.unit) if fit.unit else None,
        "window": fit.window,
        "customers": fit.customers,
        "patterns": fit.rows,
        "data": fingerprint(data) if data is not None else None,
        "priors": fit.priors,
        "seed": fit.seed,
        "versions": _versions(),
        "coordinates": {
            "names": fit.coordinates.names,
            "scale": fit.scale,
            "mode": fit.theta.tolist(),
            "covariance": fit.theta_covariance.tolist(),
        },
        "posterior": {
            "method": fit.weighted.method,
            "k_hat": fit.weighted.k_hat,
            "effective": fit.weighted.effective,
            "draws": fit.sample.tolist(),
        },
    }
    text = json.dumps({**record, "posterior": {**record["posterior"], "draws": "DRAWS"}}, indent=1)
    rows = ",\n   ".join(json.dumps(row) for row in fit.sample.tolist())
    return text.replace('"DRAWS"', f"[\n   {rows}\n  ]") + "\n"


def from_json(text: str) -> Fit:
    """The fit that `to_json` wrote: same model, intervals and draws. It holds no data.

    Raises FitError where the text is not a fit of this version's format.
    """
    try:
        record = json.loads(text)
        if record["format"] != FORMAT:
            raise FitError(f"this fit has format {record['format']}; this version reads {FORMAT}: fit again")
        return _restored(record)
    except (ValueError, KeyError, TypeError) as error:
        raise FitError(f"this is not a saved fit ({error!r}); fit again") from error


def _restored(record: dict[str, Any]) -> Fit:
    family = FAMILIES[record["family"]]
    inside, posterior = record["coordinates"], record["posterior"]
    draws = np.array(posterior["draws"], dtype=float)
    weights = np.full(len(draws), 1 / len(draws))
    return Fit(
        family=family,
        model=family(**record["parameters"]),
        status=Status(**record["status"]),
        log_likelihood=record["log_likelihood"],
        gradient_norm=record["gradient_norm"],
        covariance=np.array(record["covariance"]),
        customers=record["customers"],
        rows=record["patterns"],
        unit=Unit.of(record["unit"]) if record["unit"] else None,
        window=record["window"],
        theta=np.array(inside["mode"]),
        theta_covariance=np.array(inside["covariance"]),
        scale=inside["scale"],
        priors=record["priors"],
        seed=record["seed"],
        stored=Posterior(draws, weights, posterior["k_hat"], posterior["effective"], posterior["method"]),
    )


def save(fit: Fit, path: str | os.PathLike[str], data: Any = None) -> Path:
    """Write the fit to `path`, whole or not at all."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    aside.write_text(to_json(fit, data), encoding="utf-8")
    return aside.replace(path)


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that `save` wrote. Raises FitError where it is not one."""
    return from_json(Path(path).read_text(encoding="utf-8"))
