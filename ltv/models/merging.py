"""Patterns or order values of several segments as one data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ltv.errors import DataError


def merged(parts: Sequence[Any]) -> Any:
    """All rows of all parts, which must share their unit of time.

    >>> from ltv.models import OrderValues
    >>> merged([OrderValues([2], [40.0], [1]), OrderValues([3], [35.0], [2])]).customers
    3
    """
    units = {part.unit for part in parts}
    if len(units) != 1:
        raise DataError("segments", [f"unit  differs between segments: {', '.join(sorted(map(str, units)))}"])
    columns = {
        name: np.concatenate([getattr(part, name) for part in parts])
        for name, column in vars(parts[0]).items()
        if isinstance(column, np.ndarray)
    }
    return type(parts[0])(**columns, unit=parts[0].unit, window=parts[0].window)
