"""What a batch asks of the order log before any notebook runs; called in workers, and the cache is warm afterwards."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from ltv import engine
from ltv.orders import Orders, read_orders
from ltv.orders.kept import EmptySegmentError
from ltv.pages import catalog
from ltv.pages.environment import legible


def find(parameters: Mapping[str, Any], by: Sequence[str]) -> list[dict[str, str]]:
    """Every combination of values that customers were acquired with, the largest first."""
    t = read(parameters, by=tuple(by)).table
    values = {name: t[name].fill_null("") for name in by}
    born = t.filter(t.day == t.first_day).select("customer", **values)
    counts = born.group_by(*by).aggregate(n=born.count())
    rows = engine.run(counts.order_by(counts.n.desc(), *by))
    return [dict(zip(by, row, strict=True)) for row in rows[list(by)].itertuples(index=False)]


def size(parameters: Mapping[str, Any]) -> int:
    """How many customers a segment has."""
    try:
        return int(read(parameters).size["customers"])
    except EmptySegmentError:
        return 0


def read(parameters: Mapping[str, Any], **more: Any) -> Orders:
    """The orders as a notebook with these parameters reads them."""
    known = inspect.signature(read_orders).parameters.keys() | {"segment", "columns"}
    shared = {field.name for field in dataclasses.fields(catalog.Parameters)}
    given = {name: value for name, value in parameters.items() if name in known & shared}
    return read_orders(legible(parameters["orders"], engine.scratch()), **given, **more)
