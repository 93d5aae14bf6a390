"""A VFX delivery as the published guidance of Netflix asks for it: names, folders, 16-bit lossless EXR, grade and edit beside it.

Source: partner help articles 360000611467 (plates and finals), 360057627473 and 360055781274 (names), 1500008649782 (plate packages).
"""

from __future__ import annotations

from answerprint.deliver.laid import Laid
from answerprint.deliver.receivers.receiver import Receiver

_WIDTH = 3840
"""Square pixels of active width that plates and finals should have at least."""


def write(laid: Laid) -> None:
    """Note what the specification asks for and the material does not have; nothing is scaled up to meet it."""
    small = sorted({f"{s.width}x{s.height}" for s in laid.shots if s.width < _WIDTH})
    if small:
        laid.attention.append(
            f"The specification asks for at least {_WIDTH} pixels of width; these pictures are {', '.join(small)}. Nothing was scaled up."
        )
    laid.attention.append("Framing chart and lens grids are not part of this package; send those of each sensor mode with it.")


RECEIVER = Receiver(
    name="netflix-vfx",
    title="Netflix VFX delivery",
    gets="finals and plates as 16-bit EXR (ZIP, ACES2065-1) in SHOT/WIDTHxHEIGHT folders, .cc, AMF and FDL for each shot, .cdl, EDL, reference movie",
    edits=(".edl", ".otio"),
    grades=(".cc", ".cdl"),
    pictures="ACES2065-1",
    academy=True,
    plates=True,
    folder="finals/{name}/{width}x{height}",
    plate_folder="plates/{name}/{width}x{height}",
    plate_name="{base}_PL01_v{version:03d}",
    own=write,
)
