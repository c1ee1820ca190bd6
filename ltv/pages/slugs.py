"""Folder names for segments: whatever the data call them, the name is one plain folder on every file system."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence

LONGEST, DIGITS = 48, 12
_RESERVED = {"failed", "runs", "index", "con", "prn", "aux", "nul"} | {
    f"{p}{n}" for p in ("com", "lpt") for n in range(10)
}


def slugs(names: Sequence[str]) -> list[str]:
    """A folder name for each of these different names, all different, in any script.

    A name that had to be bent carries a digest of the original, and so does one that could be taken for such a name:
    two never meet, not where case or accents count for nothing, and none depends on its neighbours' order.

    >>> slugs(["channel=ads, country=DE", "東京", "Ads/DE"])
    ['channel-ads-country-de', '東京', 'ads-de-45e2f6af7b11']
    >>> slugs(["../..", "<b>"]) == slugs(["<b>", "../.."])[::-1]
    True
    """
    plain = [_plain(name) for name in names]
    shared = {text for text, count in Counter(plain).items() if count > 1}
    return [
        f"{text}-{_digest(name)}" if text in shared or _bent(name, text) else text
        for name, text in zip(names, plain, strict=True)
    ]


def readable(name: str) -> str:
    """A name as it may be shown in a line of text: no control characters, no marks that turn the direction.

    >>> readable("a\\u202eb\\nc")
    'ab c'
    """
    spaced = re.sub(r"\s+", " ", name)
    return "".join(c for c in spaced if unicodedata.category(c)[0] != "C").strip()


def _plain(name: str) -> str:
    letters = re.sub(r"[\W_]+", "-", unicodedata.normalize("NFKC", readable(name)).casefold()).strip("-")
    while len(letters.encode()) > LONGEST:
        letters = letters[:-1]
    return letters.strip("-") or "segment"


def _bent(name: str, text: str) -> bool:
    usual = re.fullmatch(r"[\w=, -]+", name) and len(name) == len(unicodedata.normalize("NFKC", name))
    alike = re.search(rf"-[0-9a-f]{{{DIGITS}}}$", text)
    return bool(text in _RESERVED or not usual or alike) or len(name.encode()) > LONGEST


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:DIGITS]
