"""Which tracks an event lies on: the channel names of edit lists (V, A2, AA/V, B, NONE) as tracks, and back."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"[VA]\d{0,2}")
_WHOLE = re.compile(r"(?:[VA]\d{0,2}[/\s]?)+")


def channels(name: str, lines: Iterable[str] = ()) -> tuple[str, ...]:
    """The tracks a channel name means, picture first: ``AA/V`` is ``V, A, A2``; ``B`` is ``V, A``; ``NONE`` is no track.

    Track one is written without its number. ``lines`` are the event's other lines, of which ``AUD 3 4`` adds sound tracks.
    """
    upper = name.upper().strip()
    found: list[str] = []
    if upper == "B":
        found = ["V", "A"]
    elif _WHOLE.fullmatch(upper):
        for part in _PART.findall(upper):
            kind, number = part[0], int(part[1:] or 1)
            track = _track(kind, number)
            found.append(track if track not in found or part[1:] else _track(kind, number + 1))
    elif upper and upper != "NONE":
        found = ["V"] if "V" in upper else ["A"]
    for line in lines:
        words = line.upper().split()
        if words[:1] == ["AUD"]:
            found += [_track("A", int(word)) for word in words[1:] if word.isdecimal() and 0 < int(word) < 100]
    return tuple(sorted(set(found), key=_order))


def channel_name(tracks: Iterable[str]) -> str:
    """The channel name an edit list uses for tracks together: picture and sound are ``B``, sound 1 and 2 ``AA``, nothing is ``NONE``."""
    wanted = sorted(set(tracks), key=_order)
    if not wanted:
        return "NONE"
    if wanted == ["V", "A"]:
        return "B"
    sound, picture = [t for t in wanted if t[0] == "A"], [t for t in wanted if t[0] == "V"]
    if sound[:2] == ["A", "A2"]:
        sound = ["AA", *sound[2:]]
    return "/".join(["".join(sound)] * bool(sound) + ["".join(picture)] * bool(picture))


def carries_picture(name: str) -> bool:
    """Whether a channel name has picture in it."""
    return any(track[0] == "V" for track in channels(name))


def _track(kind: str, number: int) -> str:
    return kind if number <= 1 else f"{kind}{number}"


def _order(track: str) -> tuple[bool, int]:
    return track[0] != "V", int(track[1:] or 1)
