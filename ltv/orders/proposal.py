"""What a file is likely to be, what is wrong with it, and the command that reads it so."""

from __future__ import annotations

import json
import shlex
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ltv import engine
from ltv.errors import DataError
from ltv.inputs import headings
from ltv.inputs.amounts import whole_numbers
from ltv.inputs.currencies import currency_of_heading
from ltv.inputs.headings import Export
from ltv.inputs.opening import open_source
from ltv.inputs.zones import zone_of_heading
from ltv.orders import guesses
from ltv.orders.cost_proposal import CostCheck, check_costs
from ltv.orders.guesses import Cells
from ltv.orders.log import Orders
from ltv.orders.marketing import looks_like_costs
from ltv.orders.policy import Policy
from ltv.orders.reading import MoreColumns, read_orders
from ltv.orders.samples import SAMPLES
from ltv.orders.schema import NO_ROWS
from ltv.orders.taken import shares_taken
from ltv.units import GUESSED_MARGIN

COST_FORMS = ("on", "date_format", "decimal")
OPTIONS = ("on", "customer", "date", "amount", "until", "time_zone", "currency", "margin", "policy")
"""Arguments with an option of their own; the other columns and forms go together."""
REQUIRED = ("customer", "date")
PARTS = ("customer", "date", "amount", *MoreColumns.__annotations__)
WITHOUT = (
    "No column holds amounts: retention, growth and expected orders can be made, revenue, value and payback cannot."
)


@dataclass(frozen=True)
class Check:
    """A proposed mapping of columns (part → column), the faults it meets, and the orders it gives where there are none.

    `given`: what the caller said besides, such as on, encoding, date_format, and what the file says of itself (policy,
    currency, time_zone). `known`: the export that its headings are of. `by`: columns worth a segment → how many values.
    """

    source: str
    columns: dict[str, str]
    faults: tuple[str, ...]
    orders: Orders | None
    given: dict[str, str] = field(default_factory=dict)
    known: str = ""
    notes: tuple[str, ...] = ()
    by: dict[str, int] = field(default_factory=dict)

    @property
    def question(self) -> str:
        """What only the reader can know: the margin, where neither it nor a cost was given."""
        if "margin" in self.given or "cost" in self.columns or "amount" not in self.columns:
            return ""
        return (
            f"What is left of revenue after goods, shipping and payment? {GUESSED_MARGIN:.0%} is assumed. "
            "If you know it, add for example --margin 0.45"
        )

    def command(self, *, words: str = "report all") -> str:
        """The shell command of the reports on these columns; COLUMN stands for a required one that was not found."""
        needed = () if self.source in SAMPLES else REQUIRED
        said = dict.fromkeys(needed, "COLUMN") | self.columns | self.given
        own = [f"--{name.replace('_', '-')} {shlex.quote(said[name])}" for name in OPTIONS if name in said]
        more = {name: value for name, value in said.items() if name not in OPTIONS}
        own += [f"--columns {shlex.quote(_pairs(more))}"] if more else []
        return " ".join(["ltv", words, "--orders", shlex.quote(self.source), *own])

    def __repr__(self) -> str:
        lines = [
            f"Known by its headings: {self.known}" if self.known else "No known export: columns by name and content"
        ]
        if self.orders is not None:
            lines += _first(self.orders)
        lines += ["Columns", *(f"  {part:<16} {name}" for part, name in self.columns.items())] if self.columns else []
        lines += [f"  {'by':<16} {name} ({count} values)" for name, count in self.by.items()]
        if self.notes:
            lines += ["Notes", *_wrapped(self.notes)]
        if self.faults:
            lines += [f"{len(self.faults)} to mend first", *(f"  {fault}" for fault in self.faults)]
        if self.orders is not None:
            lines += [repr(self.orders), "Rows", *_rows(self.orders.audit)]
        if self.by and self.orders is not None:
            names = ",".join(self.by)
            lines += [
                "Segments, a folder of reports each",
                "  " + self.command(words=f"batch --by {shlex.quote(names)}"),
            ]
        return "\n".join(lines)


def _first(orders: Orders) -> list[str]:
    """The log in two lines, and what each rule takes away."""
    size, rows = orders.size, int(orders.audit["rows"].sum())
    lines = [
        f"{rows:,} rows: {size['orders']:,} orders of {size['customers']:,} customers, {size['revenue']:,.2f} "
        f"{orders.currency}, {orders.since} to {orders.until}"
    ]
    return lines + [f"  left out, {rule}: {sentence}" for rule, sentence in shares_taken(orders)]


def _wrapped(sentences: tuple[str, ...]) -> list[str]:
    return [
        line
        for sentence in sentences
        for line in textwrap.wrap(sentence, 100, initial_indent="  ", subsequent_indent="    ")
    ]


def _pairs(named: Mapping[str, str]) -> str:
    """Names with values as an option takes them: as JSON where a value holds a mark of the plain form."""
    if any(set(value) & set(",={") or value != value.strip() for value in named.values()):
        return json.dumps(dict(named), ensure_ascii=False)
    return ",".join(f"{name}={value}" for name, value in named.items())


def _rows(audit: pd.DataFrame) -> list[str]:
    """What became of the rows, a line each rule that found any, its reason below."""
    lines = []
    for rule, row in audit[audit["rows"] > 0].iterrows():
        counted = f"{row['rows']:>13,} rows {row['customers']:>11,} customers {row['money']:>18,.2f}"
        lines += [
            f"  {rule:<24}{counted}",
            *textwrap.wrap(row["why"], 96, initial_indent="    ", subsequent_indent="    "),
        ]
    return lines


def check_orders(source: Any, **given: Any) -> Check | CostCheck:
    """Propose a mapping for a source, `given` over it, try it, and say what is wrong.

    A table of marketing costs is checked as such. Takes the arguments of `read_orders`. Raises DataError only where the
    source cannot be opened at all, or has no rows.
    """
    if isinstance(source, str) and source in SAMPLES:
        sample = read_orders(source, policy=Policy.of(given.get("policy")), margin=given.get("margin"))
        said_too = {name: str(value) for name, value in given.items() if name == "margin"}
        return Check(source, {}, (), sample, said_too | _policy(given), f"the sample {SAMPLES[source].name}")
    opened = open_source(source, **{name: given[name] for name in ("on", "encoding") if name in given})
    export = headings.recognise(opened.table.columns)
    if engine.run(opened.table.limit(1)).empty:
        whose = f" ({export.name})" if export else ""
        raise DataError(f"orders ({opened.name})", [NO_ROWS + whose])
    names = [name for name in opened.table.columns if name != engine.FILE]
    if not export and "customer" not in given and (spent := looks_like_costs(names)):
        named = {part: given[part] for part in spent if given.get(part)}
        return check_costs(source, spent | named, **{name: given[name] for name in COST_FORMS if name in given})
    cells = guesses.look(opened.table)
    columns, said, notes = _of_export(export, cells) if export else _of_guess(cells)
    columns |= {part: name for part, name in given.items() if part in PARTS and name}
    columns = {part: columns[part] for part in PARTS if part in columns}
    if "date" in columns and (zone := zone_of_heading(columns["date"])):
        said.setdefault("time_zone", zone)
    if "currency_column" not in columns and (code := currency_of_heading(columns.get("amount", ""))):
        said.setdefault("currency", code)
    if "minor_units" in said and not whole_numbers(opened.table, columns.get("amount")):
        del said["minor_units"]
    policy = said.pop("policy", {}) | _choices(given.get("policy"))
    arguments = {**columns, **said, **{name: value for name, value in given.items() if name != "policy"}}
    others = {name: str(value) for name, value in arguments.items() if name not in columns}
    others |= _policy({"policy": policy})
    notes = (*notes, *guesses.overlooked(cells, columns))
    if "amount" not in columns:
        notes = (*notes, WITHOUT)
    faults: tuple[str, ...] = ()
    orders = None
    try:
        orders = read_orders(opened if "on" not in given else source, **arguments, policy=Policy.of(policy))
        notes = (*notes, *_one_order_each(orders, columns["customer"]))
    except DataError as error:
        faults = error.faults
    by = guesses.segments(cells, columns.values())
    if export:
        by |= {
            name: cells[name].distinct
            for name in _there(export.by, cells)
            if 1 < cells[name].distinct <= guesses.MOST_VALUES
        }
    known = export.name if export else ""
    name = str(source) if isinstance(source, str | Path) else opened.name
    return Check(name, columns, faults, orders, others, known, tuple(notes), by)


def _policy(given: Mapping[str, Any]) -> dict[str, str]:
    choices = _choices(given.get("policy"))
    return {"policy": _pairs(choices)} if choices else {}


def _choices(policy: Any) -> dict[str, str]:
    if isinstance(policy, Policy):
        policy = policy.changed()
    return {
        name: "; ".join(map(str, choice)) if isinstance(choice, tuple | list) else str(choice)
        for name, choice in dict(policy or {}).items()
    }


def _of_guess(cells: dict[str, Cells]) -> tuple[dict[str, str], dict[str, Any], tuple[str, ...]]:
    """(columns, what else to say, notes) of a file that no row of the table knows."""
    columns, said, notes = guesses.assign(cells), dict[str, Any](), list[str]()
    if events := guesses.bought(cells):
        name, orders = events
        columns["status"] = name
        said["policy"] = {"status": "; ".join(orders)}
        notes.append(
            f'A log of events: of "{name}" only {", ".join(orders)} {"is an order" if len(orders) == 1 else "are orders"}.'
        )
    return columns, said, tuple(notes)


def _of_export(export: Export, cells: dict[str, Cells]) -> tuple[dict[str, str], dict[str, Any], tuple[str, ...]]:
    """(columns, what else to say, notes) of a known export; columns that are empty play no part."""
    wanted = dict(export.columns)
    money = _there((wanted.get("currency_column", ""),), cells)
    if (
        money
        and cells[money[0]].distinct > 1
        and len(_there(tuple(export.instead.values()), cells)) == len(export.instead)
    ):
        wanted |= export.instead
    columns = {part: found[0] for part, name in wanted.items() if (found := _there((name,), cells))}
    if "discount" in columns and pd.to_numeric(cells[columns["discount"]].values, errors="coerce").min() < 0:
        del columns["discount"]  # written below zero: not to be taken off once more
    notes = [*export.notes, *_looked(export, cells)]
    if export.missing and "customer" not in columns:
        notes.insert(0, export.missing)
    said: dict[str, Any] = dict(export.options)
    return columns, said | ({"policy": dict(export.policy)} if export.policy else {}), tuple(notes)


def _there(names: tuple[str, ...], cells: dict[str, Cells]) -> list[str]:
    """The first version of each name that the file has, with cells in it."""
    found = [next(iter(headings.find(name, cells)), "") for name in names]
    return [name for name in found if name]


def _looked(export: Export, cells: dict[str, Cells]) -> list[str]:
    """What the first rows show of gift cards, tests and the like."""
    said = []
    for names, pattern, sentence in export.looks:
        for name in headings.find(names, cells):
            values = cells[name].values
            count = int(values.astype("string").str.contains(pattern, case=False, regex=True).fillna(False).sum())
            if count:
                first = f"the first {len(values):,} " if len(values) == guesses.SEEN else ""
                said.append(f'{count:,} of {first or f"{len(values):,} "}rows {sentence} ("{name}").')
    return said


def _one_order_each(orders: Orders, customer: str) -> list[str]:
    size = orders.size
    if size["customers"] < guesses.ENOUGH or size["orders"] > size["customers"]:
        return []
    return [
        f'Every customer ("{customer}") has one order: if this is a number of orders or visits, name the column of the '
        "customers with -p customer=…"
    ]
