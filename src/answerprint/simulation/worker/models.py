"""Model files of the studio: brought in as one thing, their colours into the working space."""

from __future__ import annotations

import bpy
import numpy as np

# Linear Rec.709 (D65), as glTF, OBJ and USD give colours, to AP1 through the Bradford adaptation (as in light.REC709_TO_AP1).
_TO_AP1 = np.array(
    [
        [0.6130974024, 0.3395231462, 0.0473794514],
        [0.0701937225, 0.9163538791, 0.0134523985],
        [0.0206155929, 0.1095697729, 0.8698146342],
    ]
)
_DISPLAY_COLOUR = "displayColor"
"""What a USD thing without a material is to look like (OpenUSD, UsdGeomGprim, primvars:displayColor): linear Rec.709."""


def load(file: str) -> list:
    """The objects of a model file, by name; pictures convert themselves, plain colours and those of corners are converted here."""
    objects, materials, meshes = set(bpy.data.objects), set(bpy.data.materials), set(bpy.data.meshes)
    kind = file.rsplit(".", 1)[-1].lower()
    if kind in ("glb", "gltf"):
        bpy.ops.import_scene.gltf(filepath=file)
    elif kind == "obj":
        bpy.ops.wm.obj_import(filepath=file, forward_axis="Y", up_axis="Z")
    else:
        bpy.ops.wm.usd_import(filepath=file)
    for material in set(bpy.data.materials) - materials:
        _into_ap1(material)
    painted = None
    for mesh in sorted(set(bpy.data.meshes) - meshes, key=lambda m: m.name):
        for layer in mesh.color_attributes:
            _layer_into_ap1(layer)
        if _DISPLAY_COLOUR in mesh.color_attributes and not any(mesh.materials):
            painted = painted or _display_colour()
            mesh.materials.clear()
            mesh.materials.append(painted)
    return sorted(set(bpy.data.objects) - objects, key=lambda o: o.name)


def _into_ap1(material) -> None:
    """Every plain colour of a material's nodes, from linear Rec.709 to ACEScg."""
    for node in material.node_tree.nodes if material.node_tree else ():
        for socket in (*node.inputs, *(node.outputs if node.type == "RGB" else ())):
            if socket.type == "RGBA" and not socket.is_linked:
                *colour, alpha = socket.default_value
                socket.default_value = (*np.maximum(0.0, _TO_AP1 @ colour), alpha)


def _layer_into_ap1(layer) -> None:
    """The colours of a mesh's corners or points, from linear Rec.709 to ACEScg."""
    colours = np.empty((len(layer.data), 4), dtype=np.float32)
    layer.data.foreach_get("color", colours.ravel())
    colours[:, :3] = np.maximum(0.0, colours[:, :3] @ _TO_AP1.T)
    layer.data.foreach_set("color", colours.ravel())


def _display_colour() -> bpy.types.Material:
    """A plain surface in the colours that the mesh carries."""
    made = bpy.data.materials.new(_DISPLAY_COLOUR)
    made.use_nodes = True
    tree = made.node_tree
    carried = tree.nodes.new("ShaderNodeAttribute")
    carried.attribute_name = _DISPLAY_COLOUR
    tree.links.new(carried.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
    return made
