"""Marketing money, read by the same door as orders: what was spent, on which channel, on which day.

Amounts are whole ten-thousandths throughout, so that what is spread over days and lags still adds up to the cent.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from ltv.errors import DataError, ParameterError
from ltv.inputs.opening import open_source
from ltv.inputs.source import Source
from ltv.names import folded
from ltv.orders import spans
from ltv.orders.cost_cells import SCALE, Roles, read_cells
from ltv.orders.kept import read_orders
from ltv.orders.log import Orders
from ltv.orders.schema import LARGEST

EACH = ("auto", *spans.SPANS)


@dataclass(frozen=True)
class Costs:
    """Spend by day and channel; `daily` has the columns day, channel, units (ten-thousandths of the currency).

    `each` is what one row covers. `corrections` is the sum of the negative amounts, which lower the spend of their own
    days. `rows` were read; `remarks` say how. `currencies` the money may be in, none where the costs do not tell.
    """

    daily: pd.DataFrame = field(repr=False, compare=False)
    source: str
    each: str
    corrections: float
    rows: int = 0
    remarks: tuple[str, ...] = ()
    currencies: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        return int(self.daily["units"].sum()) / SCALE

    @property
    def channels(self) -> list[str]:
        return sorted(self.daily["channel"].unique())

    def describe(self) -> dict[str, str]:
        """What these costs are, as label and text."""
        named = ", ".join(self.channels[:8]) + (" …" if len(self.channels) > 8 else "")
        span = f"one row a {self.each}" if self.each in spans.SPANS else "each row with its own first and last day"
        rows = {
            "Costs": self.source,
            "Spend": f"{self.total:,.2f} from {self.daily['day'].min()} to {self.daily['day'].max()}, {span}",
            "Channels with spend": named,
        }
        rows |= {"Read as": " ".join(self.remarks)} if self.remarks else {}
        return rows | ({"Corrections": f"{self.corrections:,.2f}, in the spend"} if self.corrections else {})

    def __repr__(self) -> str:
        return "\n".join(["Costs", *(f"  {label:<20} {text}" for label, text in self.describe().items())])


def read_costs(
    source: str | Path | pd.DataFrame | Sequence[str | Path],
    *,
    date: str = "date",
    amount: str = "amount",
    channel: str | None = "channel",
    each: str = "auto",
    date_format: str | None = None,
    decimal: str | None = None,
    on: Any = None,
) -> Costs:
    """Read a costs table, or several: a row per period and channel (and whatever else; it is summed).

    Dates, months ("2026-09", "Sep 2026"), weeks, quarters and amounts ("1.234,50 €") are read as those of orders are; `date` may
    be two columns, "year+month". Columns that are not there by the default names are recognised by the headings of
    ad platforms. `each` is the span of a row: day, week (its first day is given), month, quarter or year; "auto" is what the
    dates show. A longer span is spread evenly over its days. With `channel=None` all spend is one channel.
    Negative amounts are corrections: allowed, and said. Raises DataError with every fault.

    >>> read_costs(pd.DataFrame({"date": ["2026-02"], "amount": ["28"], "channel": ["ads"]})).total
    28.0
    """
    if each not in EACH:
        raise ParameterError(f"each= is the span of a row: {', '.join(EACH)}; not {each!r}")
    decimal = {"comma": ",", "point": "."}.get(str(decimal), decimal)
    sources = list(source) if isinstance(source, Sequence) and not isinstance(source, str) else [source]
    opened = [_opened(one, on) for one in sources]
    name = ", ".join(one.name for one in opened)
    parts = [
        read_cells(
            one.table,
            Roles.of(list(one.table.columns), f"costs ({one.name})", date, amount, channel),
            date_format,
            decimal,
        )
        for one in opened
    ]
    for one in opened:
        one.check_count(int(one.table.count().to_pyarrow().as_py()), "costs")
    rows = pd.concat([part.rows for part in parts], ignore_index=True)
    remarks = [*(text for one in opened for text in one.remarks), *(text for part in parts for text in part.remarks)]
    faults = _faults(rows)
    if faults := [*(fault for part in parts for fault in part.faults), *faults]:
        raise DataError(f"costs ({name})", list(dict.fromkeys(faults)))
    rows, more = _spelled(rows)
    rows, span, shown = _covered(rows, each)
    daily = _spread(rows).groupby(["day", "channel"], as_index=False)["units"].sum()
    negative = rows.loc[rows["units"] < 0, "units"]
    if int(daily["units"].sum()) != int(rows["units"].sum()):
        raise DataError(f"costs ({name})", ["amount   what was spread over days does not add up to what was read"])
    currencies = tuple(dict.fromkeys(code for part in parts for code in part.currencies))
    told = tuple(dict.fromkeys([*remarks, *shown, *more]))
    return Costs(daily, name, span, int(negative.sum()) / SCALE, len(rows), told, currencies)


def _opened(source: Any, on: Any) -> Source:
    try:
        return open_source(source, on=on)
    except DataError as error:
        raise DataError(error.what.replace("orders", "costs", 1), error.faults) from error


def read_orders_and_costs(orders: Mapping[str, Any], costs: Mapping[str, Any]) -> tuple[Orders, Costs]:
    """`read_orders(**orders)` and `read_costs(**costs)`: one DataError names the faults of both.

    Raises DataError too where orders and costs are in different currencies.
    """
    found: list[Any] = []
    faults: list[DataError] = []
    for read, arguments in ((read_orders, orders), (read_costs, costs)):
        try:
            found.append(read(**arguments))
        except DataError as error:
            faults.append(error)
    if len(faults) == 1:
        raise faults[0]
    if faults:
        raise DataError("orders and costs", [f"{one.what}: {fault}" for one in faults for fault in one.faults])
    log, spent = found
    if spent.currencies and log.currency not in spent.currencies:
        raise DataError(
            f"costs ({spent.source})",
            [
                f"currency the costs are in {' or '.join(spent.currencies[:3])}, the orders in {log.currency}: convert one of them, or "
                f"pass currency={spent.currencies[0]} where the orders are in {spent.currencies[0]} too"
            ],
        )
    return log, spent


def _faults(rows: pd.DataFrame) -> list[str]:
    """Every cell that is not what its column promises."""
    large = [units is not None and abs(units) > LARGEST * SCALE for units in rows["units"]]
    early = [
        last is not None and day is not None and last < day for day, last in zip(rows["day"], rows["last"], strict=True)
    ]
    checks = {
        "date": (rows["day"].isna(), rows["date"], "cannot be read; write 2026-09-30 or 2026-09"),
        "amount": (
            rows["units"].isna(),
            rows["amount"],
            "cannot be read; write 1234.56, and 0 where nothing was spent",
        ),
        "large": (pd.Series(large, dtype=bool), rows["amount"], f"are above {LARGEST:,}: not amounts. Another column?"),
        "last day": (pd.Series(early, dtype=bool), rows["date"], "end before they begin"),
    }
    faults = []
    for name, (wrong, texts, words) in checks.items():
        if count := int(wrong.sum()):
            at = int(wrong.to_numpy().argmax())
            what = repr(texts.iloc[at]) if texts.iloc[at] else "empty"
            faults.append(f"{name:<8} {count:,} of {len(rows):,} rows {words} (first: row {at + 1}, {what})")
    if nameless := int((rows["channel"] == "").sum()):
        first = int((rows["channel"] == "").to_numpy().argmax()) + 1
        faults.append(
            f"channel  {nameless:,} of {len(rows):,} rows have none; name one, such as unknown (first: row {first})"
        )
    return faults


def _spelled(rows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Channels whose names differ in case, spaces or accent form only under the spelling of most rows."""
    counts = rows["channel"].value_counts()
    spellings: dict[str, list[str]] = {}
    for name in sorted(counts.index, key=lambda name: (-counts[name], name)):
        spellings.setdefault(folded(name), []).append(name)
    rows = rows.assign(channel=[spellings[folded(name)][0] for name in rows["channel"]])
    return rows, [one_channel(names) for names in spellings.values() if len(names) > 1]


def one_channel(names: Sequence[str]) -> str:
    """The sentence on spellings that were taken for one name."""
    quoted = [f"“{name}”" for name in names]
    return (
        f"{', '.join(quoted[:-1])} and {quoted[-1]} are one channel: they differ in case, spaces or accent form only."
    )


def _covered(rows: pd.DataFrame, each: str) -> tuple[pd.DataFrame, str, list[str]]:
    """The rows with their first day and length in days, what a row covers, and how that is known where nobody said it."""
    told, said = rows["span"].unique(), []
    if each == "auto" and rows["last"].notna().all():
        length = [(last - day).days + 1 for day, last in zip(rows["day"], rows["last"], strict=True)]
        return rows.assign(first=rows["day"], length=length), "day" if set(length) == {1} else "row", []
    if each != "auto":
        spanned = [each] * len(rows)
    elif (told != "").all():
        spanned = list(rows["span"])
        said = (
            [f"One row covers a {told[0]}, as its date says."]
            if len(told) == 1
            else ["Each row covers what its date says."]
        )
    else:
        span, shown = spans.step(rows["day"])
        spanned = [span] * len(rows)
        said = [f"One row covers a {span}: {shown}. Pass each=day where it covers a day only."] if shown else []
    parts = [spans.days_of(day, span) for day, span in zip(rows["day"], spanned, strict=True)]
    one = spanned[0] if len(set(spanned)) == 1 else "row"
    return rows.assign(first=[first for first, _ in parts], length=[length for _, length in parts]), one, said


def _spread(rows: pd.DataFrame) -> pd.DataFrame:
    """One row a day; the ten-thousandths that do not divide go to the first days."""
    parts: list[tuple[dt.date, str, int]] = []
    for first, length, channel, units in rows[["first", "length", "channel", "units"]].itertuples(index=False):
        share, rest = divmod(int(units), length)
        parts += [(first + dt.timedelta(days=i), channel, share + (i < rest)) for i in range(length)]
    return pd.DataFrame(parts, columns=["day", "channel", "units"])
