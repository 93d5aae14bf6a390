"""Production sound says its slate and its place in the day."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest

from answerprint.media.sound import read_sound_header
from answerprint.production import BadInput


def test_a_recorders_file_gives_slate_tracks_and_timecode(footage: Path) -> None:
    found = {p.name: read_sound_header(p) for p in (footage / "metadata" / "sound_bwf").rglob("*.WAV")}
    take = found["A101_2.WAV"]
    assert (take.scene, take.take, take.tape, take.sample_rate, take.channels, take.bits) == ("A101", "2", "18Y12M31", 48000, 2, 24)
    assert take.tracks == ((1, "MKH516 A"), (2, "Boom"))
    assert (take.time_reference, take.timecode_rate) == (2191180996, Fraction(24000, 1001))
    assert str(take.timecode()) == "12:40:04:00"
    assert take.seconds == Fraction(480476, 48000)
    assert len(found) == 6


def test_what_is_not_a_wav_is_refused_in_one_line(tmp_path: Path) -> None:
    for data in (b"", b"hello" * 100, b"RIFF\x10\x00\x00\x00WAVEfmt "):
        (tmp_path / "x.wav").write_bytes(data)
        with pytest.raises(BadInput, match=r"x\.wav: is not a WAV file") as error:
            read_sound_header(tmp_path / "x.wav")
        assert "\n" not in str(error.value)
