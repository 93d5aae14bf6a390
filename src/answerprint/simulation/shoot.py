"""Shooting a stage: every frame of every camera with all its passes, resumable, with records, provenance and a contact sheet.

``OUT/CAMERA/PASS/NAME.FRAME.exr``; light groups and mattes in a folder of their own each; ``OUT/CAMERA/records/NAME.FRAME.json`` is
written last and says that the frame is finished. So each pass folder is a frame folder like any other.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.jobs.executor import default_workers
from answerprint.production import BadInput
from answerprint.production.atomic import exclusive, write_atomically
from answerprint.provenance.canonical import record_digest
from answerprint.simulation import light
from answerprint.simulation.clean_plate import smooth_pair, spill
from answerprint.simulation.contact import contact_sheet
from answerprint.simulation.denoise import smooth_by_features
from answerprint.simulation.lens import plate, through_lens
from answerprint.simulation.nooks import NOOK, nooks
from answerprint.simulation.order import Shoot
from answerprint.simulation.origin import write_origin
from answerprint.simulation.passes import Picture, Rendered, halved, read_rendered, write_pass
from answerprint.simulation.records import frame_record, view_of
from answerprint.simulation.renderer import Renderer, RendererCrashed
from answerprint.simulation.stage import Stage, StageCamera

Tell = Callable[[int, int, str], None]

_IN_RENDER = ("depth", "normal", "albedo", "object_id", "material_id", "mattes", "vectors")
_FRAME_LIMIT_S = 3600.0


@dataclass(frozen=True)
class Shot:
    """What was shot: how many frames (over all cameras), which passes, where, how long it took."""

    frames: int
    passes: list[str]
    output: Path
    seconds: float
    rendered: int
    """Frames rendered now; the others were finished before."""
    cpu_seconds: float


def shoot_stage(stage: Stage, out: Path, tell: Tell = lambda *_: None, renderer: Renderer | None = None) -> Shot:
    """Render a stage into ``out``; finished frames of the same document are kept, whatever ended the run before.

    Raises BadInput for a folder that holds another document's frames, for a missing simulation environment and for what the
    document asks in vain; RendererFault when the renderer fails.
    """
    started = time.monotonic()
    with claimed(stage, out):
        todo = len(unfinished(stage, out))
        cpu = shoot_frames(stage, out, stage.frames, renderer, tell)
        contact_sheet(stage, out)
    total = stage.frame_count * len(stage.cameras)
    return Shot(total, passes_of(stage), out, time.monotonic() - started, todo, cpu)


@contextmanager
def claimed(stage: Stage, out: Path) -> Iterator[None]:
    """The folder ``out`` held for this document by this process, what a killed run left half done taken away.

    Raises BadInput where another process holds it, or where it holds another document's frames.
    """
    out.mkdir(parents=True, exist_ok=True)
    with exclusive(out / ".simulate.lock", wait=False) as ours:
        if not ours:
            raise BadInput(out, "another process is rendering into it", "wait for it, or choose another folder")
        _claim(out, stage, document_digest(stage))
        for leftover in out.glob(".rendering-*"):
            shutil.rmtree(leftover, ignore_errors=True)
        yield
    (out / ".simulate.lock").unlink(missing_ok=True)


def document_digest(stage: Stage) -> str:
    """What the frames of a stage are known by."""
    return record_digest(stage.model_dump(mode="json"))


def unfinished(stage: Stage, out: Path, frames: Iterable[int] | None = None) -> list[tuple[StageCamera, int]]:
    """The cameras and frames of which something is missing in ``out``, frame by frame; of all frames or of some."""
    digest = document_digest(stage)
    wanted = stage.frames if frames is None else frames
    return [(c, f) for f in wanted for c in stage.cameras if not _finished(out, stage, c, f, digest)]


def shoot_frames(
    stage: Stage,
    out: Path,
    frames: Iterable[int],
    renderer: Renderer | None = None,
    tell: Tell = lambda *_: None,
    threads: int | None = None,
) -> float:
    """Render what is missing of some frames into a folder that is ``claimed``; returns the processor's seconds.

    Several processes may do so at once, each with frames of its own. ``threads`` are the renderer's; without it all there are.
    """
    frames = list(frames)
    todo = unfinished(stage, out, frames)
    total = len(frames) * len(stage.cameras)
    tell(total - len(todo), total, "rendering frames")
    if not todo:
        return 0.0
    return _render(Shoot(stage), out, todo, total, tell, renderer, threads or default_workers())


def passes_of(stage: Stage) -> list[str]:
    """The passes a stage is asked for, and the plate where a camera has noise or grain."""
    recorded = any(camera.grain is not None or camera.sensor_gains for camera in stage.cameras)
    return [*stage.render.passes, *(["plate"] if recorded else [])]


def pass_file(out: Path, stage: Stage, camera: StageCamera, kind: str, frame: int) -> Path:
    """Where a pass of a frame lies; ``kind`` is ``beauty``, ``groups/key``, ``mattes/anna`` and so on."""
    suffix = "json" if kind == "records" else "exr"
    return out / camera.label / kind / f"{stage.name}.{frame:04d}.{suffix}"


def _claim(out: Path, stage: Stage, digest: str) -> None:
    """Mark the folder as this document's, or refuse."""
    file = out / "stage.json"
    if file.exists():
        try:
            other = Stage.model_validate_json(file.read_bytes())
            same = record_digest(other.model_dump(mode="json")) == digest
        except ValueError:
            same = False
        if not same:
            raise BadInput(out, "holds the frames of another stage document", "choose another folder, or remove this one")
    write_atomically(file, stage.json_text())


def _finished(out: Path, stage: Stage, camera: StageCamera, frame: int, digest: str) -> bool:
    try:
        record = json.loads(pass_file(out, stage, camera, "records", frame).read_text())
        return bool(record["document"] == digest and all((out / camera.label / name).is_file() for name in record["files"]))
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _render(
    shoot: Shoot, out: Path, todo: list[tuple[StageCamera, int]], total: int, tell: Tell, given: Renderer | None, threads: int
) -> float:
    cpu = 0.0
    digest = document_digest(shoot.asked)
    renderer = given or Renderer()
    work = Path(tempfile.mkdtemp(prefix=".rendering-", dir=out))
    try:
        cpu += renderer.build(shoot.build_order(threads))
        write_origin(shoot, out, digest, renderer.about)
        done = total - len(todo)
        for frame in dict.fromkeys(f for _, f in todo):
            asked = {c.label for c, f in todo if f == frame}
            wanted = [c for c in shoot.stage.cameras if c.label in asked]
            try:
                cpu += _one_frame(shoot, renderer, out, work, digest, frame, wanted)
            except RendererCrashed:
                # Once more with a fresh process: what crashes again is told.
                renderer.restart()
                cpu += renderer.build(shoot.build_order(threads))
                cpu += _one_frame(shoot, renderer, out, work, digest, frame, wanted)
            done += len(wanted)
            tell(done, total, "rendering frames")
    finally:
        shutil.rmtree(work, ignore_errors=True)
        if given is None:
            renderer.close()
    return cpu


def _one_frame(
    shoot: Shoot, renderer: Renderer, out: Path, work: Path, digest: str, frame: int, wanted: list[StageCamera]
) -> float:
    """Render all jobs of one moment, then finish and write each camera's passes."""
    order = shoot.frame_order(frame)
    cpu = 0.0
    people: dict[str, Any] = {}
    if shoot.stage.performers:
        told = renderer.ask({**order, "jobs": []}, 120.0)
        people, cpu = told["people"], float(told["cpu_seconds"])
    eyes = {name: tuple(about["eyes"]) for name, about in people.items()}
    jobs = [job for camera in wanted for job in _jobs(shoot, camera, frame, eyes, work)]
    cpu += float(renderer.ask({**order, "jobs": jobs}, _FRAME_LIMIT_S)["cpu_seconds"])
    for camera in wanted:
        _finish(shoot, out, work, digest, frame, camera, people)
    return cpu


def _jobs(shoot: Shoot, camera: StageCamera, frame: int, eyes: dict[str, Any], work: Path) -> list[dict[str, Any]]:
    """The picture with its passes, the clean plate, and with motion blur the motion vectors in a job of one sample."""
    settings = shoot.stage.render
    shifts = _shifts(camera)
    view = shoot.camera_job(camera, frame, eyes, shifts[1])
    data: list[str] = [name for name in _IN_RENDER if name in settings.passes]
    if settings.denoise == "features":
        data += [name for name in ("normal", "albedo", "depth", "material_id", "guides") if name not in data]
    if camera.readout_time and "vectors" not in data:
        data.append("vectors")
    samples = shoot.samples(camera)
    main = {**view, "samples": samples, "passes": data, "motion_blur": settings.motion_blur}
    jobs = [{**main, "out": str(work / f"{camera.label}.exr")}]
    apart = [name for name in _apart(shoot, camera) if name in data]
    if apart:
        jobs[0]["passes"] = [name for name in data if name not in apart]
        jobs.append({**view, "samples": 1, "plain": True, "passes": apart, "out": str(work / f"{camera.label}.vectors.exr")})
    if "clean" in settings.passes and shoot.hidden_for_clean:
        # The same passes: with kept data, other buffers in one process have been seen to corrupt its memory.
        jobs.append(
            {**main, "passes": jobs[0]["passes"], "hide": shoot.hidden_for_clean, "out": str(work / f"{camera.label}.clean.exr")}
        )
        if apart and shoot.traces_barrel(camera):
            jobs.append({**jobs[1], "hide": shoot.hidden_for_clean, "out": str(work / f"{camera.label}.clean.vectors.exr")})
    for channel in _elsewhere(shifts):
        seen = shoot.camera_job(camera, frame, eyes, shifts[channel])["camera"]
        jobs += [
            {**job, "camera": seen, "out": job["out"].removesuffix(".exr") + f".{channel}.exr"}
            for job in jobs
            if job["samples"] == samples and not job["out"].endswith((".0.exr", ".2.exr", ".vectors.exr"))
        ]
    return jobs


def _apart(shoot: Shoot, camera: StageCamera) -> tuple[str, ...]:
    """Passes of one sample that are rendered by themselves.

    Motion vectors are not to be had with motion blur. With a barrel the renderer's camera is a program, for which it knows
    neither depth along the axis nor motion; what its first ray meets is then taken from the same lens without the barrel.
    """
    if shoot.traces_barrel(camera):
        return ("vectors", "depth", "object_id", "material_id")
    return ("vectors",) if shoot.stage.render.motion_blur else ()


def _shifts(camera: StageCamera) -> tuple[float, float, float]:
    """How far behind the sensor red, green and blue come to their focus, mm."""
    return camera.lens.longitudinal_colour if camera.lens is not None else (0.0, 0.0, 0.0)


def _elsewhere(shifts: tuple[float, float, float]) -> list[int]:
    """The channels that are focused apart from green, and are traced by themselves."""
    return [channel for channel in (0, 2) if shifts[channel] != shifts[1]]


def _read(work: Path, name: str, camera: StageCamera, gains: tuple[float, float, float], mattes: dict[str, list[str]]) -> Rendered:
    """What was rendered of one picture, each channel from the render that is focused for it."""
    found = read_rendered(work / f"{name}.exr", gains, mattes)
    for channel in _elsewhere(_shifts(camera)):
        own = read_rendered(work / f"{name}.{channel}.exr", gains, {})
        found.beauty[..., channel] = own.beauty[..., channel]
        for group, picture in found.groups.items():
            picture[..., channel] = own.groups[group][..., channel]
    return found


def _finish(shoot: Shoot, out: Path, work: Path, digest: str, frame: int, camera: StageCamera, people: dict[str, Any]) -> None:
    stage = shoot.stage
    view = view_of(shoot, camera, frame, people)
    gains = light.balance(camera.white_balance_kelvin)
    rendered = _read(work, camera.label, camera, gains, _matte_names(shoot))
    if (extra := work / f"{camera.label}.vectors.exr").is_file():
        rendered.data |= read_rendered(extra, gains, {}).data
    clean = rendered
    if (work / f"{camera.label}.clean.exr").is_file():
        clean = _read(work, f"{camera.label}.clean", camera, gains, {})
        if (extra := work / f"{camera.label}.clean.vectors.exr").is_file():
            clean.data |= read_rendered(extra, gains, {}).data
        if "vectors" in rendered.data:
            clean.data.setdefault("vectors", rendered.data["vectors"])
    if stage.render.denoise == "features":
        eyes = {name: tuple(about["eyes"]) for name, about in people.items()}
        blur = shoot.defocus(camera, frame, eyes)
        seen = shoot.camera_job(camera, frame, eyes)["camera"][1]
        for one in (rendered,) if clean is rendered else (rendered, clean):
            one.data[NOOK] = nooks(one.data, seen)
        if clean is rendered:
            smooth_by_features(rendered, blur)
        else:
            smooth_pair(rendered, clean, shoot.hidden_for_clean, blur)
    if shoot.finer(camera) == 2:
        small = halved(rendered)
        rendered, clean = small, small if clean is rendered else halved(clean)
    final = through_lens(rendered, view)
    without = final if clean is rendered else through_lens(clean, view)
    recorded = plate(final.beauty, view, stage.seed, frame)
    record = frame_record(shoot, camera, frame, people)
    rig = [final.mattes[name] for name in shoot.hidden_for_clean if name in final.mattes]
    if without is not final and rig:
        record["clean_plate"] = spill(final.beauty, without.beauty, np.minimum(np.sum(rig, axis=0), 1))
    attributes = _attributes(shoot, record, digest)
    written = []
    for kind, picture in _pictures(stage, final, without, recorded):
        path = pass_file(out, stage, camera, kind, frame)
        light_pass = kind.split("/")[0]
        write_pass(path, picture, light_pass, stage.render.storage == "half", attributes)
        written.append(str(path.relative_to(out / camera.label)))
    for leftover in work.glob(f"{camera.label}.*exr"):
        leftover.unlink()
    record |= {"document": digest, "files": written, "object_ids": shoot.object_ids, "material_ids": shoot.material_ids}
    place = pass_file(out, stage, camera, "records", frame)
    place.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(place, json.dumps(record, indent=1, allow_nan=False) + "\n")


def _matte_names(shoot: Shoot) -> dict[str, list[str]]:
    """The renderer's object names behind each matte."""
    parts = ("body", "top", "bottom", "shoes", "eyes", "hair")
    wanted = {p.name: [f"{p.name}.{part}" for part in parts] for p in shoot.stage.performers}
    wanted |= {rig.name: [rig.name] for rig in shoot.stage.rig if rig.present}
    known = {item.name for item in shoot.items}
    for name in shoot.stage.render.mattes:
        if name not in known:
            raise BadInput(
                f"stage {shoot.stage.name}",
                f"there is no thing {name!r} to make a matte of",
                "name things of the set by their record",
            )
        wanted[name] = [name]
    return wanted


def _pictures(stage: Stage, final: Rendered, clean: Rendered, recorded: Picture | None) -> list[tuple[str, Picture]]:
    out: list[tuple[str, Picture]] = [("beauty", final.beauty)]
    wanted = set(stage.render.passes)
    if "groups" in wanted:
        out += [(f"groups/{name}", picture) for name, picture in sorted(final.groups.items())]
    out += [(name, picture) for name, picture in final.data.items() if name in wanted]
    if "mattes" in wanted:
        out += [(f"mattes/{name}", picture) for name, picture in sorted(final.mattes.items())]
    if "clean" in wanted:
        out.append(("clean", clean.beauty))
    if recorded is not None:
        out.append(("plate", recorded))
    return out


def _attributes(shoot: Shoot, record: dict[str, Any], digest: str) -> dict[str, Any]:
    lens, exposure = record["lens"], record["exposure"]
    return {
        "answerprint:source": "generated",
        "answerprint:document": digest,
        "answerprint:frame": record["frame"],
        "answerprint:seed": shoot.stage.seed + record["frame"],
        "focalLength": float(lens["pinholeFocalLength"]),
        "tStop": float(lens["tStop"]),
        "isoSpeed": float(exposure["isoSpeed"]),
        "expTime": float(exposure["exposureTime"]),
    }


def sums_to_beauty(rendered: Rendered) -> float:
    """Largest difference between the beauty and the sum of its light groups, relative to the beauty's 99th percentile."""
    total = np.sum([g.astype(np.float64) for g in rendered.groups.values()], axis=0)
    return float(np.abs(total - rendered.beauty).max() / max(1e-9, float(np.percentile(np.abs(rendered.beauty), 99))))
