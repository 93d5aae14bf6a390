"""Generated angles in the cut: an event of one takes the shot that its versions stand on; frames nobody made are asked for by number.

A generated angle has all its frames or none: nothing is pulled for it, and an event that asks for more means making it again.
"""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from answerprint.editorial.conform import ConformedEvent
from answerprint.editorial.edl import reel_matches
from answerprint.production import Timecode
from answerprint.production.tables import Clip, Shot, Version


def is_new_angle(clip: Clip) -> bool:
    """Whether the clip is an angle that the coverage pass made."""
    return clip.asset.origin == "made" and (clip.asset.details or {}).get("operation") == "coverage"


def free_shot(session: Session, clip: Clip) -> Shot | None:
    """The shot that the versions of a new angle stand on, where no event of the cut has it yet; None for any other clip."""
    if not is_new_angle(clip):
        return None
    return session.scalar(select(Shot).where(Shot.name == clip.name, Shot.clip_id == clip.id, Shot.event.is_(None)))


def share_version(session: Session, shot: Shot) -> None:
    """Give a further shot of a new angle the angle's newest version, to be looked at in its new place. Nothing for any other clip."""
    clip = shot.clip
    if not is_new_angle(clip):
        return
    own = session.scalar(select(Shot).where(Shot.name == clip.name, Shot.clip_id == clip.id))
    made = [v for v in own.versions if v.operation == "coverage" and not v.figures.get("replaced")] if own is not None else []
    shot.start, shot.end = 0, clip.frame_count
    if made:
        add_version(session, shot, made[-1].job_id, made[-1].path, made[-1].figures)


def add_version(session: Session, shot: Shot, job: str | None, place: str, figures: dict[str, object]) -> Version:
    """A version of a new angle for one of its shots, to be reviewed; the same job's is the same version.

    Whatever another job had put in the same place is gone: those versions are marked as replaced, and no longer approved.
    """
    session.flush()
    version = next((v for v in shot.versions if v.job_id == job and v.operation == "coverage"), None)
    if version is None:
        number = max((v.number for v in shot.versions), default=0) + 1
        version = Version(job_id=job, number=number, operation="coverage", path=place)
        shot.versions.append(version)
    for older in shot.versions:
        if older is not version and older.path == place:
            older.figures = {**older.figures, "replaced": version.number}
            older.status = "rejected"
    version.path, version.figures, version.status = place, {**figures, "span": [0, shot.clip.frame_count]}, "to review"
    shot.status = "to review"
    return version


def what_to_make(session: Session, event: ConformedEvent) -> str:
    """What to make again for an event that asks for more of a new angle than there is; empty where it asks for something else."""
    if event.status != "out_of_range" or not event.event.reel:
        return ""
    for clip in session.scalars(select(Clip).order_by(Clip.name)):
        if is_new_angle(clip) and clip.start_timecode and reel_matches(clip.reel, event.event.reel):
            start = Timecode.parse(clip.start_timecode, clip.rate).frame
            first, last = event.source_in.frame - start, event.source_out.frame - start
            made = f"{clip.name} has {clip.frame_count} frames, the event needs frame {first} to {last - 1}"
            if first < 0:
                return f"{made}: nobody filmed the take before its first frame"
            unit, beside = clip.asset.details.get("camera", clip.camera_label), clip.asset.details.get("beside", "")
            return f"{made}: make it again beside {beside}, unit={unit}, with a camera of {last} frames or more"
    return ""
