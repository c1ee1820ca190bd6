"""The search for the mode: what is enough to begin, where to begin, and whether the end is a maximum."""

from __future__ import annotations

from typing import Any

import numpy as np

from ltv.errors import FitError
from ltv.models.coordinates import Coordinates
from ltv.models.data import Array, OrderValues, Patterns
from ltv.models.family import Family
from ltv.models.newton import Optimum, climb
from ltv.models.status import NOT_IDENTIFIED, STALLED, TOO_LITTLE_DATA, Status
from ltv.models.tables import Total

LARGE = 20_000
"""Above so many patterns the climb begins on a sample of them, and order values are compressed."""


def refuse(family: type[Family], status: Status, why: str) -> FitError:
    return FitError(f"{family.title} fit {status.name}: {why} {status.sentence}")


def enough(family: type[Family], data: Patterns | OrderValues, before: Patterns | None = None) -> None:
    """Raise FitError where there is nothing to learn: fewer than two customers, no time, no repeat order (since `before`)."""
    if data.customers < 2:
        raise refuse(family, TOO_LITTLE_DATA, f"{data.customers} customer(s) only.")
    if isinstance(data, Patterns) and not data.T.any():
        raise refuse(family, TOO_LITTLE_DATA, "No customer has been observed for any time.")
    if isinstance(data, Patterns) and data.repeat_orders == 0:
        raise refuse(family, TOO_LITTLE_DATA, "No customer has ordered a second time.")
    if before is not None and isinstance(data, Patterns) and data.repeat_orders == before.repeat_orders:
        raise refuse(family, TOO_LITTLE_DATA, "Nobody has placed a repeat order since.")


def objective(coordinates: Coordinates, total: Total, priors: str | None) -> Any:
    """Log posterior, gradient and Hessian by θ."""
    precision = 1 / coordinates.sd**2 if priors else np.zeros_like(coordinates.sd)

    def evaluate(theta: Array) -> tuple[float, Array, Array]:
        jacobian, second = coordinates.bend(theta)
        away = theta - coordinates.mean
        with np.errstate(all="ignore"):  # what is not finite is refused by the climb
            value, slope, curve = total.derivatives(coordinates.logs(theta))
            bent = jacobian.T @ curve @ jacobian + np.tensordot(slope, second, axes=1)
            gradient = jacobian.T @ slope - precision * away
        return value - 0.5 * float(precision @ away**2), gradient, bent - np.diag(precision)

    return evaluate


def best(family: type[Family], data: Any, coordinates: Coordinates, total: Total, priors: str | None) -> Optimum:
    """The highest of the tops reached from the best of a few fixed starts."""
    if data.x.size > LARGE:
        sample = thinned(data, 4096)
        start = best(family, sample, coordinates, family.total(sample), priors).theta
        optimum = climb(objective(coordinates, total, priors), start)
        if optimum.decrement < 1e-8 and optimum.smallest_curvature > 0:
            return optimum
    starts = family.starts(data, coordinates)
    with np.errstate(all="ignore"):
        values = total.values(coordinates.logs(starts))
    nearest = starts[np.argsort(-np.nan_to_num(values, nan=-np.inf), kind="stable")[:2]]
    tops = [climb(objective(coordinates, total, priors), start) for start in nearest]
    return max(tops, key=lambda top: top.value)


def thinned(data: Any, size: int) -> Any:
    """About `size` of the patterns, drawn evenly along the customers, standing for all."""
    edges = np.cumsum(data.n)
    picked = np.searchsorted(edges, (np.arange(size) + 0.5) * edges[-1] / size)
    at, times = np.unique(picked, return_counts=True)
    columns = {name: getattr(data, name)[at] for name in vars(data) if isinstance(getattr(data, name), np.ndarray)}
    return type(data)(**{**columns, "n": times * edges[-1] / size}, unit=data.unit)


def judge(family: type[Family], optimum: Optimum, coordinates: Coordinates, priors: str | None) -> None:
    """Raise unless the climb ended at a proper maximum; without priors, one within six of their deviations."""
    if not (np.isfinite(optimum.value) and np.isfinite(optimum.hessian).all()):
        raise refuse(family, STALLED, "The likelihood is not finite.")
    away = np.abs(optimum.theta - coordinates.mean) / coordinates.sd
    if priors is None and away.max() > 6:
        name = coordinates.names[int(away.argmax())]
        raise refuse(family, NOT_IDENTIFIED, f"The likelihood rises without end along {name}.")
    if not optimum.smallest_curvature > 1e-6:
        raise refuse(family, NOT_IDENTIFIED, "The likelihood does not curve down in every direction.")
    if not optimum.decrement < 1e-9:
        raise refuse(family, STALLED, f"A step would still gain {optimum.decrement:.2g} after {optimum.steps} steps.")
