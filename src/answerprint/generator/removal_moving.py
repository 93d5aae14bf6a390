"""Large regions before a moving camera: filled from the frames that saw past them.

Each hidden pixel is followed forward and backward, as the camera's own movement and as optical flow say, until a frame shows it; the
plate of the whole clip knows what is farther off. What they bring is weighed by the error that is to be expected of each, beside
the smoothest surface through the hole's border; what nobody saw is closed smoothly from what was brought beside it, and given the
texture that the plate has for it, which stands still with the set.
"""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.generator.removal_choice import Candidate, choose
from answerprint.generator.removal_expected import Brought, brought_errors, harmonic, harmonic_error, trial_error
from answerprint.generator.removal_flow import brought, free_along
from answerprint.generator.removal_follow import Hop, follow, level_beside
from answerprint.generator.removal_lanes import enclosing
from answerprint.generator.removal_look import Fill, Look, Offer
from answerprint.generator.removal_window import Window
from answerprint.graph.contract import Box

__all__ = ["fill_moving", "frames_followed"]

Mask = npt.NDArray[np.bool_]
Picture = npt.NDArray[np.float32]

_RING_PX = 24
"""How much picture round the hole the light of frames is compared on."""

_LEAST_SLIP = np.float32(0.3)
"""Pixels: flow that comes home more exactly than this is not surer for it."""
_NEAREST = 12
_PIXELS_KEPT = 104_000_000
"""Pixels of all the frames that are kept meanwhile, 7 bytes each: 24 either way at HD, 12 at UHD."""


def frames_followed(most: int, width: int, height: int) -> int:
    """How many frames either way hidden pixels are followed in pictures of this size: at most ``most``, as memory allows."""
    return min(most, max(_NEAREST, _PIXELS_KEPT // (2 * width * height)))


def fill_moving(window: Window, frame: int, reach: range, plate: Offer | None, where: Mask) -> Fill:
    """Fill the pixels ``where`` of a frame from the frames ``reach`` (which holds it) and a plate laid over it, if there is one."""
    look = window.look(frame)
    fill = Fill.of(look)
    box = enclosing(where, _RING_PX)
    if box is None:
        return fill
    x0, y0, x1, y1 = box
    cut = np.s_[y0:y1, x0:x1]
    real, hole = look.log(box), where[cut]
    depth = cv2.distanceTransform(hole.astype(np.uint8), cv2.DIST_L2, 3)
    smooth = harmonic(real, hole)
    offers = _followed(window, frame, reach, box) + ([] if plate is None else [_from_plate(plate, look, box)])
    trial = trial_error(look.log(), look.hidden, where)
    errors = brought_errors(offers, smooth, depth, trial)
    made = Candidate(smooth, harmonic_error(depth, trial), np.ones(hole.shape, bool), 0)
    seen = [Candidate(offer.colour, error, offer.seen, offer.frames) for offer, error in zip(offers, errors, strict=True)]
    chosen = choose([made, *seen], sharpness=1.0)
    nobody = hole & ~np.any([offer.seen for offer in offers], axis=0)
    # What nobody saw is closed from what was brought beside it, not from the hole's far edge.
    closed = harmonic(np.where(hole[..., None], chosen.colour, real).astype(np.float32), nobody) if nobody.any() else chosen.colour
    if plate is not None and plate.texture is not None and plate.flow is not None:
        closed[nobody] += brought(plate.texture, plate.flow(box), x0, y0)[nobody]
    fill.rgb[cut][hole] = closed[hole]
    fill.support[cut][hole] = chosen.support[hole]
    fill.error[cut][hole] = chosen.error[hole]
    fill.grain[cut][hole] = chosen.grain[hole]
    return fill


def _followed(window: Window, frame: int, reach: range, box: Box) -> list[Brought]:
    """What the frames after and before show, as flow and as the camera alone lead there."""
    found, start = [], window.look(frame)
    for way, steps in ((1, range(frame + 1, reach.stop)), (-1, range(frame - 1, reach.start - 1, -1))):

        def flowing(at: int, way: int = way) -> tuple[Hop, Hop | None]:
            return window.behind(at - way, at), window.behind(at, at - way)

        def turning(at: int, way: int = way) -> tuple[Hop, Hop | None]:
            return window.laid(at - way, at), None

        if len(steps):
            along = follow(box, start, window.look, flowing, steps)
            found.append(Brought("flow", along.colour, along.seen, (along.age, along.slip + _LEAST_SLIP)))
            laid = follow(box, start, window.look, turning, steps)
            found.append(Brought("camera", laid.colour, laid.seen, (laid.age,)))
    return found


def _from_plate(plate: Offer, look: Look, box: Box) -> Brought:
    """The plate of the clip as this frame sees it."""
    assert plate.flow is not None and plate.spread is not None
    x0, y0, x1, y1 = box
    flow, hidden = plate.flow(box), look.hidden[y0:y1, x0:x1]
    colour, shown = plate.look.along(flow, x0, y0), free_along(plate.look.veil, flow, x0, y0)
    colour = colour - level_beside(colour, look.log(box), shown & ~hidden)
    return Brought("plate", colour, shown & hidden, (brought(plate.spread, flow, x0, y0).clip(0),), plate.support)
