"""Keyed mattes: an artist's mattes of a few frames, or strokes on them, become the soft matte of every frame.

Each frame is offered the keys carried along the motion, a cut-out that starts from there, a model learned from this shot's keys,
and their mean; what foretells left-out keys best is taken for the shot. A key stays as it was drawn, whatever is added later.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import cv2
import numpy as np
import numpy.typing as npt
from pydantic import Field, field_validator

from answerprint.colour.spaces import from_working
from answerprint.generator.keyed_carry import Foretold, Shot, cut_out, foretold, overlap
from answerprint.generator.keyed_edge import solved_edge
from answerprint.generator.keyed_model import ShotModel
from answerprint.generator.keyed_strokes import KeyStroke, read_key_strokes, stroked_key
from answerprint.generator.removal_lanes import enclosing
from answerprint.graph.contract import (
    Analysis,
    Chunk,
    Context,
    FrameReader,
    FrameResult,
    Inputs,
    MatteReader,
    Operation,
    OperationParameters,
    Picture,
    Socket,
    SocketType,
    SourceUse,
    untouched,
)
from answerprint.perception.edges import follow_edges
from answerprint.production import BadInput

__all__ = ["Roto", "RotoParameters", "keyed_mattes"]

Plane = npt.NDArray[np.float32]
Way = Literal["carry", "cut", "alike", "model", "mean", "blend"]
WAYS: tuple[Way, ...] = ("carry", "cut", "alike", "model", "mean", "blend")

_SIDE = 432
"""Longer side of the picture the shot is studied at; edges are followed at full size afterwards."""
_MOST_TRIALS = 5
_ALONE = 0.02
"""How much better one way alone must foretell left-out keys than a mixture to be taken: with a key left out the gap is twice as long
as in the shot, and there a single way's score says less of how it will do."""
_FIRM = 3.0
"""Slope at a half; the mean error of the soft mattes was least from 3 up, half of that without."""
_ROOM = 0.02
"""How far from the carried edge a cut-out may go, as a share of the longer side."""
_DISPLAY = "sRGB Encoded Rec.709 (sRGB)"


class RotoParameters(OperationParameters):
    """Which frames are keyed, and how the edge is treated."""

    keys: list[int] = Field(
        default_factory=list, description="frames (0-based) of the matte that are keys; empty: all that are not black"
    )
    strokes: list[KeyStroke] = Field(
        default_factory=list,
        description="strokes and clicks on key frames: '+x,y x,y @12' on what is meant, '-x,y @12' on what is not (parted by ;), or JSON",
    )
    way: Literal["best", "carry", "cut", "alike", "model", "mean", "blend"] = Field(
        default="best", description="best: what foretells left-out keys best; or always the one named"
    )
    edge: Literal["carried", "solved"] = Field(
        default="carried",
        description="carried: the edge as it came from the keys; solved: between inside and outside cover follows the picture's colours",
    )
    follow: float = Field(
        default=1.0, ge=0.0, le=1.0, description="how far the edge follows the picture's own edges; 0 leaves it as carried"
    )

    presets: ClassVar[dict[str, dict[str, Any]]] = {
        "standard": {},
        "drawn": {"way": "carry", "follow": 0.0},
        "learned": {"way": "model"},
        "soft": {"edge": "solved"},
    }

    @field_validator("keys", mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return [int(part) for part in given.replace(",", " ").split()] if isinstance(given, str) else given

    @field_validator("strokes", mode="before")
    @classmethod
    def _marks(cls, given: Any) -> Any:
        return read_key_strokes(given)


class Roto(Operation):
    """A temporal matte from a few that were drawn, or marked with strokes."""

    name = "roto"
    version = "3"
    summary = "the soft matte of every frame from mattes or strokes on a few; says which frame to key next"
    inputs = (
        Socket("plate", SocketType.FRAME_SEQUENCE, "the footage"),
        Socket("matte", SocketType.MATTE, "mattes as long as the plate, drawn on the key frames, black elsewhere", required=False),
    )
    output = SocketType.MATTE
    Parameters = RotoParameters

    def analysis_parameters(self, parameters: RotoParameters) -> dict[str, Any]:
        """Following edges is done on each frame alone."""
        return dict(parameters.model_dump(mode="json", exclude={"follow"}))

    def analyse(self, inputs: Inputs, parameters: RotoParameters, context: Context) -> Analysis:
        """Study the shot, try the ways on left-out keys, keep every frame's matte at the size of the study."""
        plate, drawn = inputs["plate"], inputs.get("matte")
        hand = _keys(plate, drawn, parameters)
        scale = min(1.0, _SIDE / max(plate.width, plate.height))
        size = (max(16, round(plate.width * scale)), max(16, round(plate.height * scale)))

        def small(frame: int) -> npt.NDArray[np.uint8]:
            context.check_cancelled()
            context.progress(frame, plate.count, "studying the shot")
            return _display(cv2.resize(plate.read(frame), size, interpolation=cv2.INTER_AREA))

        shot = Shot.studied(small, plate.count)
        at = (
            {}
            if drawn is None
            else {f: cv2.resize(np.asarray(drawn.read(f), np.float32), size, interpolation=cv2.INTER_AREA) for f in hand}
        )
        at, changed = _marked(shot, at, parameters.strokes, size[0] / plate.width)
        way, scores, mattes, doubts = keyed_mattes(shot, at, parameters.way, parameters.edge == "solved")
        open_frames = [frame for frame in range(plate.count) if frame not in at]
        order = sorted(open_frames, key=lambda f: (-doubts[f], f))
        facts = {
            "keys": sorted(at),
            "drawn": hand,
            "way": way,
            "left_out_j": {name: round(value, 4) for name, value in scores.items()},
            "key_next": order[:3],
        }
        packed = np.stack([np.rint(np.clip(m, 0, 1) * 255).astype(np.uint8) for m in mattes])
        return Analysis(
            {"mattes": packed} | {f"stroked{f}": where for f, where in changed.items()},
            facts,
            [SourceUse("plate", frame) for frame in range(plate.count)],
        )

    def told(self, facts: dict[str, Any], parameters: RotoParameters) -> tuple[dict[str, Any], list[str]]:
        """The way taken and how each foretold left-out keys; the frames to draw next, the most doubtful first."""
        scores = ", ".join(f"{name} {value:.3f}" for name, value in facts["left_out_j"].items())
        following = facts["key_next"]
        then = f", then {', '.join(map(str, following[1:]))}" if following[1:] else ""
        lines = [
            f"keys {', '.join(map(str, facts['keys']))}; way {facts['way']}",
            f"J on left-out keys: {scores}" if scores else "J on left-out keys: unknown with a single key",
            f"key next: frame {following[0]}{then}" if following else "every frame is a key",
        ]
        return {name: facts[name] for name in ("keys", "way", "left_out_j", "key_next")}, lines

    def render(self, chunk: Chunk, analysis: Analysis, parameters: RotoParameters, context: Context) -> Iterator[FrameResult]:
        """Each frame at full size: a key as it was drawn (but where a stroke corrects it), any other led along the picture's edges."""
        plate = chunk.inputs["plate"]
        for frame in chunk.frames:
            context.check_cancelled()
            small = analysis.arrays["mattes"][frame].astype(np.float32) / np.float32(255)
            where = analysis.arrays.get(f"stroked{frame}")
            if frame in analysis.facts["drawn"]:
                whole = np.asarray(chunk.inputs["matte"].read(frame), np.float32)
                if where is not None:
                    part = cv2.resize(where, whole.shape[::-1], interpolation=cv2.INTER_NEAREST) > 0
                    whole = np.where(part, _full_size(plate.read(frame), small, parameters.follow), whole)
            else:
                whole = _full_size(plate.read(frame), small, parameters.follow)
            box = enclosing(whole > 0)
            if box is None:
                yield untouched(frame)
                continue
            x0, y0, x1, y1 = box
            yield FrameResult(frame, box, np.ascontiguousarray(whole[y0:y1, x0:x1]), sources=[SourceUse("plate", frame)])


def keyed_mattes(
    shot: Shot, keys: Mapping[int, Plane], wanted: str = "best", edges_solved: bool = False
) -> tuple[Way, dict[str, float], list[Plane], list[float]]:
    """Every frame's matte from the keys at the shot's size: the way taken, the mean J of each way on left-out keys, the mattes, and how
    much the keys on either side of a frame contradict each other (the sum over its pixels). ``edges_solved`` has the soft edge of what is
    no key from the picture's colours."""
    others = _left_out(shot, keys) if wanted not in ("carry", "cut", "alike") else {}
    scores = _trials(shot, keys, others) if wanted == "best" and len(keys) > 1 else {}
    # One key cannot be tested on another; what looks alike was the best of the ways that need no others on every clip tried.
    way: Way = wanted if wanted != "best" else _best(scores) if scores else "alike"  # type: ignore[assignment]
    said = foretold(shot, keys, range(shot.count), look=way not in ("carry", "cut"))
    model = ShotModel.learned(shot, keys, others) if way in ("model", "mean", "blend") else None
    mattes = [keys[at] if at in keys else _by(way, shot, at, said[at], model) for at in range(shot.count)]
    if edges_solved:
        mattes = [matte if at in keys else solved_edge(shot.frames[at], matte) for at, matte in enumerate(mattes)]
    return way, scores, mattes, [float(said[at].doubt.sum()) for at in range(shot.count)]


def _by(way: Way, shot: Shot, frame: int, said: Foretold, model: ShotModel | None) -> Plane:
    if way == "carry":
        return said.carried
    if way == "alike":
        return _firm(said.alike)
    if way == "cut":
        return cut_out(shot.frames[frame], said.carried, max(3, round(_ROOM * max(said.carried.shape))))
    assert model is not None
    learned = model.matte(shot, frame, said)
    if way == "model":
        return _firm(learned)
    if way == "mean":
        return _firm(0.5 * (learned + said.alike))
    return _firm(0.5 * said.alike + 0.25 * (learned + _by("cut", shot, frame, said, model)))


def _firm(share: Plane) -> Plane:
    """A share of answers as cover: what most say is all, what few say is nothing."""
    return np.asarray(np.clip((share - 0.5) * _FIRM + 0.5, 0, 1), np.float32)


def _best(scores: Mapping[str, float]) -> Way:
    """The way with the highest score; one alone has to be ahead of the mixtures by more than chance."""
    return max(WAYS, key=lambda way: scores[way] + (_ALONE if way in ("mean", "blend") else 0.0))


def _trials(shot: Shot, keys: Mapping[int, Plane], others: Mapping[int, Foretold]) -> dict[str, float]:
    """Mean J of each way on keys left out in turn, at most five of them."""
    frames = sorted(keys)
    picked = [frames[i] for i in sorted({round(float(v)) for v in np.linspace(0, len(frames) - 1, min(_MOST_TRIALS, len(frames)))})]
    found: dict[str, list[float]] = {way: [] for way in WAYS}
    for left in picked:
        model = ShotModel.learned(shot, {frame: key for frame, key in keys.items() if frame != left}, others)
        for way in WAYS:
            found[way].append(overlap(_by(way, shot, left, others[left], model), keys[left]))
    return {way: float(np.mean(values)) for way, values in found.items()}


def _left_out(shot: Shot, keys: Mapping[int, Plane]) -> dict[int, Foretold]:
    """What the other keys say of each key; a single key is its own witness."""
    if len(keys) == 1:
        return foretold(shot, keys, keys)
    return {at: foretold(shot, {other: key for other, key in keys.items() if other != at}, [at])[at] for at in keys}


def _keys(plate: FrameReader, drawn: MatteReader | None, parameters: RotoParameters) -> list[int]:
    """The frames whose mattes are drawn. Raises BadInput when there is neither matte nor stroke, or a key is not in the clip."""
    wrong = [at for at in [*parameters.keys, *(one.frame for one in parameters.strokes)] if not 0 <= at < plate.count]
    if wrong:
        raise BadInput("keys", f"names frame {wrong[0]}, the clip has {plate.count}", "name frames of this clip")
    if drawn is None:
        if not any(one.inside for one in parameters.strokes):
            raise BadInput("roto", "has no key", "give --matte, or --set strokes='+x,y x,y @frame' on what is meant")
        return []
    found = sorted(set(parameters.keys)) or [frame for frame in range(plate.count) if (drawn.read(frame) > 0).any()]
    if not found and not parameters.strokes:
        raise BadInput("--matte", "is black on every frame", "draw a matte on one frame or more")
    return found


def _marked(
    shot: Shot, drawn: Mapping[int, Plane], strokes: list[KeyStroke], scale: float
) -> tuple[dict[int, Plane], dict[int, npt.NDArray[np.uint8]]]:
    """The keys with those that strokes make or correct, and where the strokes changed a drawn one.

    Frames come in the order in which they were first marked, and each builds on the drawn keys and on those marked before it: a later
    edit never undoes an earlier one.
    """
    keys, changed = dict(drawn), {}
    for frame in dict.fromkeys(one.frame for one in strokes):
        own = [one for one in strokes if one.frame == frame]
        base = keys.get(frame)
        if base is None and keys:
            base = foretold(shot, keys, [frame])[frame].alike
        keys[frame] = stroked_key(shot.frames[frame], own, scale, base)
        if frame in drawn:
            changed[frame] = (np.abs(keys[frame] - drawn[frame]) > 1e-3).astype(np.uint8)
    return keys, changed


def _full_size(picture: Picture, small: Plane, follow: float) -> Plane:
    """A small matte at the picture's size, its edge led along the picture's."""
    height, width = picture.shape[:2]
    plain = np.clip(cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR), 0, 1)
    inside = enclosing(plain > 0.01, 16)
    if inside is None:
        return np.zeros((height, width), np.float32)
    if follow > 0:
        large = _display(picture).astype(np.float32) / np.float32(255)
        guide = cv2.resize(large, small.shape[::-1], interpolation=cv2.INTER_AREA)
        led = np.clip(follow_edges(guide, small, 2, 1e-4, large), 0, 1)
        plain = (1 - follow) * plain + follow * led
    return np.where(plain < 0.02, np.float32(0), plain).astype(np.float32)


def _display(picture: Picture) -> npt.NDArray[np.uint8]:
    return np.asarray(from_working(np.ascontiguousarray(picture), _DISPLAY, np.uint8))
