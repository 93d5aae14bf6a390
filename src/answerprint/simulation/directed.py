"""From what is asked of camera and lamps in words (``direction``) to the keys and lamps that everything downstream reads.

Nothing is measured by a renderer here: the same document gives the same keys and lamps, with or without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from answerprint.production import BadInput
from answerprint.simulation import cameras, light
from answerprint.simulation.direction import CraneOver, DollyZoom, Handheld, Lighting, Move, PushIn, RackFocus, WhipPan
from answerprint.simulation.lighting import pattern, space_for_lamps
from answerprint.simulation.pieces import Vector
from answerprint.simulation.place import Place
from answerprint.simulation.poses import eyes_at
from answerprint.simulation.stage import CameraKey, Light, Stage, StageCamera
from answerprint.simulation.techniques import crane_over, dolly_zoom, framed, handheld, push_in, rack_focus, whip_pan, with_keys


def directed(stage: Stage, place: Place) -> Stage:
    """The stage on its ``place`` with keys for every move and with its pattern's lamps; one that asks for neither as it is.

    Raises BadInput for a move that its frames or its distance do not allow.
    """
    if all(camera.move is None for camera in stage.cameras):
        return lit(stage, place)
    moved = tuple(_moved(stage, place, camera) for camera in stage.cameras)
    return lit(stage, place).model_copy(update={"cameras": moved})


def lit(stage: Stage, place: Place) -> Stage:
    """The stage with its pattern written out: lamps ``key``, ``fill`` and ``back`` before its own."""
    if stage.lighting is None:
        return stage
    lamps = _lamps(stage, place, stage.lighting)
    return stage.model_copy(update={"lights": (*lamps, *stage.lights), "lighting": None})


def _moved(stage: Stage, place: Place, camera: StageCamera) -> StageCamera:
    if camera.move is None:
        return camera
    move = camera.move
    first = stage.first_frame if move.start is None else move.start
    last = stage.frames[-1] if move.end is None else move.end
    if last <= first:
        long = f"lasts {max(0, last - first + 1)} of the 2 frames it takes"
        raise BadInput(f"camera {camera.label}", f"its {move.technique} {long}", "give the stage or the move more frames")
    keys = _Shot(stage, place, camera, first, last - first + 1).keys(move)
    # What the move keeps sharp is the move's affair.
    own = {"move": None, **({"focus_on": ""} if isinstance(move, RackFocus) else {})}
    return with_keys(camera, keys).model_copy(update=own)


@dataclass(frozen=True)
class _Shot:
    """A camera's move over ``count`` frames from ``first`` on a stage."""

    stage: Stage
    place: Place
    camera: StageCamera
    first: int
    count: int

    def keys(self, move: Move) -> tuple[CameraKey, ...]:
        """The keys of a move, one for each of its frames."""
        camera, first, count = self.camera, self.first, self.count
        match move:
            case WhipPan():
                return whip_pan(camera, move.degrees, first, count, move.frames)
            case Handheld():
                # A frame more at both ends: a hand is never at rest, and motion blur asks for the moments around a frame.
                return handheld(camera, first - 1, count + 2, float(self.stage.rate), move.seed, move.amount)
            case RackFocus():
                near, far = (
                    self._distance(what, at) for what, at in ((move.focus_from, first), (move.focus_to, first + count - 1))
                )
                return rack_focus(camera, near, far, first, count, move.hold)
        places = np.array([_where(self.stage, self.place, move.subject, frame) for frame in range(first, first + count)])
        return framed(camera, self._way(move, places), _point(places[0]))

    def _way(self, move: DollyZoom | PushIn | CraneOver, places: Any) -> tuple[CameraKey, ...]:
        camera, first, count = self.camera, self.first, self.count
        if isinstance(move, DollyZoom):
            return dolly_zoom(camera, places, move.metres, first, count)
        if isinstance(move, PushIn):
            return push_in(camera, places, move.metres, move.rise, first, count)
        return crane_over(camera, places, move.rise, move.over, first, count)

    def _distance(self, what: float | str | Vector, frame: int) -> float:
        """Metres along the axis to what is to be sharp. Raises BadInput for something behind the camera."""
        if isinstance(what, (int, float)):
            return float(what)
        state = cameras.at_frame(self.camera, frame).model_copy(update={"focus_on": "subject"})
        found = cameras.focus_distance(state, {"subject": _where(self.stage, self.place, what, frame)}) or 0.0
        if found <= cameras.NEAREST_FOCUS:
            raise BadInput(
                f"camera {self.camera.label}", f"is to focus on {what}, which is behind it", "turn it, or give a distance"
            )
        return found


def _lamps(stage: Stage, place: Place, asked: Lighting) -> tuple[Light, Light, Light]:
    seen_from = stage.cameras[0].label if asked.seen_from is None else asked.seen_from
    camera = next((c for c in stage.cameras if c.label == seen_from), stage.cameras[0])
    state = cameras.at_frame(camera, stage.first_frame)
    lux = asked.key_lux
    if lux is None:
        lux = np.pi / light.exposure(state, state.t_stop, float(stage.rate)) * 2.0 ** (asked.key_stops or 0.0)
    key, fill, back = pattern(
        asked.pattern,
        eyes=_where(stage, place, asked.subject, stage.first_frame),
        camera=state.translation if isinstance(seen_from, str) else seen_from,
        key_lux=float(lux),
        side=asked.side,
        distance=asked.distance,
        fill_stops=None if asked.ratio is None else -float(np.log2(asked.ratio - 1)),
        inside=space_for_lamps(stage.set, place),
    )
    colour = {} if asked.kelvin is None else {"kelvin": asked.kelvin}
    # A key that a wall brings nearer is as much smaller: its shadows stay as hard as the pattern has them.
    nearer = float(np.linalg.norm(np.subtract(key.translation, key.aim))) / asked.distance
    side = key.size[0] * nearer if asked.size is None else asked.size
    rim = {} if asked.back_stops is None else {"stops": asked.back_stops}
    return (
        key.model_copy(update={**colour, "size": (side, side)}),
        fill.model_copy(update=colour),
        back.model_copy(update=colour | rim),
    )


def _where(stage: Stage, place: Place, subject: str | Vector, frame: int) -> Vector:
    """A point, or a performer's eyes at a frame."""
    if not isinstance(subject, str):
        return subject
    performer = next(p for p in stage.performers if p.name == subject)
    return eyes_at(performer, frame, float(stage.rate), place.marks)


def _point(xyz: Any) -> Vector:
    return float(xyz[0]), float(xyz[1]), float(xyz[2])
