"""Avid Media Composer: an AAF or EDL, a log with reels, timecode and CDL, and movies to link."""

from __future__ import annotations

from answerprint.deliver.laid import Laid
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production.atomic import write_atomically

_STEPS = """\
1. Make a project at {rate} frames per second.
2. Link the movies in movies/ (Source Browser, Link). They are ProRes 422 HQ with reel and timecode, as a viewer sees them.
   DNxHR is not written: the encoder at hand is not the certified one. Transcode to DNxHR in the bin if the project wants it.
3. Import edit/{title}.ale into the same bin, with "merge events with known master clips", to get reels, grades and notes.
4. Bring in the cut: {cut}. Relink to the linked movies by tape name and start timecode.
Mattes and layers are not in this package: Media Composer reads no EXR. Ask for --to nuke or --to archive.
"""


def write(laid: Laid) -> None:
    """Write the steps an assistant follows, with the cut that could be made."""
    aaf = next((edit for edit in laid.edits if edit.endswith(".aaf")), None)
    cut = aaf or next((edit for edit in laid.edits if edit.endswith(".edl")), "none")
    title = next((edit for edit in laid.edits if edit.endswith(".ale")), "edit/cut.ale").removeprefix("edit/").removesuffix(".ale")
    write_atomically(laid.folder / "IMPORT.txt", _STEPS.format(rate=laid.rate, cut=cut, title=title))


RECEIVER = Receiver(
    name="avid",
    title="Avid Media Composer",
    gets="AAF (or EDL where the cut has retimes), ALE with CDL, ProRes 422 HQ movies in place of DNxHR",
    edits=(".aaf", ".edl", ".ale"),
    grades=(".ccc", ".cdl"),
    pictures="none",
    movies="viewed",
    own=write,
    notes=("DNxHR is not written here: the movies are ProRes 422 HQ, which Media Composer links.",),
)
