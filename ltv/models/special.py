"""Functions the families share, in log space, each checked against mpmath over its stated domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]


@lru_cache
def legendre(nodes: int) -> tuple[Array, Array]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    z, weight = np.polynomial.legendre.leggauss(nodes)
    return (z + 1) / 2, weight / 2


def log_rising(z: ArrayLike, x: ArrayLike) -> Array:
    """log of the rising factorial z(z+1)…(z+x−1) = log Γ(z+x) − log Γ(z), for z > 0 and x ≥ 0.

    >>> round(float(log_rising(2.0, 3)), 4)  # log 2·3·4
    3.1781
    """
    z, x = np.asarray(z, float), np.asarray(x, float)
    return special.gammaln(z + x) - special.gammaln(z)


def softplus(w: ArrayLike) -> Array:
    """log(1 + e^w) for any w, without overflow and without loss where it is small."""
    w = np.asarray(w, float)
    return np.maximum(w, 0) + np.log1p(np.exp(-np.abs(w)))


def laplace_of_gamma_beta(s: ArrayLike, R: ArrayLike, A: ArrayLike, a: ArrayLike, B: ArrayLike) -> Array:
    """E[e^(−λps)] for λ ~ Gamma(R, rate A) and p ~ Beta(a, B): ₂F₁(R, a; a+B; −s/A), with s ≥ 0.

    Pfaff's form: the argument s/(A+s) stays in [0, 1), the last parameter positive: no line is singular.
    """
    s, R, A, a, B = (np.asarray(v, float) for v in (s, R, A, a, B))
    return np.exp(-a * np.log1p(s / A)) * special.hyp2f1(a, a + B - R, a + B, s / (A + s))


def integrate_decay(h: Callable[[Array], Array], t: ArrayLike, scale: ArrayLike, nodes: int = 40) -> Array:
    """∫₀ᵗ h(s) ds for a decreasing mixture of exponentials whose fastest part decays over `scale`.

    Gauss–Legendre in u = log(1 + s/scale), where such an h is smooth however long its tail; t finite.
    """
    scale = np.asarray(scale, float)
    width = np.log1p(np.asarray(t, float) / scale)
    total = np.zeros(np.broadcast_shapes(width.shape, scale.shape))
    for node, weight in zip(*legendre(nodes), strict=True):
        s = scale * np.expm1(width * node)
        total = total + weight * width * (s + scale) * h(s)
    return total
