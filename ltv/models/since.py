"""What customers did after a day, given what was known of them by then: the likelihood that a forecast from today wants."""

from __future__ import annotations

from dataclasses import dataclass

from ltv.errors import DataError, ParameterError
from ltv.models.data import Array, Patterns
from ltv.models.tables import Total


@dataclass(frozen=True)
class Since:
    """log P(histories by now | histories by an earlier day) of the same customers: one total less the other.

    Customers who came in between count with all they did.
    """

    now: Total
    before: Total

    def values(self, logs: Array) -> Array:
        return self.now.values(logs) - self.before.values(logs)

    def derivatives(self, logs: Array) -> tuple[float, Array, Array]:
        (value, slope, curve), (less, down, bend) = self.now.derivatives(logs), self.before.derivatives(logs)
        return value - less, slope - down, curve - bend


def checked(now: Patterns | object, before: object) -> Patterns:
    """`before`, where it can be an earlier state of `now`.

    Raises ParameterError where either is no buying patterns, DataError with every reason why it cannot be.
    """
    if not (isinstance(now, Patterns) and isinstance(before, Patterns)):
        raise ParameterError("given takes buying patterns (x, t_x, T), for a family of buying patterns")
    faults = []
    if now.unit != before.unit:
        faults.append(f"unit  is {before.unit}, that of the patterns is {now.unit}")
    if before.customers > now.customers:
        faults.append(f"n  {before.customers:,} customers before, only {now.customers:,} now: they must be among them")
    if before.repeat_orders > now.repeat_orders:
        faults.append(f"x  {before.repeat_orders:,} repeat orders before, only {now.repeat_orders:,} now")
    if before.T.size and now.T.size and before.T.max() > now.T.max():
        faults.append("T  some were observed longer before than anybody is now")
    if faults:
        raise DataError("given", faults)
    return before
