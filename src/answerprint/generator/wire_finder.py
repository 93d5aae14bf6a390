"""From one stroke on one frame to the soft matte of a wire through the whole shot; or, without a stroke, from the best candidate."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, field_validator

from answerprint.generator.log_light import encoded
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.wire_candidates import candidates
from answerprint.generator.wire_curve import Course, covered, followed, resampled
from answerprint.graph.compositor import scaled_to_hd
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameReader,
    FrameResult,
    Inputs,
    Operation,
    OperationParameters,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.production import BadInput

__all__ = ["Stroke", "WireFinder", "WireFinderParameters", "read_stroke"]

Real = npt.NDArray[np.float64]

_FIRST_REACH, _REACH = 14.0, 30.0
"""How far aside of a stroke, and of where it is expected on the next frame, a wire is looked for: pixels at HD width."""
_LOST = 0.25
"""Below this share of its length seen, a wire is taken to be where the frames around say it is."""
_KNOTS = 96
_AGAIN, _SPAN, _WORSE = 14.0, 2, 0.0
"""The second look: how far aside (pixels at HD width), how many frames either way say where, and how much less sure it may be."""


class Stroke(BaseModel):
    """A line drawn roughly along a wire on one frame, in pixels of the full frame."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    frame: int = Field(default=0, ge=0, description="frame of the clip, 0-based")
    points: list[tuple[float, float]] = Field(min_length=2, description="x, y along the wire")


def read_stroke(text: str) -> Stroke:
    """A stroke written as ``x0,y0 x1,y1 ... @frame`` or as JSON. Raises ValueError with what is wrong."""
    if text.lstrip().startswith("{"):
        try:
            return Stroke.model_validate(json.loads(text))
        except RecursionError:
            raise ValueError("is nested too deep for a stroke") from None
    body, _, frame = text.partition("@")
    pairs = re.findall(r"(?<![\d.])(-?[\d.]+)\s*,\s*(-?[\d.]+)", body)
    if len(pairs) < 2 or (frame.strip() and not frame.strip().isdigit()):
        raise ValueError(f"{text!r} is not a stroke: write 'x0,y0 x1,y1 @frame'")
    return Stroke(frame=int(frame) if frame.strip() else 0, points=[(float(x), float(y)) for x, y in pairs])


class WireFinderParameters(OperationParameters):
    """Which wires are meant, and how generous their mattes are."""

    stroke: list[Stroke] = Field(
        default_factory=list, description="a stroke along each wire, 'x0,y0 x1,y1 @frame' (more wires parted by ;) or JSON"
    )
    candidate: int = Field(
        default=1, ge=0, le=6, description="without a stroke: the how-manieth likeliest line of the first frame; 0 only lists them"
    )
    grow: float = Field(default=1.5, ge=0.0, le=12.0, description="pixels (at HD width) added on either side of the wire")
    reach: float = Field(
        default=_REACH, ge=2.0, le=120.0, description="pixels (at HD width) a wire may move aside from one frame to the next"
    )

    presets: ClassVar[dict[str, dict[str, Any]]] = {"tight": {"grow": 0.5}, "standard": {}, "generous": {"grow": 3.0}}

    @field_validator("stroke", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        if isinstance(given, str):
            return [read_stroke(part) for part in given.split(";") if part.strip()]
        if isinstance(given, dict):
            return [given]
        return [read_stroke(one) if isinstance(one, str) else one for one in given]


class WireFinder(Operation):
    """Mattes of wires."""

    name = "find-wires"
    version = "2"
    summary = "the soft matte of a wire through a shot, from one stroke on one frame or from the likeliest line"
    inputs = (Socket("plate", SocketType.FRAME_SEQUENCE, "the footage"),)
    output = SocketType.MATTE
    Parameters = WireFinderParameters

    def analysis_parameters(self, parameters: WireFinderParameters) -> dict[str, Any]:
        """How generous the matte is does not change where the wire runs."""
        return dict(parameters.model_dump(mode="json", exclude={"grow"}))

    def analyse(self, inputs: Inputs, parameters: WireFinderParameters, context: Context) -> Analysis:
        """Follow each wire forward and back from its stroke; list the candidates."""
        plate: FrameReader = inputs["plate"]
        for one in parameters.stroke:
            if one.frame >= plate.count:
                raise BadInput(
                    "stroke", f"lies on frame {one.frame}, the clip has {plate.count}", "give a stroke on a frame of this clip"
                )
        offered = candidates(encoded(plate.read(0)))
        facts: dict[str, Any] = {
            "candidates": [{"frame": 0, "points": [list(p) for p in c.points], "score": c.score} for c in offered]
        }
        strokes = list(parameters.stroke)
        if not strokes and parameters.candidate:
            if parameters.candidate > len(offered):
                raise BadInput("candidate", f"only {len(offered)} lines look like wires", "draw a stroke along the wire")
            strokes = [Stroke(points=list(offered[parameters.candidate - 1].points))]
        arrays: dict[str, npt.NDArray[Any]] = {}
        for number, stroke in enumerate(strokes):
            courses = _through(plate, stroke, parameters.reach, context)
            arrays[f"points{number}"] = np.stack([c.points for c in courses]).astype(np.float32)
            arrays[f"shape{number}"] = np.array([[c.width, c.soft, c.confidence] for c in courses], np.float32)
        seen = [arrays[f"shape{n}"][:, 2] for n in range(len(strokes))]
        facts |= {
            "wires": len(strokes),
            "width_px": [round(float(np.median(arrays[f"shape{n}"][:, 0])), 2) for n in range(len(strokes))],
            "confidence": [round(float(s.mean()), 3) for s in seen],
            "look_at": sorted({int(frame) for s in seen for frame in np.argsort(s, kind="stable")[:3]}),
        }
        return Analysis(arrays, facts, [SourceUse("plate", at) for at in range(plate.count)])

    def told(self, facts: dict[str, Any], parameters: WireFinderParameters) -> tuple[dict[str, Any], list[str]]:
        """The lines that may be wires, as the settings that choose them; the frames to look at first."""
        handed_on = {name: facts[name] for name in ("candidates", "wires", "width_px", "confidence", "look_at")}
        lines = []
        for number, one in enumerate(facts["candidates"], start=1):
            (x0, y0), (x1, y1) = one["points"][0], one["points"][-1]
            followed_one = not parameters.stroke and number == parameters.candidate
            lines.append(
                f"--set candidate={number}  {x0:.0f},{y0:.0f} to {x1:.0f},{y1:.0f}, score {one['score']:.2f}"
                + (" (followed)" if followed_one else "")
            )
        lines = lines or ["no line of the first frame looks like a wire"]
        if facts["look_at"]:
            lines.append(f"look first at frames {', '.join(map(str, facts['look_at']))}")
        return handed_on, lines

    def render(self, chunk: Chunk, analysis: Analysis, parameters: WireFinderParameters, context: Context) -> Iterator[FrameResult]:
        """Draw the wires of each frame."""
        plate: FrameReader = chunk.inputs["plate"]
        grow = scaled_to_hd(parameters.grow, plate.width, plate.height)
        for frame in chunk.frames:
            context.check_cancelled()
            whole, shapes = np.zeros((plate.height, plate.width), np.float32), []
            for number in range(int(analysis.facts["wires"])):
                width, soft, confidence = (float(v) for v in analysis.arrays[f"shape{number}"][frame])
                points = analysis.arrays[f"points{number}"][frame].astype(np.float64)
                course = Course(points, width, soft, np.ones(len(points)), np.zeros((len(points), 3), np.float32))
                whole = np.maximum(whole, covered(course, whole.shape, grow))
                shapes.append((width, confidence))
            box = enclosing(whole > 0)
            if box is None:
                yield untouched(frame)
                continue
            x0, y0, x1, y1 = box
            yield FrameResult(
                frame,
                box,
                np.ascontiguousarray(whole[y0:y1, x0:x1]),
                sources=[SourceUse("plate", frame)],
                figures={"width_px": shapes[0][0], "confidence": min(c for _, c in shapes)},
            )


def _through(plate: FrameReader, stroke: Stroke, reach: float, context: Context) -> list[Course]:
    """The wire's course on every frame, from its stroke outward both ways; gaps are bridged from both sides."""
    near = scaled_to_hd(_FIRST_REACH, plate.width, plate.height)
    far = scaled_to_hd(reach, plate.width, plate.height)
    found: dict[int, Course] = {}
    drawn = _to_edges(resampled(stroke.points), plate)
    found[stroke.frame] = _fixed(_near(plate, stroke.frame, drawn, near, None))
    for way in (1, -1):
        last, moved = found[stroke.frame], np.zeros((_KNOTS, 2))
        for frame in range(stroke.frame + way, plate.count if way > 0 else -1, way):
            context.check_cancelled()
            context.progress(len(found), plate.count, "following the wire")
            course = _fixed(_near(plate, frame, last.points + moved, far, last))
            if course.confidence < _LOST:
                course = Course(last.points + moved, last.width, last.soft, np.zeros(_KNOTS), last.colour)
                moved = np.asarray(moved * 0.7)
            else:
                moved = course.points - last.points
            found[frame] = last = course
    return _of_one_width(_seen_again(plate, [found[frame] for frame in range(plate.count)], context))


def _seen_again(plate: FrameReader, courses: list[Course], context: Context) -> list[Course]:
    """Each frame looked at a second time, near where the frames around it say the wire is, for what it looks like on all of them.

    Following goes from frame to frame and carries its mistakes along; a smooth way through time does not.
    """
    near = scaled_to_hd(_AGAIN, plate.width, plate.height)
    sure = [c for c in courses if c.confidence >= _LOST] or courses
    width, soft = (float(np.median([getattr(c, name) for c in sure])) for name in ("width", "soft"))
    colour = np.median([c.colour for c in sure], axis=0).astype(np.float32)
    out = []
    for frame, first in enumerate(courses):
        context.check_cancelled()
        like = Course(_between(courses, frame), width, soft, first.sure, colour)
        second = _fixed(_near(plate, frame, like.points, near, like))
        out.append(second if second.confidence >= first.confidence - _WORSE else first)
    return out


def _between(courses: list[Course], frame: int) -> Real:
    """Where the frames around, each as far as it is sure, say the wire is: a straight way through time, those off it counting less."""
    around = range(max(0, frame - _SPAN), min(len(courses), frame + _SPAN + 1))
    points = np.stack([courses[at].points for at in around])
    time = np.array([at - frame for at in around], np.float64)
    trust = np.array([courses[at].confidence for at in around]) ** 2 * np.exp(-0.5 * (time / 1.5) ** 2) + 1e-6
    weight = trust
    for _ in range(4):
        mean = weight @ time / weight.sum()
        middle = np.tensordot(weight, points, 1) / weight.sum()
        spread = max(float(weight @ (time - mean) ** 2), 1e-9)
        slope = np.tensordot(weight * (time - mean), points - middle, 1) / spread
        off = np.median(np.hypot(*np.moveaxis(points - middle - (time - mean)[:, None, None] * slope, 2, 0)), axis=1)
        weight = trust / (1 + (off / max(0.5, 1.5 * float(np.median(off)))) ** 2)
    return np.asarray(middle - mean * slope)


def _of_one_width(courses: list[Course]) -> list[Course]:
    """A wire is as wide on every frame; how soft it looks changes with its motion, but not from one frame to the next and back."""
    seen = [c for c in courses if c.confidence >= _LOST] or courses
    width = float(np.median([c.width for c in seen]))
    softs = [c.soft for c in courses]
    steady = [float(np.median(softs[max(0, at - 1) : at + 2])) for at in range(len(courses))]
    return [replace(c, width=width, soft=soft) for c, soft in zip(courses, steady, strict=True)]


def _near(plate: FrameReader, frame: int, expected: Real, reach: float, like: Course | None) -> Course:
    """``followed`` on the part of the frame round where the wire is expected."""
    room = reach + 24
    x0, y0 = (max(0, int(v)) for v in expected.min(axis=0) - room)
    x1 = min(plate.width, int(expected[:, 0].max() + room) + 2)
    y1 = min(plate.height, int(expected[:, 1].max() + room) + 2)
    if x1 - x0 < 32 or y1 - y0 < 32:
        return Course(expected, 3.0, 0.8, np.zeros(len(expected)), np.zeros((len(expected), 3), np.float32))
    corner = np.array([x0, y0], np.float64)
    course = followed(encoded(plate.read(frame)[y0:y1, x0:x1]), expected - corner, reach, like)
    return Course(course.points + corner, course.width, course.soft, course.sure, course.colour)


def _fixed(course: Course) -> Course:
    """The same course with a fixed number of points, so that frames can be compared."""
    old, new = np.linspace(0, 1, len(course.points)), np.linspace(0, 1, _KNOTS)
    columns = np.concatenate([course.points, course.sure[:, None], course.colour], axis=1)
    out = np.stack([np.interp(new, old, columns[:, i]) for i in range(columns.shape[1])], axis=1)
    return Course(out[:, :2], course.width, course.soft, out[:, 2], out[:, 3:].astype(np.float32))


def _to_edges(points: Real, plate: FrameReader) -> Real:
    """A stroke that nearly reaches the picture's edge goes on beyond it: hands stop short of edges, wires do not."""
    margin = 0.08 * min(plate.width, plate.height)
    out = [points]
    for end, before, first in (
        (points[0], points[min(6, len(points) - 1)], True),
        (points[-1], points[-min(7, len(points))], False),
    ):
        gap = min(end[0], end[1], plate.width - 1 - end[0], plate.height - 1 - end[1])
        if gap > margin:
            continue
        way = (end - before) / max(float(np.hypot(*(end - before))), 1e-9)
        beyond = end + way * (max(gap, 0.0) * 2 + 6)
        out = [beyond[None], *out] if first else [*out, beyond[None]]
    return resampled(np.concatenate(out))
