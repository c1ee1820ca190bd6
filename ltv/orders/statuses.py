"""What the status of a payment or order says: whether it is an order at all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import ibis
import ibis.expr.types as ir

from ltv import engine

MOST = 200
"""A column with more values than this says something else."""
REFUNDED = ("refunded", "fully refunded", "refund", "chargeback", "charged back")
"""Orders whose money came back in full."""
PARTLY = ("partially refunded", "partial refund", "partly refunded")
COUNTED = (
    *("paid", "partially paid", "complete", "completed", "succeeded", "success", "successful", "captured", "settled"),
    *("processing", "processed", "shipped", "partially shipped", "fulfilled", "partially fulfilled", "unfulfilled"),
    *("delivered", "closed", "approved", "active", "confirmed", "accepted", "invoiced", "picked up", "ready to ship"),
    *("awaiting fulfillment", "awaiting shipment", "awaiting pickup", "disputed", "won", "sold", "sale", "ok", "done"),
    *("true", "yes", "1", "bezahlt", "abgeschlossen", "pagado", "paye", "payé", "pago"),
    *(*REFUNDED, *PARTLY),
)
RULES = {
    "not paid": (
        *("failed", "fail", "failure", "voided", "void", "pending", "pending payment", "payment pending", "unpaid"),
        *("not paid", "declined", "denied", "expired", "abandoned", "on hold", "authorized", "authorised", "error"),
        *(
            "authorization",
            "pending review",
            "incomplete",
            "requires payment method",
            "requires action",
            "uncollectible",
        ),
        *(
            "requires confirmation",
            "requires capture",
            "awaiting payment",
            "payment review",
            "payment error",
            "rejected",
        ),
        *("uncaptured", "blocked", "suspected fraud", "fraud", "open", "new", "past due", "overdue", "lost", "false"),
        *(
            "checkout draft",
            "partially authorized",
            "temporary",
            "manual verification required",
            "no",
            "0",
            "initiated",
        ),
    ),
    "cancelled": ("cancelled", "canceled", "cancel", "cancelled reversal", "canceled reversal", "reversed", "deleted"),
    "draft or trial": ("draft", "quote", "quotation", "trial", "trialing", "free trial", "test", "trash", "estimate"),
}
"""Rule → statuses that are no order. What stands neither here nor in `COUNTED` counts, and is said."""
OTHER = "another status"


def plain(status: str) -> str:
    """A status without case, marks and the prefixes of shop systems.

    >>> plain("wc-on-hold"), plain(" Partially_Refunded ")
    ('on hold', 'partially refunded')
    """
    words = re.sub(r"[\s_\-]+", " ", status).strip().lower()
    return re.sub(r"^wc ", "", words)


def rule_of(status: str, counted: Sequence[str] = ()) -> str:
    """The rule that leaves rows of this status out, "" where they are orders; `counted` replaces the table of words."""
    word = plain(status)
    known = next((rule for rule, words in RULES.items() if word in words), "")
    if not counted:
        return known
    return "" if word in map(plain, counted) else known or OTHER


class Statuses:
    """The statuses of a log, as written, with their rows, and what each means."""

    def __init__(self, counts: Mapping[str, int], counted: Sequence[str] = ()) -> None:
        self.counts, self.counted = dict(counts), tuple(counted)

    def left_out(self) -> dict[str, list[str]]:
        """Rule → the statuses, as written, that it leaves out."""
        rules: dict[str, list[str]] = {}
        for status in self.counts:
            if rule := rule_of(status, self.counted):
                rules.setdefault(rule, []).append(status)
        return rules

    def none(self) -> list[str]:
        """Statuses, as written, that are no order."""
        return [status for found in self.left_out().values() for status in found]

    def refunded(self, rows: ir.Table) -> ir.Table:
        """Rows with what was given back, where only their status says that all of it was."""
        back = [status for status in self.counts if plain(status) in REFUNDED and not rule_of(status, self.counted)]
        if not back or "refunded" in rows.columns:
            return rows
        whole = rows.status.isin(back).fill_null(False) & (rows.value > 0)
        return rows.mutate(refunded=whole.ifelse(rows.value, ibis.literal(0).cast(engine.MONEY)))

    def named(self, statuses: Sequence[str]) -> str:
        """Some statuses with their rows, the most frequent first."""
        most = sorted(statuses, key=lambda status: (-self.counts[status], status))
        listed = ", ".join(f"{status[:30]} {self.counts[status]:,}" for status in most[:5])
        return listed + (f" and {len(most) - 5} more" if len(most) > 5 else "")

    def signs(self, *, amounts_back: bool) -> list[str]:
        """What a reader should know: statuses that nobody knows, and refunds of an unknown part."""
        here = [status for status in self.counts if not rule_of(status, self.counted)]
        said = []
        unknown = [status for status in here if plain(status) not in COUNTED]
        if unknown and not self.counted:
            said.append(
                f"Rows of an unknown status count as orders ({self.named(unknown)} rows): "
                "Policy(status=[…]) names those that are."
            )
        partly = [status for status in here if plain(status) in PARTLY]
        if partly and not amounts_back:
            rows = sum(self.counts[status] for status in partly)
            said.append(
                f"{rows:,} rows are refunded in part and count in full, for no column says how much came back: "
                "refunded= names it."
            )
        return said


def find_statuses(rows: ir.Table, column: str | None, counted: Sequence[str]) -> tuple[Statuses, list[str]]:
    """The statuses of typed rows; too many to be any, or none of those the policy counts, are a fault."""
    if column is None:
        return Statuses({}), []
    counts = rows.filter(rows.status.notnull()).group_by("status").aggregate(n=lambda t: t.count())
    frame = engine.run(counts.order_by("status").limit(MOST + 1))
    found = {str(row.status): int(row.n) for row in frame.itertuples()}
    if len(found) > MOST:
        return Statuses({}), [f'status   "{column}" has more than {MOST} different values: leave status= out']
    statuses = Statuses(found, counted)
    if absent := [word for word in counted if plain(word) not in map(plain, found)]:
        there = ", ".join(status[:30] for status in list(found)[:12]) or "none"
        return statuses, [
            f'status   "{column}" is nowhere {", ".join(map(repr, absent))} (policy.status); there are {there}'
        ]
    return statuses, []
