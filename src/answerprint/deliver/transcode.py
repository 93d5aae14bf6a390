"""Frames for receivers that want scene-linear EXR: half float, ZIP, with everything in the header that a conform asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from answerprint.colour.config import config_digest
from answerprint.colour.spaces import from_working, resolve_space, to_working
from answerprint.deliver.delivery import DeliveryShot
from answerprint.media.exr import CHROMATICITIES, read_exr, write_exr
from answerprint.media.frames import Attribute, Plane, SourceFrame, alpha_name
from answerprint.media.sequence import FrameSequence
from answerprint.provenance.digests import frame_digest
from answerprint.provenance.rows import FrameRow, SourceUse

INTEROP = {"ACES2065-1": "lin_ap0_scene", "ACEScg": "lin_ap1_scene"}
"""Colour interop identifiers of the ASWF Color Interop Forum."""
_HALF = 65504.0


def transcode(
    shot: DeliveryShot,
    sequence: FrameSequence,
    rows: dict[int, FrameRow],
    space: str,
    folder: Path,
    job: str,
    named: Callable[[int], str],
) -> list[FrameRow]:
    """Write a shot's frames as half-float EXR in ``space`` and return a ledger row for each.

    ``rows`` are the rows that made the frames, by clip frame; where there is none the frame is the original's. Both windows and alpha
    are kept; values beyond the half-float range are set to its end.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for frame in shot.frames:
        source = sequence.read(shot.index(frame))
        label = source.header.timecode or str(shot.start + frame)
        place = folder / named(frame)
        write_exr(
            place,
            _planes(source, shot.space, space),
            attributes=_attributes(source, shot, space),
            display_window=(
                *source.header.display_origin,
                source.header.display_origin[0] + source.header.width,
                source.header.display_origin[1] + source.header.height,
            ),
            data_window=source.header.data_window,
            pixel_aspect=source.header.pixel_aspect,
            compression="zip",
            timecode=label,
            rate=shot.rate,
        )
        before = rows.get(frame)
        made.append(
            FrameRow(
                job=job,
                node="transcode",
                operation="transcode",
                operation_version="1",
                frame=frame,
                timecode=label,
                output=place.name,
                output_digest=frame_digest(read_exr(place)),
                parameters={"from": resolve_space(shot.space), "to": space, "storage": "half", "compression": "zip"},
                performance_class=before.performance_class if before else "A",
                changed_share=before.changed_share if before else 0.0,
                support_share=before.support_share if before else 1.0,
                invented_share=before.invented_share if before else 0.0,
                restored=before.restored if before else 0,
                unreached=before.unreached if before else 0,
                colour_config=config_digest(),
                requested_by=before.requested_by if before else "",
                sources=(
                    SourceUse(digest=before.output_digest, clip=shot.clip, frame=frame)
                    if before
                    else SourceUse(digest=shot.digest, of="file", clip=shot.clip, frame=frame),
                ),
            )
        )
    return made


def _planes(source: SourceFrame, of: str, space: str) -> dict[str, Plane]:
    codes = np.stack([source.planes[name] for name in source.colour_names], axis=-1)
    linear = from_working(to_working(codes, of), space, np.float32).astype(np.float32)
    # A NaN stays one, so that checks find it; infinities cannot be told from clipped light after this.
    half = np.clip(linear, -_HALF, _HALF).astype(np.float16)
    planes = {name: np.ascontiguousarray(half[..., i]) for i, name in enumerate("RGB")}
    alpha = alpha_name(source.planes)
    if alpha is not None:
        plane = source.planes[alpha]
        share = plane.astype(np.float32) / (np.iinfo(plane.dtype).max if plane.dtype.kind == "u" else 1)
        planes["A"] = share.astype(np.float16)
    return planes


def _attributes(source: SourceFrame, shot: DeliveryShot, space: str) -> dict[str, Attribute]:
    kept = {k: v for k, v in source.header.attributes.items() if k.startswith("answerprint:")}
    return {
        **kept,
        "chromaticities": CHROMATICITIES[INTEROP[space]],
        "colorInteropID": INTEROP[space],
        "reelName": shot.event.reel,
    }
