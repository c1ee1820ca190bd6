"""Partial pooling: segments share the shapes of a family and lend each other strength on their means.

v_g ~ N(μ, τ²) for the mean rate, mean dropout or mean spend of segment g, in the coordinates of a fit; all other
coordinates c are common; τ ~ half-normal(0.5). Around the joint mode every segment's likelihood is a quadratic, so
the hyperparameters (τ on a grid, then c and μ) and the segments given them are drawn exactly for the quadratics.
Each segment's draws are then weighted by its own likelihood over its own quadratic, in its own few dimensions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from ltv.errors import FitError
from ltv.models.data import Array, Patterns
from ltv.models.fitting import KEPT, Fit, fit, natural_covariance
from ltv.models.hierarchy import Hierarchy, Quadratics
from ltv.models.merging import merged
from ltv.models.posterior import Posterior, smooth
from ltv.models.since import Since, checked
from ltv.models.status import CONVERGED
from ltv.models.tables import Total

if TYPE_CHECKING:
    import pandas as pd

FEW = 5
"""Below so many segments the spread between them is the prior's."""


@dataclass(frozen=True)
class Pooled:
    """Fits of segments that share what they can.

    `fits` holds one usable fit per segment, `unpooled` each segment fitted alone (or the reason why it cannot be),
    `whole` all of them together. `between` gives the between-segment sd by coordinate with its 90 % interval.
    `own` is the share of what is known of a segment's year that comes from its own data; below one half it is
    `too_small` to judge. `note` says what a reader must know.
    """

    family: Any
    fits: dict[str, Fit]
    unpooled: dict[str, Fit | str]
    whole: Fit
    between: pd.DataFrame
    own: dict[str, float]
    note: str

    @property
    def too_small(self) -> tuple[str, ...]:
        return tuple(name for name, share in self.own.items() if share < 0.5)

    def table(self, answer: Any) -> pd.DataFrame:
        """Any number of a family, pooled and alone, by segment: `answer` maps a family to an array or number.

        Columns estimate, low, high (90 %, pooled), alone, alone_low, alone_high, customers, own, judge.
        """
        import pandas as pd

        rows = {}
        for name, result in self.fits.items():
            alone = self.unpooled[name]
            rows[name] = {
                **_interval(answer, result, ""),
                **(_interval(answer, alone, "alone_") if isinstance(alone, Fit) else {}),
                "customers": result.customers,
                "own": self.own[name],
                "judge": "too small to judge" if self.own[name] < 0.5 else "",
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("segment")


def _interval(answer: Any, result: Fit, prefix: str) -> dict[str, float]:
    drawn = np.asarray(answer(result.posterior), dtype=float).reshape(-1)
    low, high = np.quantile(drawn, [0.05, 0.95])
    names = ("alone", "alone_low", "alone_high") if prefix else ("estimate", "low", "high")
    return dict(zip(names, (float(np.median(drawn)), float(low), float(high)), strict=True))


def pooled(
    family: Any, segments: Mapping[str, Any], *, given: Mapping[str, Patterns] | None = None, seed: int = 0
) -> Pooled:
    """Fit `family` to each segment's patterns or order values, partially pooled.

    `given` are segments' patterns on an earlier day, as in `fit`: what they did since is fitted, and all of a segment without.
    Raises FitError where there are fewer than two segments or all of them together cannot be fitted.

    >>> from ltv.models import NBD, Patterns
    >>> from ltv.units import Unit
    >>> one = Patterns(x=[0, 1, 4], t_x=[0, 9, 30], T=[39, 39, 39], n=[50, 30, 20], unit=Unit.WEEK)
    >>> two = Patterns(x=[0, 2], t_x=[0, 30], T=[39, 39], n=[3, 1], unit=Unit.WEEK)
    >>> pooled(NBD, {"one": one, "two": two}).too_small
    ('two',)
    """
    if len(segments) < 2:
        raise FitError("pooling needs two segments or more; fit the family to all customers instead")
    names = list(segments)
    data = [getattr(segments[name], family.reads, segments[name]) for name in names]
    before = [(given or {}).get(name) for name in names]
    known = [part for part in before if part is not None]
    whole = fit(family, merged(data), given=merged(known) if known else None, seed=seed)
    totals = [
        family.total(part) if then is None else Since(family.total(part), family.total(checked(part, then)))
        for part, then in zip(data, before, strict=True)
    ]
    hierarchy = Hierarchy(whole.coordinates, totals, family.varying)
    tau = np.full(len(family.varying), 0.3)
    for _ in range(2):
        quadratics = hierarchy.expand(whole.theta, tau)
        taus, weights = hierarchy.weigh(quadratics)
        tau = np.exp(weights @ np.log(taus))
    quadratics = hierarchy.expand(whole.theta, tau)
    drawn = hierarchy.draw(quadratics, 4 * KEPT, np.random.default_rng(seed))
    fits = {
        name: _segment_fit(whole, data[g], totals[g], quadratics, g, drawn.theta[g], seed)
        for g, name in enumerate(names)
    }
    own = {name: own_share(hierarchy, quadratics, g, tau, whole) for g, name in enumerate(names)}
    few = f"With {len(names)} segments the spread between them comes from the prior. " if len(names) < FEW else ""
    small = [name for name, share in own.items() if share < 0.5]
    said = f"Too small to judge: {', '.join(small)}." if small else "Every segment speaks mostly for itself."
    return Pooled(family, fits, _alone(family, names, data, before, seed), whole, drawn.between, own, few + said)


def _alone(
    family: Any, names: list[str], data: list[Any], before: list[Patterns | None], seed: int
) -> dict[str, Fit | str]:
    alone: dict[str, Fit | str] = {}
    for name, part, then in zip(names, data, before, strict=True):
        try:
            alone[name] = fit(family, part, given=then, seed=seed)
        except FitError as error:
            alone[name] = str(error)
    return alone


def own_share(hierarchy: Hierarchy, quadratics: Quadratics, segment: int, tau: Array, whole: Fit) -> float:
    """1 − var(own data and the others) ÷ var(the others alone), of the log of a year's value per customer."""
    v = hierarchy.v
    own = quadratics.precision[segment][np.ix_(v, v)]
    both = np.linalg.inv(own + np.diag(1 / tau**2))
    slope = np.array([_log_slope(whole, k) for k in v])
    return float(1 - (slope @ both @ slope) / (slope @ (tau**2 * slope)))


def _log_slope(whole: Fit, k: int) -> float:
    """d log(a year's orders, or the order value) / d θ_k at the fit of the whole."""
    step = np.zeros(whole.theta.size)
    step[k] = 1e-4
    models: list[Any] = [whole.family.of_logs(whole.coordinates.logs(whole.theta + sign * step)) for sign in (1, -1)]
    if whole.family.reads == "order_values":
        answers = [float(model.expected_order_value()) for model in models]
    else:
        year = 365.25 / whole.unit.days if whole.unit else 1.0
        answers = [float(model.expected_orders(year)) for model in models]
    return float(np.log(answers[0] / answers[1]) / 2e-4)


def _segment_fit(whole: Fit, data: Any, total: Total, quadratics: Quadratics, g: int, theta: Array, seed: int) -> Fit:
    """A segment's draws, weighted by its own likelihood over its own quadratic, as a fit."""
    coordinates, mode = whole.coordinates, quadratics.theta[g]
    with np.errstate(all="ignore"):
        log_weights = total.values(coordinates.logs(theta)) - quadratics.values(g, theta)
    smoothed, k_hat = smooth(np.where(np.isfinite(log_weights), log_weights, -np.inf))
    weights = np.exp(smoothed - special.logsumexp(smoothed))
    weighted = Posterior(theta, weights, k_hat, float(1 / (weights**2).sum()), "partial pooling")
    kept = weighted.resample(KEPT, seed)
    covariance = np.cov(kept.T)
    logs = coordinates.logs(mode)
    return Fit(
        family=whole.family,
        model=whole.family.of_logs(logs),
        status=whole.family.edge(whole.family.of_logs(logs)) or CONVERGED,
        log_likelihood=float(total.values(logs[None])[0]),
        gradient_norm=0.0,
        covariance=natural_covariance(coordinates, mode, covariance),
        customers=data.customers,
        rows=data.x.size,
        unit=data.unit,
        window=data.window,
        theta=mode,
        theta_covariance=covariance,
        scale=whole.scale,
        seed=seed,
        stored=Posterior(kept, np.full(KEPT, 1 / KEPT), k_hat, weighted.effective, weighted.method),
    )
