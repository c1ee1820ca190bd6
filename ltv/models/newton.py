"""A trust-region Newton method for a few dimensions, with an answer that says how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ltv.models.data import Array

Objective = Callable[[Array], tuple[float, Array, Array]]


@dataclass(frozen=True)
class Optimum:
    """Where the climb ended."""

    theta: Array
    value: float
    gradient: Array
    hessian: Array
    steps: int

    @property
    def decrement(self) -> float:
        """The rise in log units that a full Newton step from here still promises; infinite off a maximum."""
        if not self.smallest_curvature > 0:
            return np.inf
        return float(-0.5 * self.gradient @ np.linalg.solve(self.hessian, self.gradient))

    @property
    def smallest_curvature(self) -> float:
        return float(np.linalg.eigvalsh(-self.hessian)[0])


def _step(gradient: Array, hessian: Array, radius: float) -> Array:
    """The maximiser of gᵀs + ½ sᵀHs within |s| ≤ radius, by the eigenvectors of H (Moré & Sorensen 1983)."""
    values, vectors = np.linalg.eigh(-hessian)
    slope = vectors.T @ gradient
    floor = max(0.0, -float(values[0]))
    low, high = floor, floor + float(np.linalg.norm(gradient)) / radius
    step = slope / np.maximum(values, 1e-300) if values[0] > 0 else np.full_like(slope, np.inf)
    if np.linalg.norm(step) > radius:
        for _ in range(60):
            middle = (low + high) / 2
            step = slope / np.maximum(values + middle, 1e-300)
            low, high = (middle, high) if np.linalg.norm(step) > radius else (low, middle)
    return vectors @ step


def climb(objective: Objective, start: Array, *, tolerance: float = 1e-12, steps: int = 100) -> Optimum:
    """Maximise from `start`; ends where a Newton step promises less than `tolerance` or after `steps`."""
    theta, radius, promise = np.asarray(start, float), 1.0, np.inf
    value, gradient, hessian = objective(theta)
    count = 0
    while count < steps and promise >= tolerance and radius >= 1e-10:
        step = _step(gradient, hessian, radius)
        promise = float(gradient @ step + 0.5 * step @ hessian @ step)
        tried = objective(theta + step)
        # A rise below the rounding of the value itself cannot be seen, and is taken on trust.
        noise = 1e-13 * abs(value)
        rise = tried[0] - value
        sound = np.isfinite(rise) and np.isfinite(tried[1]).all() and np.isfinite(tried[2]).all()
        ratio = (rise + noise) / (promise + noise) if sound else -1.0
        if ratio > 0.75:
            radius = min(max(radius, 2 * float(np.linalg.norm(step))), 8.0)
        elif ratio < 0.25:
            radius = 0.25 * float(np.linalg.norm(step))
        if ratio > 1e-4:
            theta, (value, gradient, hessian) = theta + step, tried
        count += 1
    return Optimum(theta, value, gradient, hessian, count)
