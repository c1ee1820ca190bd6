"""Who is a customer: ids that are one but for their writing, and ids that are many people."""

from __future__ import annotations

import re
import unicodedata

import ibis
import ibis.expr.types as ir

from ltv import engine

UNSEEN = "[\u00ad\u200b-\u200f\u2060\ufeff]"
SPACES = r"[\s" + "\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+"
SHARE, AMONG = 0.1, 100
"""A tenth of all rows in a log of a hundred customers is no one person: the address of a till, of guests, of a market place."""


def tidy(text: ir.StringValue) -> ir.StringValue:
    """An id without case, marks that nobody sees and spaces around it, its accents in one form (not on Spark, which has none)."""
    seen = engine.one_accent_form(text).re_replace(UNSEEN, "")
    return seen.re_replace(SPACES, " ").strip().lower()


def tidy_word(word: str) -> str:
    """`tidy` of a word.

    >>> tidy_word(" Ann\u00a0 Lee\u200b "), tidy_word("Jose\u0301") == tidy_word("JOS\u00c9")
    ('ann lee', True)
    """
    return re.sub(SPACES, " ", re.sub(UNSEEN, "", unicodedata.normalize("NFC", word))).strip().lower()


def is_untidy(text: ir.StringValue) -> ir.BooleanValue:
    """Whether an id may have another writing: all that `tidy` changes, and more."""
    plain = text.strip().lower()
    return (text != plain).fill_null(False) | text.re_search("[^ -~]|  ").fill_null(False)


def shared(orders: ir.Table) -> ir.Table:
    """Customers (customer, lines, share) who hold a tenth or more of all lines, in a log of at least a hundred customers."""
    held = orders.group_by("customer").aggregate(lines=orders.lines.sum())
    every = held.aggregate(customers=held.count(), whole=held.lines.sum())
    known = held.cross_join(every)
    share = known.lines.cast("float64") / known.whole
    found = known.mutate(share=share)
    return found.filter((found.customers >= AMONG) & (found.share >= ibis.literal(SHARE))).select(
        "customer", "lines", "share"
    )
