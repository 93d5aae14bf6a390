"""Movies of a delivery: the reference of the whole cut, and one for each shot where a receiver edits with movies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from answerprint.colour import cdl as grades
from answerprint.colour.spaces import GRADING, from_working, resolve_space, to_working
from answerprint.colour.view import ViewLUT, display
from answerprint.deliver.laid import Laid, LaidShot
from answerprint.deliver.naming import legal
from answerprint.media.movie import Tags, write_dnxhr, write_prores

Tell = Callable[[int, int, str], None]
VIEWED = "Rec.709 as viewed"
"""What the codes of a graded movie are: no colour space to come back from."""
_DNXHR = (256, 120)
"""Width and height that DNxHR begins at."""


def reference_movie(laid: Laid, tell: Tell) -> Path:
    """The cut as a viewer would see it: graded, through the analytic view, with record timecode. For looking, not for finishing."""
    movie = laid.folder / "movies" / f"{plain(laid.title)}_reference.mov"
    movie.parent.mkdir(exist_ok=True)
    shots = sorted((s.shot for s in laid.shots), key=lambda s: s.event.record_in.frame)
    opened = [s.sequence() for s in shots]
    size = max(((s.width, s.height) for s in opened), key=lambda wh: wh[0] * wh[1])
    total = sum(len(s.cut) for s in shots)

    def pictures() -> Iterator[np.ndarray]:
        done = 0
        for shot, sequence in zip(shots, opened, strict=True):
            for frame in shot.cut:
                linear = to_working(sequence.read(shot.index(frame)).rgb(), shot.space)
                if shot.grade is not None:
                    linear = grades.apply(shot.grade, linear)
                done += 1
                tell(done, total, "reference movie")
                yield _padded(display(linear), size)

    write_prores(
        movie,
        pictures(),
        laid.rate,
        str(shots[0].event.record_in),
        reel=plain(laid.title)[:32],
        metadata={"com.answerprint.production": laid.production},
    )
    return movie


def shot_movie(laid: LaidShot, folder: Path, viewed: bool, dnxhr: bool, tell: Tell) -> Path:
    """One shot, handles included, as DNxHR HQX or ProRes 422 HQ in MOV, with its reel and source timecode.

    DNxHR begins at 256 by 120 pixels: smaller pictures become ProRes.

    ``viewed``: graded, through the baked view, tagged Rec.709. Otherwise ungraded: integer code values as they are (Rec.709 camera codes
    keep that tag), linear pictures as ACEScct without a tag.
    """
    shot, place = laid.shot, folder / "movies" / f"{laid.name}.mov"
    place.parent.mkdir(exist_ok=True)
    sequence = shot.sequence()
    coded = sequence.storage not in ("half", "float")
    laid.movie, laid.movie_space = f"movies/{place.name}", VIEWED if viewed else shot.space if coded else GRADING
    view = ViewLUT.cached() if viewed else None

    def pictures() -> Iterator[np.ndarray]:
        for done, frame in enumerate(shot.frames, start=1):
            tell(done, len(shot.frames), f"movie of {laid.name}")
            codes = sequence.read(shot.index(frame)).rgb()
            if view is not None:
                linear = to_working(codes, shot.space)
                yield view.apply(grades.apply(shot.grade, linear) if shot.grade else linear)
            elif coded:
                yield codes.astype(np.float32) / np.float32(np.iinfo(codes.dtype).max)
            else:
                yield from_working(to_working(codes, shot.space), GRADING, np.float32)

    rec709 = viewed or (coded and resolve_space(shot.space) == resolve_space("Camera Rec.709"))
    tags: Tags = "bt709" if rec709 else "untagged"
    start, notes = str(shot.start + shot.frames.start), {"com.apple.proapps.scene": shot.scene, "com.apple.proapps.shot": shot.name}
    if dnxhr and sequence.width >= _DNXHR[0] and sequence.height >= _DNXHR[1]:
        laid.movie_codec = "DNxHR HQX"
        write_dnxhr(place, pictures(), shot.rate, start, shot.event.reel, notes, tags=tags)
    else:
        laid.movie_codec = "ProRes 422 HQ"
        write_prores(place, pictures(), shot.rate, start, shot.event.reel, notes, "hq", tags)
    sequence.close()
    return place


def _padded(picture: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The picture centred on black at ``size`` (width, height): cameras of one take may differ by some columns."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return picture
    left, top = (size[0] - width) // 2, (size[1] - height) // 2
    return np.pad(picture, [(top, size[1] - height - top), (left, size[0] - width - left), (0, 0)])


def plain(title: str) -> str:
    """A title as a file name in legal characters."""
    return legal(title) or "delivery"
