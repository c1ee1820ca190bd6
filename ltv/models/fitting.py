"""`fit`: the best parameters of a family for a data set, how sure they are, and whether to trust them."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from ltv.errors import FitError, ParameterError
from ltv.models.coordinates import Coordinates
from ltv.models.data import Array, OrderValues, Patterns
from ltv.models.family import Family
from ltv.models.order_values import compressed
from ltv.models.posterior import SETTLED, Posterior, evenly, importance, normal
from ltv.models.search import LARGE, best, enough, judge
from ltv.models.since import Since, checked
from ltv.models.status import CONVERGED, Status
from ltv.models.tables import Total
from ltv.units import Unit

if TYPE_CHECKING:  # imported where a frame is made: it costs as much as everything else here
    import pandas as pd

WEIGHED = 5e7
"""Above so many draws × patterns the posterior is taken as normal at the mode."""
KEPT = 1000
"""Equally weighted draws that are kept of the weighted ones."""


@dataclass(frozen=True, repr=False)
class Fit:
    """A fitted family: `model` is the mode, `draws(size)` its posterior, `status` how the fit ended.

    `log_likelihood` is the data's alone, `covariance` that of the parameters as they are printed. `total` is the
    data's likelihood; a fit loaded from a file has `stored` draws instead.
    """

    family: type[Family]
    model: Any
    status: Status
    log_likelihood: float
    gradient_norm: float
    covariance: Array
    customers: int
    rows: int
    unit: Unit | None
    window: str
    theta: Array
    theta_covariance: Array
    scale: float
    priors: str | None = "default"
    seed: int = 0
    size: int = 4000
    total: Total | None = field(default=None, compare=False)
    stored: Posterior | None = field(default=None, compare=False)

    @cached_property
    def coordinates(self) -> Coordinates:
        """The coordinates θ in which the fit was computed."""
        return self.family.coordinates(self.scale)

    @cached_property
    def weighted(self) -> Posterior:
        """The weighted draws with their diagnostics, computed when first asked for."""
        if self.stored is not None:
            return self.stored
        if self.size * self.rows > WEIGHED:
            return normal(self.theta, self.theta_covariance, self.size, self.seed)
        return importance(self.log_posterior, self.theta, self.theta_covariance, self.size, self.seed)

    @cached_property
    def sample(self) -> Array:
        """Equally weighted draws of θ, rounded to what a saved fit keeps: it answers as this one does."""
        if self.stored is not None:
            return self.stored.theta
        digits = [f"{value:.9e}" for value in self.weighted.resample(KEPT, self.seed).ravel()]
        return np.array(digits, dtype=float).reshape(-1, self.theta.size)

    def log_posterior(self, theta: Array) -> Array:
        """Log-likelihood plus log prior, up to a constant, of each row of θ. A loaded fit has none."""
        if self.total is None:
            raise FitError("a loaded fit does not hold its data; fit again to evaluate its likelihood")
        with np.errstate(all="ignore"):
            likelihood = self.total.values(self.coordinates.logs(theta))
        return likelihood + (self.coordinates.log_prior(theta) if self.priors else 0.0)

    def draws(self, size: int) -> Any:
        """`size` equally weighted draws as one family instance with fields of shape (size, 1); repeatable."""
        return self.family.of_logs(self.coordinates.logs(evenly(self.sample, size, self.seed)))

    @cached_property
    def posterior(self) -> Any:
        """The draws as a family instance with fields of shape (S, 1)."""
        return self.family.of_logs(self.coordinates.logs(self.sample))

    @property
    def given(self) -> str:
        """The window of the earlier state that the fit takes as known, empty where it rests on the whole of its own."""
        return self.window.partition(" given ")[2]

    @property
    def standard_errors(self) -> dict[str, float]:
        return dict(zip(self.family.names(), np.sqrt(np.diag(self.covariance)).tolist(), strict=True))

    @cached_property
    def estimates(self) -> pd.DataFrame:
        """Estimate, 90 % interval and standard error of each parameter.

        The interval is read from the draws; without priors from the standard error of the logarithm.
        """
        import pandas as pd

        mode = np.array(self.model.parameters())
        errors = np.sqrt(np.diag(self.covariance))
        if self.priors:
            low, high = np.quantile(np.hstack(self.posterior.parameters()), [0.05, 0.95], axis=0)
        else:
            low, high = (mode * np.exp(side * 1.6448536269514722 * errors / mode) for side in (-1, 1))
        return pd.DataFrame(
            {"estimate": mode, "low": low, "high": high, "se": errors},
            index=pd.Index(self.family.names(), name="parameter"),
        )

    @property
    def aic(self) -> float:
        return 2 * len(self.family.names()) - 2 * self.log_likelihood

    @property
    def bic(self) -> float:
        return len(self.family.names()) * float(np.log(self.customers)) - 2 * self.log_likelihood

    @property
    def caution(self) -> str:
        """Whether the draws behind the intervals did not settle, in a sentence; empty where they did."""
        posterior = self.weighted
        if posterior.k_hat <= SETTLED:
            return ""
        return (
            f"The draws behind the intervals of {self.family.title} did not settle (k̂ {posterior.k_hat:.2f}): read them as "
            "rough, or bring a longer window or more customers."
        )

    def _facts(self) -> list[tuple[str, str]]:
        unit = [("unit", str(self.unit))] if self.unit else []
        window = [("window", self.window)] if self.window else []
        caution = [("draws", self.caution)] if self.priors and self.caution else []
        return [
            ("status", f"{self.status.name}: {self.status.sentence}"),
            *caution,
            ("log-likelihood", f"{self.log_likelihood:,.3f}"),
            ("customers", f"{self.customers:,} in {self.rows:,} patterns"),
            *unit,
            *window,
        ]

    def __repr__(self) -> str:
        table = self.estimates.to_string(float_format=lambda value: f"{value:.4g}")
        return "\n".join([f"{self.family.title} fit", *(f"  {k}: {v}" for k, v in self._facts()), table])

    def _repr_html_(self) -> str:
        def row(cells: list[str], tag: str = "td") -> str:
            first = f'<th scope="row">{html.escape(cells[0])}</th>' if tag == "td" else f"<th>{cells[0]}</th>"
            return f"<tr>{first}{''.join(f'<{tag}>{html.escape(cell)}</{tag}>' for cell in cells[1:])}</tr>"

        head = row(["parameter", "estimate", "low", "high", "se"], "th")
        body = [row([str(name), *(f"{v:.4g}" for v in values)]) for name, *values in self.estimates.itertuples()]
        facts = [
            f'<tr><th scope="row">{html.escape(k)}</th><td colspan="4">{html.escape(v)}</td></tr>'
            for k, v in self._facts()
        ]
        caption = f"<caption>{html.escape(self.family.title)} fit</caption>"
        rows = "".join(body + facts)
        return f'<table class="ltv-fit">{caption}<thead>{head}</thead><tbody>{rows}</tbody></table>'


def fit(
    family: type[Family],
    data: Any,
    *,
    given: Any = None,
    priors: str | None = "default",
    draws: int = 4000,
    seed: int = 0,
) -> Fit:
    """Fit `family` to patterns or order values, or to an object that carries them as attributes.

    The mode of the posterior under the package's mild, unit-free priors; `priors=None` is maximum likelihood.
    Above 20,000 rows of order values close ones are counted as one: see `compressed` for the error.
    `given` are the same customers' patterns on an earlier day: the fit is then to what they did since, given what was
    known of them by that day (and to all that those who came since did). Recent behaviour tells more of what comes next.
    Raises FitError, its message the advice, where the result must not be used.

    >>> from ltv.models import NBD
    >>> patterns = Patterns(x=[0, 1, 4], t_x=[0, 9, 30], T=[39, 39, 39], n=[50, 30, 20], unit=Unit.WEEK)
    >>> fit(NBD, patterns).status.name
    'converged'
    """
    if priors not in ("default", None):
        raise ParameterError(f'priors are "default" or None (maximum likelihood), not {priors!r}')
    whole = data if isinstance(data, Patterns | OrderValues) else getattr(data, family.reads)
    before = None if given is None else checked(whole, getattr(given, family.reads, given))
    enough(family, whole, before)
    data = compressed(whole, 1e-6) if isinstance(whole, OrderValues) and whole.x.size > LARGE else whole
    scale, total = family.scale(data), family.total(data)
    if before is not None:
        total = Since(total, family.total(before))
    coordinates = family.coordinates(scale)
    optimum = best(family, data, coordinates, total, priors)
    judge(family, optimum, coordinates, priors)
    covariance = np.linalg.inv(-optimum.hessian)
    covariance = (covariance + covariance.T) / 2
    logs = coordinates.logs(optimum.theta)
    model = family.of_logs(logs)
    return Fit(
        family=family,
        model=model,
        status=family.edge(model) or CONVERGED,
        log_likelihood=float((total if data is whole else family.total(whole)).values(logs[None])[0]),
        gradient_norm=float(np.linalg.norm(optimum.gradient)),
        covariance=natural_covariance(coordinates, optimum.theta, covariance),
        customers=data.customers,
        rows=data.x.size,
        unit=data.unit,
        window=data.window if before is None else f"{data.window} given {before.window}".strip(),
        theta=optimum.theta,
        theta_covariance=covariance,
        scale=scale,
        priors=priors,
        seed=seed,
        size=draws,
        total=total,
    )


def natural_covariance(coordinates: Coordinates, theta: Array, covariance: Array) -> Array:
    """Covariance of the parameters as they are printed from that of θ, to first order."""
    spread = np.exp(coordinates.logs(theta))[:, None] * coordinates.bend(theta)[0]
    natural = spread @ covariance @ spread.T
    return (natural + natural.T) / 2
