"""Dummy chunks for the queue's tests. Run as a script, it works through a production's queue."""

from __future__ import annotations

import errno
import hashlib
import os
import sys
import time
from pathlib import Path
from typing import Any

from answerprint.jobs.work import WorkOrder
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically


def make(order: WorkOrder) -> dict[str, Any]:
    """Write one file whose bytes follow from the order, and say in a diary that it was done."""
    out = Path(order.production_dir) / "out"
    out.mkdir(exist_ok=True)
    diary(order)
    time.sleep(float(order.job_order.get("seconds", 0.0)))
    order.check_cancelled()
    digest = hashlib.sha256(f"{order.kind} {order.job_order['seed']} {order.chunk_order['frame']}".encode()).hexdigest()
    write_atomically(out / f"{order.job_order['seed']}-{order.number:03d}.txt", digest)
    return {"last": order.number}


def diary(order: WorkOrder) -> None:
    with (Path(order.production_dir) / "diary.txt").open("a") as file:
        file.write(f"{order.job_id} {order.number} {order.stage} {os.getpid()}\n")


def fail_on_three(order: WorkOrder) -> dict[str, Any]:
    diary(order)
    if order.number == 3 and not (Path(order.production_dir) / "mended").exists():
        raise ValueError("frame 3 is broken\nand more")
    return {"last": order.number}


def refuse(order: WorkOrder) -> dict[str, Any]:
    diary(order)
    raise BadInput("a.exr", "is truncated", "copy it again")


def fill_the_disk(order: WorkOrder) -> dict[str, Any]:
    diary(order)
    raise OSError(errno.ENOSPC, "No space left on device", "/out/a.exr")


def wait_for_stop(order: WorkOrder) -> dict[str, Any]:
    diary(order)
    for step in range(400):
        order.check_cancelled()
        order.report(step, 400, "waiting")
        time.sleep(0.02)
    return {}


def die_on_two(order: WorkOrder) -> dict[str, Any]:
    diary(order)
    if order.number == 2:
        os.kill(os.getpid(), 9)
    time.sleep(0.05)
    return {"last": order.number}


def threads(order: WorkOrder) -> dict[str, Any]:
    import cv2

    return {"omp": os.environ["OMP_NUM_THREADS"], "cv2": cv2.getNumThreads(), "process": os.getpid()}


if __name__ == "__main__":
    from answerprint.jobs.dispatcher import Dispatcher
    from answerprint.jobs.executor import ProcessExecutor
    from answerprint.production.catalogue import Production

    with Production.open(sys.argv[1]) as production:
        print("working", flush=True)
        Dispatcher(production, make, ProcessExecutor(2)).run_until_idle()
