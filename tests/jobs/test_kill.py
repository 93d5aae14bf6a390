"""Killing whatever works, at any moment, costs only what was under way."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
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


def _times_done(production: Production) -> dict[tuple[str, int], int]:
    found: dict[tuple[str, int], int] = {}
    for line in (production.root / "diary.txt").read_text().splitlines():
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
        killed = 0
        while killed < kills:
            process = _start(storm)
            time.sleep(moments.uniform(0.0, 1.4))
            victim = process.pid
            if killed % 4 == 3 and (workers := _workers(process)):
                # Every fourth time only a worker dies, and the pass goes on by itself for a while.
                os.kill(moments.choice(workers), signal.SIGKILL)
                time.sleep(moments.uniform(0.0, 0.5))
            assert process.poll() is None, "the work was over before all kills; give it more chunks"
            os.kill(victim, signal.SIGKILL)
            process.wait()
            killed += 1
            done, before = _finished(storm), _times_done(storm) if (storm.root / "diary.txt").exists() else {}
            time.sleep(0.6)  # what the killed pass left running notices and ends
            late = _times_done(storm) if (storm.root / "diary.txt").exists() else {}
            assert all(late.get(chunk) == before.get(chunk) for chunk in done)
        done, before = _finished(storm), _times_done(storm)
        assert _start(storm).wait(timeout=120) == 0
        after = _times_done(storm)
        assert done
        assert all(after[chunk] == before[chunk] for chunk in done)
        assert queue.counts(storm)["done"] == 2
        assert _results(storm) == _results(calm)
