"""Signs of damage: what an export has suffered before it came here, said in sentences and never mended in silence."""

from __future__ import annotations

from collections.abc import Iterator

import ibis
import ibis.expr.types as ir
import pandas as pd

from ltv import engine
from ltv.inputs.source import Source
from ltv.orders import profile
from ltv.orders.ids import shared, tidy
from ltv.orders.policy import Policy

ONCE = 50
"""So many customers with one order each, and none with two, are hardly customers."""
MANY = 20
"""Rows of one customer called 0 or -1 that make a sign; any row of one called "guest" does."""
ENOUGH, FEW, HEAVY, FAR = 50, 3, 0.2, 100
"""An extreme: in a log of so many orders, so few of them with such a share of revenue, each so many times the median."""
LOOKED_THROUGH = 5_000_000
"""Equal lines are looked for in inputs of at most so many rows: it takes a pass over every column."""


def find_alarms(orders: ir.Table, stray: pd.Series, policy: Policy) -> tuple[str, ...]:
    """The signs that move every number of a page: orders that outweigh all others, and dates that cannot be.

    `stray` holds the rows of each stray day.
    """
    return (*_extremes(orders), *_stray(stray, policy))


def _extremes(orders: ir.Table) -> Iterator[str]:
    """Up to three orders that hold a fifth of the revenue of at least 50, each 100 times the median one or more."""
    value = orders.value.cast("float64")
    whole = engine.run(orders.aggregate(n=orders.count(), revenue=value.sum(), most=value.max())).fillna(0).iloc[0]
    if whole["n"] < ENOUGH or FEW * whole["most"] < HEAVY * whole["revenue"] or whole["most"] <= 0:
        return
    median = engine.run(orders.aggregate(median=value.median()))["median"].iloc[0]
    top = engine.run(orders.order_by(value.desc(), "day").limit(FEW).select("day", value=value))
    top = top[(top["value"] >= FAR * median) & (top["value"] > 0)]
    held = top["value"].sum()
    if not len(top) or held < HEAVY * whole["revenue"]:
        return
    listed = " and ".join(f"{row.value:,.2f} on {str(row.day)[:10]}" for row in top.itertuples())
    one = len(top) == 1
    rest, others = whole["revenue"] - held, whole["n"] - len(top)
    yield (
        f"{'One order holds' if one else f'{len(top)} orders hold'} {held / whole['revenue']:.0%} of all revenue: {listed}. "
        f"With {'it' if one else 'them'} revenue is {whole['revenue']:,.2f} and the mean order "
        f"{whole['revenue'] / whole['n']:,.2f}; without, {rest:,.2f} and {rest / others:,.2f}. "
        f"If {'it is' if one else 'they are'} a mistake, mend the amount or take the customer out with Policy(leave_out=[…])."
    )


def _stray(stray: pd.Series, policy: Policy) -> Iterator[str]:
    if stray.empty:
        return
    first = ", ".join(f"{day:%Y-%m-%d}" for day in stray.index[:3])
    more = f" and {len(stray) - 3:,} more days" if len(stray) > 3 else ""
    one = stray.sum() == 1
    done = (
        f'{"It is" if one else "They are"} left out and set no end or start; Policy(stray_dates="keep") counts {"it" if one else "them"}.'
        if policy.stray_dates == "leave out"
        else f"{'It is' if one else 'They are'} kept, as the policy says."
    )
    yield (
        f"{stray.sum():,} {'row is' if one else 'rows are'} dated {first}{more}: after today, or years away from all other rows. {done}"
    )


def find_customer_signs(orders: ir.Table, column: str, policy: Policy) -> tuple[str, ...]:
    """Signs that the customers of cleaned `orders` are none: one who is many, or each with one order only."""
    return (*_shared(orders, policy), *_once_each(orders, column))


def _shared(orders: ir.Table, policy: Policy) -> Iterator[str]:
    many = engine.run(shared(orders)) if policy.shared == "keep" else pd.DataFrame()
    if len(many):
        who = "One customer holds" if len(many) == 1 else f"{len(many)} customers hold"
        yield (
            f"{who} {many['share'].sum():.0%} of all rows: the address of a till or of guests is no one person; if it is such, "
            'pass policy=Policy(shared="leave out").'
        )


def _once_each(orders: ir.Table, column: str) -> Iterator[str]:
    counted = orders.aggregate(orders=orders.count(), born=(orders.day == orders.first_day).sum())
    row = engine.run(counted).iloc[0]
    if row["orders"] == row["born"] >= ONCE:
        yield f'Every customer has one order: is "{column}" the number of the order, and the customer in another column?'


def find_signs(source: Source, rows: ir.Table, days: pd.DataFrame, *, total: int, orders: int) -> tuple[str, ...]:
    """Every other sign of damage, worst first: `rows` are the `total` typed rows, `days` the profile without stray days.

    Where they gave as many `orders` as they are, no two are of one customer and day, and so none are equal.
    """
    rows = rows.mutate(customer=rows.customer.cast("string"))
    found = [*source.remarks, *_ids(rows, days, spreadsheet=source.spreadsheet), *_days(days)]
    if "file" in rows.columns:
        found += _files(rows)
    if orders < total <= LOOKED_THROUGH and "again" not in rows.columns:
        found += _copies(source.table, total)
    return tuple(found)


def _ids(rows: ir.Table, days: pd.DataFrame, *, spreadsheet: bool) -> Iterator[str]:
    if rounded := int(days["rounded"].sum()):
        yield (
            f"{rounded:,} rows have customer ids that were rounded on the way (such as 1.03293E+19): different customers "
            "have become one. Export again with the ids as text."
        )
    if days["nobody"].sum():
        yield from _nobody(rows)
    if spreadsheet:
        long = rows.customer.re_search(r"^\d{16,}$")
        if count := engine.run(rows.aggregate(n=long.sum())).fillna(0)["n"].iloc[0]:
            yield (
                f"{int(count):,} rows have customer ids of 16 digits or more from a spreadsheet, which keeps 15: "
                "the last digits may be wrong. Export the ids as text."
            )
    if days["untidy"].sum():
        ids = rows.select("customer").distinct()
        counted = ids.aggregate(n=ids.customer.nunique() - tidy(ids.customer).nunique())
        if merged := int(engine.run(counted)["n"].iloc[0]):
            yield (
                f"{merged:,} customers would merge with another one whose id differs in case, spaces or the form of accents "
                'only: if they are the same people, pass policy=Policy(ids="tidy").'
            )


def _nobody(rows: ir.Table) -> Iterator[str]:
    some = rows.filter(rows.nobody)
    counts = engine.run(some.group_by("customer").aggregate(n=some.count()).order_by("customer"))
    counts = counts[(counts["n"] >= MANY) | ~counts["customer"].isin(["0", "-1"])]
    if len(counts):
        quoted = ", ".join(f'"{name}"' for name in counts["customer"].head())
        yield (
            f"{counts['n'].sum():,} rows belong to the customer {quoted}, which is hardly one person: "
            "Policy(leave_out=[…]) takes them out."
        )


def _days(days: pd.DataFrame) -> Iterator[str]:
    for day, times in profile.jumps(days).head(3).items():
        yield f"{day:%Y-%m-%d} has {times:.0f} times the usual rows: an import, or orders without a date of their own?"
    for day, length in profile.gaps(days).head(3).items():
        yield f"No row at all for {length} days from {day:%Y-%m-%d}: is a file missing?"
    odd = profile.hundredfold(days)
    if len(odd):
        times = "100 times" if odd.median() > 1 else "a hundredth of"
        yield (
            f"Amounts on {len(odd):,} of {len(days):,} days (first: {odd.index[0]:%Y-%m-%d}) are about {times} the "
            "usual ones: cents among whole units, or another currency?"
        )


def _files(rows: ir.Table) -> Iterator[str]:
    """Files whose days overlap and that share orders: an export laid over another."""
    spans = engine.run(
        rows.group_by("file").aggregate(first=rows.day.min(), last=rows.day.max()).order_by("first", "file")
    )
    if not (
        pd.to_datetime(spans["first"]).iloc[1:].to_numpy()
        <= pd.to_datetime(spans["last"]).cummax().iloc[:-1].to_numpy()
    ).any():
        return
    same = rows.group_by("customer", "day", "second", "value").aggregate(files=rows.file.nunique(), n=rows.count())
    twice = same.filter(same.files > 1)
    counted = twice.aggregate(n=twice.count(), first=twice.day.min(), last=twice.day.max())
    row = engine.run(counted).iloc[0]
    if row["n"]:
        yield (
            f"{int(row['n']):,} orders from {str(row['first'])[:10]} to {str(row['last'])[:10]} stand in two files or sheets: the "
            'exports overlap and count them twice. Remove one, or pass policy=Policy(duplicates="drop").'
        )


def _copies(raw: ir.Table, total: int) -> Iterator[str]:
    columns = raw.drop(engine.FILE) if engine.FILE in raw.columns else raw
    copies = total - int(columns.distinct().count().to_pyarrow().as_py())
    if copies:
        yield (
            f"{copies:,} lines equal an earlier one in every column and are kept as items of their own; if the export "
            'says lines twice, pass policy=Policy(duplicates="drop").'
        )


def number_copies(raw: ir.Table) -> ir.Table:
    """The rows with `again`: whether an equal line stands before; a file's name makes no line another."""
    columns = [name for name in raw.columns if name != engine.FILE]
    same = ibis.window(group_by=columns, order_by=columns[0])
    return raw.mutate(**{engine.AGAIN: ibis.row_number().over(same) > 0})
