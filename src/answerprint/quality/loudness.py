"""Loudness of a movie's sound as it was handed on: EBU R 128 figures, silence and overloads. Nothing is judged by taste."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import av
from av.filter import Graph

from answerprint.quality.finding import Finding

_OVER_DBTP = 0.0
_SILENT_LUFS = -69.0
"""The meter's absolute gate lies at -70 LUFS (ITU-R BS.1770-5): what never opens it is silence."""


def loudness(movie: Path) -> Iterator[Finding]:
    """Integrated loudness and true peak of each sound stream; streams with bounded memory, nothing for a silent film."""
    try:
        with av.open(str(movie)) as container:
            streams = list(range(len(container.streams.audio)))
        for number in streams:
            measured = _measured(movie, number)
            if measured is None:
                continue
            level, peak = measured
            which = f"sound stream {number + 1}" if len(streams) > 1 else "the sound"
            if level <= _SILENT_LUFS:
                yield Finding("silent", "warn", f"{which} is silent throughout", movie.name, None, round(level, 1))
                continue
            yield Finding(
                "loudness",
                "info",
                f"{which}: {level:.1f} LUFS integrated, true peak {peak:.1f} dBTP",
                movie.name,
                None,
                round(level, 1),
            )
            if peak > _OVER_DBTP:
                message = f"{which} reaches {peak:.1f} dBTP, above full scale"
                yield Finding("true-peak", "warn", message, movie.name, None, round(peak, 1))
    except (av.FFmpegError, OSError, ValueError) as error:
        yield Finding("sound", "fail", f"the sound cannot be decoded ({error})", movie.name)


def _measured(movie: Path, number: int) -> tuple[float, float] | None:
    """(LUFS, dBTP) by FFmpeg's ebur128 filter, None for a stream without samples."""
    with av.open(str(movie)) as container:
        stream = container.streams.audio[number]
        graph = Graph()
        source = graph.add_abuffer(template=stream)
        meter = graph.add("ebur128", "metadata=1:peak=true:framelog=quiet")
        sink = graph.add("abuffersink")
        source.link_to(meter)
        meter.link_to(sink)
        graph.configure()
        level, peak, any_frame = -math.inf, -math.inf, False
        for frame in container.decode(stream):
            any_frame = True
            graph.push(frame)
            level, peak = _drained(graph, level, peak)
        graph.push(None)
        level, peak = _drained(graph, level, peak)
    return (level, peak) if any_frame else None


def _drained(graph: Graph, level: float, peak: float) -> tuple[float, float]:
    while True:
        try:
            frame = graph.pull()
        except (av.BlockingIOError, av.EOFError):
            return level, peak
        told = frame.metadata or {}
        if "lavfi.r128.I" in told:
            level = float(told["lavfi.r128.I"])
        peaks = [float(value) for key, value in told.items() if key.startswith("lavfi.r128.true_peaks_ch")]
        if peaks and max(peaks) > 0:
            peak = max(peak, 20 * math.log10(max(peaks)))
