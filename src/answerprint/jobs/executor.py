"""Where chunks are computed: in this process, or in processes of their own on this machine."""

from __future__ import annotations

import ctypes
import gc
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor
from contextlib import suppress
from typing import Protocol

from answerprint.jobs.work import Outcome, Work, WorkOrder, perform

_THREAD_SETTINGS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "OPENIMAGEIO_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "ANSWERPRINT_THREADS",
)


class WorkerLost(Exception):
    """The process that did a chunk ended without an answer (killed, or out of memory)."""


class Executor(Protocol):
    """Does chunks. ``slots`` is how many it can do at once."""

    slots: int

    def submit(self, work: Work, order: WorkOrder) -> Future[Outcome]:
        """Start a chunk. The future answers with its Outcome, or raises WorkerLost."""
        ...

    def close(self) -> None:
        """Stop at once; unfinished chunks are abandoned. ``submit`` afterwards starts anew."""
        ...


class InlineExecutor:
    """Does each chunk at once in this process."""

    slots = 1

    def submit(self, work: Work, order: WorkOrder) -> Future[Outcome]:
        """Do the chunk now."""
        future: Future[Outcome] = Future()
        future.set_result(perform(work, order))
        return future

    def close(self) -> None:
        """Nothing to stop."""


class ProcessExecutor:
    """A pool of fresh processes, each with ``threads`` computing threads.

    Processes are started new rather than forked: libraries with threads of their own do not survive a fork.
    """

    def __init__(self, workers: int | None = None, threads: int = 1) -> None:
        self.slots = workers or default_workers()
        self._threads = threads
        self._pool: ProcessPoolExecutor | None = None
        # Several productions' dispatchers may share one pool.
        self._turn = threading.RLock()

    def submit(self, work: Work, order: WorkOrder) -> Future[Outcome]:
        """Hand the chunk to a process, starting the pool when there is none."""
        answer: Future[Outcome] = Future()
        with self._turn:
            try:
                inner = self._started().submit(_perform_and_let_go, work, order)
            except BrokenExecutor:
                self.close()
                inner = self._started().submit(_perform_and_let_go, work, order)
        inner.add_done_callback(lambda done: _hand_over(done, answer))
        return answer

    def close(self) -> None:
        """End all workers at once."""
        with self._turn:
            pool, self._pool = self._pool, None
        if pool is None:
            return
        workers = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for worker in workers:
            with suppress(OSError, ValueError):
                worker.kill()
        for worker in workers:
            with suppress(OSError, ValueError, AssertionError):
                worker.join(5)

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.slots, multiprocessing.get_context("spawn"), _prepare_worker, (os.getpid(), self._threads)
            )
        return self._pool


def default_workers() -> int:
    """``ANSWERPRINT_WORKERS`` when set, else the processors this process may use, at most 8 (memory)."""
    named = os.environ.get("ANSWERPRINT_WORKERS", "")
    if named.isdigit() and int(named) > 0:
        return int(named)
    try:
        return min(8, len(os.sched_getaffinity(0)))
    except AttributeError:
        return min(8, os.cpu_count() or 1)


def _hand_over(done: Future[Outcome], answer: Future[Outcome]) -> None:
    if done.cancelled():
        answer.set_exception(WorkerLost("the work was abandoned"))
        return
    error = done.exception()
    if error is None:
        answer.set_result(done.result())
    elif isinstance(error, BrokenExecutor):
        answer.set_exception(WorkerLost("its process ended without an answer (killed, or out of memory)"))
    else:
        answer.set_exception(error)


def _prepare_worker(parent: int, threads: int) -> None:
    """Set up a worker before any picture library is loaded."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the dispatcher decides what an interrupt means
    for name in _THREAD_SETTINGS:
        os.environ[name] = str(threads)
    threading.Thread(target=_leave_with, args=(parent,), daemon=True).start()
    with suppress(ImportError):
        import cv2

        cv2.setNumThreads(threads)


def _leave_with(parent: int) -> None:
    """End this worker soon after its dispatcher: a killed dispatcher cannot end it itself."""
    while os.getppid() == parent:
        time.sleep(0.25)
    os._exit(0)


def _perform_and_let_go(work: Work, order: WorkOrder) -> Outcome:
    """Do the chunk, then hand freed memory back: the C library keeps freed pictures for later, and a worker would only grow."""
    try:
        return perform(work, order)
    finally:
        gc.collect()
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
