"""What becomes of rows that are not plain orders: each choice named, with the default an expert would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from ltv.errors import ParameterError

LISTS = ("leave_out", "not_products", "status")
_CHOICES = {
    "refunds": ("net", "drop", "refuse"),
    "zero": ("keep", "drop"),
    "duplicates": ("keep", "drop"),
    "last_day": ("whole", "keep"),
    "old_customers": ("leave out", "keep"),
    "stray_dates": ("leave out", "keep"),
    "totals": ("auto", "order", "line"),
    "ids": ("keep", "tidy"),
    "shared": ("keep", "leave out"),
}


@dataclass(frozen=True)
class Policy:
    """The choices of `read_orders`; every row that one of them leaves out is counted in `Orders.audit`.

    refunds: "net" books a negative amount to the order it undoes, or to its own day where none is found; "drop" leaves
    negative rows out, "refuse" makes them a fault. zero: a free order is an order ("keep"), or not ("drop").
    duplicates: lines equal in every column are two items of one order ("keep") or one line said twice ("drop").
    last_day: without `until`, a last day that is not whole is left out ("whole"). old_customers: those of a log that
    begins late who only look new. stray_dates: rows dated after today, or years away from all others. leave_out: ids of
    customers to leave out (tests, staff). wholesale: customers whose revenue lies above this quantile. not_products: codes in the column `product` that are no goods (postage, fees).
    status: the statuses that are orders; without any, known words decide (paid, shipped, refunded … are, failed, voided,
    pending, cancelled … are not) and unknown ones count. totals: an amount repeated on the lines of an order is its total
    and counts once ("order"), is that of each line ("line"), or is found out ("auto"). ids: as written ("keep"), or one
    where only case, spaces or the form of accents differ ("tidy"). shared: a customer with a tenth of all rows, such as
    the address of a till, is a customer ("keep") or none ("leave out").

    Raises ParameterError with every value that cannot be.

    >>> Policy(zero="drop").changed()
    {'zero': 'drop'}
    """

    refunds: str = "net"
    zero: str = "keep"
    duplicates: str = "keep"
    last_day: str = "whole"
    old_customers: str = "leave out"
    stray_dates: str = "leave out"
    leave_out: tuple[str, ...] = ()
    wholesale: float | None = None
    not_products: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    totals: str = "auto"
    ids: str = "keep"
    shared: str = "keep"

    def __post_init__(self) -> None:
        faults = [
            f"{name} is one of {', '.join(map(repr, choices))}, not {getattr(self, name)!r}"
            for name, choices in _CHOICES.items()
            if getattr(self, name) not in choices
        ]
        if self.wholesale is not None and not 0 < self.wholesale < 1:
            faults.append(f"wholesale is a quantile such as 0.999, not {self.wholesale!r}")
        for name in LISTS:
            if isinstance(getattr(self, name), str):
                faults.append(f'{name} is a list such as ["{getattr(self, name)}"]')
            object.__setattr__(self, name, tuple(map(str, getattr(self, name))))
        if faults:
            raise ParameterError("policy: " + "; ".join(faults))

    @classmethod
    def of(cls, given: Policy | Mapping[str, str] | None) -> Policy:
        """A policy from choices as text, lists split at semicolons. Raises ParameterError.

        >>> Policy.of({"zero": "drop", "leave_out": "7; 8"}).leave_out
        ('7', '8')
        """
        if isinstance(given, cls):
            return given
        choices: dict[str, object] = dict(given or {})  # type: ignore[arg-type]
        if unknown := choices.keys() - {field.name for field in fields(cls)}:
            raise ParameterError(f"policy: there is no {', '.join(sorted(unknown))}; there are {', '.join(_names())}")
        for name in LISTS:
            if isinstance(listed := choices.get(name), str):
                choices[name] = [part.strip() for part in listed.split(";")]
        if "wholesale" in choices:
            try:
                choices["wholesale"] = float(choices["wholesale"])  # type: ignore[arg-type]
            except (TypeError, ValueError):
                raise ParameterError(f"policy: wholesale is a quantile, not {choices['wholesale']!r}") from None
        return cls(**choices)  # type: ignore[arg-type]

    def changed(self) -> dict[str, object]:
        """The choices that differ from the defaults."""
        return {f.name: getattr(self, f.name) for f in fields(self) if getattr(self, f.name) != f.default}


def _names() -> list[str]:
    return [field.name for field in fields(Policy)]


DEFAULT = Policy()
