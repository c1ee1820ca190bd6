"""Joint paths of future orders, one per customer, without a loop over customers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ltv.models.data import Array


def first_orders(
    rng: np.random.Generator, who: NDArray[np.intp], rate: Array, t: Array, last: Array
) -> tuple[NDArray[np.intp], Array]:
    """The orders of Poisson processes on (0, t], of each only the first `last`: (who, when), sorted.

    The times of k orders are k ordered uniforms: sums of k exponentials ÷ the sum of k+1, so no sort.
    """
    count = rng.poisson(rate * t)
    buyers = np.flatnonzero(count)
    who, count, last = who[buyers], count[buyers], last[buyers]
    end = np.cumsum(count + 1)
    start = end - count - 1
    clock = np.cumsum(rng.standard_exponential(int(end[-1]) if end.size else 0))
    zero = np.where(start > 0, clock[start - 1], 0.0) if end.size else clock
    stretch = t[buyers] / (clock[end - 1] - zero) if end.size else clock
    kept = np.minimum(count, last).astype(np.intp)
    at = np.repeat(start - (np.cumsum(kept) - kept), kept) + np.arange(kept.sum())
    when = (clock[at] - np.repeat(zero, kept)) * np.repeat(stretch, kept)
    return np.repeat(who, kept), when
