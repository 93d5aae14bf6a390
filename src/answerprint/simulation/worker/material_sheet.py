"""A material under construction, and what it tells the filter beside its colour."""

from __future__ import annotations

import bpy

SHINE = "shine"
"""The pass that holds the colour of what shines."""
DULL = "dull"
"""The pass that holds 1 where gloss shows nothing of what is around: seen along the surface, skin and cloth and paint have much of it."""
MIRROR = 0.28
"""Roughness below which the filter's guides show what a thing mirrors: brushed metal stays above it all over, a mirror below."""

_DULL_FROM = 0.4
"""Roughness from which gloss shows nothing of what is around, all over a thing: a floor's wanders about a mirror's and would part it in patches."""


class Sheet:
    """A material under construction: nodes by short names, inputs by index or name."""

    def __init__(self, name: str, about: dict) -> None:
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        self.surface = self.tree.nodes["Principled BSDF"]
        self.about = about
        self.colour = (*about["colour"], 1.0)
        self.second = (*about.get("colour2", about["colour"]), 1.0)
        self.scale = about.get("scale", 1.0)
        self.wear = about.get("wear", 0.3)
        self.set("Roughness", about.get("roughness", 0.6))
        self.set("Metallic", about.get("metallic", 0.0))
        self.set("Base Color", self.colour)

    def set(self, field: str, value) -> None:
        """A value, or the output of another node, for an input of the surface."""
        self._give(self.surface.inputs[field], value)
        if field == "Roughness":
            self.dull = isinstance(value, float) and value >= _DULL_FROM

    def node(self, kind: str, **inputs):
        """A node of ``kind``; attributes start with ``_``, inputs are given by name with blanks as underscores."""
        made = self.tree.nodes.new(f"ShaderNode{kind}")
        for name, value in inputs.items():
            if name.startswith("_"):
                setattr(made, name[1:], value)
            else:
                self._give(made.inputs[name.replace("_", " ")], value)
        return made

    def where(self, attribute: str = "flat"):
        return self.node("Attribute", _attribute_name=attribute).outputs["Vector"]

    def noise(self, scale: float, detail: float = 3.0, rough: float = 0.55, stretch=None, attribute: str = "flat"):
        """Values around 0.5; ``stretch`` scales the three directions."""
        place = self.where(attribute)
        if stretch is not None:
            place = self.node("Mapping", Vector=place, Scale=stretch).outputs[0]
        return self.node("TexNoise", Vector=place, Scale=scale, Detail=detail, Roughness=rough).outputs["Fac"]

    def spread(self, value, low: float, high: float, to_low: float = 0.0, to_high: float = 1.0):
        return self.node("MapRange", Value=value, From_Min=low, From_Max=high, To_Min=to_low, To_Max=to_high).outputs[0]

    def mix(self, share, a, b, how: str = "MIX"):
        made = self.tree.nodes.new("ShaderNodeMix")
        made.data_type, made.blend_type = "RGBA", how
        for index, value in ((0, share), (6, a), (7, b)):
            self._give(made.inputs[index], value)
        return made.outputs[2]

    def sum(self, a, b, how: str = "MULTIPLY"):
        made = self.tree.nodes.new("ShaderNodeMath")
        made.operation = how
        self._give(made.inputs[0], a)
        self._give(made.inputs[1], b)
        return made.outputs[0]

    def bump(self, height, millimetres: float) -> None:
        """Relief of about ``millimetres``."""
        made = self.node("Bump", Height=height, Strength=1.0, Distance=millimetres / 1000)
        before = self.surface.inputs["Normal"]
        if before.is_linked:
            self.tree.links.new(before.links[0].from_socket, made.inputs["Normal"])
        self.tree.links.new(made.outputs[0], before)

    def dirty(self, colour, amount: float):
        """Uneven, darker and warmer patches: the same paint after years."""
        patches = self.spread(self.noise(0.7 / self.scale, 5, 0.65), 0.4, 0.85)
        stains = self.spread(self.noise(5.0 / self.scale, 4, 0.65), 0.58, 0.85)
        worn = self.mix(self.sum(patches, min(1.0, 0.55 * amount)), colour, (0.8, 0.75, 0.67, 1), "MULTIPLY")
        return self.mix(self.sum(stains, min(1.0, 0.5 * amount)), worn, (0.62, 0.56, 0.48, 1), "MULTIPLY")

    def rough(self, centre: float, swing: float, scale: float = 9.0) -> None:
        """Gloss that changes over the surface, as touched and cleaned things have it."""
        self.set("Roughness", self.spread(self.noise(scale / self.scale, 3), 0.3, 0.7, max(0.04, centre - swing), centre + swing))
        self.dull = centre >= _DULL_FROM

    def shine(self, colour, nits: float) -> None:
        """Emission, and its colour whatever its strength as a guide for the filter, which sees surfaces only."""
        self.set("Emission Color", colour)
        self.set("Emission Strength", nits)
        self.node("OutputAOV", _aov_name=SHINE, Color=colour)

    def finished(self):
        """The material, with what the filter needs to know of its gloss."""
        metal = self.surface.inputs["Metallic"]
        if self.dull and not metal.is_linked and metal.default_value == 0:
            self.node("OutputAOV", _aov_name=DULL, Value=1.0)
        return self.material

    def leave_to_lamp(self, through: bool) -> None:
        """For what glows because a lamp of its own is in it or on it: it is seen, and the lamp alone lights the room.

        A small thing as bright as that is hit by a bounced ray once in a thousand times, and makes a bright speck each time it is. So
        bounced rays do not see it; ``through``: rays to the lamp inside go straight through it, dimmed by its colour.
        """
        out = self.tree.nodes["Material Output"]
        seen = out.inputs["Surface"].links[0].from_socket
        path = self.node("LightPath").outputs
        other = (
            self.node("BsdfTransparent", Color=(*(0.62 * c for c in self.colour[:3]), 1.0))
            if through
            else self.node("BsdfDiffuse", Color=(0.02, 0.02, 0.02, 1))
        )
        mixed = self.node("MixShader")
        straight = self.sum(
            path["Is Camera Ray"], self.sum(path["Is Singular Ray"], path["Is Transmission Ray"], "MAXIMUM"), "MAXIMUM"
        )
        for socket, source in zip(mixed.inputs, (straight, other.outputs[0], seen), strict=True):
            self.tree.links.new(source, socket)
        self.tree.links.new(mixed.outputs[0], out.inputs["Surface"])
        self.material.cycles.emission_sampling = "NONE"

    def _give(self, socket, value) -> None:
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, socket)
        else:
            socket.default_value = value
