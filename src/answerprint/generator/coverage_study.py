"""What coverage learns of a scene once: which pictures serve, how far away all in them is, and where performers stand in them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.coverage_exposure import SceneLight, scene_light
from answerprint.generator.coverage_people import people_in
from answerprint.generator.coverage_scene import CoverageScene, Sighting, parallax_deg, plate_of_place, scanned_depth, view_of
from answerprint.generator.coverage_splats import splats_of
from answerprint.graph.contract import Analysis, Context
from answerprint.optics.camera import Camera
from answerprint.optics.warp import warp
from answerprint.production import BadInput
from answerprint.spatial.reproject import Source, unprojected
from answerprint.spatial.splats.view import View
from answerprint.spatial.sweep import Depth, coded, sweep

Float = NDArray[np.float32]
Real = NDArray[np.float64]
MOST_SOURCES = 40
_NEIGHBOURS = 4
_LEAST_ANGLE, _BEST_ANGLE, _WIDEST_ANGLE = 1.0, 7.0, 40.0
"""Degrees between neighbours: nearer they measure little, farther they look alike no more."""
_WORK_PER_SECOND = 3.0e7
"""Pixels times planes times neighbours that a sweep does in a CPU second: 448x252, 96 planes and 4 neighbours took 1.3 to 1.5 s."""
_LOOK, _UNLIKE, _BODY = 7, 0.07, 0.004
"""Window in pixels, coded difference to everybody, and share of the picture, from which something is not of the scanned set."""
_BRIDGED = 0.1
_APART_DEG = 0.7
"""Pictures of one camera nearer together than this say the same twice."""
_PLANES = 96
_LEAST_PLANES = 48


def study(
    scene: CoverageScene,
    targets: Sequence[Camera],
    height: int | None,
    seconds: float | None,
    context: Context,
    splats: bool = True,
) -> Analysis:
    """The sources that serve ``targets``, each with its depth, and the set as ``splats``, as plain arrays.

    ``seconds`` bounds the work, not the clock: the same budget gives the same bytes. Splats have half of it.
    """
    mattes = people_in(scene, context)
    scene = scene.with_mattes(mattes)
    near, far = scene.distances()
    groups = scene.places()
    subject = _subject(targets, (near * far) ** 0.5)
    groups = _serving(groups, targets, subject, near, far)
    half = None if seconds is None else seconds / 2
    planes, most = _afforded(groups, height, half if splats else seconds)
    groups = groups[:most]
    plates = []
    for number, group in enumerate(groups):
        context.check_cancelled()
        context.progress(number, 2 * len(groups), "reading the scene's pictures")
        plates.append(plate_of_place(group, height))
    views = [view_of(p, w, c, g[0].name, d, "") for (p, w, d, c), g in zip(plates, groups, strict=True)]
    analysis = Analysis(
        {f"matte{i}": matte for i, matte in mattes.items()}, facts={"near": near, "far": far, "sources": [], "planes": planes}
    )
    depths: list[Depth] = []
    for number, view in enumerate(views):
        context.check_cancelled()
        context.progress(len(groups) + number, 2 * len(groups), "measuring distances")
        depth = _depth(view, _neighbours(number, views, subject), scene.points, near, far, planes)
        depths.append(depth)
    if not any(np.isfinite(depth.metres).any() for depth in depths):
        raise BadInput(
            "coverage",
            f"no two cameras stand within {_WIDEST_ANGLE:g} degrees of each other, and there is no scan",
            "give a scan of the set",
        )
    light = scene_light([g[0].clip for g in groups], views, depths)
    plates = [(light.of(p, c, g[0].clip), w, d, c) for (p, w, d, c), g in zip(plates, groups, strict=True)]
    views = [view_of(p, w, c, g[0].name, d, "") for (p, w, d, c), g in zip(plates, groups, strict=True)]
    _keep(analysis, groups, plates, depths, light)
    if splats:
        splats_of(views, depths, scene.points, half, context, analysis)
    return analysis


def _keep(
    analysis: Analysis, groups: Sequence[Sequence[Sighting]], plates: Sequence[tuple[Float, Float, Float | None, Camera]],
    depths: Sequence[Depth], light: SceneLight,
) -> None:  # fmt: skip
    """The sources as plain arrays, each in the scene's light."""
    analysis.facts |= {"gains": light.gains, "falloff_power": light.power}
    for number, ((picture, weight, _, camera), depth, group) in enumerate(zip(plates, depths, groups, strict=True)):
        analysis.arrays |= {
            f"picture{number}": picture, f"weight{number}": weight.astype(np.uint8), f"metres{number}": depth.metres, f"sure{number}": depth.sure,
        }  # fmt: skip
        first = group[0]
        analysis.facts["sources"].append({
            "name": first.name, "clip": first.clip, "digest": first.digest, "frames": [s.frame for s in group],
            "camera": camera.model_dump(mode="json"),
        })  # fmt: skip


def sources_of(analysis: Analysis) -> list[Source]:
    """The studied sources back from the analysis."""
    found = []
    for number, said in enumerate(analysis.facts["sources"]):
        camera = Camera.model_validate(said["camera"])
        arrays = analysis.arrays
        picture = arrays[f"picture{number}"]
        view = view_of(picture, arrays[f"weight{number}"].astype(np.float32), camera, said["name"], exposure="")
        found.append(Source(view, Depth(arrays[f"metres{number}"], arrays[f"sure{number}"]), picture, camera, said["name"]))
    return found


def light_of(analysis: Analysis) -> SceneLight:
    """What takes each clip's light to the scene's."""
    return SceneLight(analysis.facts["gains"], analysis.facts["falloff_power"])


def with_people(scene: CoverageScene, analysis: Analysis) -> CoverageScene:
    """The scene with the mattes that the study found."""
    return scene.with_mattes({int(n[5:]): a for n, a in analysis.arrays.items() if n.startswith("matte")})


def nearest_first(sources: Sequence[Source], target: Camera, subject: Real, most: int) -> list[int]:
    """Which sources serve a target, the nearest in angle first."""
    order = sorted(range(len(sources)), key=lambda i: parallax_deg(sources[i].camera, target, subject))
    return order[:most]


def subject_of(target: Camera, sources: Sequence[Source], fallback: float) -> Real:
    """What a new camera looks at: the middle of the surface nearest to its axis, else a point on the axis (3,)."""
    middles = []
    for source in sources:
        known = np.isfinite(source.depth.metres)
        if known.any():
            middles.append(float(np.median(source.depth.metres[known])))
    away = float(np.median(middles)) if middles else fallback
    return target.position + away * target.world_to_camera[2]


def _subject(targets: Sequence[Camera], away: float) -> Real:
    middle = targets[len(targets) // 2]
    return middle.position + away * middle.world_to_camera[2]


def _serving(
    groups: list[list[Sighting]], targets: Sequence[Camera], subject: Real, near: float, far: float
) -> list[list[Sighting]]:
    """Places that see what the targets will, the nearest in angle first."""
    some = [targets[round(i)] for i in np.linspace(0, len(targets) - 1, min(5, len(targets)))]
    rated = []
    for number, group in enumerate(groups):
        camera = group[0].camera
        share = max(_shared(camera, target, near, far) for target in some)
        angle = min(parallax_deg(camera, target, subject) for target in some)
        if share > 0.04:
            rated.append((angle + 20 * (1 - share), number))
    chosen: list[list[Sighting]] = []
    for _, number in sorted(rated):
        group = groups[number]
        if not any(g[0].clip == group[0].clip and parallax_deg(g[0].camera, group[0].camera, subject) < _APART_DEG for g in chosen):
            chosen.append(group)
    return chosen[:MOST_SOURCES] or groups[:MOST_SOURCES]


def _shared(camera: Camera, target: Camera, near: float, far: float) -> float:
    """Part of a target's view that lies in a camera's, over its depth."""
    x, y = np.meshgrid(np.linspace(0, target.width - 1, 9), np.linspace(0, target.height - 1, 7))
    origin, rays = target.rays(np.stack([x.ravel(), y.ravel()], axis=1))
    along = rays / (rays @ target.world_to_camera[2])[:, None]
    points = np.concatenate([origin + along * z for z in (near * 1.5, (near * far) ** 0.5, far / 1.5)])
    with np.errstate(invalid="ignore"):
        return float((camera.inside(camera.project(points)) & (camera.depth(points) > 0)).mean())


def _afforded(groups: list[list[Sighting]], height: int | None, seconds: float | None) -> tuple[int, int]:
    """How many planes and sources a budget of CPU seconds pays for."""
    if seconds is None:
        return _PLANES, MOST_SOURCES
    camera = groups[0][0].camera
    high = min(height or camera.height, camera.height)
    pixels = high * high * camera.width / camera.height
    for planes in (_PLANES, 64, _LEAST_PLANES):
        most = int(seconds * _WORK_PER_SECOND / (pixels * planes * _NEIGHBOURS))
        if most >= 8:
            break
    return planes, int(np.clip(most, 3, MOST_SOURCES))


def _neighbours(number: int, views: Sequence[View], subject: Real) -> list[View]:
    angles = [(parallax_deg(views[number].camera, other.camera, subject), at) for at, other in enumerate(views) if at != number]
    useful = [
        at for _, at in sorted((abs(math.log(a / _BEST_ANGLE)), at) for a, at in angles if _LEAST_ANGLE <= a <= _WIDEST_ANGLE)
    ]
    return [views[at] for at in useful[:_NEIGHBOURS]]


def _depth(view: View, others: list[View], points: Real | None, near: float, far: float, planes: int) -> Depth:
    prior = None if points is None else scanned_depth(points, view.camera)
    if view.depth is not None:
        prior = view.depth if prior is None else np.where(np.isfinite(view.depth), view.depth, prior).astype(np.float32)
    if not others and prior is None:
        # Nobody near enough to measure against, and no scan: what is not known is not shown.
        return Depth(np.full(view.picture.shape[:2], np.nan, np.float32), np.zeros(view.picture.shape[:2], np.float32))
    found = sweep(view, others, near, far, prior, planes)
    if view.weight is not None:
        found.metres[view.weight <= 0] = np.nan
    if prior is not None and others:
        found.metres[_not_of_the_set(view, others, prior)] = np.nan
    return found


def _not_of_the_set(view: View, others: Sequence[View], prior: Float) -> NDArray[np.bool_]:
    """What does not look, to anyone, like the surface that was scanned there: somebody who was not there then. Whole bodies, not edges."""
    known = np.isfinite(prior)
    points = unprojected(view.camera, np.where(known, prior, 1.0))
    own, window = coded(view.picture), (_LOOK, _LOOK)
    least = np.full(prior.shape, np.inf, np.float32)
    seen = np.zeros(prior.shape, np.int32)
    for other in others:
        places = other.camera.project(points)
        stacked = np.dstack(
            [coded(other.picture), np.ones(other.picture.shape[:2], np.float32) if other.weight is None else other.weight]
        )
        fetched = warp(stacked, np.where(known[..., None], places, np.nan), "cubic", edge="black")
        there = fetched[..., 3] > 0.9
        off = cv2.boxFilter(np.abs(own - fetched[..., :3]).max(axis=2) * there, -1, window)
        share = cv2.boxFilter(there.astype(np.float32), -1, window)
        sure = share > 0.6
        least = np.where(sure, np.minimum(least, off / np.maximum(share, 1e-6)), least)
        seen += sure
    strange = ((least > _UNLIKE) & (seen >= 2) & known).astype(np.uint8)
    strange = cv2.morphologyEx(strange, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    # An even-coloured body looks like itself beside itself: what its outline encloses goes with it.
    across = round(_BRIDGED * prior.shape[1]) | 1
    strange = cv2.morphologyEx(strange, cv2.MORPH_CLOSE, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (across, across)))
    _, labels, figures, _ = cv2.connectedComponentsWithStats(strange, connectivity=8)
    large = np.flatnonzero(figures[:, cv2.CC_STAT_AREA] > _BODY * prior.size)
    reach = max(3, round(0.025 * prior.shape[1])) | 1
    bodies = np.isin(labels, large[large > 0]).astype(np.uint8)
    return np.asarray(cv2.dilate(bodies, np.ones((reach, reach), np.uint8)) > 0)
