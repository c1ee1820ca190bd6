"""Customers by cohort, their lives cut into ages: who has lived through an age, and what they did in it.

The engine counts by day of birth, the finest grain at which an age is complete or not; cohorts are sums of days. So
any cohort takes one pass over the rows, and only customers who have lived through the whole of an age count in it.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ltv import engine
from ltv.errors import ParameterError
from ltv.orders.log import Orders
from ltv.units import EPOCH, Unit, period_index, period_start

CLOCKS = ("anniversary", "calendar")
ALL, NOT_STATED = "all", "not stated"
MOST = 26  # cohorts; a longer table is not read
LONG = 48  # periods; a page of more is neither read nor light
SMALL = 30  # customers; below it a share is hardly more than a list of names
Matrix = NDArray[np.float64]


def period_length(orders: Orders, wanted: str = "auto") -> str:
    """The length of a period: as wanted, or ("auto") a month, in a log of more than 48 of them a quarter.

    >>> from ltv.orders import read_orders
    >>> period_length(read_orders("cdnow_sample"))
    'month'
    """
    if wanted != "auto":
        return wanted
    months = period_index(orders.until, "month") - period_index(orders.since, "month") + 1
    return "month" if months <= LONG else "quarter"


def cohort_length(orders: Orders, wanted: str = "auto", *, finest: str = "week") -> str:
    """The length of a cohort: as wanted, or ("auto") the finest of week, month, quarter and year that gives at most 26.

    `finest`: the length to begin with.

    >>> from ltv.orders import read_orders
    >>> cohort_length(read_orders("cdnow_sample"))
    'week'
    """
    if wanted != "auto":
        return wanted
    born = orders.table.first_day
    first, last = (day.to_pyarrow().as_py() for day in (born.min(), born.max()))
    lengths = ["week", "month", "quarter"]
    return next(
        (
            unit
            for unit in lengths[lengths.index(finest) :]
            if period_index(last, unit) - period_index(first, unit) < MOST
        ),
        "year",
    )


@dataclass(frozen=True)
class Active:
    """What makes a customer active: at least so many orders and at least so much revenue.

    >>> Active.of("2 orders"), Active.of("50 EUR", currency="EUR")
    (Active(orders=2, amount=None), Active(orders=1, amount=Decimal('50')))
    """

    orders: int = 1
    amount: Decimal | None = None

    @classmethod
    def of(cls, text: str | Active, currency: str = "") -> Active:
        """Parse "1 order", "3 orders" or an amount in the currency of the log. Raises ParameterError."""
        if isinstance(text, Active):
            return text
        match = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]+)\s*", str(text))
        if match and match[2].lower() in ("order", "orders") and match[1].isdigit() and int(match[1]) > 0:
            return cls(int(match[1]))
        if match and currency and match[2].upper() == currency.upper():
            return cls(1, Decimal(match[1]))
        money = f' or an amount such as "50 {currency}"' if currency else ""
        raise ParameterError(f'active= is a number of orders such as "2 orders"{money}, not {text!r}')

    def holds(self, orders: ir.IntegerValue, value: ir.DecimalValue) -> ir.BooleanValue:
        """Whether these orders and this revenue are enough, in the engine."""
        enough = orders >= self.orders
        return enough if self.amount is None else enough & (value >= ibis.literal(str(self.amount)).cast(engine.MONEY))

    def __str__(self) -> str:
        if self.amount is not None:
            return f"orders worth {self.amount} or more"
        return "an order" if self.orders == 1 else f"{self.orders} orders or more"


@dataclass(frozen=True)
class Grid:
    """How a log is cut: rows are cohorts (within segments `by`), columns are ages of one `period` on a clock."""

    orders: Orders
    period: Unit
    cohort: Unit | str
    by: tuple[str, ...]
    clock: str

    @classmethod
    def of(
        cls,
        orders: Orders,
        *,
        period: str | Unit,
        cohort: str | Unit | None = None,
        by: str | None = None,
        clock: str = "anniversary",
    ) -> Grid:
        """Check and read the names. Raises ParameterError with every fault."""
        faults = []
        if clock not in CLOCKS:
            faults.append(f"clock= is one of {', '.join(CLOCKS)}, not {clock!r}")
        if by is not None and by not in orders.by:
            faults.append(f"by= is a start attribute of the log ({', '.join(orders.by) or 'it has none'}), not {by!r}")
        if faults:
            raise ParameterError("; ".join(faults))
        rows: Unit | str = str(cohort) if cohort == ALL or cohort in orders.by else Unit.of(cohort or period)
        return cls(orders, Unit.of(period), rows, (by,) if by else (), clock)

    @property
    def attributes(self) -> list[str]:
        """The start attributes that name cohorts or segments."""
        named = [*self.by, *([self.cohort] if self.cohort in self.orders.by else [])]
        return [str(name) for name in dict.fromkeys(named)]

    @property
    def keys(self) -> list[str]:
        return ["born", *self.attributes]

    def rows(self, *, money: bool = False) -> ir.Table:
        """Every order (or, for `money`, every entry of the ledger) with the day its customer was born, its age, and the
        customer's start attributes."""
        t = self.orders.ledger if money else self.orders.table
        t = t.mutate(born=engine.day_number(t.first_day))
        if self.attributes:
            named = [name for name in self.attributes if name in t.columns]
            t = t.drop(*named).inner_join(self._customers().drop("born"), "customer")
        return t.mutate(age=self._age(t))

    def _age(self, t: ir.Table) -> ir.IntegerValue:
        if self.clock == "calendar":
            return engine.period_index(t.day, self.period) - engine.period_index(t.first_day, self.period)
        spans = (engine.day_number(t.day) - t.born) / self.period.days
        return (spans.ceil() if self.clock == "elapsed" else spans.floor()).cast("int64")

    def _customers(self) -> ir.Table:
        """Customers with the attributes of their first order."""
        t = self.orders.table.mutate(born=engine.day_number(self.orders.table.first_day))
        if not self.attributes:
            return t.select("customer", "born").distinct()
        firsts = {name: t[name].argmin(t.day).fill_null(NOT_STATED) for name in self.attributes}
        return t.group_by("customer", "born").aggregate(**firsts)

    def births(self) -> pd.DataFrame:
        """By day of birth and start attributes: customers `n`, whole ages lived through `complete`, label of the cohort."""
        t = self._customers()
        births = engine.run(t.group_by(*self.keys).aggregate(n=t.count()).order_by(*self.keys)).set_index(self.keys)
        days = births.index.get_level_values("born").to_numpy(np.int64)
        until = self.orders.until
        if self.clock == "calendar":
            here = np.array([period_index(_day(day), self.period) for day in days])
            births["complete"] = period_index(until + dt.timedelta(days=1), self.period) - here
        else:
            lived = (until - EPOCH).days - days
            whole = lived / self.period.days + 1 if self.clock == "elapsed" else (lived + 1) / self.period.days
            births["complete"] = np.floor(whole).astype(int)
        births["cohort"] = self._labels(births.index)
        return births

    def _labels(self, index: pd.Index) -> list[object]:
        if isinstance(self.cohort, Unit):
            days = index.get_level_values("born")
            return [period_start(period_index(_day(day), self.cohort), self.cohort) for day in days]
        return [ALL] * len(index) if self.cohort == ALL else list(index.get_level_values(self.cohort))

    def sum(self, births: pd.DataFrame, ages: NDArray[np.int64], **sums: Matrix) -> pd.DataFrame:
        """Matrices of births by ages, summed into cells by (segment, cohort, age)."""
        names = [births.index.get_level_values(name) for name in self.by]
        groups = [*names, births["cohort"].to_numpy()]
        columns = pd.Index(ages, name="age")
        cells = {
            name: pd.DataFrame(matrix, columns=columns).groupby(groups, sort=True).sum().stack()
            for name, matrix in sums.items()
        }
        return pd.DataFrame(cells).rename_axis(index=[*self.by, "cohort", "age"])


def lay_out(counts: pd.DataFrame, births: pd.DataFrame, ages: NDArray[np.int64]) -> Mapping[str, Matrix]:
    """Counts by (key…, age) as one matrix of births by ages per column; 0 where nobody did anything."""
    keys = list(births.index.names)
    indexed = counts.set_index([*keys, "age"])
    wide = {name: indexed[name].unstack("age").reindex(index=births.index, columns=ages) for name in indexed}
    return {str(name): frame.fillna(0).to_numpy(float) for name, frame in wide.items()}


def _day(number: int) -> dt.date:
    return EPOCH + dt.timedelta(days=int(number))
