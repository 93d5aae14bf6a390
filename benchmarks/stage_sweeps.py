"""Two hundred sweeps of the virtual stage: planned once, shot in part or whole, and the hours that all of them take.

The plan is a fixed list: 16 fields in turn over the ten families of sets by day and night, three levels each, 160x90. Each level is a folder as
``answerprint simulate`` makes it; a sweep whose pictures show another field drifting is counted as refused. Killed, the same
command goes on. ``--count N`` shoots sweeps spread over the plan; the hours of all 200 follow from their CPU seconds, so they do not
depend on what else the machine does. ``--workers N`` shoots N sweeps at once, each with renderer threads of its own share.
``--scaling`` shoots the same few sweeps afresh with one worker and with two, each held with its renderer to a core of its own, and
compares wall seconds and CPU seconds a frame.

Run: ``python benchmarks/stage_sweeps.py --out DIR [--count 12] [--workers 1] [--samples 16] [--scaling] [--json FILE]``
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import shutil
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from answerprint.production import FaultFound
from answerprint.simulation.generate import generate
from answerprint.simulation.renderer import Renderer
from answerprint.simulation.shoot import claimed, shoot_frames, unfinished
from answerprint.simulation.stage import FAMILIES, Family, Stage
from answerprint.simulation.sweep_proof import check_pictures
from answerprint.simulation.sweeps import Sweep, check_documents

COUNT = 200
CORES = 2
PASSES = ("beauty", "groups", "depth", "normal", "albedo", "object_id", "mattes")


def fields(stage: Stage) -> list[tuple[str, tuple[Any, ...], str]]:
    """The sixteen fields with three levels each, in order, around what the stage has."""
    key, camera, who = stage.lights[0], stage.cameras[0], stage.performers[0]
    lux, x, y, z = key.illuminance_lux or 100.0, *camera.translation
    return [
        ("lights.key.illuminance_lux", (lux / 2, lux, lux * 2), "lux"),
        ("lights.fill.stops", (-4.0, -2.5, -1.0), "stops"),
        ("lights.key.kelvin", (3200.0, 4300.0, 5600.0), "K"),
        ("lights.back.illuminance_lux" if stage.lights[2].illuminance_lux else "lights.back.stops", (-3.0, -1.5, 0.0), "stops"),
        ("lights.key.tint", (-0.01, 0.0, 0.01), "Duv"),
        ("lights.key.size", ((0.2, 0.2), (0.6, 0.6), (1.2, 1.2)), "m"),
        ("cameras.A.pinhole_focal_length", (21.0, 32.0, 50.0), "mm"),
        ("cameras.A.t_stop", (1.4, 2.8, 5.6), ""),
        ("cameras.A.exposure_stops", tuple(camera.exposure_stops + s for s in (-1.0, 0.0, 1.0)), "stops"),
        ("cameras.A.white_balance_kelvin", (3200.0, 4300.0, 5600.0), "K"),
        ("cameras.A.iso_speed", (400.0, 800.0, 1600.0), "ISO"),
        ("cameras.A.translation", ((x, y, z - 0.25), (x, y, z), (x, y, z + 0.25)), "m"),
        (f"performers.{who.name}.build.skin", (0.1, 0.5, 0.9), ""),
        (f"performers.{who.name}.wardrobe.top_colour", ((0.05, 0.07, 0.14), (0.28, 0.05, 0.05), (0.5, 0.5, 0.5)), ""),
        (f"performers.{who.name}.build.height", (1.55, 1.7, 1.85), "m"),
        ("set.daylight_stops", (-2.0, -1.0, 0.0), "stops"),
    ]


def plan(samples: int) -> list[Sweep]:
    """The two hundred sweeps, always the same."""
    sweeps = []
    for number in range(COUNT):
        family: Family = FAMILIES[number % 10]  # type: ignore[assignment]
        stage = generate(family, 100 + number // 20, ("day", "night")[number // 10 % 2], people=1)
        camera = stage.cameras[0].model_copy(update={"active_sensor_resolution": (160, 90)})
        render = stage.render.model_copy(update={"samples": samples, "passes": PASSES})
        stage = stage.model_copy(update={"cameras": (camera,), "render": render})
        # 16 fields over 10 families: a step that shares no factor with 16 lets every field meet every family.
        field, levels, unit = fields(stage)[number * 7 % 16]
        sweeps.append(Sweep(name=f"sweep-{number:03d}", baseline=stage, field=field, levels=levels, unit=unit))
    return sweeps


def shoot(number: int, samples: int, out: Path, threads: int) -> dict[str, Any]:
    """One sweep: shot where it is not yet, then proved. CPU seconds are the renderer's and this process's, kept from run to run."""
    sweep = plan(samples)[number]
    folder, stages = out / sweep.name, sweep.stages()
    check_documents(stages, sweep.field)
    note = folder / "cost.json"
    cost = json.loads(note.read_text()) if note.is_file() else {"cpu": 0.0}
    folders = [folder / f"level-{n}" for n in range(1, len(stages) + 1)]
    own, wall = time.process_time(), time.perf_counter()
    if any(unfinished(stage, place) for stage, place in zip(stages, folders, strict=True)):
        with Renderer() as renderer:
            for stage, place in zip(stages, folders, strict=True):
                with claimed(stage, place):
                    cost["cpu"] += shoot_frames(stage, place, stage.frames, renderer, threads=threads)
            cost["cpu"] += float(renderer.about["seconds"])
    try:
        check_pictures(folders, stages, sweep.field)
        refused = ""
    except FaultFound as fault:
        refused = str(fault)
    cost["cpu"] += time.process_time() - own
    note.write_text(json.dumps(cost))
    wall = time.perf_counter() - wall
    return {"sweep": sweep.name, "field": sweep.field, "family": sweep.baseline.set.family, "frames": len(stages), "refused": refused,
            "cpu_seconds": cost["cpu"], "wall_seconds": wall}  # fmt: skip


def run(numbers: list[int], samples: int, out: Path, workers: int, a_core_each: bool = False) -> tuple[list[dict[str, Any]], float]:
    """All of these sweeps and the wall seconds they took; a renderer's threads are its share of the cores."""
    work = partial(shoot, samples=samples, out=out, threads=max(1, CORES // workers) if workers > 1 else 1)
    context = multiprocessing.get_context("spawn")
    cores = context.Queue()
    for core in sorted(os.sched_getaffinity(0))[:workers] if a_core_each else ():
        cores.put(core)
    started = time.perf_counter()
    rows = []
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_held, initargs=(cores, a_core_each)) as pool:
        for row in pool.map(work, numbers):
            rows.append(row)
            print(
                f"{row['sweep']} {row['family']:18} {row['field']:34} {row['cpu_seconds']:6.1f} CPU s  {row['refused']}",
                file=sys.stderr,
            )
    return rows, time.perf_counter() - started


def _held(cores: Any, to_a_core: bool) -> None:
    """A worker's start: it and the renderers that it starts run on one of the cores, taken from the queue, if so asked."""
    if to_a_core:
        os.sched_setaffinity(0, {cores.get()})


def summary(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """What the sweeps cost, and all two hundred by that."""
    cpu, frames = sum(r["cpu_seconds"] for r in rows), sum(r["frames"] for r in rows)
    return {
        "sweeps": len(rows),
        "frames": frames,
        "fields": len({r["field"] for r in rows}),
        "families": len({r["family"] for r in rows}),
        "refused": [r["refused"] for r in rows if r["refused"]],
        "cpu_seconds_a_frame": cpu / frames,
        f"hours_of_{COUNT}_on_{CORES}_cores": cpu / len(rows) * COUNT / CORES / 3600,
    }


def scaling(samples: int, out: Path) -> dict[str, Any]:
    """The same four sweeps afresh with one worker and with two, a core each."""
    found: dict[str, Any] = {}
    for workers in (1, 2):
        place = out / f"workers-{workers}"
        shutil.rmtree(place, ignore_errors=True)
        rows, wall = run([0, 53, 106, 159], samples, place, workers, a_core_each=True)
        frames = sum(r["frames"] for r in rows)
        found[str(workers)] = {
            "wall_seconds": wall,
            "frames_a_minute": 60 * frames / wall,
            "cpu_seconds_a_frame": sum(r["cpu_seconds"] for r in rows) / frames,
        }
    found["speed_up"] = found["1"]["wall_seconds"] / found["2"]["wall_seconds"]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="where the sweeps are shot")
    parser.add_argument("--count", type=int, default=12, help="how many of the two hundred, spread over the plan")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--scaling", action="store_true", help="compare one worker with two instead; wants a quiet machine")
    parser.add_argument("--list", action="store_true", help="print the plan and shoot nothing")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    if options.list:
        for sweep in plan(options.samples):
            print(
                f"{sweep.name}  {sweep.baseline.set.family:18} {sweep.baseline.set.time:5}  {sweep.field:34} {sweep.levels} {sweep.unit}"
            )
        return 0
    if options.scaling:
        report = scaling(options.samples, options.out)
    else:
        # A step that shares no factor with the plan's turns: the first few meet every family and most fields.
        numbers = [i * 37 % COUNT for i in range(min(options.count, COUNT))]
        rows, wall = run(numbers, options.samples, options.out, options.workers)
        report = {**summary(rows), "workers": options.workers, "wall_seconds": wall, "samples": options.samples, "rows": rows}
    text = json.dumps(report, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
