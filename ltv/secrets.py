"""Credentials: how an address takes them from the environment, and how they are taken out of all that is said or written.

An address is a connection URL, or the path of a database file. `$NAME` in it stands for a variable of the environment,
whose value is known from then on: wherever it turns up, however it is quoted, it is hidden.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote

from ltv.errors import DataError

HIDDEN = "***"
_VARIABLE = r"\$(?:(\w+)|\{(\w+)\})"
_NAMES = r"[\w.-]*(?:pass(?:word|wd|phrase|code)?|pwd|token|secret|sig|signature|credentials?|(?:api|access|account|private|shared)[_-]?key)"
_NAMED = rf"(?<![\w.-])({_NAMES}|key|auth)"
_GIVEN = re.compile(
    rf"""(?ix){_NAMED} (["'`\]]*\s*(?:=|:(?!:)|%3D)\s*) ('(?:[^']|'')*'|\\?"(?:[^"\\]|\\.)*"|[^\s&;,'"()<>`\\]+)"""
)
"""A name that says secret, and the value it is given: in a query string, a connection string, JSON, or a SELECT."""
_CIPHERED = re.compile(r"(?i)\b(\w*(?:crypt|hmac|dblink)\w*\s*\()([^()]*)\)")
_USER = re.compile(r"([A-Za-z][\w+.-]*://)(?:[^\s'\"<>/?#]*|[^\s'\"<>/?#:]*:[^\s'\"<>]*)@")
_LEAST = 4
_known: dict[str, str] = {}
"""Values of the environment that addresses were made with, in every spelling, and what to show instead."""


@dataclass(frozen=True)
class Address:
    """A URL in its parts, user and password without their quoting; `place` is the host and all that follows it."""

    scheme: str
    user: str
    password: str
    place: str
    query: str

    @classmethod
    def of(cls, url: str) -> Address | None:
        """The parts of a URL, None where the text is none. A password may hold / # ? @ although it is not quoted."""
        scheme, mark, rest = url.partition("://")
        if not mark or not re.fullmatch(r"[A-Za-z][\w+.-]*", scheme):
            return None
        at = _user_end(rest)
        user, _, password = rest[: max(at, 0)].partition(":")
        place, _, query = rest[at + 1 :].partition("?")
        return cls(scheme, unquote(user), unquote(password), place, query)

    def __str__(self) -> str:
        user = quote(self.user, safe="@!$&'*+=~ ")
        who = f"{user}:{quote(self.password, safe='')}@" if self.password else f"{user}@" if user else ""
        return f"{self.scheme}://{who}{self.place}" + (f"?{self.query}" if self.query else "")

    @property
    def secrets(self) -> list[str]:
        """What of it must not be seen."""
        return [text for text in (self.password, *_given(f"{self.place}?{self.query}")) if text]


def _user_end(rest: str) -> int:
    """Where the @ before the host stands in what follows ://, or -1."""
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    last = rest.rfind("@")
    if last <= len(authority):
        return last
    sound = re.fullmatch(r"[\w.\-\[\]%,]*(:\d*)?", authority.rpartition("@")[2])
    in_query = re.fullmatch(r"[^?]*\?([\w.-]+=[^&?]*(&|$))+", rest)
    return authority.rfind("@") if ":" not in authority or (sound and in_query) else last


def _given(text: str) -> list[str]:
    return [value.strip("'\"") for _, _, value in _GIVEN.findall(text)]


def in_clear(text: str) -> bool:
    """Whether an address carries a credential that is not taken from the environment.

    >>> in_clear("postgresql://ann:pw@db/shop"), in_clear("postgresql://ann:$PW@db/shop"), in_clear("$LTV_DB")
    (True, False, False)
    """
    found = address.secrets if (address := Address.of(text)) else _given(text)
    return any(not re.fullmatch(_VARIABLE, secret) for secret in found)


def expand(text: str) -> str:
    """An address with the values of its `$NAME`s, each as it is: quoting them for a URL is done here.

    Raises DataError, without the value, where a credential stands in clear, or where a variable is not set.
    """
    if in_clear(text):
        cure = "export LTV_DB='…' with the whole address in it, then --on '$LTV_DB' (on=\"$LTV_DB\" in Python)"
        raise DataError("orders", [f"on  a password or key stands in clear, and what is given here is kept: {cure}"])
    names = [one or other for one, other in re.findall(_VARIABLE, text)]
    if not names or Path(text).exists():
        return text
    if unset := sorted({name for name in names if not os.environ.get(name)}):
        faults = [f"on  ${name} is not set: export {name}='…' first, with the address in it" for name in unset]
        raise DataError("orders", faults)
    if re.fullmatch(_VARIABLE, text):
        return _whole(names[0])
    address = Address.of(text)
    if address is None:
        return _filled(text)
    filled = replace(
        address,
        user=_filled(address.user),
        password=_filled(address.password),
        place=_filled(address.place),
        query=_filled(address.query, quoted=True),
    )
    for secret in filled.secrets:
        _note(secret, HIDDEN)
    return str(filled)


def _whole(name: str) -> str:
    value = os.environ[name].strip()
    address = Address.of(value)
    _note(value, f"${name}")
    for secret in address.secrets if address else _given(value):
        _note(secret, HIDDEN)
    if address is None:
        return value
    spelled = value.partition("://")[2][: _user_end(value.partition("://")[2])].partition(":")[2]
    _note(spelled, HIDDEN)
    return str(address)


def _filled(text: str, *, quoted: bool = False) -> str:
    def value(found: re.Match[str]) -> str:
        given = os.environ[found[1] or found[2]]
        return quote(given, safe="") if quoted else given

    return re.sub(_VARIABLE, value, text)


def learn(parameters: Mapping[str, Any]) -> None:
    """Know the credentials that these parameters take from the environment, to hide them in what is written."""
    on = parameters.get("on")
    if isinstance(on, str):
        try:
            expand(on)
        except DataError:
            return


def _note(value: str, shown: str) -> None:
    """Remember a value in every spelling that a driver, a page, a notebook or JSON may give it."""
    plain = {value, unquote(value), quote(value), quote(value, safe=""), quote_plus(value)}
    spelled = {text for one in plain for text in (one, escape(one), escape(one).replace("&#x27;", "&#39;"))}
    spelled |= {json.dumps(one, ensure_ascii=ascii_)[1:-1] for one in spelled for ascii_ in (True, False)}
    spelled |= {repr(one)[1:-1] for one in plain} | {json.dumps(repr(one)[1:-1])[1:-1] for one in plain}
    _known.update(dict.fromkeys((text for text in spelled if len(text) >= _LEAST), shown))


def hide(text: str) -> str:
    """Text without credentials, as it may be shown, kept and sent.

    >>> hide("postgresql://ann:pw@db/shop?sslkey=a&token=b"), hide("SELECT 1 FROM t WHERE api_key = 'k-1'")
    ('postgresql://db/shop?sslkey=a&token=***', 'SELECT 1 FROM t WHERE api_key = ***')
    """
    text = _hide_known(text, _known)
    if "\n" not in text and (address := Address.of(text)):
        text = str(replace(address, user="", password=""))
    text = _USER.sub(r"\1", text)
    text = _CIPHERED.sub(lambda call: call[1] + re.sub(r"'(?:[^']|'')*'", HIDDEN, call[2]) + ")", text)
    return _GIVEN.sub(lambda pair: pair[0] if re.fullmatch(_VARIABLE, pair[3]) else pair[1] + pair[2] + HIDDEN, text)


def hide_known(text: str) -> str:
    """A file as it may be kept: what came from the environment is hidden, but for what a plain word or number could be."""
    return _hide_known(text, {value for value in _known if (len(value) > 5 and not value.isalnum()) or len(value) > 11})


def _hide_known(text: str, values: Iterable[str]) -> str:
    for value in sorted(values, key=len, reverse=True):
        text = text.replace(value, _known[value])
    return text


def hidden(value: Any) -> Any:
    """`hide` in every text of nested values."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, Mapping):
        return {name: hidden(item) for name, item in value.items()}
    return [hidden(item) for item in value] if isinstance(value, list | tuple) else value
