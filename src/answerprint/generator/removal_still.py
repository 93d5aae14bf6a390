"""The clean plate and the grain that thin things are filled from when the camera is locked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from answerprint.generator.frame_noise import FrameNoise, measure_noise
from answerprint.generator.removal_choice import mean_square
from answerprint.generator.removal_flow import free_along
from answerprint.generator.removal_lanes import Lanes, hidden_under
from answerprint.generator.removal_look import Look, Offer
from answerprint.generator.removal_register import corners, laid_over, registration
from answerprint.generator.removal_takes import other_takes
from answerprint.generator.static_plate import LOCKED_PX, camera_motion, static_plate
from answerprint.generator.stops import STOPS, Log
from answerprint.graph.compositor import PROTECT_MARGIN_PX_AT_HD, grown, scaled_to_hd
from answerprint.graph.contract import Box, Context, FrameReader, MatteReader, Plane

__all__ = ["noise_of", "prepare_still", "still_plate"]

Arrays = dict[str, npt.NDArray[Any]]
_SAMPLES = 32


def prepare_still(
    plate: FrameReader,
    matte: MatteReader,
    protect: MatteReader | None,
    box: Box,
    edge_px: float,
    context: Context,
    takes: Sequence[FrameReader] = (),
) -> tuple[Arrays, dict[str, Any]]:
    """Whether the camera is locked; then the temporal median of ``box`` with what is removed and the performers left out.

    What no frame saw under the mattes is asked of ``takes``, other takes by the same camera. Arrays: ``plate`` float16 ACEScct (h, w, 3), ``support`` uint16 (h, w)
    frames that saw a pixel, ``spread`` (h, w) how far those frames lie from the plate, squared ACEScct, and the grain.
    """
    margin = scaled_to_hd(PROTECT_MARGIN_PX_AT_HD, plate.width, plate.height)

    def hidden(frame: int) -> Plane:
        context.check_cancelled()
        covered = hidden_under(matte.read(frame), edge_px)
        return covered if protect is None else covered | grown(protect.read(frame), margin)

    moved = camera_motion(plate, lambda frame: ~hidden(frame))
    facts: dict[str, Any] = {"locked": moved <= LOCKED_PX, "motion_px": round(min(moved, 1e6), 3), "frames": []}
    if not facts["locked"]:
        return _moving_grain(plate, matte, (0, 0, plate.width, plate.height), edge_px), facts
    clean = static_plate(plate, hidden, box, lambda done, total: context.progress(done, total, "the set behind"), most=_SAMPLES)
    facts["frames"] = list(clean.frames)
    colour, support = clean.colour, clean.seen.astype(np.uint16)
    wanted = support == 0
    if takes and wanted.any():
        said = other_takes(list(takes), box, colour, ~wanted, wanted, (plate.width, plate.height), context)
        found = said.count > 0
        colour, support = np.where(found[..., None], said.colour, colour), np.where(found, said.count, support)
        facts["takes"] = [[number, list(frames)] for number, frames in said.heard]
    residuals = np.stack(list(clean.residuals()))
    arrays: Arrays = {"plate": (colour / STOPS).astype(np.float16), "support": support, "spread": _spread(residuals)}
    return arrays | _grain(residuals, clean.colour), facts


def still_plate(arrays: Mapping[str, npt.NDArray[Any]]) -> Offer:
    """The plate as a picture to take from, hidden where no frame saw it.

    Its hidden pixels are of other frames than those beside them: what moved there may agree with this frame beside the hole,
    where most frames had a say, and not in it. So it errs by no less than those frames lie apart."""
    support = np.asarray(arrays["support"])
    look = Look.of_plate(np.asarray(arrays["plate"], np.float32), support == 0)
    return Offer(look, None, 0, support=support, spread=np.asarray(arrays["spread"], np.float32))


def noise_of(arrays: Mapping[str, npt.NDArray[Any]]) -> FrameNoise | None:
    """The clip's grain, when it could be measured."""
    return FrameNoise.from_arrays(dict(arrays)) if "noise_strength" in arrays else None


def _moving_grain(plate: FrameReader, matte: MatteReader, box: Box, edge_px: float) -> Arrays:
    """Grain of a moving shot: what two neighbouring frames differ by once laid over each other, divided by the root of 2."""
    if plate.count < 2:
        return {}
    x0, y0, x1, y1 = box
    middle = plate.count // 2
    looks = []
    for frame in (middle - 1, middle):
        wanted = matte.read(frame)
        hidden = hidden_under(wanted, edge_px)[y0:y1, x0:x1]
        # Only what is large is closed roughly: the exact way takes minutes there, and the rough one drags points beside a wire.
        wide = hidden_under(Lanes.on(wanted, None).large.astype(np.float32), edge_px)[y0:y1, x0:x1]
        looks.append(Look.at(plate.read(frame)[y0:y1, x0:x1], hidden, wide))
    one, other = looks
    matrix = registration(one.sight, other.sight, corners(one.sight, one.hidden), (x1 - x0, y1 - y0))
    if matrix is None:
        return {}
    flow = laid_over(matrix, 0, 0, x1 - x0, y1 - y0)
    residual = (other.along(flow, 0, 0) - one.log()) * STOPS / np.float32(np.sqrt(2.0))
    residual[one.hidden | ~free_along(other.veil, flow)] = np.nan
    return _grain(residual[None], one.log() * STOPS)


def _spread(residuals: Log) -> Plane:
    """Mean squared distance (h, w) of sampled frames from the plate, ACEScct, over those that saw a pixel; 0 where none did."""
    total, count = np.zeros(residuals.shape[1:3], np.float32), np.zeros(residuals.shape[1:3], np.float32)
    for one in residuals:  # frame by frame, for at UHD they are large
        apart = mean_square(one, np.zeros(3, np.float32))
        seen = np.isfinite(apart)
        total[seen] += apart[seen]
        count += seen
    return np.asarray(total / np.maximum(count, 1) / np.float32(STOPS**2), np.float32)


def _grain(residual: Log, picture: Log) -> Arrays:
    try:
        return dict(measure_noise(residual, picture).arrays())
    except np.linalg.LinAlgError:  # channels that repeat one another: no grain is better than a wrong one
        return {}
