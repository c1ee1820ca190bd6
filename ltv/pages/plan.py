"""What a batch is to make: segments, their reports and parameters, from a TOML file or from the columns of the log."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ltv.errors import ParameterError
from ltv.pages import catalog
from ltv.pages.forms import SAMPLES, meant, named
from ltv.pages.slugs import readable, slugs

MISSING = "(none)"
_KEYS = ("reports", "by", "least", "parameters", "segment")


@dataclass(frozen=True)
class Segment:
    """The reports of one segment: names (or paths) of notebooks with their parameters, for one folder under the output."""

    reports: Mapping[str, Mapping[str, Any]]
    title: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Plan:
    """A batch before it is known which segments there are. Without `reports`, all that have what they need are made.

    `segments` are (title, parameters) of their own over the shared `parameters`; `by` names columns each combination
    of whose values becomes one more; segments of fewer than `least` customers are skipped.
    """

    reports: Sequence[str]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    segments: Sequence[tuple[str, Mapping[str, Any]]] = ()
    by: Sequence[str] = ()
    least: int = 1

    def of(self, found: Sequence[Mapping[str, str]] = ()) -> list[Segment]:
        """The segments, those `found` in the log included. Raises ParameterError with every fault of every segment."""
        shared = named(self.parameters["segment"]) if self.parameters.get("segment") else {}
        own = [*self.segments, *((title_of(values), {"segment": shared | dict(values)}) for values in found)]
        own = own or [("All customers", {})]
        faults = twice("segment", [title for title, _ in own], "each needs a title of its own")
        faults += twice("reports", self.reports, "once is enough")
        faults += [f"reports: there is no report {name!r}{meant(name, catalog.reports())}" for name in self._unknown]
        made, wrong = [], dict[str, list[str]]()
        for (title, given), folder in zip(own, slugs([title for title, _ in own]), strict=True):
            try:
                parameters = {**self.parameters, **given}
                names = [name for name in self.reports if name not in self._unknown]
                checked = catalog.check_all(names or catalog.runnable(parameters), parameters)
            except ParameterError as error:
                wrong.setdefault(str(error), []).append(title)
            else:
                reports = {name: dataclasses.asdict(report) for name, report in checked.items()}
                made.append(Segment(reports, readable(title), folder))
        faults += [f"{_some(titles)}: {text}" if len(own) > 1 else text for text, titles in wrong.items()]
        if faults:
            raise ParameterError("\n".join(faults))
        return made

    @property
    def _unknown(self) -> list[str]:
        return [name for name in dict.fromkeys(self.reports) if name not in catalog.reports()]


def twice(what: str, names: Sequence[str], cure: str) -> list[str]:
    """A fault for each name that is there more than once.

    >>> twice("segment", ["ads", "mail", "ads"], "each needs a title of its own")
    ["segment 'ads' is there twice: each needs a title of its own"]
    """
    return [f"{what} {name!r} is there twice: {cure}" for name, count in Counter(names).items() if count > 1]


def _some(titles: Sequence[str]) -> str:
    return ", ".join(titles[:3]) + (f" and {len(titles) - 3} more" if len(titles) > 3 else "")


def title_of(values: Mapping[str, str]) -> str:
    """The name of a segment from its values, different for different values.

    >>> title_of({"channel": "ads", "country": ""}), title_of({"channel": "ads, mail"})
    ('ads, (none)', '"ads, mail"')
    """
    return ", ".join(
        (json.dumps(value, ensure_ascii=False) if "," in value or '"' in value or value == MISSING else value)
        or MISSING
        for value in values.values()
    )


def read_plan(path: Path, over: Mapping[str, Any] | None = None) -> Plan:
    """The plan in a TOML file; a relative path to the orders is taken from where the file lies.

    Raises ParameterError when it cannot be read, or with everything in it that no plan has; where it has such faults,
    its parameters, those of `over` on top, are looked at in the same go.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise ParameterError(f"{path} cannot be read: {error}") from error
    faults = [f"{name}: there is no such key{meant(name, _KEYS)}" for name in told if name not in _KEYS]
    sound = {name: _sound(name, told[name], faults) for name in _KEYS if name in told}
    plan = Plan(
        reports=sound.get("reports") or [],
        parameters=_beside(path, sound.get("parameters") or {}),
        segments=_segments(path, sound.get("segment") or [], faults),
        by=sound.get("by") or [],
        least=sound.get("least") or 1,
    )
    faults += [
        fault for given in (plan.parameters, *(given for _, given in plan.segments)) for fault in _reaching(given)
    ]
    if faults:
        try:
            dataclasses.replace(plan, parameters={**plan.parameters, **(over or {})}).of()
        except ParameterError as error:
            faults += str(error).split("\n")
        many = sum(not fault.endswith("in the parameters") for fault in faults)
        count = f"{many} fault{'s' * (many > 1)}"
        raise ParameterError("\n  ".join([f"{path}: {count}", *(line.strip() for line in faults)]))
    return plan


_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "reports": (lambda it: isinstance(it, list) and all(isinstance(name, str) for name in it), "a list of names"),
    "by": (lambda it: isinstance(it, list) and all(isinstance(name, str) for name in it), "a list of columns"),
    "least": (lambda it: type(it) is int and it >= 1, "a whole number above 0"),
    "parameters": (lambda it: isinstance(it, dict), "a table: [parameters]"),
    "segment": (lambda it: isinstance(it, list) and all(isinstance(e, dict) for e in it), "tables: [[segment]]"),
}


def _sound(name: str, given: Any, faults: list[str]) -> Any:
    """What a key was given, or None and a fault."""
    fits, needed = _SHAPES[name]
    if fits(given):
        return given
    faults.append(f"{name}: {needed} is needed, not {given!r:.80}")
    return None


def _segments(path: Path, entries: Sequence[dict[str, Any]], faults: list[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """The segments of a plan, those that have a title; a fault for each of the others."""
    made: list[tuple[str, Mapping[str, Any]]] = []
    for number, entry in enumerate(entries, 1):
        title = entry.get("title", "")
        if not isinstance(title, str):
            faults.append(f"segment {number}: its title must be text in quotes, not {title!r:.80}")
        elif not readable(title):
            faults.append(f"segment {number}: it has no title")
        else:
            made.append((title, _beside(path, {name: value for name, value in entry.items() if name != "title"})))
    return made


def _reaching(parameters: Mapping[str, Any]) -> list[str]:
    """A fault where a plan, which may be a stranger's, says itself which server is asked, and with what of the environment."""
    scheme, mark, rest = str(parameters.get("on") or "").partition("://")
    if not mark or (scheme in ("duckdb", "sqlite") and "$" not in rest):
        return []
    return ['on: a plan names a file, or a variable that holds the whole address: on = "$LTV_DB"']


def _beside(path: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters in which the file of the orders, or of their database, is taken from where the plan lies."""
    name = "on" if parameters.get("on") else "orders"
    given = parameters.get(name)
    if not isinstance(given, str) or given in SAMPLES or "://" in given or given.startswith("$"):
        return dict(parameters)
    return {**parameters, name: str(path.absolute().parent / Path(given).expanduser())}


def chosen(segments: Sequence[Segment], patterns: Sequence[str]) -> list[Segment]:
    """The segments whose title or folder fits one of the patterns, and within "folder/report" that report alone.

    Raises ParameterError for a pattern that fits nothing.
    """
    if not patterns:
        return list(segments)
    left, fits = set(patterns), []
    for segment in segments:
        reports = {}
        for name, given in segment.reports.items():
            names = (segment.title, segment.folder, f"{segment.folder}/{name}")
            if by := {pattern for pattern in patterns if any(fnmatchcase(text, pattern) for text in names)}:
                left -= by
                reports[name] = given
        if reports:
            fits.append(dataclasses.replace(segment, reports=reports))
    if left:
        there = [segment.folder for segment in segments]
        raise ParameterError(
            f"--only {min(left)!r} fits no segment{meant(min(left), there)}; there are {', '.join(there[:20])}"
        )
    return fits
