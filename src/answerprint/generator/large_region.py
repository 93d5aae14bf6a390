"""Filling a region larger than a wire: one clean plate a clip, of a locked camera or a turning one, then one quick fill a frame.

What another frame saw comes from there, what another camera saw from that camera, and the rest is invented once for the
whole clip, so that it stands still. ``support`` says which is which: 0 is invented.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from answerprint.generator.exemplar import calm_fill, exemplar_fill, smooth_fill
from answerprint.generator.frame_noise import FrameNoise, measure_noise
from answerprint.generator.plate_texture import unseen_texture
from answerprint.generator.removal_takes import other_takes
from answerprint.generator.scene_plate import scene_plate
from answerprint.generator.seam import border_of, frame_gain, joined, membrane, smoothed
from answerprint.generator.static_plate import LOCKED_PX, StaticPlate, camera_motion, hidden_by, spread, static_plate, unsteady
from answerprint.generator.stops import Log, to_light, to_log
from answerprint.generator.witness import Testimony, subject_in, testimony
from answerprint.generator.witness_laying import Witness
from answerprint.graph.compositor import grown, scaled_to_hd
from answerprint.graph.contract import Box, Context, FrameReader, MatteReader, Picture, Plane
from answerprint.graph.sources import Union

MARGIN_PX_AT_HD = 160
"""How much set round the hole is kept, to measure against and to copy from."""
RING_PX_AT_HD = 24
"""Width of the ring round a frame's hole that gain and seams are measured on."""
SEAM_REACH_PX_AT_HD = 40
"""How far the seam's correction reaches into pixels that were truly seen."""
_LOOKS = 20
"""Frames of the clip whose mattes are looked at; a matte is dear to make."""
_WITNESS_FRAMES = 11
_NARROW_PX_AT_HD = 20
"""A gap up to this wide is closed with texture; a wider one is kept calm, for texture without knowledge makes things up."""
_INSIDE = 1.5 / 255.0


def prepare_large(
    plate: FrameReader,
    matte: MatteReader,
    protect: MatteReader | None,
    witnesses: list[FrameReader],
    context: Context,
    takes: Sequence[FrameReader] = (),
) -> tuple[dict[str, NDArray[Any]], dict[str, Any]]:
    """The clean plate behind ``matte`` for the whole clip, as plain arrays and facts.

    ``facts["plated"]`` is False, and there are no arrays, when the camera moves in a way that has no plate. For a moving camera
    the array ``to_plate`` (count, 3, 3) takes each frame's pixels to the plate's, and ``texture`` is what to add to a smooth closing. ``witnesses`` are other locked cameras of the same
    take with a calibration; one that also has a ``matte`` (a MatteReader) gives only what lies outside it. ``takes`` are other takes
    by the same camera; they are asked first, and only where the camera is locked.
    """
    matte, protect = _Once(matte), None if protect is None else _Once(protect)
    box = _reach(plate, matte)
    if box is None:
        return {}, {"plated": True, "static": True, "empty": True}
    people: list[MatteReader] = [matte] if protect is None else [matte, protect]
    hidden: dict[int, Plane] = {}

    def covered(frame: int) -> Plane:
        if frame not in hidden:
            context.check_cancelled()
            hidden[frame] = np.packbits(hidden_by(people, frame, plate.width, plate.height), axis=1)
        return np.unpackbits(hidden[frame], axis=1, count=plate.width) > 0

    moved = camera_motion(plate, lambda frame: ~covered(frame))
    facts: dict[str, Any] = {"static": moved <= LOCKED_PX, "motion_px": round(min(moved, 1e6), 3)}
    turning: dict[str, NDArray[Any]] = {}
    if facts["static"]:
        clean = static_plate(
            plate, covered, box, lambda done, total: context.progress(done, total, "the set without the subject"), most=_LOOKS
        )
        subject = _ever(matte, plate, box)
    else:
        room = round(scaled_to_hd(MARGIN_PX_AT_HD, plate.width, plate.height))
        scene = scene_plate(plate, matte, Union(people), _behind(matte, protect), room, context)
        if scene is None:
            return {}, facts | {"plated": False}
        clean, subject, witnesses = scene.clean, scene.wanted, []
        turning = {"to_plate": scene.to_plate, "spread": scene.spread}
        box = clean.box
    facts["plated"] = True
    colour, support = clean.colour.copy(), clean.seen.copy()
    facts |= {"box": list(box), "frames": list(clean.frames), "witnesses": []}
    noise = measure_noise(np.stack(list(clean.residuals())), clean.colour)
    clean = clean.without_samples()
    missing = subject & (support == 0)
    facts["unseen_px"] = int(missing.sum())
    if facts["static"] and takes and missing.any():
        said = other_takes(list(takes), box, colour, support > 0, missing, (plate.width, plate.height), context)
        found = said.count > 0
        colour, support = np.where(found[..., None], said.colour, colour), np.where(found, said.count, support)
        facts["takes"] = [[number, list(frames)] for number, frames in said.heard]
        missing = subject & (support == 0)
    told = _ask(plate, [matte], witnesses, clean, missing, context, facts)
    if told is not None:
        believed = missing & (told.count > 0)
        colour = joined(told.colour, np.where((support > 0)[..., None], colour, told.colour), believed, support > 0)
        support = np.where(believed, told.count, support)
    missing = subject & (support == 0)
    facts["witnessed_px"] = facts["unseen_px"] - int(missing.sum())
    facts["invented_px"] = int(missing.sum())
    if turning:
        # Frames of a moving camera close smoothly what nobody saw, each in its own light: only texture is made once for all.
        colour = smooth_fill(colour, support == 0)
        turning["texture"] = unseen_texture(colour, missing, support > 0, turning["spread"]).astype(np.float16)
    else:
        colour = _invent(colour, missing, support > 0, context)
    arrays: dict[str, NDArray[Any]] = {
        "plate": colour.astype(np.float32),
        "support": support.astype(np.uint16),
        **noise.arrays(),
        **turning,
    }
    return arrays, facts


def _behind(matte: MatteReader, protect: MatteReader | None) -> Callable[[int], Plane]:
    """What a moving camera's plate may not show: what is removed, as exactly as its matte says since every pixel beside it counts, and
    the performers generously."""

    def hidden(frame: int) -> Plane:
        removed = matte.read(frame) > 0
        people = [] if protect is None else [protect]
        return removed | hidden_by(people, frame, matte.width, matte.height)

    return hidden


class _Once:
    """A matte of which each frame is made once and kept as 8 bits."""

    def __init__(self, matte: MatteReader) -> None:
        self._matte, self._kept = matte, dict[int, NDArray[np.uint8]]()
        self.count, self.width, self.height, self.digest = matte.count, matte.width, matte.height, getattr(matte, "digest", "")

    def read(self, index: int) -> Plane:
        if index not in self._kept:
            # Rounded up: the faintest edge still counts as covered.
            self._kept[index] = np.ceil(np.clip(self._matte.read(index), 0, 1) * 255).astype(np.uint8)
        return self._kept[index].astype(np.float32) / np.float32(255)


def _reach(plate: FrameReader, matte: MatteReader) -> Box | None:
    """The box round everything the matte ever covers, with room."""
    room = round(scaled_to_hd(MARGIN_PX_AT_HD, plate.width, plate.height))
    low, high = np.array([plate.height, plate.width]), np.array([-1, -1])
    for frame in spread(plate.count, _LOOKS):
        inside = matte.read(frame) > _INSIDE
        if inside.any():
            rows, columns = np.flatnonzero(inside.any(axis=1)), np.flatnonzero(inside.any(axis=0))
            low = np.minimum(low, [rows[0], columns[0]])
            high = np.maximum(high, [rows[-1], columns[-1]])
    if high[0] < 0:
        return None
    return (
        max(0, int(low[1]) - room),
        max(0, int(low[0]) - room),
        min(plate.width, int(high[1]) + 1 + room),
        min(plate.height, int(high[0]) + 1 + room),
    )


def _ever(matte: MatteReader, plate: FrameReader, box: Box) -> Plane:
    """Where the subject ever stands, over the box."""
    x0, y0, x1, y1 = box
    out = np.zeros((y1 - y0, x1 - x0), bool)
    for frame in spread(plate.count, _LOOKS):
        out |= matte.read(frame)[y0:y1, x0:x1] > _INSIDE
    return np.asarray(cv2.dilate(out.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0)


def _ask(
    plate: FrameReader,
    people: list[MatteReader],
    witnesses: list[FrameReader],
    clean: StaticPlate,
    missing: Plane,
    context: Context,
    facts: dict[str, Any],
) -> Testimony | None:
    """What the other calibrated, locked cameras saw of the missing pixels."""
    camera = plate.camera
    if camera is None or not missing.any():
        return None
    heard: list[Witness] = []
    outlines = [figure for person in people for figure in _figures(person, clean.scanned[len(clean.scanned) // 2])]
    for reader in witnesses:
        if reader.camera is None or reader.digest == plate.digest:
            continue
        context.check_cancelled()
        context.progress(len(heard), len(witnesses), f"what {reader.clip} saw")
        own: MatteReader | None = getattr(reader, "matte", None)

        def covered(frame: int, reader: FrameReader = reader, own: MatteReader | None = own) -> Plane:
            return hidden_by([own] if own is not None else [], frame, reader.width, reader.height)

        if camera_motion(reader, lambda frame: ~covered(frame)) > LOCKED_PX:
            continue
        whole = static_plate(reader, covered, (0, 0, reader.width, reader.height), most=_WITNESS_FRAMES)
        barred = unsteady(whole)
        if own is None:
            for outline in outlines:
                barred |= subject_in(camera, outline, 0.0, reader.camera)
        heard.append(Witness(reader.camera, whole.without_samples(), barred))
        facts["witnesses"].append({"clip": reader.clip, "frames": list(whole.frames)})
    told = testimony(camera, clean.box, clean.colour, missing, clean.seen > 0, heard, context.check_cancelled)
    facts["planes"] = [[*plane.normal, plane.distance] for plane in told.planes]
    return told


def _figures(person: MatteReader, frame: int) -> list[Plane]:
    """Each separate figure of a matte on a frame, specks left out."""
    inside = person.read(frame) > _INSIDE
    count, labels, facts, _ = cv2.connectedComponentsWithStats(inside.astype(np.uint8), connectivity=8)
    return [np.asarray(labels == at) for at in range(1, count) if facts[at, cv2.CC_STAT_AREA] > 0.001 * inside.size]


def _invent(colour: Log, missing: Plane, known: Plane, context: Context) -> Log:
    """The missing pixels from what stands around: narrow gaps with its texture, wide ones calmly, and their seam made to meet."""
    if not missing.any():
        return colour
    whole = smooth_fill(colour, ~known)
    radius = round(scaled_to_hd(_NARROW_PX_AT_HD, *missing.shape[::-1])) // 2
    open_part = cv2.morphologyEx(missing.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8))
    # What opening leaves of a wide gap's round edge is no gap of its own: texture there would draw the outline.
    wide = cv2.dilate(open_part, np.ones((2 * radius + 1, 2 * radius + 1), np.uint8)) > 0
    calm = _in_border_colours(calm_fill(whole, missing, ~missing & ~known), whole, missing, known)
    narrow = missing & ~wide
    if narrow.any():
        exemplar = exemplar_fill(
            np.where(wide[..., None], calm, whole), narrow, known, context.generator("large-region", "exemplar")
        )
        calm = np.where(narrow[..., None], exemplar, calm)
    return joined(calm, whole, missing, known)


def _in_border_colours(calm: Log, picture: Log, hole: Plane, known: Plane) -> Log:
    """``calm`` with the colours that the hole's border has, and no lighter or darker than it.

    Lines carried inward channel by channel make colours that are nowhere in the set; a harmonic function of the border's
    colours cannot (it has no maximum inside).
    """
    border = border_of(hole, known)
    if not border.any():
        return calm
    ring = smoothed(picture, border, 3.0)
    colours = membrane(ring - ring.mean(axis=2, keepdims=True), border, hole)
    low, high = np.percentile(ring[border].mean(axis=1), (1, 99))
    grey = np.clip(calm.mean(axis=2, keepdims=True), low, high)
    return np.where(hole[..., None], grey + colours, picture).astype(np.float32)


def fill_large(
    picture: Picture,
    matte: Plane,
    box: Box,
    arrays: dict[str, NDArray[Any]],
    facts: dict[str, Any],
    rng: np.random.Generator,
) -> tuple[Picture, Plane]:
    """The fill of ``box`` on one frame, ``(bh, bw, 3)`` ACEScg, and its support ``(bh, bw)`` uint16.

    ``picture`` and ``matte`` are the full frame's. Outside the matte the fill is the plate too, brought to this frame's
    brightness, so any soft edge may be blended with it. Parts of ``box`` outside what was prepared stay the picture, support 0.
    """
    x0, y0, x1, y1 = box
    fill = np.array(picture[y0:y1, x0:x1], np.float32)
    support = np.zeros(fill.shape[:2], np.uint16)
    px0, py0, px1, py1 = facts["box"]
    height, width = matte.shape
    ring_width = round(scaled_to_hd(RING_PX_AT_HD, width, height))
    a0, b0, a1, b1 = max(x0 - ring_width, px0), max(y0 - ring_width, py0), min(x1 + ring_width, px1), min(y1 + ring_width, py1)
    if a0 >= a1 or b0 >= b1 or not (matte[b0:b1, a0:a1] > _INSIDE).any():
        return fill, support
    clean = arrays["plate"][b0 - py0 : b1 - py0, a0 - px0 : a1 - px0]
    seen = arrays["support"][b0 - py0 : b1 - py0, a0 - px0 : a1 - px0]
    made = _matched(
        picture[b0:b1, a0:a1], matte[b0:b1, a0:a1] > _INSIDE, clean, seen, FrameNoise.from_arrays(arrays), (width, height), rng
    )
    c0, d0, c1, d1 = max(x0, a0), max(y0, b0), min(x1, a1), min(y1, b1)
    inner = (slice(d0 - b0, d1 - b0), slice(c0 - a0, c1 - a0))
    outer = (slice(d0 - y0, d1 - y0), slice(c0 - x0, c1 - x0))
    fill[outer], support[outer] = to_light(made[inner]), seen[inner]
    return fill, support


def _matched(
    light: Picture, hole: Plane, clean: Log, seen: Plane, noise: FrameNoise, size: tuple[int, int], rng: np.random.Generator
) -> Log:
    """The plate as this frame would show it: its gain, a seam without an edge, its noise."""
    ring = grown(hole.astype(np.float32), scaled_to_hd(RING_PX_AT_HD, *size)) & ~grown(hole.astype(np.float32), 1)
    ring &= np.isfinite(light).all(axis=2) & (seen > 0)
    difference = to_log(light) - clean
    gain, _ = frame_gain(difference, ring)
    left = difference - gain
    level = np.maximum(noise.strength.max(), 0.02)
    trusted = ring & (np.abs(smoothed(left, ring, 1.5)).max(axis=2) < 5 * level)
    border = trusted & grown(hole.astype(np.float32), scaled_to_hd(6, *size))
    correction = membrane(smoothed(left, border, scaled_to_hd(3, *size)), border, hole, scaled_to_hd(SEAM_REACH_PX_AT_HD, *size))
    made = clean + gain + correction
    return np.asarray(made + noise.grain(made, rng), np.float32)
