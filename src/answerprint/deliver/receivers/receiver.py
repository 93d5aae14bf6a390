"""What a receiver is: what it gets from the shared machinery, and what it has of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from answerprint.deliver.laid import Laid

Pictures = Literal["as made", "ACES2065-1", "ACEScg", "none"]
Layers = Literal["layered", "separate", "none"]
Movies = Literal["none", "source", "viewed"]


@dataclass(frozen=True)
class Receiver:
    """A declaration; the machinery in ``deliver.package`` does the work.

    ``pictures``: frames in the plate's own format with the very pixels that were approved, or half-float EXR (ZIP) in the named space.
    ``layers``: one layered EXR a frame, or one sequence of plain RGB for each layer, for hosts that read no named layers.
    ``movies``: per-shot ProRes 422 HQ (DNxHR HQX with ``dnxhr``), ungraded (``source``: Rec.709 camera codes, or ACEScct for linear pictures) or as a viewer sees it.
    ``editorial``: the bins, string-out and coverage map of the editorial pass, where it was run. ``academy``: an ACES Metadata File and an ASC FDL for each shot. ``folder`` and ``plate_folder`` take {name}, {shot}, {width} and {height}. ``own`` writes what only this receiver reads.
    """

    name: str
    title: str
    gets: str
    edits: tuple[str, ...] = (".otio", ".edl")
    grades: tuple[str, ...] = (".ccc",)
    pictures: Pictures = "as made"
    plates: bool = False
    layers: Layers = "none"
    movies: Movies = "none"
    dnxhr: bool = False
    academy: bool = False
    editorial: bool = False
    folder: str = "frames/{name}"
    plate_folder: str = "plates/{name}"
    plate_name: str = "{name}_plate"
    renames: bool = True
    own: Callable[[Laid], None] | None = None
    notes: tuple[str, ...] = ()
