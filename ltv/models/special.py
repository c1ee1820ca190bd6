"""Functions the families share, in log space, each checked against mpmath over its stated domain."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.polynomial import chebyshev
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]


@lru_cache
def legendre(nodes: int) -> tuple[Array, Array]:
    """Gauss–Legendre nodes and weights on (0, 1)."""
    z, weight = np.polynomial.legendre.leggauss(nodes)
    return (z + 1) / 2, weight / 2


def log_nodes(at: Array, shift: float) -> tuple[Array, Array]:
    """Points (n,) and weights (len(at), n): f(at) is weights @ f(points) to some twelve digits, `at` ascending.

    For f smooth in u = log(shift + t), as all of a customer's future is in age: the points are Chebyshev's in u, and an
    f that is analytic and bounded for |Im u| ≤ π/2 is met within a multiple of e^(−n·arsinh(π/2 ÷ half the width of u))
    (Trefethen, Approximation Theory and Approximation Practice, ch. 8).

    >>> points, weights = log_nodes(np.linspace(0, 50, 1000), 2.0)
    >>> points.size, bool(np.allclose(weights @ (2 + points) ** -0.5, (2 + np.linspace(0, 50, 1000)) ** -0.5, rtol=1e-12))
    (33, True)
    """
    u = np.log1p((at - at[0]) / (shift + at[0]))
    half = max(float(u[-1]) / 2, 1e-3)
    n = int(np.ceil(28 / np.arcsinh(np.pi / 2 / half)))
    nodes = np.cos(np.pi * (np.arange(n) + 0.5) / n)
    basis = chebyshev.chebvander(nodes, n - 1) * np.where(np.arange(n), 2 / n, 1 / n)
    points = at[0] + (shift + at[0]) * np.expm1(half * (1 + nodes))
    return points, chebyshev.chebvander(u / half - 1, n - 1) @ basis.T


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
    Where its terms overflow (a+B in the hundreds and s/A large), the expectation over p by quadrature.
    """
    s, R, A, a, B = (np.asarray(v, float) for v in (s, R, A, a, B))
    with np.errstate(all="ignore"):
        value = np.exp(-a * np.log1p(s / A)) * special.hyp2f1(a, a + B - R, a + B, s / (A + s))
    bad = ~((value >= 0) & (value <= 1 + 1e-12))
    if bad.any():
        rest = (np.broadcast_to(v, value.shape)[bad] for v in (s / A, R, a, B))
        value = np.array(value)
        value[bad] = mean_over_beta(*rest)
    return value


def mean_over_beta(tau: Array, R: Array, a: Array, B: Array) -> Array:
    """E[(1 + pτ)^(−R)] for p ~ Beta(a, B), shapes (k,), by the trapezoidal rule on ℓ = logit p.

    What the rule sums is f(p) − f(0)(1−p)^m − f(1)p with m ≥ 1, which vanishes at both ends however small a
    and B are; the two terms taken out have beta means in closed form. f is convex, so nothing cancels.
    """
    m = np.maximum(1, R * tau)
    last = np.exp(-R * np.log1p(tau))
    low, high = np.full((2, tau.size), [[-600.0], [600.0]])
    for _ in range(60):  # the mode of the summand's envelope, which is log-concave in ℓ
        middle = (low + high) / 2
        p = special.expit(middle)
        slope = a + 1 - p - (a + B) * p - (R * tau / (1 + p * tau) + m / (1 + m * p)) * p * (1 - p)
        low, high = np.where(slope > 0, middle, low), np.where(slope > 0, high, middle)
    bend = (a + B + 1) * p * (1 - p) + np.minimum(R, R * p * tau) / (1 + p * tau) + 0.05
    u = np.linspace(-7, 7, 501)[:, None]
    width = np.minimum(1 / np.sqrt(bend), 3)
    ell = middle + width * np.sinh(u)
    p = special.expit(ell)
    weight = np.exp(a * special.log_expit(ell) + B * special.log_expit(-ell) - special.betaln(a, B))
    rest = np.exp(-R * np.log1p(p * tau)) - np.exp(m * special.log_expit(-ell)) - last * p
    inner = (weight * rest * width * np.cosh(u)).sum(0) * (u[1, 0] - u[0, 0])
    ends = np.exp(special.betaln(a, B + m) - special.betaln(a, B)) + last * a / (a + B)
    return np.clip(ends + inner, 0, 1)


def nodes_for(width: Array) -> int:
    """Gauss–Legendre nodes that leave 1e-12 of the integral of a decay over so many e-folds of time.

    In log(1 + s/scale) the nearest singularities lie at ±iπ, so the error falls by a known factor per node.
    """
    return 12 + int(3 * width.max(initial=0.0))


def integrate_decay(h: Callable[[Array], Array], t: ArrayLike, scale: ArrayLike, extra: int = 0) -> Array:
    """∫₀ᵗ h(s) ds for a decreasing mixture of exponentials whose fastest part decays over `scale`.

    Gauss–Legendre in u = log(1 + s/scale), where such an h is smooth however long its tail; t finite. `scale`
    must not exceed the distance of h's nearest singularity on the negative axis.
    """
    scale = np.asarray(scale, float)
    width = np.log1p(np.asarray(t, float) / scale)
    total = np.zeros(np.broadcast_shapes(width.shape, scale.shape))
    for node, weight in zip(*legendre(nodes_for(width) + extra), strict=True):
        s = scale * np.expm1(width * node)
        total = total + weight * width * (s + scale) * h(s)
    return total


def decay_end(t: ArrayLike, c: Array, A: Array, e: Array, B: Array, delta: float = 0.0) -> Array:
    """Where e^(−δu) (1+u/A)^(−c) (1+u/B)^(−e) has fallen below e^(−40), or t if that is nearer.

    The exponent is convex in log u, so Newton's steps from the right never pass the root.
    """
    with np.errstate(over="ignore"):
        u = np.minimum(A * np.expm1(np.minimum(40 / c, 300)), B * np.expm1(np.minimum(40 / e, 300)))
    u = np.minimum(u, 40 / delta) if delta else u
    for _ in range(4):
        excess = c * np.log1p(u / A) + e * np.log1p(u / B) + delta * u - 40
        u = u * np.exp(-excess / (c * u / (A + u) + e * u / (B + u) + delta * u))
    return np.minimum(np.asarray(t, float), u)


def power_tail(c: Array, A: Array, e: Array, B: Array) -> Array:
    """∫₀^∞ (1+u/A)^(−c) (1+u/B)^(−e) du = A/(c+e−1) · ₂F₁(e, 1; c+e; 1−A/B) for c + e > 1, the smaller of A and B first.

    >>> round(float(power_tail(np.array(1.0), np.array(2.0), np.array(2.0), np.array(2.0))), 6)
    1.0
    """
    first = A <= B
    small, large, power = np.where(first, A, B), np.where(first, B, A), np.where(first, e, c)
    return small / (c + e - 1) * special.hyp2f1(power, 1.0, c + e, 1 - small / large)


def power_decay(t: ArrayLike, c: Array, A: Array, e: Array, B: Array, delta: float = 0.0) -> Array:
    """∫₀ᵗ e^(−δu) (1+u/A)^(−c) (1+u/B)^(−e) du for c, e, A, B > 0, δ ≥ 0 and t > 0.

    >>> round(float(power_decay(10.0, np.array(1.0), np.array(2.0), np.array(2.0), np.array(3.0))), 6)
    1.242219
    """
    return integrate_decay(
        lambda u: np.exp(-c * np.log1p(u / A) - e * np.log1p(u / B) - delta * u),
        decay_end(t, c, A, e, B, delta),
        1 / ((c + 1) / A + (e + 1) / B + delta),
    )
