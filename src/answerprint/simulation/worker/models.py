"""Model files of the studio: brought in as one thing, their colours into the working space."""

from __future__ import annotations

import bpy

# Linear Rec.709 (D65), as glTF, OBJ and USD give colours, to AP1 through the Bradford adaptation (as in light.REC709_TO_AP1).
_TO_AP1 = (
    (0.6130974024, 0.3395231462, 0.0473794514),
    (0.0701937225, 0.9163538791, 0.0134523985),
    (0.0206155929, 0.1095697729, 0.8698146342),
)


def load(file: str) -> list:
    """The objects of a model file, by name; pictures convert themselves, plain colours are converted here."""
    objects, materials = set(bpy.data.objects), set(bpy.data.materials)
    kind = file.rsplit(".", 1)[-1].lower()
    if kind in ("glb", "gltf"):
        bpy.ops.import_scene.gltf(filepath=file)
    elif kind == "obj":
        bpy.ops.wm.obj_import(filepath=file, forward_axis="Y", up_axis="Z")
    else:
        bpy.ops.wm.usd_import(filepath=file)
    for material in set(bpy.data.materials) - materials:
        _into_ap1(material)
    return sorted(set(bpy.data.objects) - objects, key=lambda o: o.name)


def _into_ap1(material) -> None:
    """Every plain colour of a material's nodes, from linear Rec.709 to ACEScg."""
    for node in material.node_tree.nodes if material.node_tree else ():
        for socket in (*node.inputs, *(node.outputs if node.type == "RGB" else ())):
            if socket.type == "RGBA" and not socket.is_linked:
                r, g, b, a = socket.default_value
                socket.default_value = (*(max(0.0, x * r + y * g + z * b) for x, y, z in _TO_AP1), a)
