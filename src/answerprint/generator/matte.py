"""Person mattes: who covers which pixel, from pose, motion and a few marks. Says where a performer is, never what they look like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
from pydantic import Field

from answerprint.colour.spaces import from_working
from answerprint.graph.contract import (
    Analysis,
    Box,
    Chunk,
    Context,
    FrameReader,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Picture,
    Plane,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.perception import pose
from answerprint.perception.performer import PerformerMaps, performer_matte, study_performers, working_size
from answerprint.perception.seeds import read_seeds

_SURE = 0.3
_LIMB_GAP = 10.0
"""Pixels of the working picture between a body and a limb of it that a blurred wrist may leave."""
_DISPLAY = "sRGB Encoded Rec.709 (sRGB)"


class PersonMatteParameters(OperationParameters):
    """Whose matte is made, and how generous it is."""

    subject: Literal["everyone", "seeded", "others"] = Field(
        default="everyone", description="everyone found; only the persons marked for removal; or everyone but them"
    )
    remove: str = Field(default="", description="name of the marked person who is meant; empty means the first one marked")
    seeds: dict[str, Any] = Field(default_factory=dict, description="clicks and strokes on a few frames that say who is who")
    dilate: float = Field(default=4.0, ge=0, le=64, description="how far the edge is moved outward, pixels at HD width")
    soften: float = Field(default=1.5, ge=0, le=32, description="blur of the edge, pixels at HD width")

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "tight": {"dilate": 1.0, "soften": 1.0},
        "standard": {},
        "generous": {"dilate": 9.0, "soften": 3.0},
    }


class PersonMatte(Operation):
    """A temporal soft matte of one or more persons."""

    name = "matte"
    version = "2"
    summary = "mattes of the people in a clip, from pose, motion and a few marks"
    inputs = (Socket("plate", SocketType.FRAME_SEQUENCE, "the footage"),)
    output = SocketType.MATTE
    Parameters = PersonMatteParameters

    def analysis_parameters(self, parameters: PersonMatteParameters) -> dict[str, Any]:
        """The study of a clip depends on the marks alone: subject and performers are told apart afterwards."""
        return {"seeds": parameters.seeds}

    def models(self, parameters: PersonMatteParameters) -> list[dict[str, Any]]:
        """The pose networks: they say where people are."""
        return [{"name": card.name, "sha256": card.sha256, "kind": "analysis"} for card in (pose.DETECTOR, pose.LANDMARKS)]

    def analyse(self, inputs: Inputs, parameters: PersonMatteParameters, context: Context) -> Analysis:
        """Follow everyone through the whole clip."""
        plate: FrameReader = inputs["plate"]
        size = working_size(plate.width, plate.height)

        def small(index: int) -> np.ndarray:
            context.check_cancelled()
            return _display(cv2.resize(plate.read(index), size, interpolation=cv2.INTER_AREA))

        seeds = read_seeds(parameters.seeds) if parameters.seeds else None
        maps = study_performers(
            small,
            plate.count,
            plate.width,
            plate.height,
            seeds,
            lambda done, total: context.progress(done, total, "following people"),
        )
        marked = [p.name for p in seeds.performers] if seeds else []
        return Analysis(
            maps.arrays(),
            {"size": list(maps.size), "count": maps.count, "names": maps.names, "marked": marked},
            [SourceUse("plate", i) for i in range(plate.count)],
        )

    def render(
        self, chunk: Chunk, analysis: Analysis, parameters: PersonMatteParameters, context: Context
    ) -> Iterator[FrameResult]:
        """The matte of each frame at full size."""
        plate: FrameReader = chunk.inputs["plate"]
        facts = analysis.facts
        size = (int(facts["size"][0]), int(facts["size"][1]))
        maps = PerformerMaps.from_arrays(analysis.arrays, size, int(facts["count"]), list(facts["names"]))
        chosen = _chosen(parameters, maps.names, list(facts["marked"]))
        scale = max(plate.width, plate.height) / 1920.0
        for frame in chunk.frames:
            context.check_cancelled()
            yield _matte(frame, plate, maps, chosen, parameters.dilate * scale, parameters.soften * scale)


def _chosen(parameters: PersonMatteParameters, names: list[str], marked: list[str]) -> list[str]:
    subject = parameters.remove or (marked[0] if marked else "")
    if parameters.subject == "everyone":
        return names
    return [n for n in names if (n == subject) == (parameters.subject == "seeded")]


def _matte(frame: int, plate: FrameReader, maps: PerformerMaps, chosen: list[str], dilate: float, soften: float) -> FrameResult:
    """The union of the chosen persons on one frame."""
    sure = {name: without_strays(maps.of(name, frame)) for name in chosen}
    present = [name for name, plane in sure.items() if (plane > 0.02).any()]
    if not present:
        return untouched(frame)
    picture = plate.read(frame)
    whole = np.zeros((plate.height, plate.width), np.float32)
    for name in present:
        (x0, y0, x1, y1), plane = performer_matte(
            lambda box: _display(_cut(picture, box)), (plate.width, plate.height), sure[name], dilate, soften
        )
        whole[y0:y1, x0:x1] = np.maximum(whole[y0:y1, x0:x1], plane)
    return _boxed(frame, whole)


def without_strays(sure: Plane) -> Plane:
    """A person's map without pieces that hang on nothing: far from the body and small, they are stripes on the floor, not limbs."""
    number, labels, figures, _ = cv2.connectedComponentsWithStats((sure > _SURE).astype(np.uint8), connectivity=8)
    if number <= 2:
        return sure
    areas = figures[:, cv2.CC_STAT_AREA].astype(np.float64)
    areas[0] = 0
    body = int(np.argmax(areas))
    away = cv2.distanceTransform((labels != body).astype(np.uint8), cv2.DIST_L2, 5)
    kept = {body} | {
        piece for piece in range(1, number) if areas[piece] > 0.15 * areas[body] or away[labels == piece].min() < _LIMB_GAP
    }
    near = cv2.dilate(np.isin(labels, sorted(kept)).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    return np.asarray(np.where(near, sure, np.float32(0)))


def _boxed(frame: int, whole: Plane) -> FrameResult:
    rows, columns = np.flatnonzero(whole.any(axis=1)), np.flatnonzero(whole.any(axis=0))
    if not len(rows):
        return untouched(frame)
    x0, y0, x1, y1 = int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1
    return FrameResult(frame, (x0, y0, x1, y1), np.ascontiguousarray(whole[y0:y1, x0:x1]), sources=[SourceUse("plate", frame)])


def _cut(picture: Picture, box: Box) -> Picture:
    x0, y0, x1, y1 = box
    return picture[y0:y1, x0:x1]


def _display(picture: Picture) -> np.ndarray:
    return np.asarray(from_working(np.ascontiguousarray(picture), _DISPLAY, np.uint8))
