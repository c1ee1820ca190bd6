"""What a batch is to make: segments, their reports and parameters, from a TOML file or from the columns of the log."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ltv.errors import ParameterError
from ltv.pages import catalog
from ltv.pages.forms import SAMPLES, meant
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
        own = [*self.segments, *((title_of(values), {"segment": dict(values)}) for values in found)]
        if not own:
            own = [("All customers", {})]
        made, faults = [], []
        for (title, given), folder in zip(own, slugs([title for title, _ in own]), strict=True):
            try:
                parameters = {**self.parameters, **given}
                checked = catalog.check_all(self.reports or catalog.runnable(parameters), parameters)
            except ParameterError as error:
                faults.append(f"{title}: {error}" if len(own) > 1 else str(error))
            else:
                reports = {name: dataclasses.asdict(report) for name, report in checked.items()}
                made.append(Segment(reports, readable(title), folder))
        if faults:
            raise ParameterError("\n".join(dict.fromkeys(faults)))
        return made


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


def read_plan(path: Path) -> Plan:
    """The plan in a TOML file; a relative path to the orders is taken from where the file lies.

    Raises ParameterError when it cannot be read, or says something that no plan has.
    """
    try:
        told = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError(f"{path} cannot be read: {error}") from error
    faults = [f"{name}: there is no such key{meant(name, _KEYS)}" for name in told if name not in _KEYS]
    entries = told.get("segment", [])
    kinds: dict[str, tuple[type, str]] = {
        "reports": (list, "a list of names"),
        "by": (list, "a list of columns"),
        "least": (int, "a whole number"),
        "parameters": (dict, "a table: [parameters]"),
        "segment": (list, "tables: [[segment]]"),
    }
    faults += [
        f"{name}: {kinds[name][1]} is needed"
        for name in kinds
        if not isinstance(told.get(name, kinds[name][0]()), kinds[name][0])
    ]
    if not faults:
        titles = [str(entry.get("title", "")) for entry in entries]
        faults += [f"segment {i}: it has no title" for i, title in enumerate(titles, 1) if not title.strip()]
        faults += [f"segment {title!r} is there twice" for title in {t for t in titles if t and titles.count(t) > 1}]
    if faults:
        raise ParameterError("\n  ".join([f"{path}: {len(faults)} fault{'s' * (len(faults) > 1)}", *faults]))
    return Plan(
        reports=told.get("reports", []),
        parameters=_beside(path, told.get("parameters", {})),
        segments=[
            (entry["title"], _beside(path, {name: value for name, value in entry.items() if name != "title"}))
            for entry in entries
        ],
        by=told.get("by", []),
        least=told.get("least", 1),
    )


def _beside(path: Path, parameters: Mapping[str, Any]) -> dict[str, Any]:
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
