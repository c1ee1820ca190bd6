"""Workers: one task each, and the death of one is told of its task alone."""

import os
import signal
import subprocess
import sys
import time
from importlib.machinery import ModuleSpec
from multiprocessing import spawn
from types import ModuleType

import psutil
import pytest

from ltv.errors import DataError
from ltv.pages import kernels
from ltv.pages.crew import Crew, Task, WorkerError


def quarrel(number):
    if number == 2:
        raise DataError("orders", ["empty"])
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    if number == 4:
        return 1 / 0
    return number, os.environ["SAID"]


def sleep(seconds):
    time.sleep(seconds)
    return "slept"


def test_each_task_has_its_own_end():
    with Crew(2, {"SAID": "so"}) as crew:
        found = {task.name: result for task, result in crew.run([Task(str(n), quarrel, (n,)) for n in range(6)])}
        assert {name: found[name] for name in "015"} == {name: (int(name), "so") for name in "015"}
        assert {name: str(found[name]).splitlines()[0] for name in "234"} == {
            "2": "orders: 1 fault",
            "3": "the worker was ended from outside; was there enough memory?",
            "4": "ZeroDivisionError: division by zero",
        }
        assert all(isinstance(found[name], WorkerError) for name in "234")
        # The crew is whole again, and workers are used again.
        assert len(list(crew.run([Task("again", quarrel, (7,))]))) == 1
        assert len(crew.workers) <= 2
    assert not [child for child in psutil.Process().children() if "spawn_main" in " ".join(child.cmdline())]


def test_a_task_that_takes_too_long_is_stopped_and_the_others_are_not():
    with Crew(2) as crew:
        tasks = [Task("long", sleep, (600,)), Task("short", sleep, (0,)), Task("next", sleep, (0,))]
        found = {task.name: str(result) for task, result in crew.run(tasks, seconds=10)}
    assert found == {"long": "it was stopped after 10 seconds", "short": "slept", "next": "slept"}


def _fail_after_the_first(crew):
    with crew:
        for _ in crew.run([Task("first", sleep, (0,)), Task("second", sleep, (600,))]):
            raise KeyboardInterrupt


def test_workers_end_at_once_when_the_caller_fails():
    crew = Crew(1)
    with pytest.raises(KeyboardInterrupt):
        _fail_after_the_first(crew)
    assert all(worker.process.exitcode is not None for worker in crew.workers)


def test_a_wish_to_end_is_not_lost_in_a_deletion():
    code = """
import os, signal, sys, time
from ltv.pages import crew
signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
sys.unraisablehook = crew._end_again
class Deleted:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(0.01)
del [Deleted()][0]
time.sleep(20)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=15)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_kernel_does_not_import_the_callers_main_module(monkeypatch):
    caller = ModuleType("__main__")
    caller.__spec__ = ModuleSpec("caller", None)
    monkeypatch.setitem(sys.modules, "__main__", caller)
    told = [spawn.get_preparation_data("kernel")]
    with kernels._without_main():
        told.append(spawn.get_preparation_data("kernel"))
    told.append(spawn.get_preparation_data("kernel"))
    assert [data.get("init_main_from_name") for data in told] == ["caller", None, "caller"]
    assert "init_main_from_path" not in told[1]
