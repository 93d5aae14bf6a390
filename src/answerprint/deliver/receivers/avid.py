"""Avid Media Composer: an AAF or EDL, a log with reels, timecode and CDL, and movies to link."""

from __future__ import annotations

from answerprint.deliver.laid import Laid
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production.atomic import write_atomically

_STEPS = """\
1. Make a project at {rate} frames per second.
2. Link the movies in movies/ (Source Browser, Link). They are {codec} with reel and timecode, as a viewer sees them.
   The encoder is FFmpeg's, not Avid's: transcode in the bin where the project wants managed media.
3. Import edit/{title}.ale into the same bin, with "merge events with known master clips", to get reels, grades and notes.
4. Bring in the cut: {cut}. Relink to the linked movies by tape name and start timecode.
Mattes and layers are not in this package: Media Composer reads no EXR. Ask for --to nuke or --to archive.
"""


def write(laid: Laid) -> None:
    """Write the steps an assistant follows, with the cut that could be made."""
    aaf = next((edit for edit in laid.edits if edit.endswith(".aaf")), None)
    cut = aaf or next((edit for edit in laid.edits if edit.endswith(".edl")), "none")
    title = next((edit for edit in laid.edits if edit.endswith(".ale")), "edit/cut.ale").removeprefix("edit/").removesuffix(".ale")
    codec = " and ".join(sorted({one.movie_codec for one in laid.shots}))
    if "ProRes" in codec:
        laid.attention.append("DNxHR begins at 256x120 pixels: smaller pictures are ProRes 422 HQ.")
    write_atomically(laid.folder / "IMPORT.txt", _STEPS.format(rate=laid.rate, cut=cut, title=title, codec=codec))


RECEIVER = Receiver(
    name="avid",
    title="Avid Media Composer",
    gets="AAF (or EDL where the cut has retimes), ALE with CDL, DNxHR HQX movies to link",
    edits=(".aaf", ".edl", ".ale"),
    grades=(".ccc", ".cdl"),
    pictures="none",
    movies="viewed",
    dnxhr=True,
    own=write,
    editorial=True,
)
