"""What a file of marketing costs holds, and the part of a command that hands it to the report on channels."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ltv.errors import DataError
from ltv.orders.costs import Costs, read_costs


@dataclass(frozen=True)
class CostCheck:
    """The columns of a costs table (part → column), the faults they meet, and the costs they give where there are none."""

    source: str
    columns: dict[str, str]
    faults: tuple[str, ...]
    costs: Costs | None
    question: str = "These are marketing costs, not orders: the report on channels lays them beside the orders."

    def command(self) -> str:
        """The shell command of the report on channels, but for the orders."""
        told = {"costs": self.source, "cost_date": self.columns["date"], "cost_amount": self.columns["amount"]}
        told |= {"cost_channel": self.columns["channel"]} if "channel" in self.columns else {"channel": ""}
        pairs = " ".join(f"-p {shlex.quote(f'{name}={value}')}" for name, value in told.items())
        return f"ltv report channels --orders ORDERS --customer COLUMN --date COLUMN --amount COLUMN {pairs}"

    def __repr__(self) -> str:
        lines = ["Columns", *(f"  {part:<16} {name}" for part, name in self.columns.items())]
        lines += ["Faults", *(f"  {fault}" for fault in self.faults)] if self.faults else []
        return "\n".join([*lines, repr(self.costs)] if self.costs is not None else lines)


def check_costs(source: Any, columns: Mapping[str, str], **given: Any) -> CostCheck:
    """Try these columns of a costs table, and say what is wrong. `given` are further arguments of `read_costs`."""
    named: dict[str, Any] = {"channel": None, **columns, **given}
    try:
        costs = read_costs(source, **named)
    except DataError as error:
        return CostCheck(str(source), dict(columns), error.faults, None)
    return CostCheck(str(source), dict(columns), (), costs)
