"""How a fit ended. The sentence of a status is the advice; what is not usable is raised."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Status:
    """The name of an outcome, what it means and what to do, and whether the fit may predict.

    `nested` names the simpler family that the data would do with, where there is one.
    """

    name: str
    sentence: str
    usable: bool = True
    nested: str = ""


CONVERGED = Status(
    "converged",
    "The climb ended at a maximum: no slope is left and the surface curves down in every direction.",
)
NO_DROPOUT = Status(
    "edge: no dropout",
    "These customers hardly ever leave (mean dropout below 1 % an order). The prior keeps the fit usable; "
    "NBD, the same rates without dropout, says as much with two parameters.",
    nested="NBD",
)
SAME_DROPOUT = Status(
    "edge: one dropout probability",
    "All customers leave with nearly the same probability (a+b above 50). Predictions are usable; "
    "a and b themselves mean little beyond their ratio.",
    nested="one dropout probability for all",
)
SAME_DEATH = Status(
    "edge: one dropout rate",
    "All customers leave at nearly the same rate (s above 20). Predictions are usable; "
    "s and beta themselves mean little beyond their ratio.",
    nested="one dropout rate for all",
)
SAME_RATE = Status(
    "edge: one buying rate",
    "All customers buy at nearly the same rate (r above 20). Predictions are usable; "
    "r and alpha themselves mean little beyond their ratio.",
    nested="one buying rate for all",
)
HEAVY_TAIL = Status(
    "edge: heavy tail",
    "A few customers spend so much that the mean over customers barely exists (q below 1.05); it rests on the "
    "prior. Quantiles, and the means of customers with several orders, are usable.",
)
STALLED = Status(
    "stalled",
    "The climb stopped before the top. Look for patterns that cannot be right (ages in another unit, a "
    "handful of customers with thousands of orders), or fit a longer window.",
    usable=False,
)
NOT_IDENTIFIED = Status(
    "not identified",
    "The data leave at least one direction of the parameters open. Keep the default priors, fit a simpler "
    "family, or bring a longer window.",
    usable=False,
)
TOO_LITTLE_DATA = Status(
    "too little data",
    "There is nothing to learn from here. Bring a longer window or more customers.",
    usable=False,
)
