"""Where a catalogue's pictures lie on disk. Clients name ids; paths are found here and never leave the production."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt

from answerprint.colour.spaces import resolve_space, to_working
from answerprint.media.movie import write_thumbnail
from answerprint.media.sequence import FrameSequence, open_sequence
from answerprint.passes.footage import located
from answerprint.production import BadInput
from answerprint.production.catalogue import Production
from answerprint.production.tables import Clip, Shot, Version

_REVIEW = {"proxy": "review/picture.mp4", "matte": "review/matte.mp4", "support": "review/support.mp4"}
_reading = threading.Lock()
"""One exact frame at a time: each takes a core and a full-resolution picture's memory."""


def version_file(production: Production, version: Version, name: str) -> Path | None:
    """A version's review movie (``proxy``, ``matte`` or ``support``), or None where there is none."""
    return _inside(production.root, production.root / version.path / _REVIEW[name])


def clip_proxy(production: Production, clip: Clip) -> Path | None:
    """A clip's proxy movie, or None where there is none."""
    named = clip.asset.details.get("proxy")
    place = production.root / (named if isinstance(named, str) else f"proxies/{clip.name}.mp4")
    return _inside(production.root, place)


def graded_copy(production: Production, clip: Clip) -> Path | None:
    """A clip's graded viewing copy, or None where there is none. Whether it is up to date the shot says."""
    from answerprint.passes.viewing_copies import copy_file

    return _inside(production.root, copy_file(production, clip))


def certificate_file(production: Production, job_id: str | None, form: str = "html") -> Path | None:
    """The certificate of a job's work as a page (``html``) or as signed (``json``), or None where there is none.

    ``job_id`` is one the catalogue gave.
    """
    return _inside(production.root, production.root / "ledger" / f"{job_id}.certificate.{form}") if job_id else None


def certificate_address(production: Production, job_id: str | None) -> str | None:
    """Where the page finds a job's certificate, or None where there is none."""
    return f"/media/job/{job_id}/certificate.html" if certificate_file(production, job_id) else None


def _inside(root: Path, path: Path) -> Path | None:
    """The file, when it is one and lies within the production even after links are followed."""
    found = path.resolve()
    return found if found.is_file() and found.is_relative_to(root.resolve()) else None


def clip_picture(production: Production, clip: Clip, frame: int) -> npt.NDArray[np.float32]:
    """A clip's frame through the display transform: ``(h, w, 3)``, display-encoded, 0 to 1."""
    return _shown(located(production, clip.asset), clip, frame)


def version_picture(production: Production, version: Version, frame: int) -> npt.NDArray[np.float32]:
    """A version's frame, numbered as in the clip, through the display transform."""
    folder = production.root / version.path
    if not folder.resolve().is_relative_to(production.root.resolve()):
        raise BadInput(version.path, "lies outside the production", "restore the catalogue from a backup")
    return _shown(folder, version.shot.clip, frame - version.first, version.figures.get("space"))


def _shown(path: Path, clip: Clip, index: int, space: str | None = None) -> npt.NDArray[np.float32]:
    # Imported when first needed: the page itself starts without the colour engine's tables.
    from answerprint.colour.view import display

    with _reading:
        sequence = _sequence(path, clip.rate)
        if not 0 <= index < sequence.count:
            raise BadInput(clip.name, f"there is no frame {index} (it has {sequence.count})", "ask for a frame it has")
        codes = sequence.read(index).rgb()
        return np.asarray(display(to_working(codes, resolve_space(space or clip.input_space))), np.float32)


@lru_cache(maxsize=4)
def _sequence(path: Path, rate: str) -> FrameSequence:
    return open_sequence(path, rate)


def png(picture: npt.NDArray[np.float32]) -> bytes:
    """A display-encoded picture as 8-bit PNG, rounded to nearest; NaN is black."""
    codes = np.rint(np.clip(np.nan_to_num(picture, nan=0.0), 0.0, 1.0) * 255).astype(np.uint8)
    return cv2.imencode(".png", np.ascontiguousarray(codes[..., ::-1]), [cv2.IMWRITE_PNG_COMPRESSION, 2])[1].tobytes()


def thumbnail(production: Production, shot: Shot, version: Version | None) -> Path:
    """A small picture of the middle of the shot's cut, from its newest version or else from the plate; made once."""
    place = production.path("thumbnails") / f"shot-{shot.id}-{version.id if version else 0}.jpg"
    if not place.is_file():
        middle = (shot.cut_in + shot.cut_out) // 2
        shown = version_picture(production, version, middle) if version else clip_picture(production, shot.clip, middle)
        write_thumbnail(place, shown, 480)
    return place
