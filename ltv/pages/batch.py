"""Reports of many segments in parallel: what is made, what is skipped, and a manifest that is right at any moment."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unicodedata import normalize

import platformdirs
import psutil

from ltv import cache
from ltv.errors import LtvError, ParameterError
from ltv.pages.crew import Crew, Task, WorkerError
from ltv.pages.locking import alone_in
from ltv.pages.notebooks import heading, notebook_path
from ltv.pages.plan import Plan, Segment, chosen, twice
from ltv.pages.records import Record, Status, fresh, id_of, key_of, now, read_records, shared, write_records
from ltv.secrets import learn

PER_WORKER = 500 * 1024**2
"""Memory that a worker and the notebook it runs are counted with."""


@dataclass(frozen=True)
class Settings:
    """How a batch is run: at most `workers` at once, `seconds` for a report, only what is missing or stale (`resume`),
    cached orders and fits left aside (`force`), the last `keep` runs kept, `only` the segments that fit."""

    workers: int | None = None
    seconds: float | None = None
    resume: bool = False
    force: bool = False
    keep: int = 0
    only: Sequence[str] = ()


@dataclass
class Watch:
    """What a caller hears of: how many reports there will be, then each record as it comes."""

    planned: Callable[[int], object] = field(default=lambda count: None)
    done: Callable[[Record], object] = field(default=lambda record: None)


def segments_of(plan: Plan, settings: Settings) -> list[Segment]:
    """The segments a plan comes to; those by columns are looked up in the log, by a worker.

    Raises ParameterError when the plan cannot be run.
    """
    found: list[dict[str, str]] = []
    if plan.by:
        from ltv.pages.segments import find

        (whole,) = replace(plan, segments=(), by=()).of()
        parameters = next(iter(whole.reports.values()))
        with _crew(1, settings) as crew:
            ((_, found),) = crew.run([Task("segments", find, (parameters, tuple(plan.by)))])
        if isinstance(found, WorkerError):
            raise found
    return chosen(plan.of(found), settings.only)


def render_all(
    reports: Mapping[str, Mapping[str, Any]], out: Path, settings: Settings | None = None, watch: Watch | None = None
) -> list[Record]:
    """Make these reports (name or path of a notebook → its parameters) in the folder `out` itself."""
    return run_batch([Segment(reports)], out, settings, watch)


def run_batch(
    segments: Sequence[Segment],
    out: Path,
    settings: Settings | None = None,
    watch: Watch | None = None,
    *,
    least: int = 0,
) -> list[Record]:
    """Make the reports of these segments in the folder `out`, list them, and return their records.

    A report that fails does not stop the others; a segment of fewer than `least` customers is skipped. Every report has
    one record in the end: "done" (made now), "kept" (an earlier page is still right), "skipped" or "failed". Raises
    ParameterError where two reports would have one place, LtvError when another run holds the folder.
    """
    out, settings = out.absolute(), settings or Settings()
    for parameters in (given for segment in segments for given in segment.reports.values()):
        learn(parameters)
    asked = [id_of(segment.folder, Path(name).stem) for segment in segments for name in segment.reports]
    if alike := twice(
        "report", [normalize("NFC", place).casefold() for place in asked], "each needs a place of its own"
    ):
        raise ParameterError("\n".join(alike))
    with alone_in(out):
        run = _Run(out, read_records(out), {}, watch or Watch())
        run.watch.planned(len(asked))
        if settings.resume:
            segments = run.leave_fresh(segments)
        if least:
            # Workers of its own: an engine that has read the whole log does not give all its memory back.
            with _crew(len(segments), settings) as crew:
                segments = run.leave_small(segments, crew, least)
        with _crew(len(asked), settings) as crew:
            for task, answer in crew.run(run.tasks(segments), seconds=settings.seconds):
                run.told(task.name, answer)
            for _, answer in crew.run([Task("index", _index, (out, run.everything, settings.keep))]):
                if isinstance(answer, WorkerError):
                    raise answer
    if lost := sorted(set(asked) - run.records.keys()):
        raise LtvError(f"{len(lost)} of {len(asked)} reports came to no end: {', '.join(lost[:5])}")
    return [run.heard(run.records[place]) for place in asked]


def preview(segments: Sequence[Segment], out: Path, settings: Settings, *, least: int) -> list[tuple[Segment, str]]:
    """What `run_batch` would make: each segment with the reports that are to be made, and why the others are not."""
    run = _Run(out, read_records(out), {}, Watch())
    left = {segment.folder: run.stale(segment) if settings.resume else segment for segment in segments}
    with _crew(len(segments), settings) as crew:
        spared = {folder: why for folder, _, why in _small([it for it in left.values() if it.reports], crew, least)}
    rows = []
    for segment in segments:
        kept = len(segment.reports) - len(left[segment.folder].reports)
        why = spared.get(segment.folder, f"{kept} of {len(segment.reports)} are still right" if kept else "")
        rows.append(
            (replace(left[segment.folder], reports={}) if segment.folder in spared else left[segment.folder], why)
        )
    return rows


def _small(segments: Sequence[Segment], crew: Crew, least: int) -> Iterator[tuple[str, Status, str]]:
    """The folder of each segment that has too few customers or cannot be read, what becomes of its reports, and why."""
    from ltv.pages.segments import size

    for task, count in crew.run([Task(it.folder, size, (next(iter(it.reports.values())),)) for it in segments]):
        if isinstance(count, WorkerError):
            yield task.name, "failed", str(count)
        elif count < least:
            few = f"{count:,} customer{'s are' if count > 1 else ' is'} fewer than {least:,}"
            yield task.name, "skipped", few if count else "no customer was acquired here"


@dataclass
class _Run:
    """The records of a run as they come, on top of those that were there."""

    out: Path
    known: Mapping[str, Record]
    records: dict[str, Record]
    watch: Watch
    asked: dict[str, tuple[Segment, str]] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)

    @property
    def everything(self) -> dict[str, Record]:
        return {**self.known, **self.records}

    def leave_fresh(self, segments: Sequence[Segment]) -> list[Segment]:
        """Only the reports that are missing or stale."""
        left = [(segment, self.stale(segment)) for segment in segments]
        for segment, stale in left:
            for name in segment.reports.keys() - stale.reports.keys():
                place = id_of(segment.folder, Path(name).stem)
                self.kept.add(place)
                self.add(self.known[place])
        return [stale for _, stale in left if stale.reports]

    def stale(self, segment: Segment) -> Segment:
        """A segment with those of its reports whose page is missing, or made of something else."""
        reports = {}
        for name, given in segment.reports.items():
            record = self.known.get(id_of(segment.folder, Path(name).stem))
            if not fresh(record, key_of(notebook_path(name), given), self.out):
                reports[name] = given
        return replace(segment, reports=reports)

    def leave_small(self, segments: Sequence[Segment], crew: Crew, least: int) -> list[Segment]:
        """Only the segments with customers enough; the orders of these are in the cache afterwards."""
        left = {segment.folder: segment for segment in segments}
        for folder, status, why in _small(segments, crew, least):
            segment = left.pop(folder)
            for name in segment.reports:
                self.add(replace(self._last(segment, name), status=status, error=why, made=now()))
        return list(left.values())

    def _last(self, segment: Segment, name: str) -> Record:
        stem = Path(name).stem
        blank = Record(stem, heading(notebook_path(name)), "failed", "", segment.folder, segment.title)
        return self.known.get(id_of(segment.folder, stem)) or blank

    def tasks(self, segments: Sequence[Segment]) -> Iterator[Task]:
        """One task a report, round after round over the segments: two of one segment do not read it at once."""
        for turn in range(max((len(segment.reports) for segment in segments), default=0)):
            for segment in segments:
                if turn < len(segment.reports):
                    name, given = list(segment.reports.items())[turn]
                    place = id_of(segment.folder, Path(name).stem)
                    self.asked[place] = (segment, name)
                    earlier = self.known.get(place)
                    yield Task(place, _render, (name, dict(given), self.out, earlier, segment.folder, segment.title))

    def told(self, place: str, answer: Record | WorkerError) -> None:
        """Take the outcome of a task."""
        if isinstance(answer, WorkerError):
            answer = replace(self._last(*self.asked[place]), status="failed", error=str(answer), made=now())
        self.add(answer)

    def add(self, record: Record) -> None:
        """Note a record in the manifest at once: a run that is killed resumes from here."""
        record = replace(record, error=shared(record.error))
        self.records[record.id] = record
        write_records(self.out, self.everything.values())
        self.watch.done(self.heard(record))

    def heard(self, record: Record) -> Record:
        """A record as the caller hears of it: a page that was there already is not one that was made."""
        return replace(record, status="kept") if record.id in self.kept else record


@contextmanager
def _crew(most: int | None, settings: Settings) -> Iterator[Crew]:
    cores = os.cpu_count() or 1
    size = settings.workers or min(cores, max(1, psutil.virtual_memory().available // PER_WORKER))
    size = min(size, most or size)
    environment = {"LTV_THREADS": str(max(1, cores // max(size, 1)))} | dict(os.environ)
    with suppress(RuntimeError):  # a user without a home keeps nothing
        environment.setdefault(cache.VARIABLE, platformdirs.user_cache_dir("ltv"))
    if settings.force:
        environment[cache.VARIABLE] = ""
    with Crew(size, environment) as crew:
        yield crew


def _render(name: str, given: dict[str, Any], out: Path, earlier: Record | None, folder: str, title: str) -> Record:
    from ltv.pages.render import render

    return render(name, given, out, earlier=earlier, folder=folder, segment=title)


def _index(out: Path, records: Mapping[str, Record], keep: int) -> None:
    from ltv.pages.index import write_index

    write_index(out, records, keep=keep)
    cache.sweep()
