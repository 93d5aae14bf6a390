"""Sound as samples, from a WAV file or from a movie's own track."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from answerprint.production import BadInput

Samples = NDArray[np.float32]


def has_sound(path: str | Path) -> bool:
    """Whether a file has a sound track; False for what is no sound or movie file at all."""
    try:
        with av.open(str(path)) as container:
            return bool(container.streams.audio)
    except (av.FFmpegError, OSError, ValueError):
        return False


def read_samples(path: str | Path, seconds: float | None = None) -> tuple[Samples, int]:
    """Samples (n, channels), -1 to 1, of the first sound track at its own rate, and that rate; at most ``seconds`` of it.

    Raises BadInput for a file without sound and for one that cannot be decoded.
    """
    path = Path(path)
    parts, count = [], 0
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise BadInput(path, "has no sound", "give a recording or a movie with a sound track")
            stream = container.streams.audio[0]
            rate = int(stream.codec_context.sample_rate)
            convert = av.AudioResampler(format="fltp", layout=stream.codec_context.layout, rate=rate)
            for frame in container.decode(stream):
                for piece in convert.resample(frame):
                    parts.append(piece.to_ndarray())
                    count += parts[-1].shape[1]
                if seconds is not None and count >= seconds * rate:
                    break
    except (av.FFmpegError, OSError, ValueError) as error:
        raise BadInput(path, f"its sound cannot be read ({' '.join(str(error).split())[:80]})", "copy it again") from None
    if not parts:
        raise BadInput(path, "its sound is empty", "copy it again from the recorder")
    every = np.concatenate(parts, axis=1).T.astype(np.float32)
    return (every if seconds is None else every[: int(seconds * rate)]), rate
