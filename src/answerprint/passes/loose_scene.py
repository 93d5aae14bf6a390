"""A scene from loose pictures: their cameras solved from the pictures alone, or a set of splats fitted to posed ones and exported.

Both are doors of ``survey``: ``--set scene=solve`` on a folder of stills writes a transforms.json with the points beside it, and
``--set scene=fit`` on a transforms.json writes the set as .ply and .spz.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.production import BadInput
from answerprint.production.atomic import write_atomically

if TYPE_CHECKING:
    from answerprint.generator.coverage_scene import Sighting
    from answerprint.spatial.splats.cloud import SplatCloud

Tell = Callable[[int, int, str], None]
_STILLS = (".jpg", ".jpeg", ".png", ".tif", ".tiff")


class SceneSettings(BaseModel):
    """How a scene is made of loose pictures."""

    model_config = ConfigDict(extra="forbid")

    scene: Literal["fit", "solve"] = Field(
        description="fit: splats to a transforms.json; solve: the cameras of a folder of stills, from the pictures alone"
    )
    steps: int = Field(default=1500, ge=1, le=100_000, description="fit: steps, one picture each")
    splats: int = Field(default=60_000, ge=10, le=5_000_000, description="fit: most splats")
    height: int | None = Field(
        default=None, ge=32, le=8640, description="fit: lines at which pictures are learnt; without it their own"
    )
    depth: bool = Field(
        default=False, description="fit: also the set's distance in every picture, as EXR in metres for relight and defocus"
    )
    focal_px: float | None = Field(default=None, gt=0, description="solve: focal length in pixels, where it is known")


@dataclass(frozen=True)
class SceneMade:
    """What came of it: files beside one another, and figures for the report."""

    files: tuple[Path, ...]
    figures: dict[str, Any]


def make_scene(paths: Sequence[Path], out: Path, settings: SceneSettings, tell: Tell) -> SceneMade:
    """Fit or solve, by the settings. Raises BadInput for more than one path, and for what reader, fit and solve refuse."""
    if len(paths) != 1:
        raise BadInput("survey", f"scene={settings.scene} takes one path", "give a transforms.json, or one folder of stills")
    out.mkdir(parents=True, exist_ok=True)
    return fitted(paths[0], out, settings, tell) if settings.scene == "fit" else solved(paths[0], out, settings)


def fitted(scene: Path, out: Path, settings: SceneSettings, tell: Tell) -> SceneMade:
    """The set of a transforms.json as ``scene.ply`` and ``scene.spz``. A fit that was killed goes on from its checkpoint."""
    from answerprint.generator.coverage_scene import resized, view_of
    from answerprint.passes.coverage_inputs import read_scene
    from answerprint.spatial.splats.fit import FitSettings, fit
    from answerprint.spatial.splats.ply import write_ply
    from answerprint.spatial.splats.seeds import measured_depth
    from answerprint.spatial.splats.spz import write_spz
    from answerprint.spatial.splats.view import View

    read = read_scene(scene)
    if read.points is None or not len(read.points):
        raise BadInput(scene, "names no points for splats to begin at", "give ply_file_path, or solve the cameras first")
    views: list[View] = []
    for sighting in read.sightings:
        picture, matte, depth, camera = resized(sighting, settings.height)
        weight = np.ones(picture.shape[:2], np.float32) if matte is None else 1 - matte
        view = view_of(picture, weight, camera, sighting.name, depth, "")
        known = view.depth if view.depth is not None else measured_depth(read.points, view.camera)
        views.append(View(view.picture, view.camera, view.weight, "", known, view.name))
    plan = FitSettings(iterations=settings.steps, splats=settings.splats, seeds=max(1, min(40_000, settings.splats * 2 // 3)))
    cloud, report = fit(
        views, read.points, plan, lambda share, line: tell(round(share * 100), 100, line), checkpoint=out / "scene.fit"
    )
    write_ply(out / "scene.ply", cloud)
    left_out = write_spz(out / "scene.spz", cloud)
    files = [out / "scene.ply", out / "scene.spz"]
    if settings.depth:
        files.append(_depths(cloud, read.sightings, out / "depth", tell))
    figures = {
        "pictures": len(views), "splats": report.splats, "steps": report.iterations, "error": round(report.error, 5),
        "cpu_seconds": report.cpu_seconds, "left_out_of_spz": list(left_out),
    }  # fmt: skip
    return SceneMade(tuple(files), figures)


def _depths(cloud: SplatCloud, sightings: Sequence[Sighting], out: Path, tell: Tell) -> Path:
    """The set's distance in each picture, through its lens, named after the picture; 0 is not known.

    Frames of one movie or folder are told apart by their number. Of several clips each has a folder, as its plate has: so an operation reads them.
    """
    from answerprint.media.exr import write_exr
    from answerprint.spatial.scene_view import drawn

    clips, names = Counter(s.clip for s in sightings), Counter(s.name for s in sightings)
    for number, sighting in enumerate(sightings):
        tell(number, len(sightings), f"depth of {sighting.name}")
        metres = np.nan_to_num(drawn(cloud, sighting.camera).depth, nan=0.0).astype(np.float32)
        path = Path(sighting.name)
        folder = out / Path(sighting.clip).stem if len(clips) > 1 and clips[sighting.clip] > 1 else out
        stem = (path.parent / path.stem).as_posix().strip("./").replace("/", "_")
        folder.mkdir(parents=True, exist_ok=True)
        write_exr(folder / (f"{stem}.{sighting.frame:06d}.exr" if names[sighting.name] > 1 else f"{stem}.exr"), {"Z": metres})
    return out


def solved(folder: Path, out: Path, settings: SceneSettings) -> SceneMade:
    """The cameras of a folder's stills as ``transforms.json`` with ``points.ply``: in a unit and with an up of its own."""
    from answerprint.spatial.solve import solve

    names = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in _STILLS) if folder.is_dir() else []
    if len(names) < 2:
        raise BadInput(folder, "holds fewer than two stills", f"give a folder of {', '.join(_STILLS)}")
    found = solve(folder, names, out / "solve", focal_px=settings.focal_px)
    frames = [{"file_path": os.path.relpath(folder / name, out), **posed(camera)} for name, camera in sorted(found.cameras.items())]
    document = {"camera_model": "OPENCV", "ply_file_path": "points.ply", "frames": frames}
    write_atomically(out / "points.ply", point_cloud(found.points))
    write_atomically(out / "transforms.json", json.dumps(document, indent=1) + "\n")
    figures = {
        "placed": len(found.cameras), "unplaced": list(found.unplaced), "points": len(found.points),
        "reprojection_px": round(found.reprojection_px, 4), "unit": "its own; measure a distance to make it metres",
    }  # fmt: skip
    return SceneMade((out / "transforms.json", out / "points.ply"), figures)


def posed(camera: Camera) -> dict[str, Any]:
    """A camera with nerfstudio's keys: OpenGL axes, pixel (0.5, 0.5) the centre of the first. BadInput for a lens the keys have no words for."""
    if not isinstance(camera.distortion, Distortion):
        raise BadInput(camera.label or "camera", "its lens is not of the OpenCV model", "undistort the pictures first")
    matrix, k = np.eye(4), camera.matrix
    matrix[:3, :3], matrix[:3, 3] = camera.world_to_camera.T @ np.diag([1.0, -1.0, -1.0]), camera.position
    k1, k2, p1, p2, k3, k4, k5, k6 = (float(v) for v in camera.distortion.opencv()[:8])
    return {
        "w": camera.width, "h": camera.height, "fl_x": k[0, 0], "fl_y": k[1, 1], "cx": k[0, 2] + 0.5, "cy": k[1, 2] + 0.5,
        "k1": k1, "k2": k2, "p1": p1, "p2": p2, "k3": k3, "k4": k4, "k5": k5, "k6": k6, "transform_matrix": matrix.tolist(),
    }  # fmt: skip


def point_cloud(points: NDArray[np.floating]) -> bytes:
    """Points (n, 3) as a binary PLY."""
    head = "ply\nformat binary_little_endian 1.0\n" + f"element vertex {len(points)}\n"
    head += "".join(f"property float {axis}\n" for axis in "xyz") + "end_header\n"
    return head.encode() + np.ascontiguousarray(points, "<f4").tobytes()


__all__ = ["SceneMade", "SceneSettings", "fitted", "make_scene", "point_cloud", "posed", "solved"]
