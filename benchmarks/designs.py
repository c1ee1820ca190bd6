"""Designs of forecast, each a function of what is over: from the plain rule to weighted pools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from benchmarks.protocol import MEMBERS, Cells, Past, score, weights

Array = NDArray[np.float64]
Design = Callable[[Past, Cells], dict[str, Any]]
DROPOUT = ("Pareto", "MBG", "BG")
RECENT = ("recent Pareto", "recent MBG", "recent BG")
HALVES = ("half Pareto", "half MBG", "half BG")
WHOLE = (*DROPOUT, "NBD", "recent MBG", "recent Pareto")
PARTED = (*DROPOUT, "recent MBG", "recent Pareto")


def rule(past: Past, cells: Cells) -> dict[str, Any]:
    """The package's rule: one family, chosen on the middle of what is over."""
    return alone(past.rule(cells.at))(past, cells)


def half_rule(past: Past, cells: Cells) -> dict[str, Any]:
    """The same rule among fits to the second half of what was known."""
    return alone(past.rule(cells.at, kind="half"))(past, cells)


def leaving_rule(past: Past, cells: Cells) -> dict[str, Any]:
    """The same among the families whose customers may leave."""
    return alone(past.rule(cells.at, kind="half leaving"))(past, cells)


def last_weeks_rule(past: Past, cells: Cells) -> dict[str, Any]:
    """The family of the plain rule, fitted to the last 13 weeks."""
    return alone(f"recent {past.rule(cells.at)}")(past, cells)


def alone(member: str) -> Design:
    def one(past: Past, cells: Cells) -> dict[str, Any]:
        if member not in cells.members:
            return rule(past, cells) | {"fallback": True}
        [likely], [mean] = cells.of((member,))
        return score(cells, likely, mean) | {"fallback": False}

    return one


def equal(members: tuple[str, ...]) -> Design:
    """A mixture with equal weights: nothing is learned."""

    def mixed(past: Past, cells: Cells) -> dict[str, Any]:
        if not set(members) <= set(cells.members):
            return rule(past, cells) | {"fallback": True}
        likely, mean = cells.of(members)
        return score(cells, likely.mean(axis=0), mean.mean(axis=0)) | {"fallback": False}

    return mixed


def best(members: tuple[str, ...]) -> Design:
    """The member that made the past forecasts best."""

    def one(past: Past, cells: Cells) -> dict[str, Any]:
        w = learned(past, cells, members)
        if w is None:
            return rule(past, cells) | {"fallback": True}
        scores = [
            sum(float(old.n @ np.log(old.of((name,))[0][0])) for old in past.over(cells.at, cells.days))
            if all(name in old.members for old in past.over(cells.at, cells.days))
            else -np.inf
            for name in members
        ]
        return alone(members[int(np.argmax(scores))])(past, cells)

    return one


def learned(past: Past, cells: Cells, members: tuple[str, ...]) -> Array | None:
    """The weights of the members at a day, None where too little is over or a member is missing."""
    over = past.over(cells.at, cells.days)
    key = (cells.at, over[0].days if over else 0, members)
    if not over or not set(members) <= set(cells.members):
        return None
    kept: dict[Any, Array] = past.__dict__.setdefault("kept", {})
    if key not in kept:
        kept[key] = weights(over, members)
    return kept[key]


def pool(members: tuple[str, ...]) -> Design:
    """The members by their weights."""

    def mixed(past: Past, cells: Cells) -> dict[str, Any]:
        w = learned(past, cells, members)
        if w is None:
            return rule(past, cells) | {"fallback": True}
        likely, mean = cells.of(members)
        shown = " ".join(f"{name} {share:.2f}" for name, share in zip(members, w, strict=True))
        return score(cells, w @ likely, w @ mean) | {"fallback": False, "weights": shown}

    return mixed


def anchored(members: tuple[str, ...], to: Design) -> Design:
    """The pool's probabilities at a horizon stretched until its total is that of another design."""

    def mixed(past: Past, cells: Cells) -> dict[str, Any]:
        w, goal = learned(past, cells, members), to(past, cells)["total"]
        if w is None:
            return rule(past, cells) | {"fallback": True}
        p = cells.patterns
        rows, models = {"x": p.x, "t_x": p.t_x, "T": p.T}, [past.fitted(cells.at)[name] for name in members]

        def mean(stretch: float) -> Array:
            span = cells.days / 7 * stretch
            return np.asarray(
                sum(share * one.expected_orders(span, **rows) for share, one in zip(w, models, strict=True))
            )

        low, high = 0.3, 3.0
        if not cells.n @ mean(low) < goal < cells.n @ mean(high):
            return rule(past, cells) | {"fallback": True}
        stretch = optimize.brentq(lambda s: float(cells.n @ mean(s)) - goal, low, high, xtol=1e-3)
        span = cells.days / 7 * stretch
        likely = sum(share * one.pmf(cells.later, span, **rows) for share, one in zip(w, models, strict=True))
        return score(cells, np.maximum(likely, 1e-300), mean(stretch)) | {"fallback": False}

    return mixed


def gated(past: Past, cells: Cells) -> dict[str, Any]:
    """The whole pool where the dropout families were too low at three past origins that do not overlap, else without NBD."""
    over, apart = past.over(cells.at, cells.days), []
    for old in over[::-1]:
        if not apart or old.at + old.days <= apart[-1].at:
            apart.append(old)
    low = [all(float(old.n @ mean) < old.made for mean in old.of(DROPOUT)[1]) for old in apart[:3]]
    return pool(WHOLE if len(low) == 3 and all(low) else PARTED)(past, cells)


def pooled_or_equal(members: tuple[str, ...]) -> Design:
    """The members by their weights; alike where too little is over to weigh them."""

    def mixed(past: Past, cells: Cells) -> dict[str, Any]:
        return (equal if learned(past, cells, members) is None else pool)(members)(past, cells)

    return mixed


RULE = "plain rule"
DESIGNS: dict[str, Design] = {
    RULE: rule,
    "rule among fits to the second half": half_rule,
    "rule among fits to the second half, without NBD": leaving_rule,
    "family of the plain rule, last 13 weeks": last_weeks_rule,
    **{f"{name} alone": alone(name) for name in MEMBERS},
    "second half, three families alike": equal(HALVES),
    "second half, three families weighted": pooled_or_equal(HALVES),
    "pool of six": pool(WHOLE),
    "pool of six without NBD": pool(PARTED),
    "(a) pool of six, total of the pool without NBD": anchored(WHOLE, pool(PARTED)),
    "(a) pool of six, total of the plain rule": anchored(WHOLE, rule),
    "(b) last 13 weeks, three families weighted": pooled_or_equal(RECENT),
    "(b) last 13 weeks, three families alike": equal(RECENT),
    "(d) pool, NBD where the others were thrice too low": gated,
    "best member so far": best(PARTED),
}
