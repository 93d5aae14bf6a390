"""Names of what is delivered: one template for a package, legal characters only, frames counted from 1001.

The default follows the published VFX naming guidance of a large streaming service: show, episode, scene, shot, task, vendor, version,
in letters, digits, full stop, hyphen and underscore.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from string import Formatter

from answerprint.production import BadInput

DEFAULT_TEMPLATE = "{show}_{episode}_{scene}_{shot}_{task}_{vendor}_v{version:03d}"
FIRST_FRAME = 1001
"""The number of the first delivered frame, handles included."""
FIELDS = ("show", "episode", "scene", "shot", "task", "vendor", "version")
_LEGAL = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SPEC = re.compile(r"0[2-4]d")
_LONGEST = 120
"""Characters; with a frame number and an ending a name stays below the 143 bytes that encrypted volumes allow."""
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "đ": "d"})

Template = tuple[tuple[str, str, str], ...]
"""(text before, field or nothing, format of the number) in order."""


def parse_template(text: str) -> Template:
    """The template taken apart. Raises BadInput for an unknown field, a format that is not one of a number, an illegal character."""
    remedy = f"use fields {', '.join('{' + name + '}' for name in FIELDS)}, for example {DEFAULT_TEMPLATE}"
    try:
        parts = tuple((before, name or "", spec or "", conversion) for before, name, spec, conversion in Formatter().parse(text))
    except ValueError as error:
        raise BadInput("--template", f"{text!r} cannot be read ({error})", remedy) from None
    for before, name, spec, conversion in parts:
        if name and name not in FIELDS:
            raise BadInput("--template", f"knows no field {name!r}", remedy)
        if conversion or (spec and (name != "version" or not _SPEC.fullmatch(spec))):
            raise BadInput(
                "--template", f"{{{name}}} cannot be formatted as {spec or conversion!r}", "only {version:03d} takes a format"
            )
        if before and not re.fullmatch(r"[A-Za-z0-9._-]+", before):
            raise BadInput(
                "--template", f"{before!r} holds characters a receiver may refuse", "use letters, digits, '.', '_' and '-'"
            )
    if not any(name for _, name, _, _ in parts):
        raise BadInput("--template", "has no field, so that every shot would have the same name", remedy)
    return tuple((before, name, spec) for before, name, spec, _ in parts)


def legal(text: str) -> str:
    """Text as part of a name: accents fall off, whatever else is neither letter nor digit goes. '' where nothing is left.

    >>> legal("Der Prüfstand")
    'DerPrufstand'
    """
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(c for c in plain if c.isascii() and c.isalnum())


def named(template: Template, fields: Mapping[str, str | int]) -> str:
    """The name for these fields. A field with nothing in it goes, and the separator before it (for the first, after it).

    >>> named(parse_template(DEFAULT_TEMPLATE), {"show": "Pier", "scene": "7A", "shot": "0010", "task": "cleanup", "vendor": "AP", "version": 2})
    'Pier_7A_0010_cleanup_AP_v002'
    """
    out = ""
    for before, name, spec in template:
        value = fields.get(name, "") if name else ""
        said = format(value, spec) if isinstance(value, int) else legal(str(value))
        if name and not said:
            continue
        out += (before.lstrip("_.-") if not out else before) + said
    if not _LEGAL.fullmatch(out) or len(out) > _LONGEST:
        raise BadInput(
            out or "--template", "is no name a receiver takes", f"use at most {_LONGEST} letters, digits, '.', '_' and '-'"
        )
    return out


def name_pattern(template: Template, scene: str, shot: str) -> re.Pattern[str]:
    """What a name of this shot looks like, whatever its show, episode, task, vendor and version; matches are whole, without a frame number.

    Groups ``task`` and ``version`` where the template has them; ``rest`` is what a compositor put behind the name ("comp").

    >>> found = name_pattern(parse_template(DEFAULT_TEMPLATE), "7A", "0010").fullmatch("Pier_7A_0010_cleanup_XY_v003_comp")
    >>> found["task"], found["version"], found["rest"]
    ('cleanup', '003', 'comp')
    """
    own = {"scene": re.escape(legal(scene)), "shot": re.escape(legal(shot)), "version": r"\d{2,4}"}
    parts, seen = [], set[str]()
    for place, (before, name, _) in enumerate(template):
        said = own.get(name, "[A-Za-z0-9]+") if name else ""
        if name and said:
            said, twice = (f"(?P<{name}>{said})" if name not in seen else f"(?P={name})"), name in own
            seen.add(name)
            piece = re.escape(before) + said
            parts.append(piece if place == 0 or twice else f"(?:{piece})?")
        else:
            parts.append(re.escape(before))
    return re.compile("".join(parts) + r"(?:[_.-](?P<rest>[A-Za-z0-9]+))?", re.IGNORECASE)


def is_legal(name: str) -> bool:
    """Whether a file name keeps to the characters every receiver takes."""
    return _LEGAL.fullmatch(name) is not None


def unlike(names: Mapping[str, str]) -> None:
    """Raise BadInput where two shots (keys) would get one name; case does not tell names apart on every volume."""
    seen: dict[str, str] = {}
    for shot, name in names.items():
        other = seen.setdefault(name.lower(), shot)
        if other != shot:
            raise BadInput(name, f"would name both {other} and {shot}", "put {scene} and {shot} into --template")
