"""The queue and its dispatcher: order, faults, stops, estimates."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from answerprint.jobs import queue
from answerprint.jobs.dispatcher import Dispatcher, Progress, measure
from answerprint.jobs.executor import InlineExecutor, ProcessExecutor, default_workers
from answerprint.jobs.pace import x_realtime
from answerprint.jobs.queue import ChunkOrder
from answerprint.jobs.work import Work, WorkOrder, cancel_file
from answerprint.production import BadInput
from answerprint.production.atomic import replacing
from answerprint.production.catalogue import Production
from answerprint.production.tables import Asset, Clip, Job, JobChunk
from tests.jobs import dummy_work


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    with Production.create(tmp_path / "p", "x", 24) as made:
        yield made


def submit(production: Production, frames: int = 5, seed: str = "a", stage_of: Any = lambda frame: 0, **more: Any) -> str:
    chunks = [ChunkOrder({"frame": frame}, weight=10, stage=stage_of(frame)) for frame in range(frames)]
    return queue.submit(production, "test", f"job {seed}", {"seed": seed}, chunks, requested_by="ada", **more)


def run(production: Production, work: Work) -> None:
    Dispatcher(production, work, InlineExecutor()).run_until_idle()


def diary(production: Production) -> list[list[str]]:
    file = production.root / "diary.txt"
    return [line.split() for line in file.read_text().splitlines()] if file.exists() else []


def test_a_job_is_done_chunk_by_chunk_and_counted_in_frames(production: Production) -> None:
    job = submit(production)
    run(production, dummy_work.make)
    view = queue.job_view(production, job)
    assert (view["state"], view["done"], view["total"], view["progress"]) == ("done", 50, 50, 1.0)
    assert view["result"] == {"last": 4}
    assert queue.counts(production) == {"done": 1, "running": 0, "waiting": 0, "failed": 0, "cancelled": 0}


def test_a_stage_starts_when_the_one_before_is_done(production: Production) -> None:
    submit(production, 6, stage_of=lambda frame: (2, 0, 1)[frame % 3])
    run(production, dummy_work.make)
    assert [line[2] for line in diary(production)] == ["0", "0", "1", "1", "2", "2"]


def test_a_higher_priority_goes_first_and_equals_in_order_of_arrival(production: Production) -> None:
    low, first, second, urgent = (
        submit(production, 2, name, priority=priority)
        for name, priority in (("low", 10), ("first", 50), ("second", 50), ("urgent", 10))
    )
    queue.set_priority(production, urgent, 90)
    run(production, dummy_work.make)
    assert [line[0] for line in diary(production)][::2] == [urgent, first, second, low]


def test_studies_that_stand_alone_are_begun_before_frames_but_not_those_of_the_whole_queue(production: Production) -> None:
    jobs = [submit(production, 4, name, stage_of=lambda frame: int(frame > 0)) for name in "abcde"]
    run(production, dummy_work.make)
    done = [(jobs.index(line[0]), line[2]) for line in diary(production)]
    assert done[:3] == [(0, "0"), (1, "0"), (2, "0")]
    assert done[3:7] == [(0, "1"), (0, "1"), (0, "1"), (3, "0")]


def test_a_fault_is_tried_twice_then_said_and_the_rest_is_done(production: Production) -> None:
    job = submit(production)
    run(production, dummy_work.fail_on_three)
    view = queue.job_view(production, job)
    assert (view["state"], view["error"], view["done"]) == ("failed", "ValueError: frame 3 is broken", 40)
    assert [line[1] for line in diary(production)].count("3") == 2
    assert "Traceback" in (production.path("logs") / f"job-{job}.log").read_text()


def test_a_stage_after_a_fault_does_not_start(production: Production) -> None:
    job = submit(production, 8, stage_of=lambda frame: frame // 4)
    run(production, dummy_work.fail_on_three)
    assert queue.job_view(production, job)["state"] == "failed"
    assert {line[2] for line in diary(production)} == {"0"}


def test_a_retry_does_only_what_failed_and_what_waited_for_it(production: Production) -> None:
    job = submit(production, 8, stage_of=lambda frame: frame // 4)
    run(production, dummy_work.fail_on_three)
    before = len(diary(production))
    (production.root / "mended").touch()
    queue.retry(production, job)
    run(production, dummy_work.fail_on_three)
    assert [line[1] for line in diary(production)[before:]] == ["3", "4", "5", "6", "7"]
    assert queue.job_view(production, job)["state"] == "done"


def test_bad_input_is_not_tried_again(production: Production) -> None:
    job = submit(production, 1)
    run(production, dummy_work.refuse)
    assert len(diary(production)) == 1
    view = queue.job_view(production, job)
    assert (view["error"], view["result"]) == ("a.exr: is truncated; copy it again.", {"exit_code": 2})


def test_a_full_disk_is_said_plainly_and_not_tried_again(production: Production) -> None:
    job = submit(production, 1)
    run(production, dummy_work.fill_the_disk)
    assert len(diary(production)) == 1
    view = queue.job_view(production, job)
    assert view["error"] == "/out/a.exr: no space is left on the disk; free some space, then retry."
    assert view["result"] == {"exit_code": 2}


def test_a_waiting_job_that_is_cancelled_never_starts_and_can_be_asked_for_again(production: Production) -> None:
    job = submit(production)
    queue.cancel(production, job)
    run(production, dummy_work.make)
    assert diary(production) == []
    assert queue.job_view(production, job)["state"] == "cancelled"
    queue.retry(production, job)
    run(production, dummy_work.make)
    assert queue.job_view(production, job)["state"] == "done"


def test_running_chunks_see_a_stop_and_report_how_far_they_are(production: Production) -> None:
    job = submit(production, 3)
    dispatcher = Dispatcher(production, dummy_work.wait_for_stop, ProcessExecutor(2))
    dispatcher.start()
    try:
        _wait_until(lambda: queue.job_view(production, job)["progress"] > 0)
        assert queue.job_view(production, job)["what"] == "waiting"
        queue.cancel(production, job)
        _wait_until(lambda: queue.job_view(production, job)["chunks"]["running"] == 0)
    finally:
        dispatcher.stop()
    view = queue.job_view(production, job)
    assert (view["state"], view["chunks"]["cancelled"]) == ("cancelled", 3)


def test_stopping_the_dispatcher_puts_what_ran_back_in_the_queue(production: Production) -> None:
    job = submit(production, 3)
    dispatcher = Dispatcher(production, dummy_work.wait_for_stop, ProcessExecutor(1))
    dispatcher.start()
    _wait_until(lambda: bool(diary(production)))
    dispatcher.stop()
    assert queue.job_view(production, job)["chunks"]["waiting"] == 3
    assert queue.counts(production)["running"] == 0
    with production.reading() as session:
        assert [chunk.attempts for chunk in session.query(JobChunk)] == [0, 0, 0]


def test_a_stop_that_was_never_recorded_does_not_hold_the_job_up(production: Production) -> None:
    job = submit(production, 2)
    production.path("jobs")
    cancel_file(production.root, job).touch()
    run(production, dummy_work.make)
    assert queue.job_view(production, job)["state"] == "done"


def test_a_chunk_that_kills_its_process_is_found_out_and_the_others_are_done(production: Production) -> None:
    job = submit(production, 5)
    executor = ProcessExecutor(2)
    try:
        Dispatcher(production, dummy_work.die_on_two, executor).run_until_idle()
    finally:
        executor.close()
    view = queue.job_view(production, job)
    assert (view["state"], view["chunks"]["done"], view["chunks"]["failed"]) == ("failed", 4, 1)
    assert "killed, or out of memory" in view["error"]


def test_workers_compute_with_the_threads_they_are_given(production: Production) -> None:
    job = submit(production, 1)
    executor = ProcessExecutor(1, threads=1)
    Dispatcher(production, dummy_work.threads, executor).run_until_idle()
    executor.close()
    result = queue.job_view(production, job)["result"]
    assert (result["omp"], result["cv2"]) == ("1", 1)
    assert result["process"] != os.getpid()


def test_chunks_of_a_dispatcher_that_died_are_done_again_without_counting_an_attempt(production: Production) -> None:
    job = submit(production)
    with production.session() as session:
        held = session.get_one(Job, job)
        held.state = "running"
        held.chunks[2].state, held.chunks[2].attempts = "running", 1
    run(production, dummy_work.make)
    assert queue.job_view(production, job)["state"] == "done"


def test_what_a_late_worker_of_a_killed_dispatcher_left_within_a_write_is_gone_when_the_pass_ends(production: Production) -> None:
    with (
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as late,
        replacing(production.root / "x.txt") as name,
    ):
        left = name.with_name(name.name.replace(f"-{os.getpid()}-", f"-{late.pid}-"))
        left.write_text("hal")

        def work(order: WorkOrder) -> dict[str, Any]:
            assert left.exists(), "its writer lived when the pass began"
            late.kill()
            late.wait()
            return {}

        submit(production, frames=1)
        run(production, work)
        assert name.exists()
    assert not left.exists()


def test_a_job_whose_last_chunk_was_recorded_at_the_moment_of_death_is_concluded(production: Production) -> None:
    job = submit(production, 2)
    with production.session() as session:
        held = session.get_one(Job, job)
        held.state = "running"
        for chunk in held.chunks:
            chunk.state = "done"
    run(production, dummy_work.make)
    assert diary(production) == []
    assert queue.job_view(production, job)["state"] == "done"


def test_two_dispatchers_do_each_chunk_once(production: Production) -> None:
    jobs = [submit(production, 4, seed) for seed in "abc"]
    threads = [threading.Thread(target=run, args=(production, dummy_work.make)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(diary(production)) == 12
    assert {queue.job_view(production, job)["state"] for job in jobs} == {"done"}


def test_events_are_numbered_and_a_late_reader_catches_up(production: Production) -> None:
    submit(production, 3)
    seen = queue.events_after(production)
    run(production, dummy_work.make)
    later = queue.events_after(production, seen[-1]["id"])
    assert [event["kind"] for event in seen + later] == ["submitted", "started", "chunk", "chunk", "chunk", "done"]
    assert [event["id"] for event in seen + later] == list(range(1, 7))
    assert [event["done"] for event in later] == [0, 10, 20, 30, 30]
    assert queue.last_event(production) == 6


def test_the_estimate_is_the_newest_pace_over_what_is_left(production: Production) -> None:
    job = submit(production, 20)
    assert queue.job_view(production, job)["eta_seconds"] is None
    with production.session() as session:
        held = session.get_one(Job, job)
        held.state, held.done = "running", 140
        for chunk in held.chunks[:14]:
            # Two slow chunks long ago, then twelve at 2 s for 10 frames.
            chunk.state, chunk.seconds = "done", 100.0 if chunk.number < 2 else 2.0
        held.chunks[14].state = held.chunks[15].state = "running"
    view = queue.job_view(production, job)
    assert view["fps"] == pytest.approx(10.0)
    assert view["eta_seconds"] == pytest.approx(6.0)
    assert measure(production, [job]).eta_seconds == pytest.approx(6.0)


@pytest.mark.parametrize(("named", "retried", "speed"), [(True, False, 0.25), (False, False, None), (True, True, None)])
def test_a_job_says_how_much_picture_it_made_in_a_second(
    production: Production, named: bool, retried: bool, speed: float | None
) -> None:
    with production.session() as session:
        asset = Asset(path="a", kind="camera", sha256="0" * 64)
        clip = Clip(asset=asset, name="a", rate="24", start_timecode="", frame_count=96, width=8, height=8, input_space="")
        session.add(clip)
        session.flush()
        began = datetime(2026, 1, 1, tzinfo=UTC)
        job = Job(id="a" * 32, kind="frames", order={"clip": clip.id}, state="done", started=began)
        job.finished = began + timedelta(seconds=8)
        study = JobChunk(number=0, weight=12, order={"part": "analyse"})
        pieces = [JobChunk(number=n, weight=24, order={"frames": [0, 24]} if named else {}) for n in (1, 2)]
        job.chunks = [study, *pieces]
        session.add(job)
        if retried:
            queue.note(session, job, "retried")
        session.flush()
        assert x_realtime(session, job, job.chunks) == speed


def test_progress_is_told_up_to_the_end(production: Production) -> None:
    submit(production, 3, "a")
    submit(production, 2, "b")
    told: list[Progress] = []
    Dispatcher(production, dummy_work.make, InlineExecutor()).run_until_idle(told.append)
    assert (told[-1].done, told[-1].total, told[-1].jobs_done, told[-1].jobs) == (50, 50, 2, 2)


def test_only_the_named_jobs_are_waited_for(production: Production) -> None:
    wanted, other = submit(production, 2, "a", priority=90), submit(production, 2, "b")
    Dispatcher(production, dummy_work.make, InlineExecutor()).run_until_idle(jobs=[wanted])
    assert [queue.job_view(production, job)["state"] for job in (wanted, other)] == ["done", "waiting"]


def test_the_list_shows_what_runs_next_before_what_is_over(production: Production) -> None:
    over = submit(production, 1, "a")
    run(production, dummy_work.make)
    normal, urgent = submit(production, 1, "b"), submit(production, 1, "c", priority=80)
    assert [view["id"] for view in queue.job_views(production)] == [urgent, normal, over]
    assert [view["id"] for view in queue.job_views(production, states=["done"])] == [over]


def test_a_job_that_is_not_there_is_bad_input(production: Production) -> None:
    with pytest.raises(BadInput, match="not in the queue"):
        queue.job_view(production, "nothing")


def test_an_order_without_folder_for_reports_still_works(tmp_path: Path) -> None:
    order = WorkOrder(str(tmp_path / "missing"), "j", "k", {}, {}, 0, 0)
    order.report(1, 2, "x")
    order.check_cancelled()


def test_the_number_of_workers_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANSWERPRINT_WORKERS", "3")
    assert default_workers() == 3
    monkeypatch.setenv("ANSWERPRINT_WORKERS", "many")
    assert 1 <= default_workers() <= 8


def _wait_until(fact: Any, patience: float = 30.0) -> None:
    until = time.monotonic() + patience
    while not fact():
        assert time.monotonic() < until, "it did not come to pass"
        time.sleep(0.02)
