"""The archive: everything there is, in its own form, with the proof: frames, plates, layers, edits, ledgers, the lock, hash lists."""

from __future__ import annotations

from answerprint.deliver.receivers.receiver import Receiver

RECEIVER = Receiver(
    name="archive",
    title="archive",
    gets="frames and plates as they are, layered EXR, every edit format, every grade format, ledgers, the dataset lock, ASC MHL",
    edits=(".otio", ".edl", ".ale", ".xml", ".aaf"),
    grades=(".ccc", ".cdl", ".cc"),
    plates=True,
    layers="layered",
    editorial=True,
)
