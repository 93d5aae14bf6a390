"""What strands of hair are made of: their lock's shade, lit as a head is, with the band of light that lies across combed hair."""

from __future__ import annotations

import bpy
from material_sheet import Sheet

_ASLANT = 0.35
"""The least cosine between the way a strand of hair is lit and the way to where it is seen from."""
_INDEX = 1.55
"""Of refraction, of a hair (S. Marschner and others, "Light scattering from human hair fibers", SIGGRAPH 2003)."""
_SHINE = {"tied": 0.2, "crop": 0.1, "receding": 0.12, "short": 0.12, "curls": 0.18}
"""Of a mirror of that index, where 0.5 is all of it, by style; 0.14 in styles that are not named. Hairs of one lock do not lie quite alike."""
_FACING = (0.45, 0.85)
"""Cosines between the way a lock is lit and the way to where it is seen from between which its gloss sets in: a lamp behind a head would else be
mirrored in all of its crown, as in a bald one."""
_ASIDE = {"curls": 0.3}
"""Share of its gloss that a style has all the same: of curls some hair faces every way."""
_ROUGH = {"curls": 0.6, "tied": 0.38, "bob": 0.42, "long": 0.42}
"""Of hair by how much its hairs lie alike; 0.48 in styles that are not named."""
_THROUGH = (0.3, 0.5)
"""Share of the light that strands let through to those below, of black hair and of white."""
_WHITE = 0.3
"""Mean linear colour from which hair counts as white."""


def material(name: str, colour, style: str) -> bpy.types.Material:
    """Strands with their lock's shade, lit the way their lock faces: so the guides of the filter see locks and not a haze of hairs.

    A lock seen from within faces away from who sees it, and a strand's own side that is seen would let no light in: such a strand is turned
    as far as it takes to be seen. Aslant it would also mirror all light, brighter than its colour: narrower than a pixel it would sparkle.
    """
    light = min(1.0, sum(colour[:3]) / 3 / _WHITE)
    sheet = Sheet(f"{name}.hair", {"colour": colour, "roughness": _ROUGH.get(style, 0.48)})
    shade = sheet.node("Attribute", _attribute_name="shade").outputs["Fac"]
    along = sheet.node("HairInfo").outputs["Intercept"]
    # Light goes on from hair to hair where it is light, so that its depth is not dark.
    shade = sheet.sum(shade, sheet.spread(along, 0.0, 0.5, 0.5 + 0.3 * light, 1.12))
    tinted = sheet.node("CombineXYZ", X=shade, Y=shade, Z=shade).outputs[0]
    sheet.set("Base Color", sheet.mix(1.0, sheet.colour, tinted, "MULTIPLY"))
    sheet.set("IOR", _INDEX)
    # Most of it went through the hair and has its colour.
    most = max(*colour[:3], 1e-6)
    sheet.set("Specular Tint", (*(0.3 + 0.7 * c / most for c in colour[:3]), 1.0))
    sheet.set("Anisotropic", 0.8)
    sheet.set("Anisotropic Rotation", 0.25)
    sheet.set("Tangent", sheet.node("NewGeometry").outputs["Tangent"])
    turned = sheet.node(
        "VectorTransform", _vector_type="NORMAL", _convert_from="OBJECT", _convert_to="WORLD", Vector=sheet.where("over")
    )
    facing = sheet.node("VectorMath", _operation="DOT_PRODUCT")
    for socket, source in zip(facing.inputs, (turned.outputs[0], sheet.node("NewGeometry").outputs["Incoming"]), strict=False):
        sheet.tree.links.new(source, socket)
    cosine = facing.outputs["Value"]
    sheet.set("Specular IOR Level", sheet.sum(_SHINE.get(style, 0.14), sheet.spread(cosine, *_FACING, _ASIDE.get(style, 0.0))))
    sheet.set("Normal", _seen(sheet, turned.outputs[0], cosine))
    thin = _THROUGH[0] + (_THROUGH[1] - _THROUGH[0]) * light
    sheet.set("Alpha", sheet.spread(sheet.node("LightPath").outputs["Is Shadow Ray"], 0.0, 1.0, 1.0, 1.0 - thin))
    return sheet.finished()


def _seen(sheet, normal, cosine):
    """The ``normal`` turned towards where it is seen from until the cosine between the two is ``_ASLANT`` at least."""
    to_eye = sheet.node("NewGeometry").outputs["Incoming"]
    lacking = sheet.node("VectorMath", _operation="SCALE")
    bent = sheet.node("VectorMath", _operation="ADD")
    for socket, source in (
        (lacking.inputs[0], to_eye),
        (bent.inputs[0], normal),
    ):
        sheet.tree.links.new(source, socket)
    short = sheet.sum(sheet.sum(_ASLANT, cosine, "SUBTRACT"), 0.0, "MAXIMUM")
    sheet.tree.links.new(short, lacking.inputs["Scale"])
    sheet.tree.links.new(lacking.outputs["Vector"], bent.inputs[1])
    unit = sheet.node("VectorMath", _operation="NORMALIZE")
    sheet.tree.links.new(bent.outputs["Vector"], unit.inputs[0])
    return unit.outputs["Vector"]
