"""Names that came with the data: as they may be shown anywhere, and when two of them are one."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 28
"""Letters of a name in a picture; a longer one would take the room of the drawing."""
# Controls, and what has no width or turns the direction of all that follows: U+061C, 200B–F, 202A–E, 2060, 2066–9, FEFF.
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]")
_DASHES = re.compile("[\u2010-\u2015\u2212]")


def neutral(text: str) -> str:
    """Text without characters that are not seen and yet turn, join or hide what stands beside them.

    >>> neutral("ads\\u202e\\u200b")
    'ads'
    """
    return _UNSEEN.sub("", text)


def short(name: object, most: int = LONGEST) -> str:
    """A name on one line of a picture, cut with … where it is longer than `most`.

    >>> short("Google\\tAds\\n(brand)"), short("a" * 40, 5)
    ('Google Ads (brand)', 'aaaa…')
    """
    text = " ".join(neutral(str(name)).split())
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def folded(name: str) -> str:
    """What two spellings of one name share: all but case, spaces (of any kind), accent form and the kind of dash.

    >>> folded(" Face\\u00a0 Book") == folded("face book"), folded("TV") == folded("Radio")
    (True, False)
    """
    text = unicodedata.normalize("NFKC", neutral(name))
    return " ".join(_DASHES.sub("-", text).casefold().split())
