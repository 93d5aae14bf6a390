"""Camera originals of what was rendered: through the lens, with the sensor's noise, under slate, timecode and reel.

Half-float ACEScg EXR, one folder a clip. Clean plates, depth and mattes go through the same lens without noise, into the sealed
tree; the matte of the flying lines that an artist would draw goes to the production.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from answerprint.graph.layers import WORKING_ATTRIBUTES
from answerprint.media.exr import read_exr, write_exr
from answerprint.media.frames import FrameHeader, SourceFrame
from answerprint.media.write import write_frame
from answerprint.sample.stage_production import lens
from answerprint.sample.stage_production.setups import CLIPS, RATE, T_STOP, StageClip, stages
from answerprint.simulation.cameras import at_frame
from answerprint.simulation.stage import Stage, StageCamera

_UNSEEN = 0.03
"""Coverage below which a line does not show."""
Tell = Callable[[int, int, str], None]
Picture = np.ndarray[Any, np.dtype[np.float32]]
GROUPS = {"key": ("key",), "fill": ("fill",), "back": ("back",), "practical": ("practical",), "window": ("daylight", "sky")}
"""The light passes of setup C, and the renderer's light groups in each."""


def make_originals(render: Path, home: Path, tell: Tell) -> None:
    """Write material/camera, passes and reference below ``home`` from the pictures below ``render``; what is there is kept."""
    total = sum(len(stages()[clip.shot].frames) for clip in CLIPS)
    done = 0
    for clip in CLIPS:
        for frame in stages()[clip.shot].frames:
            _one(render, home, clip, frame)
            done += 1
            tell(done, total, f"camera original {clip.name}")
    _lights_document(home / "passes" / "21C")


def camera_of(clip: StageClip) -> StageCamera:
    """The stage's camera that shot a clip, with its overscan."""
    stage = stages()[clip.shot]
    return next(camera for camera in stage.cameras if camera.label == clip.camera)


def focus_at(clip: StageClip, frame: int) -> float:
    """Focus in metres at a frame."""
    return float(at_frame(camera_of(clip), frame).focus_distance or 0.0)


def clip_frame(folder: Path, name: str, frame: int, ending: str = "exr") -> Path:
    """Where a frame of a clip lies in a folder of clips."""
    return folder / name / f"{name}.{frame:04d}.{ending}"


def original(home: Path, clip: StageClip, frame: int) -> Path:
    return clip_frame(home / "material" / "camera" / f"21{clip.setup}", clip.name, frame)


def clean_name(clip: StageClip) -> str:
    """A name without slate, so that a reference never counts as a take."""
    return f"{clip.name.split('_')[0]}-clean"


def _one(render: Path, home: Path, clip: StageClip, frame: int) -> None:
    stage = stages()[clip.shot]
    last = clip_frame(home / "reference" / "depth", f"{clip.name}-depth", frame)
    if last.exists():
        return
    focus = focus_at(clip, frame)

    def passed(kind: str, exact: bool = False) -> Picture:
        return lens.seen(_read(render, stage, clip, kind, frame), clip.zoom, focus, T_STOP, exact)

    seed = stage.seed * 10 + ord(clip.camera)
    noisy = lens.chain(clip.zoom, focus, T_STOP)
    _write(original(home, clip, frame), noisy.noise(passed("beauty"), seed, frame), clip, frame)
    if "clean" in stage.render.passes:
        _write(clip_frame(home / "reference" / "clean", clean_name(clip), frame), passed("clean"), clip, frame)
        _write_line_matte(render, home, stage, clip, frame, focus)
    if "groups" in stage.render.passes:
        for number, (light, parts) in enumerate(GROUPS.items(), start=1):
            picture = np.sum([passed(f"groups/{part}") for part in parts if _there(render, stage, clip, f"groups/{part}")], axis=0)
            _write(clip_frame(home / "reference" / "passes", light, frame), picture, clip, frame)
            _write(clip_frame(home / "passes" / "21C", light, frame), noisy.noise(picture, seed + 7 * number, frame), clip, frame)
    for performer in stage.performers:
        alpha = passed(f"mattes/{performer.name}", exact=True)
        _write_grey(clip_frame(home / "reference" / "mattes", f"{clip.name}-{performer.name.lower()}", frame, "png"), alpha)
    depth = passed("depth", exact=True)
    write_exr(last, {"Z": np.ascontiguousarray(depth[..., 0])}, compression="zip")


def _write_line_matte(render: Path, home: Path, stage: Stage, clip: StageClip, frame: int, focus: float) -> None:
    alpha = np.max([_read(render, stage, clip, f"mattes/{rig.name}", frame) for rig in stage.rig], axis=0)
    bent = lens.seen(alpha, clip.zoom, focus, T_STOP)
    # As a roto artist paints: full wherever a tenth of the line is seen, soft below, nothing where it cannot be seen.
    _write_grey(
        clip_frame(home / "material" / "camera" / "21A", f"{clip.name}_matte", frame, "png"), np.clip((bent - _UNSEEN) / 0.08, 0, 1)
    )


def _there(render: Path, stage: Stage, clip: StageClip, kind: str) -> bool:
    return (render / clip.shot / clip.camera / kind / f"{stage.name}.{stage.first_frame:04d}.exr").is_file()


def _read(render: Path, stage: Stage, clip: StageClip, kind: str, frame: int) -> Picture:
    planes = read_exr(render / clip.shot / clip.camera / kind / f"{stage.name}.{frame:04d}.exr").planes
    names = "RGB" if "R" in planes else sorted(planes)
    return np.stack([np.asarray(planes[name], dtype=np.float32) for name in names], axis=-1)


def _write(path: Path, picture: Picture, clip: StageClip, frame: int) -> None:
    half = np.clip(picture, -65504, 65504).astype(np.float16)
    attributes = dict(WORKING_ATTRIBUTES) | {
        "reelName": clip.reel,
        "answerprint:source": "generated",
        "focalLength": float(clip.zoom),
        "focus": focus_at(clip, frame),
        "isoSpeed": lens.ISO,
    }
    write_exr(
        path,
        {c: np.ascontiguousarray(half[..., i]) for i, c in enumerate("RGB")},
        compression="zip",
        timecode=str(clip.start + (frame - stages()[clip.shot].first_frame)),
        rate=RATE,
        attributes=attributes,
    )


def _write_grey(path: Path, alpha: Picture) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    grey = np.ascontiguousarray(np.round(np.clip(alpha[..., 0], 0, 1) * 255).astype(np.uint8))
    write_frame(path, SourceFrame({"Y": grey}, FrameHeader(grey.shape[1], grey.shape[0], storage="uint8", file_format="png")))


def _lights_document(folder: Path) -> None:
    lights = [{"id": name, "pass": name, "gain_stops": 0.0, "gain_rgb": [1.0, 1.0, 1.0], "enabled": True} for name in GROUPS]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "lights.json").write_text(json.dumps({"plate": "A003C001_21C_T1", "lights": lights}, indent=1) + "\n")


@cache
def frames_of(name: str) -> range:
    """Frame numbers of a clip."""
    return stages()[next(clip.shot for clip in CLIPS if clip.name == name)].frames
