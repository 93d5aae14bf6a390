"""No receiver in particular: frames under their original names, layers, grades, edit list and reference movie."""

from __future__ import annotations

from answerprint.deliver.receivers.receiver import Receiver

RECEIVER = Receiver(
    name="generic",
    title="any house",
    gets="frames under their original names, layered EXR, CDL collection, OTIO and EDL",
    layers="layered",
    folder="frames/{shot}",
    renames=False,
    editorial=True,
)
