"""Who is where through a clip: each person followed from frame to frame by pose.

Says that the person here on one frame is the person there on the next. Says nothing of who it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from answerprint.perception.pose import DETECTOR, LANDMARKS, Pose, Region, find_poses, pose_in

__all__ = ["CARDS", "Track", "follow_people"]

CARDS = (DETECTOR, LANDMARKS)
"""The networks that following people runs."""


@dataclass
class Track:
    """One person through a clip: the poses by frame number. A gap means the person was not seen."""

    number: int
    poses: dict[int, Pose] = field(default_factory=dict)

    @property
    def first(self) -> int:
        return min(self.poses)

    @property
    def last(self) -> int:
        return max(self.poses)

    def plausible(self) -> bool:
        """Whether this is a person and not a coat stand: the network is sure, sees the limbs and draws a firm outline.

        On four real cameras every person followed had score over 0.94, visibility over 0.8 and a soft share under 0.22;
        every stand, pipe and pile of boxes fell outside one of the limits used here.
        """
        poses = list(self.poses.values())
        soft = [float(((p.likely > 0.1) & (p.likely < 0.9)).sum() / max(1, (p.likely > 0.5).sum())) for p in poses]
        return bool(
            np.mean([p.score for p in poses]) > 0.9
            and np.mean([p.visibility.mean() for p in poses]) > 0.75
            and np.mean(soft) < 0.32
        )


def follow_people(
    read: Callable[[int], np.ndarray],
    count: int,
    every: int = 8,
    patience: int = 6,
    jump: float = 0.08,
    progress: Callable[[int, int], None] | None = None,
) -> list[Track]:
    """Every person of a clip of ``count`` frames; ``read(i)`` gives frame ``i`` as display RGB uint8, called in order.

    New people are looked for on each ``every``-th frame. A pose that leaps by more than ``jump`` of the body's size
    from one frame to the next is another body's: the person counts as not seen there, and after ``patience`` such
    frames the track ends. Tracks seen on fewer than three frames (one on clips that short) are dropped.
    """
    tracks: list[Track] = []
    live: list[tuple[Track, Region]] = []
    for index in range(count):
        frame = read(index)
        live = [(track, region) for track, region in live if index - track.last <= patience]
        live = [_advance(track, region, frame, index, jump) for track, region in live]
        live = _without_doubles(live, index)
        if index % every == 0:
            for pose in find_poses(frame):
                if not any(_same(pose, track.poses[track.last], 0.15) for track, _ in live):
                    track = Track(len(tracks), {index: pose})
                    tracks.append(track)
                    live.append((track, pose.follow))
        if progress:
            progress(index + 1, count)
    enough = min(3, count)
    return [replace(track, number=at) for at, track in enumerate(t for t in tracks if len(t.poses) >= enough)]


def _advance(track: Track, region: Region, frame: np.ndarray, index: int, jump: float) -> tuple[Track, Region]:
    pose = pose_in(frame, region)
    if pose.score < 0.5 or not _same(pose, track.poses[track.last], jump * (index - track.last)):
        return track, region
    track.poses[index] = pose
    return track, _eased(region, pose.follow)


def _eased(old: Region, new: Region, share: float = 0.4) -> Region:
    """A region that follows without shaking: the crop's jitter would shake the network's answer too."""
    turn = (new.angle - old.angle + np.pi) % (2 * np.pi) - np.pi
    return Region(
        old.x + share * (new.x - old.x),
        old.y + share * (new.y - old.y),
        old.size + share * (new.size - old.size),
        old.angle + share * float(turn),
    )


def _same(one: Pose, other: Pose, leap: float) -> bool:
    """Whether trunk and head of two poses are within ``leap`` of the body's size of each other (the median point)."""
    trunk = [0, 7, 8, 11, 12, 23, 24, 25, 26]
    size = min(one.follow.size, other.follow.size)
    return bool(np.median(np.hypot(*(one.points[trunk] - other.points[trunk]).T)) < leap * size)


def _without_doubles(live: list[tuple[Track, Region]], index: int) -> list[tuple[Track, Region]]:
    """Of two tracks that came to sit on the same body, the older and longer one stays."""
    kept: list[tuple[Track, Region]] = []
    for track, region in sorted(live, key=lambda one: (-len(one[0].poses), one[0].number)):
        seen = track.poses.get(index)
        if seen is not None and any(index in other.poses and _same(seen, other.poses[index], 0.06) for other, _ in kept):
            del track.poses[index]
            if not track.poses:
                continue
        kept.append((track, region))
    return sorted(kept, key=lambda one: one[0].number)
