"""Where the lens acts on a picture that was rendered as a pinhole saw it.

Depth of field, iris blades, oval bokeh and squeeze happen in the ray tracer. What acts on the finished picture exactly and without
noise (distortion, lateral chromatic aberration, vignetting, veiling glare, sensor noise) is a list of operations, applied here in order
to every pass of a frame and nowhere else.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from answerprint.production import BadInput
from answerprint.simulation.passes import Rendered
from answerprint.simulation.stage import StageCamera


class LensOperation(Protocol):
    """One property of a lens or sensor. It must treat light linearly, so that light groups still add up to the beauty."""

    name: str

    def apply(self, rendered: Rendered, camera: StageCamera, seed: int) -> Rendered:
        """The frame after this operation; ``camera`` is as it stands at the frame, ``seed`` that of the frame."""
        ...


OPERATIONS: tuple[LensOperation, ...] = ()
"""In the order light meets them."""


def through_lens(rendered: Rendered, camera: StageCamera, seed: int, operations: Sequence[LensOperation] = OPERATIONS) -> Rendered:
    """The frame as lens and sensor deliver it.

    Raises BadInput for a camera with distortion when no operation applies it: a picture must not claim a lens it was not made with.
    """
    distorted = any(camera.distortion.radial) or any(camera.distortion.tangential)
    if distorted and not any(operation.name == "distortion" for operation in operations):
        raise BadInput(
            f"camera {camera.label}",
            "has distortion, which this version does not render yet",
            "take the distortion out of the stage",
        )
    for operation in operations:
        rendered = operation.apply(rendered, camera, seed)
    return rendered
