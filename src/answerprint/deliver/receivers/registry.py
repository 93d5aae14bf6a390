"""The receivers a package can be made for."""

from __future__ import annotations

from answerprint.deliver.receivers import (
    after_effects,
    archive,
    avid,
    baselight,
    flame,
    generic,
    netflix_vfx,
    nuke,
    premiere,
    resolve,
)
from answerprint.deliver.receivers.receiver import Receiver
from answerprint.production import BadInput

RECEIVERS: dict[str, Receiver] = {
    module.RECEIVER.name: module.RECEIVER
    for module in (generic, resolve, avid, premiere, baselight, nuke, flame, after_effects, netflix_vfx, archive)
}


def receiver_named(name: str) -> Receiver:
    """The receiver of that name. Raises BadInput with the names there are."""
    found = RECEIVERS.get(name.strip().lower())
    if found is None:
        raise BadInput(f"--to {name}", "no package is made for this receiver", f"use one of {', '.join(RECEIVERS)}")
    return found
