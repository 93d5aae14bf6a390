"""Broadcast Wave out, read by wavinfo, FFmpeg and MediaInfo."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from pymediainfo import MediaInfo
from wavinfo import WavInfoReader

from answerprint.media import bwf
from answerprint.media.bwf import Slate, write_bwf
from answerprint.media.samples import read_samples
from answerprint.media.sound import read_sound_header
from answerprint.production import BadInput

RATE = 48000
SLATE = Slate("12A", "3", "SR001", "Nachtzug", "wild <train> & rain", True, 10 * 3600 * RATE, Fraction(24000, 1001),
              tracks=("MixL", "MixR", "Boom", "Anna 東"), recorded=datetime(2026, 5, 1, 10, 0, 0), file_uid="AP0001")  # fmt: skip


def sound(channels: int = 4, count: int = 4800) -> np.ndarray:
    """Each channel a level of its own, in whole 24-bit steps."""
    codes = np.random.default_rng(1).integers(-(2**20), 2**20, (count, channels)) + np.arange(channels) * 2**21
    return codes / 2**23


def test_every_sample_comes_back_in_its_own_track(tmp_path: Path) -> None:
    written = sound()
    assert write_bwf(tmp_path / "a.wav", [written[:1000], written[1000:]], RATE, SLATE) == 4800
    back, rate = read_samples(tmp_path / "a.wav")
    assert rate == RATE
    assert np.array_equal(back, written.astype(np.float32))


def test_the_slate_is_read_by_wavinfo(tmp_path: Path) -> None:
    write_bwf(tmp_path / "a.wav", [sound()], RATE, SLATE)
    told = WavInfoReader(str(tmp_path / "a.wav"))
    assert (told.bext.time_reference, told.bext.originator, told.bext.originator_date) == (
        10 * 3600 * RATE,
        "Answerprint",
        "2026-05-01",
    )
    assert (told.ixml.scene, told.ixml.take, told.ixml.tape, told.ixml.project) == ("12A", "3", "SR001", "Nachtzug")
    assert [track.name for track in told.ixml.track_list] == list(SLATE.tracks)
    assert told.ixml.raw_xml.findtext("NOTE") == "wild <train> & rain"


def test_our_own_reader_has_rate_start_and_tracks(tmp_path: Path) -> None:
    write_bwf(tmp_path / "a.wav", [sound()], RATE, SLATE)
    header = read_sound_header(tmp_path / "a.wav")
    assert (header.channels, header.bits, header.sample_count) == (4, 24, 4800)
    assert header.tracks == tuple(enumerate(SLATE.tracks, 1))
    # 36000 s at 23.976: 863136 frames of 24 a second.
    assert str(header.timecode()) == "09:59:24:00"


def test_ffmpeg_and_mediainfo_read_the_time_reference(tmp_path: Path) -> None:
    write_bwf(tmp_path / "a.wav", [sound()], RATE, SLATE)
    with av.open(str(tmp_path / "a.wav")) as container:
        assert container.metadata["time_reference"] == str(10 * 3600 * RATE)
    general = MediaInfo.parse(str(tmp_path / "a.wav")).tracks[0]
    assert general.producer == "Answerprint"
    assert MediaInfo.parse(str(tmp_path / "a.wav")).audio_tracks[0].channel_s == 4


def test_the_same_sound_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_bwf(tmp_path / f"{name}.wav", [sound()], RATE, SLATE)
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_file_beyond_the_limit_is_rf64_and_still_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bwf, "_RIFF_LIMIT", 10_000)
    monkeypatch.setattr(bwf.struct, "pack", _with_full_sizes(bwf.struct.pack))
    write_bwf(tmp_path / "a.wav", [sound()], RATE, SLATE)
    assert (tmp_path / "a.wav").read_bytes()[:4] == b"RF64"
    assert np.array_equal(read_samples(tmp_path / "a.wav")[0], sound().astype(np.float32))


def _with_full_sizes(pack):
    """RF64 says 'look in ds64' with all bits set; the lowered limit of the test must not show."""
    return lambda form, *values: pack(form, *(2**32 - 1 if value == 10_000 else value for value in values))


def test_loud_samples_are_held_at_the_ends(tmp_path: Path) -> None:
    write_bwf(tmp_path / "a.wav", [np.array([[2.0], [-2.0], [np.nan]])], RATE, Slate(), bits=16)
    assert read_samples(tmp_path / "a.wav")[0][:, 0].tolist() == pytest.approx([1 - 2**-15, -1.0, 0.0])


def test_names_that_do_not_fit_the_tracks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="2 channels and 1 track names"):
        write_bwf(tmp_path / "a.wav", [sound(2)], RATE, Slate(tracks=("Boom",)))
    with pytest.raises(BadInput, match="no sound"):
        write_bwf(tmp_path / "a.wav", [], RATE, Slate())
    assert not list(tmp_path.iterdir())
