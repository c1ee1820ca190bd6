"""A fit as a small readable JSON file: what it found, how sure it is, from what; never code, never the data."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import ltv
from ltv.errors import FitError, LtvError
from ltv.models.beta_geometric import BGNBD, MBGNBD
from ltv.models.fitting import Fit
from ltv.models.gamma_gamma import GammaGamma
from ltv.models.known_value import KnownValue
from ltv.models.nbd import NBD
from ltv.models.pareto_nbd import ParetoNBD
from ltv.models.posterior import Posterior
from ltv.models.status import Status
from ltv.units import Unit

FORMAT = 2
FAMILIES = {family.__name__: family for family in (NBD, BGNBD, MBGNBD, ParetoNBD, GammaGamma, KnownValue)}


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
    return {"ltv": ltv.__version__, "numpy": np.__version__, "scipy": scipy.__version__}


def _sum(record: dict[str, Any]) -> str:
    """A digest of everything that a file says, whatever its spaces: numbers that were changed are not believed."""
    rest = {name: value for name, value in record.items() if name != "sum"}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]


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
    record["sum"] = _sum(record)
    text = json.dumps({**record, "posterior": {**record["posterior"], "draws": "DRAWS"}}, indent=1)
    rows = ",\n   ".join(json.dumps(row) for row in fit.sample.tolist())
    return text.replace('"DRAWS"', f"[\n   {rows}\n  ]") + "\n"


def from_json(text: str) -> Fit:
    """The fit that `to_json` wrote: same model, intervals and draws. It holds no data.

    Raises FitError, saying what is wrong, where the text is not a fit of this version's format, or was changed.
    """
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise FitError(f"this is not a saved fit: it is no JSON ({error}); fit again") from error
    if not isinstance(record, dict) or "format" not in record:
        raise FitError("this is not a saved fit: it names no format; fit again")
    if record["format"] != FORMAT:
        raise FitError(f"this fit has format {record['format']}; this version reads {FORMAT}: fit again")
    try:
        if record["sum"] != _sum(record):
            raise FitError("this saved fit was changed: its numbers are not those that were written; fit again")
        return _restored(record)
    except FitError:
        raise
    except (LtvError, ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as error:
        raise FitError(f"this is not a saved fit ({type(error).__name__}: {error}); fit again") from error


def _restored(record: dict[str, Any]) -> Fit:
    family = FAMILIES[record["family"]]
    inside, posterior = record["coordinates"], record["posterior"]
    count = len(family.names())
    mode, draws = _numbers(inside["mode"], "mode", count), _numbers(posterior["draws"], "draws", -1, count)
    if not len(draws):
        raise FitError("this is not a saved fit: it has no draws; fit again")
    weights = np.full(len(draws), 1 / len(draws))
    return Fit(
        family=family,
        model=family(**{name: float(_numbers(value, name)) for name, value in record["parameters"].items()}),
        status=Status(**record["status"]),
        log_likelihood=float(_numbers(record["log_likelihood"], "log likelihood")),
        gradient_norm=record["gradient_norm"],
        covariance=_numbers(record["covariance"], "covariance", count, count),
        customers=int(record["customers"]),
        rows=int(record["patterns"]),
        unit=Unit.of(record["unit"]) if record["unit"] else None,
        window=record["window"],
        theta=mode,
        theta_covariance=_numbers(inside["covariance"], "covariance of the coordinates", count, count),
        scale=float(_numbers(inside["scale"], "scale")),
        priors=record["priors"],
        seed=record["seed"],
        stored=Posterior(draws, weights, posterior["k_hat"], posterior["effective"], posterior["method"]),
    )


def _numbers(given: Any, what: str, *shape: int) -> np.ndarray[Any, Any]:
    """Finite numbers of this shape, -1 for any length. Raises FitError."""
    found = np.array(given, dtype=float)
    fits = found.ndim == len(shape) and all(want in (-1, size) for want, size in zip(shape, found.shape, strict=True))
    if not (fits and np.isfinite(found).all()):
        raise FitError(f"this is not a saved fit: its {what} is not what a fit has; fit again")
    return found


def save(fit: Fit, path: str | os.PathLike[str], data: Any = None) -> Path:
    """Write the fit to `path`, whole or not at all."""
    path = Path(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_text(to_json(fit, data), encoding="utf-8")
        return aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def load(path: str | os.PathLike[str]) -> Fit:
    """Read a fit that `save` wrote. Raises FitError where it is not one, or cannot be read."""
    try:
        text = Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise FitError(f"{path} cannot be read as a saved fit: {error}") from error
    return from_json(text)
