"""Several reports in parallel: each in a spawned worker, so that no process shares an engine or a fork with another."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

from ltv.pages.records import Record, now, read_records


def render_all(
    jobs: Mapping[str, Mapping[str, Any]],
    out: Path,
    *,
    workers: int | None = None,
    done: Callable[[Record], object] = lambda record: None,
) -> list[Record]:
    """Render each report of `jobs` (name or path of a notebook → its parameters) into `out`, then list them.

    `done` hears of each record as it comes. A report that fails does not stop the others. Reports of earlier runs
    stay in the list.
    """
    out = out.absolute()
    out.mkdir(parents=True, exist_ok=True)
    known = read_records(out)
    count = min(len(jobs), workers or os.cpu_count() or 1)
    context = multiprocessing.get_context("spawn")
    records: list[Record] = []
    with ProcessPoolExecutor(count, mp_context=context, initializer=_worker) as pool:
        try:
            waiting = {
                pool.submit(_render, name, dict(given), out, known.get(Path(name).stem)): name
                for name, given in jobs.items()
            }
            for future in as_completed(waiting):
                records.append(_outcome(future, Path(waiting[future]).stem, known))
                done(records[-1])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            for worker in multiprocessing.active_children():
                worker.terminate()
            raise
        everything = known | {record.name: record for record in records}
        try:
            pool.submit(_index, out, everything).result()
        except BrokenProcessPool:
            _index(out, everything)
    return sorted(records, key=lambda record: [Path(name).stem for name in jobs].index(record.name))


def _worker() -> None:
    """Prepare a worker: the parent alone decides when it ends, and it does not pay for what it never uses."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # JupyterLab's extras make jsonschema import a one-second grammar of web addresses; no notebook has one to check.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]


def _end_with_parent() -> None:
    """A parent that was killed cannot say so: clean up as if it had, then leave in any case."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(5)
        os._exit(1)


def _render(name: str, parameters: dict[str, Any], out: Path, earlier: Record | None) -> Record:
    from ltv.pages.render import render

    return render(name, parameters, out, earlier=earlier)


def _index(out: Path, records: dict[str, Record]) -> None:
    from ltv.pages.index import write_index

    write_index(out, records)


def _outcome(future: Future[Record], name: str, known: Mapping[str, Record]) -> Record:
    try:
        return future.result()
    except BrokenProcessPool:
        message = "the worker was ended from outside; was there enough memory?"
    except Exception as error:  # noqa: BLE001 one report's trouble is told, not spread
        message = f"{type(error).__name__}: {error}"
    last = known.get(name) or Record(name, name.capitalize(), "failed", "")
    return replace(last, status="failed", error=message, made=now())
