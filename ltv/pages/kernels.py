"""Kernels of the running interpreter. On Linux they are forked from a process that has imported what notebooks need.

That process only imports: it has no engine (DuckDB is not even imported, which starts a thread), no loop and no thread of
its own. Each kernel is a fresh child of it, so nothing of one notebook reaches the next; a second of imports is paid once
a worker instead of once a report.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty
from types import ModuleType
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import LocalProvisioner
from traitlets import Type, Unicode

import ltv

LOG = "kernel.log"
THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
# glibc gives every array above 128 kB back to the system and asks for its pages again: a sixth of a report's time.
INLINE = "module://matplotlib_inline.backend_inline"
# Whatever the caller's environment says: pictures are drawn inline, and a warning of a library is no error.
FIXED = {"MPLBACKEND": INLINE, "PYTHONWARNINGS": "ignore", "PYTHONSTARTUP": ""}
MEMORY = dict.fromkeys(("MALLOC_MMAP_THRESHOLD_", "MALLOC_TRIM_THRESHOLD_"), str(64 * 1024**2))
IMPORTED = [
    "ipykernel.kernelapp",
    "matplotlib.backends.backend_svg",
    "matplotlib_inline.backend_inline",
    "ibis.backends.sql.compilers.duckdb",
    "pyarrow.dataset",
    "pyarrow.parquet",
    *sorted(set(ltv.PUBLIC.values())),
    "ltv.plots",
    "ltv.pages.figures",
    "ltv.pages.tables",
    "ltv.pages.triangle",
    "ltv.pages.story.common",
]


class Client(AsyncKernelClient):
    """A client that is ready as soon as the kernel answers on both of its channels.

    The base class then waits until the kernel has been silent for a fifth of a second, lest a reader take what was said
    before for his own; nbclient looks at whose request a message answers.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Raises RuntimeError when the kernel died, or did not answer within `timeout` seconds."""
        ends = time.monotonic() + (timeout or float("inf"))
        while time.monotonic() < ends:
            self.kernel_info()
            with suppress(Empty):
                reply = await self.shell_channel.get_msg(timeout=1)
                await self.iopub_channel.get_msg(timeout=0.2)
                if reply["msg_type"] == "kernel_info_reply":
                    self._handle_kernel_info_reply(reply)
                    return
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
        raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")


class ThisPython(AsyncKernelManager):
    """A kernel of the running interpreter: kernels that happen to be installed under a name are not asked.

    Its temporary files go to `folder`, so that nothing is left of it however it ends. Linear algebra runs on one
    thread: kernels share the cores already, and sums come out the same on every machine.
    """

    folder = Unicode().tag(config=True)
    client_factory = Type(Client)

    @property
    def kernel_spec(self) -> KernelSpec:
        argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        # A folder of its own for IPython, too: a user's start-up files are no part of a report, and a home may be missing.
        places = {"TMPDIR": self.folder, "IPYTHONDIR": str(Path(self.folder) / "ipython")}
        return KernelSpec(argv=argv, display_name="Python", language="python", env=THREADS | FIXED | places)

    async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
        # Elsewhere than in a spawned worker a child might run the caller's script again.
        if sys.platform == "linux" and multiprocessing.parent_process():
            place = {"kernel_id": self.kernel_id or "", "kernel_spec": self.kernel_spec}
            self.provisioner = Forked(parent=self, **place)
        # What a kernel says while it dies is for the developer, not for the terminal.
        with (Path(self.folder) / LOG).open("ab") as log:
            await super().start_kernel(stdout=log, stderr=log, **options)


class Forked(LocalProvisioner):
    """Starts a kernel as a child of the process that has imported everything."""

    async def launch_kernel(self, cmd: list[str], **options: Any) -> Any:
        log = options["stdout"].name
        arguments = (cmd[cmd.index("-f") + 1], dict(options["env"]), log)
        process = _server().Process(target=_become_kernel, args=arguments)
        with _without_main():
            process.start()
        self.process = _Child(process)  # type: ignore[assignment]
        self.pid = self.pgid = process.pid
        return self.connection_info

    async def kill(self, restart: bool = False) -> None:
        """Returns when the kernel is gone, which takes milliseconds: who waits for it later looks ten times a second."""
        await super().kill(restart)
        ends = time.monotonic() + 1
        while time.monotonic() < ends and await self.poll() is None:
            await asyncio.sleep(0.002)


class _Child:
    """A multiprocessing process with the face of a `subprocess.Popen`."""

    stdin = stdout = stderr = None

    def __init__(self, process: Any) -> None:
        self.process, self.pid = process, process.pid

    def poll(self) -> int | None:
        return self.process.exitcode

    def wait(self) -> int | None:
        self.process.join()
        return self.process.exitcode

    def send_signal(self, number: int) -> None:
        if self.process.exitcode is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


def _server() -> Any:
    """The context whose processes are forked from the one that imports, started with one thread if it is not running."""
    from multiprocessing import forkserver

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(IMPORTED)
    settings = THREADS | MEMORY | FIXED
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update(settings)
    try:
        forkserver.ensure_running()
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.update({name: value})
    return context


@contextmanager
def _without_main() -> Iterator[None]:
    """A child imports its parent's main module first, whatever that imports: a kernel has no use for the caller's."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _become_kernel(connection_file: str, environment: Mapping[str, str], log: str) -> None:
    """Be what `python -m ipykernel_launcher -f connection_file` is, in a process that has imported it already."""
    os.setsid()
    os.environ.clear()
    os.environ.update({name: value for name, value in environment.items() if name != "JPY_PARENT_PID"})
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        words = os.open(log, os.O_WRONLY | os.O_APPEND)
    except FileNotFoundError:  # the run was ended, and its folder with it, before its kernel began
        os._exit(1)
    os.dup2(words, 1)
    os.dup2(words, 2)
    # What was imported is shared with the parent until somebody writes to it, and looking for garbage writes; a notebook
    # lives for seconds, most of what it makes stays until its end, and looking often is a tenth of its time.
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    # A debugger that nobody will attach takes an eighth of a second to import.
    sys.modules["debugpy"] = None  # type: ignore[assignment]
    import matplotlib
    from ipykernel.kernelapp import IPKernelApp

    # Read from the environment when matplotlib is imported, which was before this kernel had one.
    matplotlib.rcParams["backend"] = INLINE
    sys.argv = [sys.argv[0], "-f", connection_file]
    IPKernelApp.launch_instance(argv=sys.argv[1:])


def _end_with_parent() -> None:
    """The parent by fork is not the one that asked for this kernel; it is that one's end which is waited for."""
    if parent := multiprocessing.parent_process():
        parent.join()
    os.kill(os.getpid(), signal.SIGKILL)
