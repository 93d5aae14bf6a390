"""MaxCLL and MaxFALL of PQ pictures, as CTA-861.3 Annex P measures them, against what the file says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from answerprint.quality.finding import Finding
from answerprint.quality.view import FrameView

# SMPTE ST 2084:2014, section 5.1.
_M1, _M2, _C1, _C2, _C3 = 2610 / 16384, 2523 / 4096 * 128, 3424 / 4096, 2413 / 4096 * 32, 2392 / 4096 * 32
_ALLOWED = 0.05
"""Share by which the recorded MaxCLL may differ from the measured one: rounding to whole nits and one encode."""
_PQ = {"16", "smpte2084", "st2084", "pq", "rec.2100-pq"}


def nits(code: NDArray[Any]) -> NDArray[np.float64]:
    """PQ code values 0 to 1 as cd/m2 (the ST 2084 EOTF)."""
    power = np.clip(np.asarray(code, np.float64), 0, 1) ** (1 / _M2)
    return np.asarray(10000 * (np.maximum(power - _C1, 0) / (_C2 - _C3 * power)) ** (1 / _M1))


def is_pq(tag: str | None) -> bool:
    """Whether a colour tag names the PQ curve."""
    return tag is not None and (tag.strip().lower() in _PQ or "pq" in tag.lower().split())


class LightLevel:
    """The largest component of every pixel of a PQ sequence: its maximum, and the largest of the frames' averages."""

    def __init__(self, where: str, movie: Path | None) -> None:
        self._where, self._movie = where, movie
        self._cll = self._fall = 0.0
        self._at = 0

    def see(self, view: FrameView) -> Iterator[Finding]:
        if view.linear:
            return iter(())
        top = view.picture.max(axis=-1)
        counts = np.bincount(top.ravel(), minlength=int(np.iinfo(top.dtype).max) + 1)
        light = nits(np.arange(len(counts)) / (len(counts) - 1))
        brightest = float(light[np.nonzero(counts)[0][-1]])
        if brightest > self._cll:
            self._cll, self._at = brightest, view.index
        self._fall = max(self._fall, float((counts * light).sum() / counts.sum()))
        return iter(())

    def finish(self) -> Iterator[Finding]:
        yield Finding("max-cll", "info", f"MaxCLL {self._cll:.0f} nits", self._where, self._at, round(self._cll, 1))
        yield Finding("max-fall", "info", f"MaxFALL {self._fall:.0f} nits", self._where, None, round(self._fall, 1))
        said = recorded(self._movie) if self._movie else None
        if said is None:
            message = "no MaxCLL and MaxFALL are recorded in an HDR file"
            yield Finding("no-light-level", "warn", message, self._where)
        elif abs(said[0] - self._cll) > _ALLOWED * max(self._cll, 1) + 1:
            message = f"the file says MaxCLL {said[0]} nits, its pictures say {self._cll:.0f}"
            yield Finding("light-level", "fail", message, self._where, self._at, round(self._cll, 1))


def recorded(movie: Path) -> tuple[int, int] | None:
    """MaxCLL and MaxFALL as the first frame's side data carries them (two 32-bit numbers), None where there are none."""
    try:
        with av.open(str(movie)) as container:
            frame = next(container.decode(video=0), None)
            for side in frame.side_data if frame is not None else ():
                if "CONTENT_LIGHT" in str(side.type).upper():
                    two = np.frombuffer(bytes(side), "<u4", 2)
                    return int(two[0]), int(two[1])
    except (av.FFmpegError, OSError, ValueError):
        return None
    return None
