"""Relight by geometry: other strengths and places of a rig's lamps, where there are no light passes but depth is known.

    out = plate 2^g,  g = log2(new light / light) on the seen surfaces, blurred along each surface, at most 2 stops

Lamps are solved from the plate by non-negative least squares (``light_geometry``). Only the slow part of the light changes: nothing moves,
no edge is drawn, fine shadows stay as they were filmed. Every lamp and window that matters has to be in the list.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from answerprint.generator.light_geometry import RigLight, SeenSurface, direction_of, solve_strengths
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Plane,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.optics.camera import Camera
from answerprint.production import BadInput

__all__ = ["RelightGeometry", "RelightGeometryParameters"]

MOST_STOPS = 2.0
SMOOTH = 0.02
"""Of the width: the light that is put on varies no faster, so that a performer stays in class B."""
_SURFACES = 8


class RelightGeometryParameters(OperationParameters):
    """The rig as it stood, and what it shall do. Units are those of a gaffer: stops, degrees, lux."""

    camera: Camera | None = Field(default=None, description="the camera and its pose, in the frame of the lamps' places")
    rig: tuple[RigLight, ...] = Field(default=(), description="every lamp and window: id, position, aim, size, lux, gain_stops")
    key: str = Field(default="key", description="the lamp that is the key")
    fill: str = Field(default="fill", description="the lamp that is the fill")
    key_fill_ratio: float | None = Field(
        default=None, ge=0, le=10, description="key and fill over fill at the key's aim, stops; empty keeps it"
    )
    key_azimuth: float | None = Field(
        default=None, ge=-180, le=180, description="degrees from the camera's side, right above 0; empty keeps it"
    )
    key_elevation: float | None = Field(default=None, ge=-20, le=89, description="degrees above the horizon; empty keeps it")
    strength: float = Field(default=1.0, ge=0, le=1, description="1 relights, 0 leaves the shot")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "softer": {"key_fill_ratio": 1.0},
        "harder": {"key_fill_ratio": 4.0},
        "half": {"strength": 0.5},
    }


class RelightGeometry(Operation):
    """Change the lamps of a shot by the shapes they shone on."""

    name = "relight_geometry"
    version = "2"
    summary = (
        "Key to fill ratio, key direction and lamp levels from depth and the gaffer's list, as a slow gain of at most 2 stops."
    )
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the shot"),
        Socket("depth", SocketType.DEPTH_SEQUENCE, "metres along the axis for each frame, from LiDAR, stereo or the scene"),
        Socket("matte", SocketType.MATTE, "where the light changes; all of the picture without one", required=False),
    )
    Parameters = RelightGeometryParameters

    def analysis_parameters(self, parameters: RelightGeometryParameters) -> dict[str, Any]:
        """Lamps are solved as they stood, whatever is asked of them."""
        rig = [
            {k: v for k, v in light.model_dump(mode="json").items() if k not in ("gain_stops", "enabled")}
            for light in parameters.rig
        ]
        return {"rig": rig, "camera": None if parameters.camera is None else parameters.camera.model_dump(mode="json")}

    def analyse(self, inputs: Inputs, parameters: RelightGeometryParameters, context: Context) -> Analysis:
        """The strength of each lamp, from the middle frame. Raises BadInput without a camera or a rig."""
        camera = _camera(inputs, parameters)
        if not parameters.rig:
            raise BadInput("relight_geometry", "there are no lamps", "give the rig (--scene rig.json, or --set rig=[...])")
        middle = inputs["plate"].count // 2
        surface = SeenSurface(inputs["depth"].read(middle), camera)
        shadings = [surface.shading(light) for light in parameters.rig]
        told = np.array([light.lux / surface.at_aim(light) if light.lux else 0.0 for light in parameters.rig])
        strengths, _ = solve_strengths(inputs["plate"].read(middle), shadings, told)
        share = [float((s.mean() * row).mean()) for s, row in zip(shadings, strengths, strict=False)]
        everywhere = float(strengths[-1].mean() * np.mean(shadings))
        facts = {
            "share": {light.id: round(v / (sum(share) + everywhere), 4) for light, v in zip(parameters.rig, share, strict=True)},
            "unexplained_share": round(everywhere / (sum(share) + everywhere), 4),
            "directions": {
                light.id: [round(v, 1) for v in direction_of(light, np.array(light.aim), camera)] for light in parameters.rig
            },
        }
        return Analysis({"strengths": strengths, "level": np.array([np.mean(shadings)])}, facts)

    def render(
        self, chunk: Chunk, analysis: Analysis, parameters: RelightGeometryParameters, context: Context
    ) -> Iterator[FrameResult]:
        """Each frame from its own pixels and its own depth."""
        camera = _camera(chunk.inputs, parameters)
        wanted = asked(parameters, analysis.arrays["strengths"], camera)
        for frame in chunk.frames:
            context.check_cancelled()
            if parameters.strength == 0 or all(a == b and g == 1 for a, (b, g) in zip(parameters.rig, wanted, strict=True)):
                yield untouched(frame)
                continue
            picture = chunk.inputs["plate"].read(frame)
            depth = chunk.inputs["depth"].read(frame)
            stops = light_stops(depth, camera, parameters.rig, wanted, analysis.arrays) * np.float32(parameters.strength)
            height, width = picture.shape[:2]
            matte = chunk.inputs.get("matte")
            inside = np.ones((height, width), np.float32) if matte is None else np.asarray(matte.read(frame), np.float32)
            yield FrameResult(
                frame,
                (0, 0, width, height),
                inside,
                np.asarray(picture * np.exp2(stops), np.float32),
                np.ones((height, width), np.uint16),
                layers={"gain_stops": stops},
                sources=[SourceUse("plate", frame)],
                figures={"most_stops": float(np.abs(stops).max()), "mean_stops": float(stops.mean())},
            )


def asked(parameters: RelightGeometryParameters, strengths: NDArray[np.float64], camera: Camera) -> list[tuple[RigLight, float]]:
    """Each lamp where it shall stand and its gain (linear), from the levels, the ratio and the direction asked for."""
    by_id = {light.id: at for at, light in enumerate(parameters.rig)}
    gains = [2.0**light.gain_stops if light.enabled else 0.0 for light in parameters.rig]
    placed = list(parameters.rig)
    turned = parameters.key_azimuth is not None or parameters.key_elevation is not None
    if (turned or parameters.key_fill_ratio is not None) and parameters.key not in by_id:
        raise BadInput("key", f"{parameters.key!r} is not in the rig", f"name one of {', '.join(by_id)}")
    if turned:
        key = parameters.rig[by_id[parameters.key]]
        about = np.array(key.aim)
        azimuth, elevation = direction_of(key, about, camera)
        azimuth = azimuth if parameters.key_azimuth is None else parameters.key_azimuth
        elevation = elevation if parameters.key_elevation is None else parameters.key_elevation
        placed[by_id[parameters.key]] = key.placed(azimuth, elevation, about, camera)
    if parameters.key_fill_ratio is not None:
        if parameters.fill not in by_id:
            raise BadInput("fill", f"{parameters.fill!r} is not in the rig", f"name one of {', '.join(by_id)}")
        at_key, at_fill = by_id[parameters.key], by_id[parameters.fill]
        level = [
            strengths[at].mean()
            * gains[at]
            / max(float(np.sum((np.array(parameters.rig[at].aim) - parameters.rig[at].position) ** 2)), 0.01)
            for at in (at_key, at_fill)
        ]
        if min(level) > 0:
            # What is between them now and what shall be is shared by both lamps, so that the subject keeps its exposure.
            step = (2.0**parameters.key_fill_ratio - 1) / (level[0] / level[1])
            gains[at_key] *= step * (level[0] + level[1]) / (level[0] * step + level[1])
            gains[at_fill] *= (level[0] + level[1]) / (level[0] * step + level[1])
    return list(zip(placed, gains, strict=True))


def light_stops(
    depth: Plane, camera: Camera, rig: tuple[RigLight, ...], wanted: list[tuple[RigLight, float]], solved: dict[str, NDArray[Any]]
) -> NDArray[np.float32]:
    """The change of light in stops (h, w, 3): slow along each surface, at most `MOST_STOPS`."""
    surface = SeenSurface(depth, camera)
    strengths = solved["strengths"]
    before = strengths[-1] * solved["level"]
    after = before.copy()
    for at, (light, (new, gain)) in enumerate(zip(rig, wanted, strict=True)):
        shading = surface.shading(light)
        moved = shading if new.position == light.position else surface.shading(new)
        before = before + shading[..., None] * strengths[at]
        after = after + moved[..., None] * strengths[at] * gain
    stops = np.clip(np.log2(np.maximum(after, 1e-9) / np.maximum(before, 1e-9)), -MOST_STOPS, MOST_STOPS)
    return slow(stops.astype(np.float32), surface.depth.astype(np.float32), depth.shape)


def slow(stops: NDArray[np.float32], depth: Plane, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Full size, blurred among pixels of about one distance, so that light on a performer does not leak to the wall behind."""
    height, width = shape[:2]
    full = cv2.resize(stops, (width, height), interpolation=cv2.INTER_LINEAR)
    far = cv2.resize(depth, (width, height), interpolation=cv2.INTER_LINEAR)
    low, high = (float(v) for v in np.percentile(far, [1, 99]))
    reach = max((high - low) / _SURFACES, 0.05)
    total = np.zeros_like(full)
    share = np.full((height, width, 1), 1e-6, np.float32)
    for centre in np.linspace(low, high, _SURFACES):
        weight = np.exp(-(((far - centre) / reach) ** 2)).astype(np.float32)
        near = cv2.GaussianBlur(weight, (0, 0), SMOOTH * width)[..., None] + 1e-6
        total += weight[..., None] * cv2.GaussianBlur(full * weight[..., None], (0, 0), SMOOTH * width) / near
        share += weight[..., None]
    return np.asarray(total / share, np.float32)


def _camera(inputs: Inputs, parameters: RelightGeometryParameters) -> Camera:
    camera = parameters.camera or getattr(inputs["plate"], "camera", None)
    if camera is None:
        raise BadInput("relight_geometry", "the camera is not known", "give --camera, or run the spatial pass")
    return camera
