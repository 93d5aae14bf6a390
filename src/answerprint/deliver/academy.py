"""What a finishing system asks of ACES and the ASC for each shot: its metadata file with grade and view, and its framing."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from math import gcd

from answerprint.colour.amf import amf_for
from answerprint.colour.amf_write import write_amf
from answerprint.colour.cdl import CDL
from answerprint.deliver.laid import Laid
from answerprint.media.framing import Framing, write_fdl

_CREATOR = "Answerprint"


def write_academy(laid: Laid) -> None:
    """Write ``academy/NAME.amf`` and ``academy/NAME.fdl``: the grade (not yet applied) under our view, and the picture as it is.

    A shot without a grade of ours gets an AMF whose CDL changes nothing. Identifiers follow from the names, so that a second delivery
    says the same but for the date.
    """
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for one in laid.shots:
        space = one.frames.space if one.frames is not None else one.shot.space
        file = one.frames.bracket if one.frames is not None else one.name
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{laid.production} {one.name}"))
        write_amf(
            laid.folder / "academy" / f"{one.name}.amf", amf_for(one.name, space, one.shot.grade or CDL(), "sdr", now, key, file)
        )
        step = gcd(one.width, one.height)
        whole = Framing(
            one.name,
            (one.width, one.height),
            (one.width // step, one.height // step),
            (0.0, 0.0, float(one.width), float(one.height)),
            label="full picture",
            file=file,
        )
        write_fdl(laid.folder / "academy" / f"{one.name}.fdl", [whole], _CREATOR, key)
