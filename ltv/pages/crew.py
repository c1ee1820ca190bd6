"""Worker processes with one task each: the death of one is told of its task alone, and another takes its place.

Workers are spawned, so that none shares an engine or a fork with the parent, and they end with it.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from types import TracebackType
from typing import Any

from ltv.errors import LtvError

PATIENCE = 10.0
"""Seconds a worker has to clean up after it was told to end."""


class WorkerError(LtvError):
    """A task that did not come to its end; `str` says why."""


@dataclass(frozen=True)
class Task:
    """A call that a worker makes: `function` is one of a module, and arguments and result can be pickled."""

    name: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()


class Crew:
    """Up to `size` workers, each started when there is first something for it to do.

    >>> with Crew(1) as crew:
    ...     [(task.name, result) for task, result in crew.run([Task("a", divmod, (7, 2))])]
    [('a', (3, 1))]
    """

    def __init__(self, size: int, environment: Mapping[str, str] | None = None) -> None:
        self.size, self.environment = size, dict(environment or {})
        self.workers: list[_Worker] = []

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for worker in self.workers:
            worker.dismiss(at_once=kind is not None)
        for worker in self.workers:
            worker.leave()

    def run(self, tasks: Iterable[Task], *, seconds: float | None = None) -> Iterator[tuple[Task, Any]]:
        """Each task with its result as it comes; a WorkerError in its place where the task failed, died or took too long."""
        waiting = deque(tasks)
        busy: dict[Connection, _Worker] = {}
        while waiting or busy:
            while waiting and len(busy) < self.size:
                worker = self._idle(busy)
                worker.give(waiting.popleft(), seconds)
                busy[worker.pipe] = worker
            ends = min(worker.ends for worker in busy.values())
            wait(list(busy), timeout=None if ends == float("inf") else max(0.0, ends - time.monotonic()))
            for pipe, worker in list(busy.items()):
                if pipe.poll() or time.monotonic() >= worker.ends:
                    del busy[pipe]
                    yield self._answer(worker)

    def _idle(self, busy: Mapping[Connection, _Worker]) -> _Worker:
        free = [worker for worker in self.workers if worker.pipe not in busy]
        if not free:
            free = [_Worker(self.environment)]
            self.workers += free
        return free[0]

    def _answer(self, worker: _Worker) -> tuple[Task, Any]:
        if worker.pipe.poll():
            with suppress(EOFError, ConnectionError):
                done, result = worker.pipe.recv()
                return worker.task, result if done else WorkerError(result)
            message = "the worker was ended from outside; was there enough memory?"
        else:
            message = f"it was stopped after {worker.seconds:g} seconds"
        self.workers.remove(worker)
        worker.dismiss(at_once=True)
        worker.leave()
        return worker.task, WorkerError(message)


class _Worker:
    """A spawned process at the other end of a pipe, and the task it is at."""

    task: Task
    seconds: float = float("inf")
    ends: float = float("inf")

    def __init__(self, environment: Mapping[str, str]) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=_work, args=(theirs, environment), daemon=False)
        self.process.start()
        theirs.close()

    def give(self, task: Task, seconds: float | None) -> None:
        self.task, self.seconds = task, seconds or float("inf")
        self.ends = time.monotonic() + self.seconds
        with suppress(BrokenPipeError):  # then its end of the pipe says so, too
            self.pipe.send((task.function, task.arguments))

    def dismiss(self, *, at_once: bool) -> None:
        if at_once:
            self.process.terminate()
        else:
            with suppress(BrokenPipeError):
                self.pipe.send(None)

    def leave(self) -> None:
        self.process.join(PATIENCE)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
        self.pipe.close()


def _end_again(ignored: sys.UnraisableHookArgs) -> None:
    """A wish to end that came while an object was being deleted is dropped by Python: wish it once more, a moment later."""
    if isinstance(ignored.exc_value, SystemExit):
        threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGTERM)).start()
    else:
        sys.__unraisablehook__(ignored)


def _work(pipe: Connection, environment: Mapping[str, str]) -> None:
    """The life of a worker: the parent alone decides when it ends."""
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.unraisablehook = _end_again
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # JupyterLab's extras make jsonschema import a one-second grammar of web addresses; no notebook has one to check.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    with suppress(EOFError):
        while call := pipe.recv():
            function, arguments = call
            try:
                answer = (True, function(*arguments))
            except LtvError as error:
                answer = (False, str(error))
            except Exception as error:  # noqa: BLE001 one task's trouble is told, not spread
                answer = (False, f"{type(error).__name__}: {error}")
            pipe.send(answer)


def _end_with_parent() -> None:
    """A parent that was killed cannot say so: clean up as if it had, then leave in any case."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(PATIENCE / 2)
        os._exit(1)
