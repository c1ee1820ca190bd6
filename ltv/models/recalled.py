"""Fits on disk: `fit` with a memory, for programs that fit the same data again."""

from __future__ import annotations

from functools import wraps
from typing import Any

from ltv import cache
from ltv.models import fitting, known_value, saving
from ltv.models.data import OrderValues, Patterns
from ltv.models.family import Family
from ltv.models.fitting import Fit

FILE = "fit.json"


@wraps(fitting.fit)
def fit(family: type[Family], data: Any, **options: Any) -> Fit:
    if cache.folder() is None or not isinstance(family, type):
        return fitting.fit(family, data, **options)
    data, given = (
        data if isinstance(data, Patterns | OrderValues) else getattr(data, family.reads),
        options.get("given"),
    )
    about = (family.__name__, *_about(data), {**options, "given": _about(getattr(given, family.reads, given))})
    return cache.recall(
        f"fit-{cache.key(*about)}",
        compute=lambda: fitting.fit(family, data, **options),
        load=lambda folder: saving.load(folder / FILE),
        save=lambda found, folder: saving.save(found, folder / FILE),
    )


@wraps(known_value.fit_worth)
def fit_worth(data: Any, *, seed: int = 0) -> Fit:
    return known_value.fit_worth(data, seed=seed, by=fit)


def _about(data: Any) -> tuple[str, ...]:
    """What tells one data set from another, empty without one."""
    return () if data is None else (saving.fingerprint(data), str(data.unit), data.window)
