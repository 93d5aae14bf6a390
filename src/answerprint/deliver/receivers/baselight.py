"""Baselight and Daylight: an edit list by tape and timecode, scene-linear EXR, and the grades as CDL."""

from __future__ import annotations

from answerprint.deliver.receivers.receiver import Receiver

RECEIVER = Receiver(
    name="baselight",
    title="FilmLight Baselight",
    gets="EDL, ACES2065-1 EXR with reel and timecode, one CDL for each shot and all in one collection, AMF and FDL for each shot, layers as EXR sequences",
    edits=(".edl", ".ale", ".otio"),
    grades=(".ccc", ".cdl", ".cc"),
    pictures="ACES2065-1",
    academy=True,
    layers="separate",
    notes=(
        "The CDLs act in ACEScct. Baselight's own BLG grades are made by Baselight alone.",
        "The framing in academy/ is the full picture of each shot: nobody recorded an intent for it.",
    ),
)
