"""A movie's proxy through a baked look, from decoder to encoder inside FFmpeg's filters: nothing passes through Python but the clock.

Three of the filters' habits are corrected. Without being told, the scaler takes BT.601 for the matrix and the middle for the place of
chroma samples, so both are always named. Between Y'CbCr and 16-bit R'G'B' it calls white 65280, not 65535, both ways (measured:
tests/media/test_proxy_of_movie.py), so the look is baked over `CODES_TOP` and its results are written in the same measure.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeGuard

import av
import numpy as np

from answerprint.colour.lut import Lut
from answerprint.colour.transform import thread_count
from answerprint.media.movie import PROXY_LONGEST, encode_proxy
from answerprint.media.sequence import FrameSequence, MovieSequence
from answerprint.media.ycbcr import Encoding
from answerprint.production import BadInput

_WHITE = 65280
CODES_TOP = 65535 / _WHITE
"""The code, with white at 1, that FFmpeg's largest 16-bit R'G'B' sample stands for when it comes from Y'CbCr."""

_MATRICES = {1: "bt709", 4: "fcc", 5: "bt601", 6: "bt601", 7: "smpte240m", 9: "bt2020"}
_SITES = {"left": "left", "top_left": "topleft", "centre": "center"}


def takes_look(sequence: FrameSequence) -> TypeGuard[MovieSequence]:
    """Whether a sequence is a movie whose samples go through the filters as they are: planar Y'CbCr, upright."""
    return isinstance(sequence, MovieSequence) and sequence.reader.encoding() is not None


def write_proxy_of_movie(
    path: str | Path,
    sequence: MovieSequence,
    look: Lut,
    rate: Fraction | str | float | None = None,
    timecode: str | None = None,
    longest: int = PROXY_LONGEST,
    quality: int = 20,
    tell: Callable[[int], None] = lambda index: None,
) -> int:
    """Write what ``write_proxy`` writes, of every frame of a movie seen through ``look``; returns how many frames it holds.

    ``look`` is a cube from the movie's R'G'B' codes over 0 to `CODES_TOP` to display codes. A picture longer than ``longest`` is made
    smaller as it comes, in its codes. ``tell`` hears of each frame before it is made, and may raise. Raises BadInput for a damaged
    frame, and as ``write_proxy``; ValueError for a look of another domain and a movie that ``takes_look`` refuses.
    """
    encoding = sequence.reader.encoding()
    if encoding is None or look.cube is None or look.shaper is not None or look.cube_domain[1] != (CODES_TOP,) * 3:
        raise ValueError("the look or the movie is of a kind this cannot take")
    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "look.m3d"
        table.write_text(_m3d(look.cube))
        frames = _shown(sequence, encoding, table, longest, tell)
        return encode_proxy(Path(path), frames, rate or sequence.rate or 24, timecode, quality)


def _shown(sequence: MovieSequence, encoding: Encoding, table: Path, longest: int, tell: Callable[[int], None]) -> Iterator[Any]:
    width, height = proxy_size(sequence.width, sequence.height, longest)
    graph: Any = None
    for index, frame in enumerate(sequence.reader.pictures()):
        tell(index)
        if graph is None:
            graph = _graph(frame, encoding, table, (width, height))
        try:
            graph.push(frame)
            shown = graph.pull()
        except av.FFmpegError as error:
            raise BadInput(sequence.path, f"frame {index} is of another kind than the first ({error.strerror})",
                           "transcode the movie to ProRes") from None  # fmt: skip
        yield shown


def _graph(frame: Any, encoding: Encoding, table: Path, size: tuple[int, int]) -> Any:
    """Samples as 16-bit R'G'B' at the proxy's size, through the cube, as 8-bit 4:2:0 with left-sited chroma."""
    smaller = size != (frame.width, frame.height)
    source = (
        f"{size[0]}:{size[1]}:in_color_matrix={_MATRICES[encoding.matrix]}:in_range={'pc' if encoding.full_range else 'tv'}:"
        f"in_chroma_loc={_SITES[encoding.siting]}:flags={'bicubic' if smaller else 'bilinear'}"
    )
    graph = av.filter.Graph()
    graph.threads = thread_count()
    nodes = [
        graph.add_buffer(width=frame.width, height=frame.height, format=frame.format.name, time_base=Fraction(1, 90000)),
        graph.add("scale", source),
        graph.add("format", "gbrp16le"),
        graph.add("lut3d", f"file={table}:interp=tetrahedral"),
        graph.add("scale", "out_color_matrix=bt709:out_range=tv:out_chroma_loc=left:flags=bicubic+accurate_rnd"),
        graph.add("format", "yuv420p"),
        graph.add("buffersink"),
    ]
    for first, second in itertools.pairwise(nodes):
        first.link_to(second)
    graph.configure()
    return graph


def proxy_size(width: int, height: int, longest: int = PROXY_LONGEST) -> tuple[int, int]:
    """Width and height of a proxy: at most ``longest``, both even."""
    share = min(1.0, longest / max(height, width))
    return 2 * max(1, round(width * share / 2)), 2 * max(1, round(height * share / 2))


def _m3d(cube: np.ndarray) -> str:
    """A cube in the table form FFmpeg reads fastest: whole numbers of 16 bits, red slowest."""
    codes = np.rint(np.clip(cube, 0, 1) * _WHITE).astype(np.uint32).reshape(-1, 3)
    return f"in {len(codes)}\nout 65536\nvalues red green blue\n" + "%d %d %d\n" * len(codes) % tuple(codes.ravel().tolist())
