"""Flame: an edit list and an XML of the cut, ACEScg EXR, and each layer as its own sequence."""

from __future__ import annotations

from answerprint.deliver.receivers.receiver import Receiver

RECEIVER = Receiver(
    name="flame",
    title="Autodesk Flame",
    gets="EDL and FCP7 XML, ACEScg EXR, plate and layers as EXR sequences, CDL",
    edits=(".edl", ".xml", ".otio"),
    grades=(".ccc", ".cdl"),
    pictures="ACEScg",
    plates=True,
    layers="separate",
    notes=("FCPXML is not written; Flame conforms the FCP7 XML or the EDL by tape and timecode.",),
)
