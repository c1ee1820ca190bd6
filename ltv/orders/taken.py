"""What each rule takes away, in shares: the first thing to know of a log."""

from __future__ import annotations

from ltv.orders.log import Orders

WHOLE = ("old customer", "wholesale", "left out by name")
"""Rules that take customers with all they have; the others take rows."""
LEAST = 0.001


def shares_taken(orders: Orders) -> list[tuple[str, str]]:
    """(rule, sentence) of each rule that leaves a thousandth or more out, the largest first.

    Of a rule that takes whole customers: their share of all customers and of the money read; of any other, its share
    of the rows and of that money.

    >>> from ltv.orders import read_orders
    >>> shares_taken(read_orders("cdnow_sample"))
    []
    """
    audit = orders.audit
    money = float(audit["money"].clip(lower=0).sum())
    people = int(audit.loc["kept", "customers"]) + int(audit.loc[audit.index.isin(WHOLE), "customers"].sum())
    said = []
    for rule, row in audit[audit["dropped"] & (audit["rows"] > 0)].iterrows():
        whole = rule in WHOLE
        part = row["customers"] / people if whole else row["rows"] / audit["rows"].sum()
        paid = abs(row["money"]) / money if money else 0.0
        if max(part, paid) < LEAST:
            continue
        what = f"{part:.1%} of {'customers' if whole else 'rows'} ({row['customers' if whole else 'rows']:,})"
        revenue = f" and {paid:.1%} of revenue ({row['money']:,.2f} {orders.currency})" if money else ""
        said.append((max(part, paid), str(rule), f"{what}{revenue}"))
    return [(rule, sentence) for _, rule, sentence in sorted(said, reverse=True)]
