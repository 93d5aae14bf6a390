"""Sound under a viewing copy: the picture's packets as they are, the samples as AAC beside them."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from answerprint.production import BadInput
from answerprint.production.atomic import replacing

_RATE = 48_000
_BITS = 192_000
_BLOCK = 1024  # samples of an AAC frame


def add_sound(movie: Path, samples: NDArray[np.float32], rate: int) -> None:
    """Put mono ``samples`` (n,), -1 to 1, under an MP4 from its first frame on; the file is replaced whole or not at all.

    Timecode and every picture stay as they are. Raises BadInput where the movie cannot be read.
    """
    try:
        with replacing(movie) as unfinished, av.open(str(movie)) as source:
            video = source.streams.video[0]
            options = {"movflags": "faststart"}
            with av.open(str(unfinished), "w", format="mp4", options=options) as made:
                labels = [stream.metadata.get("timecode") for stream in source.streams]
                if label := next((label for label in [source.metadata.get("timecode"), *labels] if label), None):
                    made.metadata["timecode"] = label
                picture = made.add_stream_from_template(video)
                sound = made.add_stream("aac", rate=_RATE, layout="mono")
                sound.bit_rate = _BITS
                for packet in source.demux(video):
                    if packet.size:
                        packet.stream = picture
                        made.mux(packet)
                resampler = av.AudioResampler(format="fltp", layout="mono", rate=_RATE)
                for start in range(0, len(samples), _BLOCK):
                    block = np.ascontiguousarray(samples[None, start : start + _BLOCK], np.float32)
                    frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
                    frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
                    for piece in resampler.resample(frame):
                        made.mux(sound.encode(piece))
                for piece in resampler.resample(None):
                    made.mux(sound.encode(piece))
                made.mux(sound.encode(None))
    except av.FFmpegError as error:
        raise BadInput(movie, f"cannot be given sound ({error.strerror})", "make it again") from None
