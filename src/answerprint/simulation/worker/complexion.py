"""What skin and eyes are made of: the body's colour with blood, freckles and lips, the face's paint, the scalp under hair; the eyeball."""

from __future__ import annotations

import body as bodies
import bpy
import face
import hair
from material_sheet import Sheet
from remembered import remembered

_UNDER = 0.2
"""Share of the light that goes into skin and comes out beside."""
_FREE = (0.0037, 0.0014, 0.0007)
"""How far it goes there, metres of red, green and blue: "skin 1" of H. W. Jensen and others, "A practical model for subsurface light
transport", SIGGRAPH 2001."""
_INDEX = 1.4
"""Of refraction: mirrors 2.8 % head on, as skin does (E. d'Eon and D. Luebke, GPU Gems 3, 2007, chapter 14)."""
_CORNEA = 1.376
"""Of refraction, of the cornea (A. Gullstrand, in Helmholtz, Handbuch der physiologischen Optik, 3rd edition, 1909)."""
_WHITE = (0.33, 0.285, 0.26)
"""What the white of an eye sends back: moist and rosy, and in the lids' shade."""


_painted = remembered(face.paint)


def skin(name: str, about: dict, marks: dict) -> bpy.types.Material:
    """Of a performer's skin; ``marks`` are where the face's features are (``face.paint``), with ``middle`` between the eyes in the body's place."""
    sheet = Sheet(f"{name}.skin", {"colour": about["skin"], "roughness": 0.45})
    blush = sheet.node("Attribute", _attribute_name="blush").outputs["Fac"]
    warm = tuple(c * k for c, k in zip(about["skin"], (1.0, 0.7, 0.67), strict=True))
    colour = sheet.mix(sheet.sum(blush, 0.42), sheet.colour, (*warm, 1))
    freckle = sheet.spread(sheet.noise(160, 2), 0.62, 0.75)
    colour = sheet.mix(sheet.sum(freckle, 0.25), colour, (0.72, 0.5, 0.4, 1), "MULTIPLY")
    colour = sheet.mix(sheet.spread(sheet.noise(22, 4, 0.6), 0.3, 0.75, 0, 0.3), colour, (0.8, 0.66, 0.62, 1), "MULTIPLY")
    lips = tuple(c * k for c, k in zip(about["skin"], (0.62, 0.38, 0.38), strict=True))
    colour = sheet.mix(_mask(sheet, "mpfb_lips.jpg"), colour, (*lips, 1))
    painted, front = _face_paint(sheet, name, about, marks)
    colour = sheet.mix(front, colour, painted.outputs["Color"], "MULTIPLY")
    if about["hair"]["style"] in hair.LENGTHS:
        # The scalp has the colour of the hair that grows on it, so that none of it shines through.
        grown = sheet.sum(
            sheet.node("Attribute", _attribute_name="scalp").outputs["Fac"],
            sheet.spread(sheet.noise(420, 2), 0.3, 0.7, 0.17, 0.33),
            "ADD",
        )
        # And there light is not to come out red under the hair that went in beside it.
        sheet.set("Subsurface Weight", sheet.spread(grown, 0.3, 0.7, _UNDER, 0.0))
        colour = sheet.mix(sheet.spread(grown, 0.62, 1.0, 0, 0.94), colour, (*(0.7 * c for c in about["hair"]["colour"]), 1))
    else:
        sheet.set("Subsurface Weight", _UNDER)
    sheet.set("Base Color", colour)
    sheet.rough(0.47, 0.08, 30)
    sheet.set("IOR", _INDEX)
    sheet.set("Subsurface Radius", _FREE)
    sheet.set("Subsurface Scale", 1.0)
    sheet.bump(sheet.noise(420, 3, 0.7), 0.09)
    sheet.bump(sheet.noise(45, 4, 0.6), 0.2)
    sheet.bump(sheet.sum(painted.outputs["Alpha"], front), 1.6)
    return sheet.finished()


def eyes(name: str, about: dict, marks: dict) -> bpy.types.Material:
    """Of both eyeballs: iris with its dark rim and pupil, 12 and 5 mm across on balls of 16 mm, rosy white, the shade of the upper lid."""
    sheet = Sheet(f"{name}.eyes", {"colour": _WHITE, "roughness": 0.06})
    place = sheet.node("SeparateXYZ", Vector=sheet.where()).outputs
    axis, high = place[1], place[2]
    iris = (*about["eyes"], 1)
    ring = sheet.mix(sheet.spread(sheet.noise(14, 3, 0.7), 0.3, 0.7), iris, (*(0.3 * c for c in iris[:3]), 1))
    ring = sheet.mix(sheet.spread(axis, 0.922, 0.942, 0.95, 0.0), ring, (*(0.12 * c for c in iris[:3]), 1))
    rosy = sheet.mix(
        sheet.spread(axis, 0.62, 0.9, 0.6, 0.0),
        sheet.colour,
        tuple(c * k for c, k in zip(sheet.colour, (0.9, 0.68, 0.64, 1), strict=True)),
    )
    colour = sheet.mix(sheet.spread(axis, 0.914, 0.924), rosy, ring)
    colour = sheet.mix(sheet.spread(axis, 0.985, 0.9885), colour, (0.004, 0.004, 0.004, 1))
    upper, lower = (float(marks["lids"][which][2]) for which in ("upper", "lower"))
    shade = sheet.spread(high, upper - 0.55 * (upper - lower), upper, 0.0, 0.65)
    sheet.set("Base Color", sheet.mix(shade, colour, (0.3, 0.27, 0.26, 1), "MULTIPLY"))
    sheet.set("IOR", _CORNEA)
    return sheet.finished()


def _face_paint(sheet, name: str, about: dict, marks: dict):
    """The face's own picture laid on from the front, and how much of it holds: none where the head turns away."""
    shape = about["shape"]
    texels = _painted(about["skin"], about["hair"]["colour"], marks, shape["age"], shape["gender"], about.get("seed", 0))
    image = bpy.data.images.new(f"{name}.face", texels.shape[1], texels.shape[0], alpha=True, float_buffer=True, is_data=True)
    image.alpha_mode = "CHANNEL_PACKED"
    image.pixels.foreach_set(texels.ravel())
    image.pack()
    _, y, z = marks["middle"]
    scale = 1 / face.SIZE
    # The attribute has the body's own places at rest as (x, height, depth).
    place = sheet.node(
        "Mapping", Vector=sheet.where(), Scale=(scale, scale, scale), Location=(0.5, 0.5 - (z - face.BELOW) * scale, 0.0)
    )
    painted = sheet.node("TexImage", Vector=place.outputs[0], _image=image, _extension="EXTEND")
    deep = sheet.node("SeparateXYZ", Vector=sheet.where()).outputs
    front = sheet.sum(sheet.spread(deep[2], y - 0.075, y - 0.035), sheet.spread(deep[1], z - 0.15, z - 0.12))
    return painted, front


def _mask(sheet, file: str):
    """A CC0 mask over the body's own UV; white is where the feature is."""
    image = bpy.data.images.load(str(bodies.data_folder() / "textures" / file), check_existing=True)
    image.colorspace_settings.name = "Non-Color"
    place = sheet.node("UVMap", _uv_map="skin").outputs[0]
    return sheet.node("TexImage", Vector=place, _image=image).outputs["Color"]
