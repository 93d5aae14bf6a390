"""Premiere Pro: an FCP7 XML of the cut, ungraded movies to edit with, and for each shot a LUT that shows its grade."""

from __future__ import annotations

import numpy as np

from answerprint.colour import cdl
from answerprint.colour.spaces import GRADING, to_working
from answerprint.colour.view import display
from answerprint.deliver.laid import Laid, LaidShot
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production.atomic import write_atomically

_EDGE = 33
"""Points to a side: what Lumetri, cameras and monitors take alike."""


def write(laid: Laid) -> None:
    """Write ``luts/NAME.cube`` for each shot: from the movie's code values to the graded picture on a Rec.709 display."""
    for one in laid.shots:
        write_atomically(laid.folder / "luts" / f"{one.name}.cube", cube(one))


def cube(laid: LaidShot) -> str:
    """The LUT as text in the Iridas form, red fastest. Input and output are code values 0 to 1."""
    steps = np.linspace(0.0, 1.0, _EDGE, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    grid = np.stack([red, green, blue], axis=-1).reshape(-1, 3)
    space = GRADING if laid.movie_space == GRADING else laid.shot.space
    linear = to_working(grid, space)
    graded = cdl.apply(laid.shot.grade, linear) if laid.shot.grade is not None else linear
    rows = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in display(graded).astype(float))
    return f'TITLE "{laid.name}: {space} to Rec.709"\nLUT_3D_SIZE {_EDGE}\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n{rows}\n'


RECEIVER = Receiver(
    name="premiere",
    title="Adobe Premiere Pro",
    gets="FCP7 XML, ungraded ProRes 422 HQ movies, a .cube for each shot, CDL",
    edits=(".xml", ".edl"),
    grades=(".ccc", ".cdl"),
    pictures="none",
    movies="source",
    own=write,
    notes=(
        "Premiere reads no CDL by itself: luts/NAME.cube holds grade and view of each shot, for Lumetri's input LUT.",
        "The paths in the XML are relative to edit/; Premiere asks once where the first movie lies and finds the rest beside it.",
        "Mattes and layers are not in this package. Ask for --to after-effects for those.",
    ),
    editorial=True,
)
