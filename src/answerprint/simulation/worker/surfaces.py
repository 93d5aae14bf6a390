"""What things are made of: each kind of material as a small node tree with real variation over its surface.

Every texture runs in metres on the part's own coordinates (attribute ``flat``: width, height, thickness; ``grain``: along
the longest side first), so nothing needs unwrapping and a moving thing keeps its pattern.
"""

from __future__ import annotations

from material_sheet import MIRROR, Sheet


def paint(s: Sheet) -> None:
    s.set("Base Color", s.dirty(s.colour, 0.25 + s.wear))
    s.rough(s.about.get("roughness", 0.62), 0.1)
    s.bump(s.noise(55, 3), 0.5)
    s.bump(s.noise(7, 2), 1.2)


def wallpaper(s: Sheet) -> None:
    bands = s.node("TexWave", Vector=s.where(), Scale=3.0 / s.scale, Distortion=0.0).outputs["Fac"]
    motif = s.node("TexVoronoi", Vector=s.where(), Scale=9.0 / s.scale, Randomness=0.12).outputs["Distance"]
    share = s.mix(s.about.get("pattern", 0.5), bands, s.spread(motif, 0.2, 0.34, 1, 0))
    s.set("Base Color", s.dirty(s.mix(share, s.colour, s.second), 0.15 + s.wear))
    s.rough(0.6, 0.08)
    s.bump(s.noise(90, 2), 0.2)


def wood(s: Sheet) -> None:
    stretch = (0.6, 7.0, 7.0)
    rings = s.node("TexWave", Vector=s.node("Mapping", Vector=s.where("grain"), Scale=(0.3, 4, 4)).outputs[0], Scale=2.2 / s.scale,
                   Distortion=7.0, Detail=3.0, Detail_Scale=1.2).outputs["Fac"]  # fmt: skip
    fibre = s.noise(9 / s.scale, 5, 0.6, stretch, "grain")
    colour = s.mix(s.spread(rings, 0.1, 0.9, 0.0, 0.65), s.colour, s.second)
    colour = s.mix(s.spread(fibre, 0.3, 0.75), colour, (0.62, 0.55, 0.5, 1), "MULTIPLY")
    s.set("Base Color", s.mix(s.wear * 0.5, colour, s.dirty(colour, 1.0)))
    s.rough(s.about.get("roughness", 0.42), 0.13)
    s.bump(fibre, 0.3)


def planks(s: Sheet) -> None:
    boards = s.node("TexBrick", Vector=s.where("grain"), Scale=1.0, _offset=0.37, _squash=1.0, Mortar_Size=0.0025, Mortar_Smooth=0.3,
                    Bias=0.0, Brick_Width=1.4 * s.scale, Row_Height=0.13 * s.scale, Color1=(0, 0, 0, 1), Color2=(1, 1, 1, 1),
                    Mortar=(0.5, 0.5, 0.5, 1))  # fmt: skip
    fibre = s.noise(6, 5, 0.6, (0.5, 8.0, 8.0), "grain")
    colour = s.mix(s.sum(boards.outputs["Color"], 0.75), s.colour, s.second)
    colour = s.mix(s.spread(fibre, 0.35, 0.75), colour, (0.6, 0.52, 0.46, 1), "MULTIPLY")
    colour = s.mix(boards.outputs["Fac"], colour, (0.02, 0.015, 0.01, 1))
    s.set("Base Color", s.dirty(colour, s.wear))
    s.rough(s.about.get("roughness", 0.35), 0.14, 3.0)
    s.bump(fibre, 0.2)
    s.bump(s.spread(boards.outputs["Fac"], 0, 1, 1, 0), 1.0)


def tile(s: Sheet) -> None:
    size = s.about.get("size", 0.15)
    bricks = s.node("TexBrick", Vector=s.where(), Scale=1.0, _offset=s.about.get("offset", 0.0), Mortar_Size=s.about.get("joint", 0.004),
                    Mortar_Smooth=0.1, Bias=0.0, Brick_Width=size * s.about.get("aspect", 1.0), Row_Height=size,
                    Color1=s.colour, Color2=s.second, Mortar=(*s.about.get("mortar", (0.35, 0.33, 0.3)), 1))  # fmt: skip
    s.set("Base Color", s.dirty(bricks.outputs["Color"], 0.15 + s.wear))
    grout = bricks.outputs["Fac"]
    gloss = s.about.get("roughness", 0.16)
    s.set("Roughness", s.mix(grout, (gloss, gloss, gloss, 1), (0.85, 0.85, 0.85, 1)))
    s.bump(s.noise(2.5 / size * 0.12, 1), 1.0)
    s.bump(s.spread(grout, 0, 1, 1, 0), s.about.get("relief", 1.5))


def brick(s: Sheet) -> None:
    s.about.setdefault("offset", 0.5)
    s.about.setdefault("size", 0.075)
    s.about.setdefault("aspect", 3.0)
    s.about.setdefault("joint", 0.009)
    s.about.setdefault("relief", 6.0)
    s.about.setdefault("roughness", 0.85)
    tile(s)
    rough = s.noise(38, 4, 0.7)
    s.bump(rough, 3.0)


def concrete(s: Sheet) -> None:
    cloud = s.noise(1.7 / s.scale, 6, 0.62)
    fine = s.noise(24 / s.scale, 4, 0.7)
    colour = s.mix(s.spread(cloud, 0.3, 0.7), s.colour, s.second)
    colour = s.mix(s.spread(fine, 0.45, 0.8, 0, 0.6), colour, (0.55, 0.53, 0.5, 1), "MULTIPLY")
    s.set("Base Color", s.dirty(colour, 0.3 + s.wear))
    s.rough(s.about.get("roughness", 0.75), 0.15, 2.5)
    s.bump(fine, 1.0)
    s.bump(cloud, 2.0)


def fabric(s: Sheet) -> None:
    weave = s.about.get("weave", 160.0)
    across = s.node("TexWave", Vector=s.where(), Scale=weave, _bands_direction="X").outputs["Fac"]
    along = s.node("TexWave", Vector=s.where(), Scale=weave, _bands_direction="Y").outputs["Fac"]
    cloud = s.noise(3.0 / s.scale, 4, 0.6)
    colour = s.mix(s.spread(cloud, 0.25, 0.75), s.colour, s.second)
    if s.about.get("stripe"):
        bands = s.node("TexWave", Vector=s.where(), Scale=s.about["stripe"], _wave_profile="SIN").outputs["Fac"]
        colour = s.mix(s.spread(bands, 0.55, 0.6), colour, s.second)
    s.set("Base Color", s.mix(s.sum(along, 0.12), colour, (0.5, 0.5, 0.5, 1), "MULTIPLY"))
    s.set("Roughness", 0.9)
    s.set("Sheen Weight", 0.25)
    # Threads are two millimetres apart: deeper than this they are slopes that no pixel shows and every ray meets, which is noise.
    s.bump(s.sum(across, along, "ADD"), 0.06)
    s.bump(s.noise(14 / s.scale, 3, 0.6), s.about.get("wrinkle", 6.0))


def carpet(s: Sheet) -> None:
    tuft = s.noise(220, 2, 0.7)
    cloud = s.noise(1.6 / s.scale, 5, 0.65)
    colour = s.mix(s.spread(cloud, 0.3, 0.7), s.colour, s.second)
    if s.about.get("ornament"):
        cells = s.node("TexVoronoi", Vector=s.where(), Scale=s.about["ornament"], Randomness=0.25).outputs["Distance"]
        colour = s.mix(s.spread(cells, 0.28, 0.32), colour, (*s.about.get("colour3", s.about["colour"]), 1))
    s.set("Base Color", s.mix(s.spread(tuft, 0.35, 0.7, 0.0, 0.8), colour, (0.45, 0.43, 0.4, 1), "MULTIPLY"))
    s.set("Roughness", 0.95)
    s.set("Sheen Weight", 0.3)
    s.bump(tuft, 4.0)


def metal(s: Sheet) -> None:
    brush = s.noise(60 / s.scale, 3, 0.6, (0.15, 6.0, 1.0), "grain")
    rust = s.spread(s.noise(3.2 / s.scale, 6, 0.68), 0.62 - 0.25 * s.wear, 0.72, 0.0, 1.0)
    rust = s.sum(rust, min(1.0, 2.5 * s.wear))
    colour = s.mix(s.spread(brush, 0.3, 0.7, 0, 0.35), s.colour, s.second)
    s.set("Metallic", s.spread(rust, 0, 1, 1.0, 0.35))
    s.set("Base Color", s.mix(s.sum(rust, min(0.85, s.wear)), colour, s.dirty(colour, 1.0)))
    gloss = s.about.get("roughness", 0.34)
    s.rough(gloss, min(0.12, gloss - MIRROR) if gloss > MIRROR else 0.03, 14.0)
    s.bump(brush, 0.05)


def plastic(s: Sheet) -> None:
    s.set("Base Color", s.dirty(s.colour, 0.6 * s.wear))
    s.rough(s.about.get("roughness", 0.35), 0.1)
    s.bump(s.noise(150, 1), 0.04)


def enamel(s: Sheet) -> None:
    """Painted metal or gloss paint, chipped with wear."""
    chips = s.spread(s.noise(11 / s.scale, 6, 0.72), 0.74 - 0.12 * s.wear, 0.76 - 0.12 * s.wear)
    s.set("Base Color", s.mix(chips, s.dirty(s.colour, 0.5 * s.wear), s.second))
    s.rough(s.about.get("roughness", 0.3), 0.12)
    s.bump(s.spread(chips, 0, 1, 1, 0), 0.4)


def leather(s: Sheet) -> None:
    cells = s.node("TexVoronoi", Vector=s.where(), Scale=190.0).outputs["Distance"]
    s.set("Base Color", s.mix(s.spread(s.noise(2.4, 5, 0.6), 0.35, 0.7, 0, 0.9), s.colour, s.second))
    s.rough(s.about.get("roughness", 0.38), 0.14, 5.0)
    s.bump(cells, 0.5)
    s.bump(s.noise(7, 4, 0.6), 5.0)


def marble(s: Sheet) -> None:
    vein = s.node("TexWave", Vector=s.where(), Scale=1.1 / s.scale, Distortion=11.0, Detail=6.0, Detail_Scale=1.6).outputs["Fac"]
    s.set("Base Color", s.mix(s.spread(vein, 0.72, 1.0), s.colour, s.second))
    s.rough(s.about.get("roughness", 0.12), 0.06)


def speckle(s: Sheet) -> None:
    """Terrazzo, granite, vinyl: chips of the second colour."""
    cells = s.node("TexVoronoi", Vector=s.where(), Scale=70.0 / s.scale)
    share = s.spread(cells.outputs["Distance"], 0.25, 0.35, 1, 0)
    chips = s.mix(0.6, s.second, s.mix(0.5, s.second, cells.outputs["Color"], "MULTIPLY"))
    s.set("Base Color", s.dirty(s.mix(share, s.colour, chips), 0.2 + s.wear))
    s.rough(s.about.get("roughness", 0.28), 0.12, 2.0)


def picture(s: Sheet) -> None:
    """A painting or a poster: fields of colour that no one has painted before."""
    seed = s.about.get("seed", 0) * 7.31
    place = s.node("Mapping", Vector=s.where(), Location=(seed, seed * 0.7, 0)).outputs[0]
    warped = s.node("TexNoise", Vector=place, Scale=3.2, Detail=4.0, Roughness=0.6, Distortion=1.6)
    cells = s.node("TexVoronoi", Vector=warped.outputs["Color"], Scale=s.about.get("scale", 1.0) * 2.5).outputs["Color"]
    colour = s.mix(0.55, cells, s.colour)
    colour = s.mix(s.spread(warped.outputs["Fac"], 0.4, 0.6), colour, s.second)
    s.set("Base Color", colour)
    s.set("Roughness", s.about.get("roughness", 0.5))
    s.bump(s.noise(160, 3), 0.3)


def glass(s: Sheet) -> None:
    """Thin clear glass: what is behind is seen through it, the room shines on it."""
    out = s.tree.nodes["Material Output"]
    through = s.node("BsdfTransparent", Color=s.colour)
    shine = s.node("BsdfGlossy", Roughness=s.about.get("roughness", 0.02 + 0.08 * s.wear))
    # Schlick's approximation for an index of 1.5 (Computer Graphics Forum 13(3), 1994), alike from both sides: a Fresnel term taken at
    # the back face of a thin pane would reflect all light from inside it beyond 40 degrees, and no daylight would reach the wall beside.
    aslant = s.node("LayerWeight", Blend=0.5).outputs["Facing"]
    straight = s.about.get("reflects", 0.04)
    facing = s.sum(s.sum(s.sum(aslant, 5.0, "POWER"), 1 - straight), straight, "ADD")
    mixed = s.node("MixShader")
    s.tree.links.new(facing, mixed.inputs[0])
    s.tree.links.new(through.outputs[0], mixed.inputs[1])
    s.tree.links.new(shine.outputs[0], mixed.inputs[2])
    s.tree.links.new(mixed.outputs[0], out.inputs["Surface"])


def liquid(s: Sheet) -> None:
    s.set("Transmission Weight", 0.85)
    s.set("Roughness", 0.05)
    s.set("IOR", 1.45)


def glow(s: Sheet) -> None:
    """A surface that shines with ``nits`` candela per square metre in its colour."""
    lit = s.mix(s.about.get("uneven", 0.0), s.colour, s.node("TexNoise", Vector=s.where(), Scale=4.0).outputs["Color"], "MULTIPLY")
    s.shine(lit, s.about["nits"])
    s.set("Base Color", (0.6, 0.6, 0.6, 1))


def screen(s: Sheet) -> None:
    """A monitor or a television that is on: a layout of windows and lines."""
    seed = s.about.get("seed", 0) * 3.7
    place = s.node("Mapping", Vector=s.where(), Location=(seed, seed, 0)).outputs[0]
    panes = s.node("TexBrick", Vector=place, Scale=1.0, Brick_Width=0.23, Row_Height=0.11, Mortar_Size=0.006,
                   Color1=s.colour, Color2=s.second, Mortar=(0.02, 0.02, 0.03, 1)).outputs["Color"]  # fmt: skip
    lines = s.node("TexBrick", Vector=place, Scale=1.0, Brick_Width=0.09, Row_Height=0.012, Mortar_Size=0.004,
                   Color1=(0.05, 0.05, 0.06, 1), Color2=(1, 1, 1, 1), Mortar=(0.05, 0.05, 0.06, 1)).outputs["Color"]  # fmt: skip
    shown = s.mix(0.35, panes, lines)
    s.shine(shown, s.about["nits"])
    s.set("Base Color", (0.005, 0.005, 0.005, 1))
    s.set("Roughness", 0.15)


def foliage(s: Sheet) -> None:
    tint = s.noise(9, 3, 0.6)
    s.set("Base Color", s.mix(s.spread(tint, 0.3, 0.7), s.colour, s.second))
    s.set("Roughness", 0.55)
    s.set("Subsurface Weight", 0.0)
    out = s.tree.nodes["Material Output"]
    thin = s.node("BsdfTranslucent", Color=s.second)
    mixed = s.node("MixShader", Fac=0.25)
    s.tree.links.new(s.surface.outputs[0], mixed.inputs[1])
    s.tree.links.new(thin.outputs[0], mixed.inputs[2])
    s.tree.links.new(mixed.outputs[0], out.inputs["Surface"])


def shade(s: Sheet) -> None:
    """A lamp shade or a curtain that lets light through."""
    out = s.tree.nodes["Material Output"]
    s.set("Roughness", 0.9)
    s.bump(s.sum(s.noise(120, 2), 1.0), 0.3)
    thin = s.node("BsdfTranslucent", Color=s.colour)
    mixed = s.node("MixShader", Fac=s.about.get("through", 0.5))
    s.tree.links.new(s.surface.outputs[0], mixed.inputs[1])
    s.tree.links.new(thin.outputs[0], mixed.inputs[2])
    s.tree.links.new(mixed.outputs[0], out.inputs["Surface"])


def earth(s: Sheet) -> None:
    """Grass, soil, gravel, asphalt: two colours in patches, grain on top."""
    patch = s.noise(0.5 / s.scale, 6, 0.65)
    grain = s.noise(s.about.get("grain", 60.0), 4, 0.75)
    colour = s.mix(s.spread(patch, 0.35, 0.65), s.colour, s.second)
    s.set("Base Color", s.mix(s.spread(grain, 0.35, 0.75, 0, 0.9), colour, (0.4, 0.38, 0.35, 1), "MULTIPLY"))
    wet = s.about.get("wet", 0.0)
    s.set("Roughness", s.spread(patch, 0.35, 0.6, 0.9 - 0.66 * wet, 0.9 - 0.2 * wet))
    s.bump(grain, s.about.get("relief", 8.0) * (1 - 0.9 * wet))


KINDS = {
    f.__name__: f
    for f in (paint, wallpaper, wood, planks, tile, brick, concrete, fabric, carpet, metal, plastic, enamel, leather, marble, speckle,
              picture, glass, liquid, glow, screen, foliage, shade, earth)
}  # fmt: skip


def make(name: str, about: dict):
    """The material that the order describes under ``name``."""
    sheet = Sheet(name, about)
    KINDS[about["kind"]](sheet)
    if about.get("carried"):
        sheet.leave_to_lamp(through=about["kind"] in ("shade", "glow"))
    return sheet.finished()
