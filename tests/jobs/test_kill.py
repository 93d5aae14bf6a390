"""Killing whatever works, at any moment, costs only what was under way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from answerprint.jobs import queue
from answerprint.jobs.dispatcher import Dispatcher
from answerprint.jobs.executor import InlineExecutor
from answerprint.jobs.queue import ChunkOrder
from answerprint.production.catalogue import Production
from answerprint.production.tables import JobChunk
from tests.jobs import dummy_work

ROOT = Path(__file__).resolve().parents[2]


def _submit(production: Production, chunks: int, seconds: float) -> None:
    for seed in ("a", "b"):
        orders = [ChunkOrder({"frame": number}, weight=4, stage=number // (chunks // 4)) for number in range(chunks)]
        queue.submit(production, "test", seed, {"seed": seed, "seconds": seconds}, orders)


def _results(production: Production) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in sorted((production.root / "out").iterdir())}


def _diary(production: Production) -> list[str]:
    file = production.root / "diary.txt"
    return file.read_text().splitlines() if file.exists() else []


def _wait_until(fact: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not fact():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.01)


def _times_done(production: Production) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for line in _diary(production):
        job, number, *_ = line.split()
        found[job, int(number)] = found.get((job, int(number)), 0) + 1
    return found


def _finished(production: Production) -> set[tuple[str, int]]:
    with production.reading() as session:
        return {(chunk.job_id, chunk.number) for chunk in session.scalars(select(JobChunk).where(JobChunk.state == "done"))}


def _start(production: Production) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "src")])}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.jobs.dummy_work", str(production.root)],
        cwd=ROOT,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "working\n"
    return process


def _workers(process: subprocess.Popen[str]) -> list[int]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            parent = (place / "stat").read_text().rpartition(")")[2].split()[1]
            if parent == str(process.pid) and b"spawn_main" in (place / "cmdline").read_bytes():
                found.append(int(place.name))
    return found


@pytest.mark.parametrize(("kills", "chunks"), [(3, 48), pytest.param(20, 320, marks=pytest.mark.slow)])
def test_killing_the_pass_redoes_no_finished_chunk_and_changes_no_result(tmp_path: Path, kills: int, chunks: int) -> None:
    moments = random.Random(kills)
    with Production.create(tmp_path / "calm", "calm", 24) as calm, Production.create(tmp_path / "storm", "storm", 24) as storm:
        _submit(calm, chunks, 0.0)
        Dispatcher(calm, dummy_work.make, InlineExecutor()).run_until_idle()
        _submit(storm, chunks, 0.1)  # more than all the moments before the kills together
        recorded: dict[tuple[str, int], int] = {}
        """how often each chunk had been done when a kill first found it finished"""
        for kill in range(kills):
            process = _start(storm)
            if kill % 3 != 1:  # every third dies at a moment of its start, the others after some work
                before = len(_diary(storm))
                _wait_until(lambda before=before: len(_diary(storm)) > before)  # type: ignore[misc]
            time.sleep(moments.uniform(0.0, 0.8))
            if kill == kills - 1:
                _wait_until(lambda: bool(_finished(storm)))
            if kill % 4 == 3 and (workers := _workers(process)):
                # Every fourth time a worker dies first, and the pass goes on by itself for a while.
                os.kill(moments.choice(workers), signal.SIGKILL)
                time.sleep(moments.uniform(0.0, 0.5))
            assert process.poll() is None, "the work was over before all kills; give it more chunks"
            os.kill(process.pid, signal.SIGKILL)
            process.wait()
            time.sleep(0.6)  # what the killed pass left running notices and ends
            for chunk in _finished(storm):
                recorded.setdefault(chunk, _times_done(storm)[chunk])
        assert _start(storm).wait(timeout=120) == 0
        after = _times_done(storm)
        assert recorded
        assert {chunk: after[chunk] for chunk in recorded} == recorded
        assert queue.counts(storm)["done"] == 2
        assert _results(storm) == _results(calm)
