"""Coverage: an angle nobody shot, out of the cameras that did: the set reprojected, performers only as real pixels from near by.

Where nobody saw the set, that is marked and counted; only blurred colour from beside it stands there, no detail is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from answerprint.generator.coverage_grain import grained, measure_grain
from answerprint.generator.coverage_moment import Moment, performers_at
from answerprint.generator.coverage_scene import CoverageScene
from answerprint.generator.coverage_splats import scene_of_splats
from answerprint.generator.coverage_study import light_of, nearest_first, sources_of, study, subject_of, with_people
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Picture,
    Plane,
    Socket,
    SocketType,
    SourceUse,
)
from answerprint.graph.new_view import PERFORMERS
from answerprint.optics.camera import Camera
from answerprint.optics.depth_of_field import defocus
from answerprint.optics.pupil import Pupil
from answerprint.production import BadInput
from answerprint.spatial.performers import over
from answerprint.spatial.planner import LIMIT_DEG
from answerprint.spatial.reproject import Seen, Source, seen_by
from answerprint.spatial.scene_view import Explained, explained, seen_with
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.unseen import continued, hatch

__all__ = ["Coverage", "CoverageParameters"]

_SERVING = 16
"""Sources that one frame is fetched from, the nearest in angle. With 8 of 41 on the rendered capture a tenth of what cameras saw was missed."""


class CoverageParameters(OperationParameters):
    """The new camera, and what of the performance may go with it."""

    cameras: tuple[Camera, ...] = Field(default=(), description="the new camera: one that stands, or one for each frame (--camera)")
    frames: int = Field(default=1, ge=1, le=100_000, description="frames to make; set by the plate and the camera's path")
    height: int | None = Field(default=None, ge=32, le=8640, description="lines of the result; without it the new camera's own")
    time_budget: float | None = Field(
        default=None, gt=0, description="CPU seconds for studying the scene; fewer pictures and coarser distances where it is short"
    )
    splats: bool = Field(
        default=True, description="fit the set as splats too: better outlines and angles farther off, for most of the study's time"
    )
    performers: Literal["plates", "background"] = Field(
        default="plates", description="performers as real pixels of the nearest camera, or the set alone"
    )
    limit_deg: float = Field(
        default=LIMIT_DEG, gt=0, lt=90, description="largest angle at the performers between the new camera and the real one"
    )
    beyond: Literal["background", "refuse"] = Field(
        default="background", description="beyond that angle: the set without performers, or no result"
    )
    focal_length: float | None = Field(default=None, gt=0, description="mm on the new camera's sensor, in place of its own")
    t_stop: float | None = Field(
        default=None, gt=0.5, le=64, description="with focus: what lies off it is defocused by its distance"
    )
    focus: float | None = Field(default=None, gt=0, description="metres from the new camera that are sharp")
    grain: float = Field(default=1.0, ge=0, le=4, description="of the clips' own grain, where averaging took it; 0 is none")
    unseen: Literal["continue", "black"] = Field(
        default="continue", description="where nobody saw the set: blurred colour from beside it, or black; marked either way"
    )

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "draft": {"height": 270, "time_budget": 60.0, "splats": False},
        "standard": {},
        "set only": {"performers": "background"},
    }


class Coverage(Operation):
    """A new camera position through the scene."""

    name = "coverage"
    version = "2"
    summary = "An angle nobody shot: the set from the cameras that saw it, performers as real pixels of the nearest one."
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot whose time and format the new angle has"),
        Socket("scene", SocketType.SCENE, "posed pictures of the set, of one or many cameras and takes, and scanned points"),
    )
    new_view = True
    Parameters = CoverageParameters

    def __init__(self) -> None:
        self._sources: list[Source] | None = None
        self._splats: SplatCloud | None = None
        self._explained: list[Explained] = []

    def canvas(self, parameters: CoverageParameters, width: int, height: int) -> tuple[int, int]:
        """The new camera's picture at the height asked for."""
        camera = _cameras(parameters)[0]
        high = parameters.height or camera.height
        return max(16, round(camera.width * high / camera.height)), high

    def frame_count(self, parameters: CoverageParameters, count: int) -> int:
        """As many as asked for; the plate lends its time as far as it goes."""
        return parameters.frames

    def source_place(self, frame: int, parameters: CoverageParameters) -> float:
        """The moment of the plate that a frame shows."""
        return float(frame)

    def models(self, parameters: CoverageParameters) -> list[dict[str, Any]]:
        """The pose networks that say where performers are, in pictures without mattes."""
        from answerprint.perception import pose

        return [{"name": card.name, "sha256": card.sha256, "kind": "analysis"} for card in (pose.DETECTOR, pose.LANDMARKS)]

    def analysis_parameters(self, parameters: CoverageParameters) -> dict[str, Any]:
        """Who stands in the new picture and how it is finished does not change what is known of the set."""
        kept = parameters.model_dump(mode="json", include={"cameras", "height", "time_budget", "splats"})
        return {**kept, "size": list(self.canvas(parameters, 0, 0))}

    def analyse(self, inputs: Inputs, parameters: CoverageParameters, context: Context) -> Analysis:
        """Distances in every picture that serves."""
        scene: CoverageScene = inputs["scene"]
        found = study(scene, _cameras(parameters), parameters.height, parameters.time_budget, context, parameters.splats)
        measure_grain(scene, parameters.height, context, found)
        return found

    def render(self, chunk: Chunk, analysis: Analysis, parameters: CoverageParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame of the new camera."""
        scene = with_people(chunk.inputs["scene"], analysis)
        if self._sources is None:
            self._splats = scene_of_splats(analysis)
            self._sources = sources_of(analysis)
            if self._splats is not None:
                self._explained = [explained(source, self._splats) for source in self._sources]
        kept: tuple[str, Seen, list[int]] | None = None
        for frame in chunk.frames:
            context.check_cancelled()
            target = self._target(frame, parameters)
            key = target.model_dump_json()
            if kept is None or kept[0] != key:
                subject = subject_of(target, self._sources, float(np.sqrt(analysis.facts["near"] * analysis.facts["far"])))
                chosen = nearest_first(self._sources, target, subject, _SERVING)
                if self._splats is None:
                    kept = (key, seen_by(target, [self._sources[i] for i in chosen]), chosen)
                else:
                    kept = (key, seen_with(target, [self._explained[i] for i in chosen], self._splats), chosen)
            yield self._frame(frame, target, kept[1], kept[2], scene, analysis, parameters, context)

    def _target(self, frame: int, parameters: CoverageParameters) -> Camera:
        cameras = _cameras(parameters)
        camera = cameras[min(frame, len(cameras) - 1)]
        return camera.resized(*self.canvas(parameters, 0, 0))

    def _frame(
        self, frame: int, target: Camera, seen: Seen, chosen: list[int], scene: CoverageScene, analysis: Analysis,
        parameters: CoverageParameters, context: Context,
    ) -> FrameResult:  # fmt: skip
        unseen = seen.support == 0
        colour = continued(seen.colour, unseen) if parameters.unseen == "continue" else seen.colour
        depth, alpha = seen.depth, np.zeros(unseen.shape, np.float32)
        moment = _moment(frame, target, seen, scene, analysis, parameters)
        if moment is not None and moment.placed is not None:
            colour, alpha = over(moment.placed, colour, depth)
            depth = np.where(alpha > 0.5, moment.placed.depth, depth)
        colour = light_of(analysis).seen(colour, target)
        support = np.where(alpha > 0.5, np.maximum(seen.support, 1), seen.support).astype(np.uint16)
        colour = _focused(colour, depth, target, parameters)
        remains = np.zeros_like(alpha) if seen.grain is None else seen.grain
        colour, grain = grained(colour, remains, alpha, parameters.grain, analysis, context.generator("coverage grain", frame))
        height, width = unseen.shape
        never = support == 0
        figures = {"never_seen_share": float(never.mean()), "sources": float(len(chosen)), "performers_found": _found(scene, frame)}
        if moment is not None:
            figures |= {"parallax_deg": moment.parallax_deg, "performers_left_out": float(moment.left_out)}
        return FrameResult(
            frame, (0, 0, width, height), np.ones((height, width), np.float32), colour, support,
            layers={
                "grain": grain, PERFORMERS: alpha, "unseen": hatch(never), "depth": np.nan_to_num(depth, nan=0.0).astype(np.float32),
                "spread": np.nan_to_num(seen.spread, nan=0.0).astype(np.float32),
            },
            sources=_used(seen, chosen, scene, analysis, moment), figures=figures,
        )  # fmt: skip


def _cameras(parameters: CoverageParameters) -> tuple[Camera, ...]:
    if not parameters.cameras:
        raise BadInput("coverage", "has no new camera", "give it with --camera")
    if parameters.focal_length is None:
        return parameters.cameras
    return tuple(Camera(**{**c.model_dump(), "pinhole_focal_length": parameters.focal_length}) for c in parameters.cameras)


def _moment(
    frame: int, target: Camera, seen: Seen, scene: CoverageScene, analysis: Analysis, parameters: CoverageParameters
) -> Moment | None:
    """The performers of a frame; None where nobody filmed at that moment, or they are not wanted."""
    if parameters.performers == "background" or not scene.at(frame):
        return None
    facts = analysis.facts
    found = performers_at(
        scene.at(frame),
        target,
        parameters.height,
        facts["near"],
        facts["far"],
        parameters.limit_deg,
        seen.depth,
        light_of(analysis),
    )
    if found.left_out and parameters.beyond == "refuse":
        raise BadInput(
            f"coverage, frame {frame}", f"{found.why}", "move the new camera nearer to a real one, or set performers=background"
        )
    return found


def _found(scene: CoverageScene, frame: int) -> float:
    """In how many of the pictures of this moment somebody is: with nobody in any, that nobody is in the new one rests on the log."""
    return float(sum(one.matte is not None and bool((one.matte() > 0.5).any()) for one in scene.at(frame)))


def _focused(colour: Picture, depth: Plane, target: Camera, parameters: CoverageParameters) -> Picture:
    """Defocus by distance: the disc of a thin lens focused at s is A f |z - s| / (z (s - f)) on the sensor, A = f / N."""
    if parameters.t_stop is None or parameters.focus is None:
        return colour
    focal, sharp = target.pinhole_focal_length / 1000, parameters.focus
    if sharp <= focal * 1.5:
        raise BadInput("coverage", f"focus={sharp:g} m lies inside the lens", "give metres from the camera")
    z = np.where(np.isfinite(depth) & (depth > 0), depth, sharp).astype(np.float64)
    disc = focal * (focal / parameters.t_stop) * (z - sharp) / (z * (sharp - focal))
    pitch = target.active_sensor_physical_dimensions[0] / 1000 / target.width
    matrix = target.matrix
    radius = (disc / 2 / pitch).astype(np.float32)
    return defocus(np.ascontiguousarray(colour, np.float32), radius, Pupil(), (matrix[0, 2], matrix[1, 2]), matrix[0, 0])


def _used(seen: Seen, chosen: list[int], scene: CoverageScene, analysis: Analysis, moment: Moment | None) -> list[SourceUse]:
    """Which sightings of the scene gave light: the scene is the socket, its sighting the item, and the frame is of its clip."""
    index = {(s.clip, s.frame): at for at, s in enumerate(scene.sightings)}
    used = set()
    giving = {number for share, number in zip(seen.given, chosen, strict=True) if share > 0}
    for number, said in enumerate(analysis.facts["sources"]):
        # Splats carry light of every picture that they were fitted to.
        if number in giving or "splats" in analysis.facts:
            used |= {SourceUse("scene", f, index[said["clip"], f]) for f in said["frames"] if (said["clip"], f) in index}
    if moment is not None and moment.placed is not None:
        used.add(SourceUse("scene", moment.sighting.frame, index[moment.sighting.clip, moment.sighting.frame]))
    return sorted(used)
