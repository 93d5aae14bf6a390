"""What a movie's signal, light level and sound say: measured again by hand, and compared with what its file claims."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from answerprint.media.movie import write_prores
from answerprint.quality.delivery import check_delivery
from answerprint.quality.light_level import nits


def findings(path: Path) -> dict[str, dict[str, object]]:
    return {f["code"]: f for f in check_delivery(path, None, lambda *told: None)["findings"]}


def picture(value: float, seed: int = 0) -> np.ndarray:
    return np.full((48, 64, 3), value, np.float32) + np.random.default_rng(seed).normal(0, 0.01, (48, 64, 3)).astype(np.float32)


def test_the_pq_curve_is_the_standards() -> None:
    # SMPTE ST 2084: code 0.508 is 100 nits, 0.752 is 1000, 1.0 is 10000.
    np.testing.assert_allclose(nits(np.array([0.508078, 0.751827, 1.0])), [100, 1000, 10000], rtol=1e-3)


def test_light_levels_of_a_pq_movie_are_measured_and_their_absence_is_told(tmp_path: Path) -> None:
    frames = [np.full((48, 64, 3), 0.508, np.float32) for _ in range(4)]
    frames[2] = frames[2].copy()
    frames[2][:24] = 0.7518
    write_prores(tmp_path / "hdr.mov", frames, Fraction(24), "01:00:00:00", "A001", tags="bt2020_pq")
    found = findings(tmp_path / "hdr.mov")
    assert found["max-cll"]["figure"] == pytest.approx(1000, rel=0.05) and found["max-cll"]["frame"] == 2
    assert found["max-fall"]["figure"] == pytest.approx(550, rel=0.05)
    assert found["no-light-level"]["severity"] == "warn"


def test_luma_outside_the_tolerated_range_is_told_and_a_legal_movie_is_not(tmp_path: Path) -> None:
    write_prores(tmp_path / "legal.mov", [picture(0.5, n) for n in range(4)], Fraction(24), "01:00:00:00", "A001")
    over = [picture(0.5, n) for n in range(4)]
    over[3][:10] = 1.08
    write_prores(tmp_path / "over.mov", over, Fraction(24), "01:00:00:00", "A001")
    assert "illegal-levels" not in findings(tmp_path / "legal.mov")
    found = findings(tmp_path / "over.mov")["illegal-levels"]
    assert found["frame"] == 3 and found["figure"] == pytest.approx(10 / 48, abs=0.02)


def sounded(path: Path, samples: np.ndarray) -> Path:
    """A movie with one picture a tick and this sound, mono at 48 kHz."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("mjpeg", rate=24)
        video.width, video.height, video.pix_fmt = 32, 32, "yuvj420p"
        audio = container.add_stream("pcm_s16le", rate=48000)
        audio.layout = "mono"
        for index in range(len(samples) // 2000):
            frame = av.VideoFrame.from_ndarray(np.random.default_rng(index).integers(40, 200, (32, 32, 3), np.uint8), "rgb24")
            frame.pts = index
            container.mux(video.encode(frame.reformat(format="yuvj420p")))
        sound = av.AudioFrame.from_ndarray((samples * 32767).astype(np.int16)[None], format="s16", layout="mono")
        sound.sample_rate = 48000
        container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
        container.mux(video.encode(None))
    return path


def test_loudness_of_a_reference_tone_is_the_standards(tmp_path: Path) -> None:
    # EBU Tech 3341, case 1: a 1 kHz sine; one channel at -20 dBFS is -23 LUFS (two channels would add 3 dB).
    tone = 0.1 * np.sin(2 * np.pi * 1000 * np.arange(96000) / 48000)
    found = findings(sounded(tmp_path / "tone.mov", tone))
    assert found["loudness"]["figure"] == pytest.approx(-23.0, abs=0.2) and "true-peak" not in found


def test_a_silent_sound_stream_is_told(tmp_path: Path) -> None:
    assert "silent" in findings(sounded(tmp_path / "silent.mov", np.zeros(96000)))


def test_a_true_peak_above_full_scale_is_told_though_no_sample_is(tmp_path: Path) -> None:
    # A quarter of the sampling rate, an eighth of a turn off: samples at 0.707 of the wave's crest (EBU Tech 3341, case 15 ff.).
    tone = 0.99 * np.sign(np.sin(2 * np.pi * 12000 * np.arange(96000) / 48000 + np.pi / 4))
    assert float(findings(sounded(tmp_path / "hot.mov", tone))["true-peak"]["figure"]) > 1.0  # type: ignore[arg-type]


def hdr10(path: Path, said: str) -> Path:
    """An HEVC movie of 1000 nits whose stream claims ``said`` as MaxCLL,MaxFALL."""
    code = round(64 + 876 * 0.7518)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "libx265", rate=24, options={"x265-params": f"hdr10=1:max-cll={said}:log-level=none", "preset": "ultrafast", "crf": "1"}
        )
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p10le"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace, context.color_range = 9, 16, 9, 1
        for index in range(4):
            frame = av.VideoFrame(128, 96, "yuv420p10le")
            for plane, value in zip(frame.planes, (code, 512, 512), strict=True):
                plane.update(np.full((plane.height, plane.line_size // 2), value, np.uint16))
            frame.pts = index
            frame.color_primaries, frame.color_trc, frame.colorspace, frame.color_range = 9, 16, 9, 1
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def test_a_light_level_that_the_pictures_do_not_bear_out_is_a_failure(tmp_path: Path) -> None:
    assert findings(hdr10(tmp_path / "low.mp4", "400,200"))["light-level"]["severity"] == "fail"
    right = findings(hdr10(tmp_path / "right.mp4", "1000,1000"))
    assert "light-level" not in right and "no-light-level" not in right
