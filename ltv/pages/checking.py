"""Whether a page keeps what is promised of every page. No browser is needed for this."""

from __future__ import annotations

import base64
import hashlib
import re
from collections import Counter
from html.parser import HTMLParser

LARGEST = 400 * 1024
_VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
_LOADS = {"src", "srcset", "poster", "data", "action", "formaction", "background", "ping", "xlink:href"}
_RAW = {"script", "style"}


def check_page(html: str) -> list[str]:
    """Every fault of a page, none when it is sound: self-contained, named, described, small.

    >>> check_page("<p>hello")[:2]
    ['no language: <html lang=...> is missing', 'no title']
    """
    seen = _Seen()
    seen.feed(html)
    seen.close()
    faults = [] if seen.lang else ["no language: <html lang=...> is missing"]
    faults += [] if seen.texts["title"].strip() else ["no title"]
    faults += [] if seen.tags["h1"] == 1 else [f"{seen.tags['h1']} level-one headings instead of one"]
    faults += seen.faults + _policy(seen)
    faults += [f"the id {name!r} is used {count} times" for name, count in seen.ids.items() if count > 1]
    faults += [f"a link to #{name} leads nowhere" for name in sorted(seen.anchors - set(seen.ids))]
    if re.search(r"@import|url\(\s*['\"]?(?!#|data:)", seen.texts["style"] + seen.inline_style):
        faults.append("the style asks for something outside the page")
    if (size := len(html.encode())) > LARGEST:
        faults.append(f"{size / 1024:,.0f} KB is more than the {LARGEST // 1024} KB a page may have")
    return faults


def _policy(seen: _Seen) -> list[str]:
    """Faults of the Content-Security-Policy: it must be there and name the script by its hash."""
    if "default-src 'none'" not in seen.policy:
        return ["no Content-Security-Policy with default-src 'none'"]
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in seen.scripts)
    return [
        "a script is not named by its hash in the Content-Security-Policy"
        for digest in digests
        if f"'sha256-{digest}'" not in seen.policy
    ]


class _Seen(HTMLParser):
    """One pass over a page, noting what the checks ask about."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lang = self.policy = self.inline_style = ""
        self.tags: Counter[str] = Counter()
        self.ids: Counter[str] = Counter()
        self.anchors: set[str] = set()
        self.texts = {"title": "", "style": ""}
        self.scripts: list[str] = []
        self.faults: list[str] = []
        self._open: list[str] = []
        self._table: Counter[str] = Counter()
        self._svg_title = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        self.tags[tag] += 1
        if tag not in _VOID:
            self._open.append(tag)
        if "id" in has:
            self.ids[has["id"]] += 1
        self.inline_style += has.get("style", "")
        self._references(tag, has)
        self._descriptions(tag, has)
        if tag == "html":
            self.lang = has.get("lang", "")
        elif tag == "meta" and has.get("http-equiv", "").lower() == "content-security-policy":
            self.policy = has.get("content", "")
        elif tag == "script":
            self.scripts.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while tag in self._open and self._open.pop() != tag:
            pass
        if tag == "table":
            self._table_done()

    def handle_data(self, data: str) -> None:
        inside = self._open[-1] if self._open else ""
        if inside == "script":
            self.scripts[-1] += data
        elif inside == "style" or self._open == ["html", "head", "title"]:
            self.texts[inside] += data

    def _references(self, tag: str, has: dict[str, str]) -> None:
        """Nothing may be loaded; a link may lead within the page or to a file beside it."""
        outside = [name for name in _LOADS & has.keys() if not re.match(r"data:|#", has[name])]
        link = has.get("href", "")
        if tag != "a" and link and not re.match(r"data:|#", link):
            outside.append("href")
        if tag == "a" and re.match(r"[A-Za-z][\w+.-]*:|//|/", link):
            outside.append("href")
        if tag == "a" and link.startswith("#"):
            self.anchors.add(link[1:])
        self.faults += [f"<{tag} {name}={has[name][:60]!r}> leads outside the page" for name in outside]
        self.faults += [f"<{tag} {name}> is a script in an attribute" for name in has if name.startswith("on")]

    def _descriptions(self, tag: str, has: dict[str, str]) -> None:
        if tag == "img" and not has.get("alt", "").strip():
            self.faults.append("a picture has no alt text")
        if tag == "svg" and has.get("aria-hidden") != "true":
            named = has.get("aria-label", "").strip() or has.get("aria-labelledby", "").strip()
            if has.get("role") != "img" or not named:
                self.faults.append("a drawing has no role or no description")
        if tag == "table":
            self._table = Counter()
        self._table[tag] += 1
        if tag == "th" and has.get("scope") not in ("col", "row", "colgroup", "rowgroup"):
            self._table["loose"] += 1

    def _table_done(self) -> None:
        if not self._table["th"] or self._table["loose"]:
            self.faults.append("a table has no headers, or headers without scope")
        if not self._table["caption"]:
            self.faults.append("a table has no caption")
