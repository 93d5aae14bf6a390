"""Production sound of a take: boom and lavalier with a tone, words that are only bursts, and a clap, as Broadcast Wave.

The chunks are those of EBU Tech 3285 (bext) and the iXML specification 2.10. The recorder rolled half a second before the camera; the clap falls
on the take's slate frame.
"""

from __future__ import annotations

import struct
from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np

from answerprint.production.atomic import write_atomically
from answerprint.sample.stage_production.setups import CLIPS, FRAMES, RATE, SCENE, StageClip, stages

SAMPLE_RATE = 48_000
HANDLE_FRAMES = 12
SLATE_FRAME = 3
"""Frames after the first of the picture at which the clap falls."""


def takes() -> list[StageClip]:
    """One clip for each take: that of the A camera."""
    return [clip for clip in CLIPS if clip.camera == "A"]


def sound_name(clip: StageClip) -> str:
    return f"{SCENE}{clip.setup}-T{clip.take:02d}.wav"


def clap_sample(clip: StageClip) -> int:
    """Where in the file the clap begins."""
    return (HANDLE_FRAMES + SLATE_FRAME) * SAMPLE_RATE // int(RATE)


def write_sounds(folder: Path) -> None:
    """One poly file for each take."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, clip in enumerate(takes()):
        path = folder / sound_name(clip)
        if not path.exists():
            write_atomically(path, _wave(clip, _samples(clip, number)))


def _samples(clip: StageClip, number: int) -> np.ndarray:
    draw = np.random.default_rng([601, number])
    count = (FRAMES[clip.shot] + 2 * HANDLE_FRAMES) * SAMPLE_RATE // int(RATE)
    at = np.arange(count) / SAMPLE_RATE
    room = draw.normal(0, 0.0015, (count, 2))
    tone = 0.05 * np.sin(2 * np.pi * 440 * at) * (at < 0.25)
    syllables = np.clip(np.sin(2 * np.pi * 3.1 * at + number), 0, 1) ** 2 * (at > 0.75)
    voice = 0.16 * syllables * np.sin(2 * np.pi * (130 + 20 * np.sin(2 * np.pi * 1.3 * at)) * at)
    clap = np.zeros(count)
    start, length = clap_sample(clip), SAMPLE_RATE // 20
    clap[start : start + length] = 0.85 * np.exp(-np.arange(length) / 260) * draw.choice([-1.0, 1.0], length)
    boom = tone + voice + clap
    lavalier = tone + 1.4 * voice + 0.4 * np.roll(clap, 96)  # 2 ms later: 0.7 m farther from the slate
    return np.asarray(np.stack([boom, lavalier], axis=1) + room)


def _wave(clip: StageClip, samples: np.ndarray) -> bytes:
    codes = np.round(np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes()
    channels, depth = samples.shape[1], 2
    form = struct.pack("<HHIIHH", 1, channels, SAMPLE_RATE, SAMPLE_RATE * channels * depth, channels * depth, 8 * depth)
    chunks = [(b"bext", _bext(clip)), (b"iXML", _ixml(clip).encode()), (b"fmt ", form), (b"data", codes)]
    body = b"".join(name + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2) for name, data in chunks)
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WAVE" + body


def _bext(clip: StageClip) -> bytes:
    start = clip.start - HANDLE_FRAMES
    reference = start.frame * SAMPLE_RATE // int(RATE)
    description = f"sSCENE={SCENE}{clip.setup}\r\nsTAKE={clip.take}\r\nsTAPE=SR001\r\n"
    return (
        description.encode().ljust(256, b"\0")
        + b"Answerprint".ljust(32, b"\0")
        + f"AP{SCENE}{clip.setup}{clip.take:02d}".encode().ljust(32, b"\0")
        + b"2026-11-20"
        + str(start)[:8].encode()
        + struct.pack("<QH", reference, 1)
        + b"\0" * 254
        + b"A=PCM,F=48000,W=16,M=stereo,T=virtual stage\r\n"
    )


def _ixml(clip: StageClip) -> str:
    tracks = "".join(
        f"<TRACK><CHANNEL_INDEX>{n}</CHANNEL_INDEX><INTERLEAVE_INDEX>{n}</INTERLEAVE_INDEX><NAME>{escape(name)}</NAME></TRACK>"
        for n, name in ((1, "Boom"), (2, "Lav " + stages()[clip.shot].performers[0].name))
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><BWFXML><IXML_VERSION>2.10</IXML_VERSION>'
        f"<PROJECT>Half an Inch</PROJECT><SCENE>{SCENE}{clip.setup}</SCENE><TAKE>{clip.take}</TAKE><TAPE>SR001</TAPE>"
        f"<CIRCLED>{'TRUE' if clip.circled else 'FALSE'}</CIRCLED>"
        "<SPEED><MASTER_SPEED>24/1</MASTER_SPEED><TIMECODE_RATE>24/1</TIMECODE_RATE><TIMECODE_FLAG>NDF</TIMECODE_FLAG>"
        f"<FILE_SAMPLE_RATE>{SAMPLE_RATE}</FILE_SAMPLE_RATE><AUDIO_BIT_DEPTH>16</AUDIO_BIT_DEPTH></SPEED>"
        f"<TRACK_LIST><TRACK_COUNT>2</TRACK_COUNT>{tracks}</TRACK_LIST></BWFXML>"
    )
