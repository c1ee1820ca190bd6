"""Channels of the orders and of the costs by name: which spellings are one channel, and which only look so."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import ibis.expr.types as ir
import pandas as pd

from ltv.names import folded
from ltv.orders.cost_cells import SCALE, WHOLE
from ltv.orders.costs import one_channel

NEAR = 0.8
"""How alike two names are (difflib) that are asked about."""
PAID = re.compile(
    r"(?<![a-z])(ads?|adwords|ppc|cpc|cpm|sem|sea|paid|display|retargeting|remarketing|sponsored|affiliates?|influencers?)(?![a-z])"
    r"|facebook|instagram|meta\b|tiktok|google|bing|youtube|snapchat|pinterest|linkedin|criteo|taboola|outbrain",
    re.IGNORECASE,
)
FREE = re.compile(r"organic|direct|unpaid|seo|referral|newsletter|e-?mail", re.IGNORECASE)
SHOWN = 3


@dataclass(frozen=True)
class Spellings:
    """`same` maps a channel of the orders to the name it goes by here, where that is another spelling; `remarks` tell what
    was taken for one channel and `questions` what was not, though it may be."""

    same: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()

    @classmethod
    def of(cls, customers: pd.Series, spent: pd.Series) -> Spellings:
        """From customers by channel of the orders and spend by channel of the costs.

        >>> Spellings.of(pd.Series({"Facebook": 9, "FACEBOOK": 1}), pd.Series({"facebook": 5.0})).same
        {'Facebook': 'facebook', 'FACEBOOK': 'facebook'}
        """
        if list(spent.index) == [WHOLE]:
            return cls()
        names: dict[str, list[str]] = {folded(name): [name] for name in spent.index}
        for name in sorted(customers.index, key=lambda name: (-customers[name], name)):
            known = names.setdefault(folded(name), [])
            known += [] if name in known else [name]
        groups = [known for known in names.values() if len(known) > 1]
        same = {name: known[0] for known in groups for name in known[1:]}
        brought = customers.rename(index=same).groupby(level=0).sum()
        return cls(same, tuple(map(one_channel, groups)), tuple(_questions(brought, spent)))

    def on(self, column: ir.StringValue) -> ir.StringValue:
        """The column of channels with each under its one name; none is "unknown"."""
        named = column.fill_null("unknown")
        return named.substitute(dict(self.same)) if self.same else named


def _questions(customers: pd.Series, spent: pd.Series) -> list[str]:
    """Channels with costs that no order has, and channels that look paid and have none, each with a name that is near."""
    lost = [name for name in spent.index if name not in customers.index]
    free = [name for name in customers.index if name not in spent.index]
    said, asked = [], set()
    for name in lost:
        near = difflib.get_close_matches(folded(name), [folded(other) for other in free], n=1, cutoff=NEAR)
        other = next((other for other in free if near and folded(other) == near[0]), None)
        if other is not None:
            asked.add(other)
            said.append(
                f"The costs name “{name}”, which no order has; the orders name “{other}” ({customers[other]:,} customers), which has no "
                "costs. Are they one channel? They are kept apart: give them one name if so."
            )
        elif spent[name]:
            said.append(f"The costs name “{name}” ({spent[name] / SCALE:,.2f}), which no order has.")
    paid = [name for name in free if name not in asked and PAID.search(name) and not FREE.search(name)]
    said += [
        f"“{name}” brought {customers[name]:,} customers and has no costs, so it counts as free, yet its name says that it is paid: are "
        "its costs missing?"
        for name in paid
    ]
    return said[: 2 * SHOWN] + [f"And {len(said) - 2 * SHOWN} more of these."] * (len(said) > 2 * SHOWN)
