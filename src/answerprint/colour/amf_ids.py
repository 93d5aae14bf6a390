"""ACES transform identifiers and the colour spaces they mean.

Identifiers of ACES 2 (``urn:ampas:aces:transformId:v2.0:``) come from the pinned configuration; those of ACES 1
(``v1.5``) from the library's built-in ACES 1.3 configuration, which names the same camera spaces alike.
"""

from __future__ import annotations

import re
from functools import cache

import PyOpenColorIO as ocio

from answerprint.colour.config import config
from answerprint.colour.spaces import resolve_space
from answerprint.colour.view import VIEWS
from answerprint.production import BadInput

_ACES_1 = "studio-config-v2.2.0_aces-v1.3_ocio-v2.4"
_URN = re.compile(r"urn:ampas:aces:transformId:v\d+\.\d+:\S+")


def space_of(transform_id: str) -> str | None:
    """The pinned configuration's space that a transform comes from or goes to; None for one it does not know."""
    return _spaces().get(transform_id.strip())


def to_aces(space: str, aces: int = 2) -> str | None:
    """The identifier of the transform from ``space`` to ACES2065-1, of ACES 1 or 2; None where the Academy has none."""
    return _found(resolve_space(space), aces, from_aces=False)


def from_aces(space: str, aces: int = 2) -> str | None:
    """The identifier of the transform from ACES2065-1 to ``space``; None where the Academy has none."""
    return _found(resolve_space(space), aces, from_aces=True)


def output_of(view: str) -> str:
    """The identifier of one of our views (ACES 2), raises BadInput for a view that is not ours."""
    if view not in VIEWS:
        raise BadInput(f"view {view!r}", "is not one we render", f"use one of: {', '.join(VIEWS)}")
    screen, rendering = VIEWS[view]
    shown = set(_ids(config().getColorSpace(screen)))
    both = [one for one in _ids(config().getViewTransform(rendering)) if one in shown and ":Output." in one]
    return both[0]


def view_of(transform_id: str) -> str | None:
    """Our view that an output transform means; None for any other."""
    return next((view for view in VIEWS if output_of(view) == transform_id.strip()), None)


def _found(space: str, aces: int, from_aces: bool) -> str | None:
    version = ":v2.0:" if aces == 2 else ":v1.5:"
    own = [one for one, name in _spaces().items() if name == space and version in one and (".ACES_to_" in one) == from_aces]
    # An input transform proper says more than a conversion: what it was made for is a camera.
    return next((one for one in own if ":IDT." in one), own[0] if own else None)


@cache
def _spaces() -> dict[str, str]:
    """Identifiers of scene-referred spaces with the pinned configuration's name."""
    found: dict[str, str] = {}
    known = set(config().getColorSpaceNames())
    for source in (config(), ocio.Config.CreateFromBuiltinConfig(_ACES_1)):
        for space in source.getColorSpaces(ocio.SEARCH_REFERENCE_SPACE_SCENE, ocio.COLORSPACE_ALL):
            if space.getName() in known:
                found |= {one: str(space.getName()) for one in _ids(space) if one not in found}
    return found


def _ids(holder: ocio.ColorSpace | ocio.ViewTransform) -> list[str]:
    told = str(holder.getInterchangeAttributes().get("amf_transform_ids", "")) + " " + str(holder.getDescription())
    return _URN.findall(told)
