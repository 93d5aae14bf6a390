"""Baselight and Daylight: an edit list by tape and timecode, scene-linear EXR, and the grades as CDL."""

from __future__ import annotations

from answerprint.deliver.receivers.receiver import Receiver

RECEIVER = Receiver(
    name="baselight",
    title="FilmLight Baselight",
    gets="EDL, ACES2065-1 EXR with reel and timecode, one CDL for each shot and all in one collection, layers as EXR sequences",
    edits=(".edl", ".ale", ".otio"),
    grades=(".ccc", ".cdl", ".cc"),
    pictures="ACES2065-1",
    layers="separate",
    notes=(
        "The CDLs act in ACEScct. Baselight's own BLG grades are made by Baselight alone.",
        "Neither AMF nor FDL is in this package: the look is ACES 2.0 SDR by the configuration in colour/, the framing is the full picture.",
    ),
)
