"""What a report says, as objects that a notebook cell returns: each shows itself in JupyterLab and on the page.

Everything that came from data is escaped here. `**words**` in a sentence are set bold.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Literal

from ltv.names import neutral
from ltv.secrets import hide

MIME = "application/vnd.ltv+json"
Tone = Literal["plain", "good", "warn", "bad"]
GRADES = {"plain": "For information", "good": "Reliable", "warn": "Rough", "bad": "Not reliable"}


class Block:
    """Something on a page: `html` for the eye, `plain` for a terminal, `record` for the manifest."""

    def html(self) -> str:
        raise NotImplementedError

    def plain(self) -> str:
        return re.sub(r"<[^>]+>", "", self.html())

    def record(self) -> dict[str, Any]:
        return {}

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        shown: dict[str, Any] = {"text/html": lab_style() + self.html(), "text/plain": self.plain()}
        return shown | ({MIME: self.record()} if self.record() else {})


@cache
def lab_style() -> str:
    """The little style that blocks need outside our page; the page has its own and drops this one."""
    return f'<style data-ltv="lab">{(files("ltv.pages") / "template" / "lab.css").read_text("utf-8")}</style>'


# Letters written from right to left, with the spaces between them.
_LEFTWARDS = r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+(?: +[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]+)*"


def sentence(text: str) -> str:
    """Text as HTML: escaped, with `**words**` bold, days kept on one line, and names that run leftwards by themselves."""
    html = re.sub(r"\*\*(.+?)\*\*", r"<strong>\1</strong>", escape(neutral(text)), flags=re.S)
    html = re.sub(_LEFTWARDS, r"<bdi>\g<0></bdi>", html)
    return re.sub(r"\b\d{4}-\d\d-\d\d\b", r'<span class="ltv-day">\g<0></span>', html)


def alarm_html(alarms: Sequence[str]) -> str:
    """What may make a headline wrong, a line each below it."""
    return "".join(
        f'<p class="ltv-grade ltv-bad"><strong>Check this first.</strong> {sentence(text)}</p>' for text in alarms
    )


@dataclass(frozen=True)
class Headline(Block):
    """The finding, in one sentence; the page joins it with the notebook's title to its only h1.

    `alarms` are what in the data may make it wrong.
    """

    text: str
    covers: str = ""
    as_of: str = ""
    alarms: Sequence[str] = ()

    def html(self) -> str:
        small = " · ".join(filter(None, [self.covers, self.as_of and f"as of {self.as_of}"]))
        head = f'<p class="ltv-headline">{sentence(self.text)}</p><p class="ltv-covers">{sentence(small)}</p>'
        return head + alarm_html(self.alarms)

    def record(self) -> dict[str, Any]:
        text = self.text.replace("**", "")
        return {"headline": {"text": text, "covers": self.covers, "as_of": self.as_of}, "alarms": list(self.alarms)}


@dataclass(frozen=True)
class Card:
    """One key figure, already in words; `numbers` are (estimate, low, high) for machines that compare runs."""

    label: str
    value: str
    interval: str = ""
    note: str = ""
    tone: Tone = "plain"
    numbers: tuple[float, ...] = ()

    def html(self) -> str:
        rows = [("label", self.label), ("value", self.value), ("interval", self.interval), ("note", self.note)]
        body = "".join(f'<span class="ltv-{name}">{sentence(text)}</span>' for name, text in rows if text)
        return f'<li class="ltv-card ltv-{self.tone}">{body}</li>'


@dataclass(frozen=True)
class Cards(Block):
    """A row of key figures.

    >>> Cards([Card("New customers", "23,570")]).plain()
    'New customers: 23,570'
    """

    cards: Sequence[Card]

    def html(self) -> str:
        return f'<ul class="ltv-cards">{"".join(card.html() for card in self.cards)}</ul>'

    def plain(self) -> str:
        return "\n".join(f"{c.label}: {c.value}" + (f" ({c.interval})" if c.interval else "") for c in self.cards)

    def record(self) -> dict[str, Any]:
        names = ("label", "value", "interval", "note", "tone", "numbers")
        return {"cards": [{name: getattr(card, name) for name in names} for card in self.cards]}


@dataclass(frozen=True, kw_only=True)
class Findings(Block):
    """The two readers' questions, answered in computed sentences."""

    for_operations: Sequence[str]
    for_product: Sequence[str]

    def html(self) -> str:
        readers = (("For operations", self.for_operations), ("For product", self.for_product))
        return f'<div class="ltv-findings">{"".join(f"<div><h2>{who}</h2>{_list(say)}</div>" for who, say in readers)}</div>'


@dataclass(frozen=True)
class Grade(Block):
    """How far to trust what follows: a colour and the words for it, then one line of why."""

    tone: Tone
    text: str

    def html(self) -> str:
        return f'<p class="ltv-grade ltv-{self.tone}"><strong>{GRADES[self.tone]}.</strong> {sentence(self.text)}</p>'

    def record(self) -> dict[str, Any]:
        return {"grade": {"tone": self.tone, "word": GRADES[self.tone], "text": self.text.replace("**", "")}}


@dataclass(frozen=True)
class Notes(Block):
    """A titled list of sentences."""

    title: str
    items: Sequence[str]

    def html(self) -> str:
        return f'<div class="ltv-notes"><h3>{sentence(self.title)}</h3>{_list(self.items)}</div>'


@dataclass(frozen=True)
class Definitions(Block):
    """What the words on the page mean."""

    terms: Mapping[str, str]

    def html(self) -> str:
        return f'<dl class="ltv-definitions">{_pairs(self.terms)}</dl>'


@dataclass(frozen=True)
class Provenance(Block):
    """Where the numbers come from; user names and passwords in URLs are dropped, lists are joined.

    `closed` (orders and revenue by closed month) is not shown: the next run compares it with its own.
    """

    facts: Mapping[str, object]
    closed: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def html(self) -> str:
        words = {
            term: ", ".join(map(str, fact)) if isinstance(fact, (list, tuple)) else str(fact)
            for term, fact in self.facts.items()
        }
        return f'<dl class="ltv-provenance">{_pairs({term: hide(fact) for term, fact in words.items()})}</dl>'

    def record(self) -> dict[str, Any]:
        return {"closed": dict(self.closed)} if self.closed else {}


def _list(sentences: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{sentence(text)}</li>' for text in sentences)}</ul>"


def _pairs(terms: Mapping[str, str]) -> str:
    return "".join(f"<div><dt>{escape(term)}</dt><dd>{sentence(text)}</dd></div>" for term, text in terms.items())
