"""Performers on the stage: bodies with skin, eyes and hair, dressed, and put into a pose for three moments of each frame."""

from __future__ import annotations

import body as bodies
import bpy
import complexion
import face
import hair
import hair_surface
import hairline
import numpy as np
import surfaces
import tailoring
from footing import Footing
from garments import Cut, dress
from mathutils import Matrix
from remembered import remembered
from shoes import shoes

PARTS = ("body", "top", "bottom", "shoes", "eyes", "hair")
"""What of a performer has a material id of its own: 20000, ten times the performer's object id, and its number here from 1.

The renderer's ids end at 32767."""
_BROW = 0.00013
"""Metres from the middle to the side of a hair of the brows."""


_shaped = remembered(bodies.shape)


@remembered
def _dressed(rest: np.ndarray, wardrobe: dict) -> dict:
    """What a body at rest wears, by piece, from the cut of its wardrobe."""
    return dress(rest, bodies.base(), wardrobe)


def keyed(made, matrices: list, frame: int) -> None:
    """Keys for an object's place just before, at and just after a frame, turning the short way."""
    made.rotation_mode = "QUATERNION"
    before = None
    for step, rows in zip((-1, 0, 1), matrices, strict=True):
        place, turn, _ = Matrix(rows).decompose()
        if before is not None and turn.dot(before) < 0:
            turn.negate()
        made.location, made.rotation_quaternion, before = place, turn, turn.copy()
        for path in ("location", "rotation_quaternion"):
            made.keyframe_insert(path, frame=frame + step)


class Performer:
    """One person: objects that move together, named ``NAME.body``, ``NAME.top`` and so on."""

    def __init__(self, about: dict, link, index: int) -> None:
        self.about, self.name = about, about["name"]
        data = bodies.base()
        self.rest = _shaped(about["shape"])
        self.heads = bodies.skeleton(self.rest)
        self.data = data
        self.worn: list = []
        self.index = index
        self.link = link
        self.marks = self._face()
        pieces = dict(_dressed(self.rest, {name: cut for name, cut in about["wardrobe"].items() if name != "materials"}))
        covered = pieces.pop("covered")
        self._body(covered)
        cloths = self._cloths(about["wardrobe"])
        for part, (vertices, faces, skin) in pieces.items():
            self._wear(part, vertices, faces, skin, cloths[part], levels=1)
        self.footing = Footing(self.rest, self.heads, self._shoes(about["wardrobe"]["materials"]))
        self._eyes()
        if about["hair"]["style"] in hair.LENGTHS:
            self._hair()

    def show(self, poses: list, frame: int) -> None:
        """Take the pose of the frame, with the poses just before and after it as keys for the motion."""
        states = [self._matrices(pose) for pose in poses]
        for made, vertices, skin in self.worn:
            shapes = [bodies.skinned(vertices, skin, matrices) for matrices in states]
            keys = made.data.shape_keys.key_blocks
            made.data.vertices.foreach_set("co", shapes[1].astype(np.float32).ravel())
            for block, shape in zip(keys, (shapes[1], shapes[0], shapes[2]), strict=True):
                block.data.foreach_set("co", shape.astype(np.float32).ravel())
            made.data.update()
        head = self.data["names"].index("head")
        if getattr(self, "hair", None) is not None:
            keyed(self.hair, [[*matrices[head].tolist(), [0, 0, 0, 1]] for matrices in states], frame)

    def eyes_at(self, pose: dict) -> list:
        """Where the middle between the eyes is, metres; what a focus puller measures to."""
        middle = 0.5 * (self._centre("helper-l-eye")[0] + self._centre("helper-r-eye")[0])
        matrix = self._matrices(pose)[self.data["names"].index("head")]
        return (matrix[:, :3] @ middle + matrix[:, 3]).tolist()

    def extent(self, pose: dict) -> dict:
        """Where a performer is: the corners of the box around them, eyes and main joints, metres."""
        matrices = self._matrices(pose)
        skin = bodies.skinned(self.rest[: bodies.BODY], self.data["skin"][: bodies.BODY], matrices)
        joints = {
            name: (matrices[i][:, :3] @ self.heads[i] + matrices[i][:, 3]).tolist()
            for i, name in enumerate(self.data["names"])
            if name.startswith(("head", "neck", "upperarm", "hand", "thigh", "calf", "foot"))
        }
        return {"low": skin.min(axis=0).tolist(), "high": skin.max(axis=0).tolist(), "eyes": self.eyes_at(pose), "joints": joints}

    def _matrices(self, pose: dict) -> np.ndarray:
        """Bone matrices on the stage: grounded on the soles, or seated with the thighs on the seat."""
        turn = bodies._about([0, 0, 1], pose["heading"])
        out = np.einsum("ij,njk->nik", turn, self.footing.matrices(pose))
        out[:, :, 3] += [pose["at"][0], pose["at"][1], 0]
        return out

    def _body(self, covered: np.ndarray) -> None:
        faces = [f for f in self.data["groups"]["body"] if not all(covered[c[0]] for c in f)]
        used = np.unique([c[0] for f in faces for c in f])
        place = np.full(len(self.rest), -1)
        place[used] = np.arange(len(used))
        corners = [[int(place[c[0]]) for c in f] for f in faces]
        made = self._object(
            "body", self.rest[used], corners, self.data["skin"][used], complexion.skin(self.name, self.about, self.marks)
        )
        layer = made.data.uv_layers.new(name="skin")
        layer.data.foreach_set("uv", self.data["uvs"][[c[1] for f in faces for c in f]].astype(np.float32).ravel())
        blush = made.data.attributes.new("blush", "FLOAT", "POINT")
        blush.data.foreach_set("value", self._blush(used).astype(np.float32))
        if (style := self.about["hair"]["style"]) in hair.LENGTHS:
            eye = 0.5 * (self._centre("helper-l-eye")[0] + self._centre("helper-r-eye")[0])
            made.data.attributes.new("scalp", "FLOAT", "POINT").data.foreach_set(
                "value", _flat(0.5 + hairline.scalp(self.rest[used], eye, style) / 0.045)
            )

    def _face(self) -> dict:
        """Where the face's features are, for its paint."""
        (left, _), (right, radius) = (self._centre(f"helper-{side}-eye") for side in ("l", "r"))
        eye = 0.5 * (left + right)
        points = self.rest[: bodies.BODY]
        near = points[(np.abs(points[:, 0]) < 0.008) & (points[:, 2] < eye[2] - 0.015) & (points[:, 2] > eye[2] - 0.06)]
        nose = near[near[:, 1].argmax(), 2]
        lids = {which: face.edge(self._part(f"helper-r-eyelashes-{n}"), right, radius) for n, which in ((2, "upper"), (1, "lower"))}
        # The lips part where the upper teeth end.
        mouth = self._part("helper-upper-teeth")[:, 2].min()
        places = {"eye": (abs(right[0]), 0.0), "nose": nose - eye[2], "mouth": mouth - eye[2]}
        return {"middle": eye, "radius": radius, "lids": lids, **places}

    def _blush(self, used: np.ndarray) -> np.ndarray:
        """Where blood shows: cheeks, tip of the nose, ears, knuckles."""
        eye = 0.5 * (self._centre("helper-l-eye")[0] + self._centre("helper-r-eye")[0])
        points = self.rest[used]
        out = np.zeros(len(used))
        for centre, size, much in (
            ((-0.038, 0.012, -0.042), 0.022, 0.75),
            ((0.038, 0.012, -0.042), 0.022, 0.75),
            ((0, 0.035, -0.045), 0.014, 0.8),
            ((-0.075, -0.08, -0.02), 0.025, 0.8),
            ((0.075, -0.08, -0.02), 0.025, 0.8),
        ):
            out += much * np.exp(-((points - eye - np.array(centre)) ** 2).sum(axis=1) / (2 * size**2))
        fingers = [i for i, n in enumerate(self.data["names"]) if n[:5] in ("index", "middl", "ring_", "pinky", "thumb")]
        return np.clip(out + 0.45 * self.data["skin"][used][:, fingers].sum(axis=1), 0, 1)

    def _cloths(self, wardrobe: dict) -> dict:
        """Materials of what is worn above and below."""
        above, below = (wardrobe["materials"][part] for part in ("top", "bottom"))
        cut = Cut.of(self.rest, self.data, wardrobe)
        return {"top": tailoring.sewn(f"{self.name}.top", above, cut), "bottom": surfaces.make(f"{self.name}.bottom", below)}

    def _shoes(self, materials: dict) -> list:
        """A pair of shoes, whose soles have a material and hard edges of their own; returns what stands on the floor."""
        pair = shoes(self.rest, self.data)
        leather = surfaces.make(f"{self.name}.shoes", materials["shoes"])
        made = self._wear("shoes", pair.vertices, pair.faces, pair.skin, leather)
        rubber = surfaces.make(f"{self.name}.soles", materials["soles"])
        rubber.pass_index = self._material_id("shoes")
        made.data.materials.append(rubber)
        made.data.polygons.foreach_set("material_index", pair.sole.astype(np.int32))
        made.data.polygons.foreach_set("use_smooth", ~pair.sole)
        return pair.feet

    def _wear(self, part: str, vertices, faces, skin, material, levels: int = 0) -> bpy.types.Object:
        made = self._object(part, vertices, faces, skin, material)
        if levels:
            smooth = made.modifiers.new("smooth", "SUBSURF")
            smooth.levels = smooth.render_levels = levels
        return made

    def _eyes(self) -> None:
        import shapes

        head = np.zeros(len(self.data["names"]))
        head[self.data["names"].index("head")] = 1
        all_vertices, all_faces, flat = [], [], []
        for side in ("l", "r"):
            centre, radius = self._centre(f"helper-{side}-eye")
            ball, faces = shapes.sphere({"radius": 1.0, "steps": 24})
            all_faces += [[i + len(all_vertices) * len(ball) for i in f] for f in faces]
            all_vertices.append(centre + radius * ball)
            flat.append(ball)
        vertices = np.concatenate(all_vertices)
        made = self._object(
            "eyes", vertices, all_faces, np.tile(head, (len(vertices), 1)), complexion.eyes(self.name, self.about, self.marks)
        )
        made.data.attributes["flat"].data.foreach_set("vector", np.concatenate(flat).astype(np.float32).ravel())

    def _centre(self, group: str):
        points = self._part(group)
        centre = 0.5 * (points.min(axis=0) + points.max(axis=0))
        return centre, float(np.median(np.linalg.norm(points - centre, axis=1)))

    def _part(self, group: str) -> np.ndarray:
        """Places of a group's vertices at rest."""
        return self.rest[np.unique([c[0] for f in self.data["groups"][group] for c in f])]

    def _object(self, part: str, vertices, faces, skin, material):
        mesh = bpy.data.meshes.new(f"{self.name}.{part}")
        mesh.from_pydata(np.asarray(vertices).tolist(), [], faces)
        mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), dtype=bool))
        for attribute in ("flat", "grain"):
            mesh.attributes.new(attribute, "FLOAT_VECTOR", "POINT").data.foreach_set(
                "vector", np.asarray(vertices, dtype=np.float32)[:, [0, 2, 1]].ravel()
            )
        mesh.materials.append(material)
        material.pass_index = self._material_id(part)
        mesh.validate()
        made = bpy.data.objects.new(f"{self.name}.{part}", mesh)
        made.pass_index = self.index
        self.link(made)
        made.shape_key_add(name="now")
        for step, name in ((-1, "before"), (1, "after")):
            block = made.shape_key_add(name=name)
            for at, value in ((10 + step, 1.0), (10, 0.0), (10 - step, 0.0)):
                block.value = value
                block.keyframe_insert("value", frame=at)
            block.value = 0.0
        self.worn.append((made, np.asarray(vertices, dtype=np.float64), np.asarray(skin, dtype=np.float64)))
        return made

    def _material_id(self, part: str) -> int:
        return 20_000 + 10 * self.index + PARTS.index(part) + 1

    def _hair(self) -> None:
        eyes = [self._centre(f"helper-{side}-eye") for side in ("l", "r")]
        wears = self.about["hair"]
        grown = hair.grow(
            self.rest,
            self.data["quads"],
            0.5 * (eyes[0][0] + eyes[1][0]),
            wears["style"],
            self.about.get("seed", 0),
            _grey(wears["colour"]),
        )
        strands = [group for group in (grown["points"], face.brows(self.rest, self.data["quads"], eyes)) if len(group)]
        brow = np.tile([0.0, 1.0, 0.0], (sum(group.shape[0] * group.shape[1] for group in strands[1:]), 1))
        curves = bpy.data.hair_curves.new(f"{self.name}.hair")
        curves.add_curves([group.shape[1] for group in strands for _ in group])
        curves.position_data.foreach_set("vector", _flat(np.concatenate([group.reshape(-1, 3) for group in strands])))
        radius = [
            (root[:, None] * hair.widths(wears["style"], group.shape[1])).ravel()
            for group, root in zip(strands, (grown["radius"], np.full(sum(map(len, strands[1:])), _BROW)), strict=False)
        ]
        # White brows on fair skin would be brighter than the brow that is painted below them.
        own, skin = (max(float(np.mean(colour)), 1e-3) for colour in (wears["colour"], self.about["skin"]))
        dim = min(1.0, 1.3 * skin / own * min(max(0.5 * own / skin, 0.06), 0.3))
        shade = np.concatenate([grown["shade"], np.full(sum(map(len, strands[1:])), dim)])
        for name, kind, domain, field, values in (
            ("radius", "FLOAT", "POINT", "value", np.concatenate(radius)),
            ("over", "FLOAT_VECTOR", "POINT", "vector", np.concatenate([grown["over"].reshape(-1, 3), brow])),
            ("shade", "FLOAT", "CURVE", "value", shade),
        ):
            if name not in curves.attributes:
                curves.attributes.new(name, kind, domain)
            curves.attributes[name].data.foreach_set(field, _flat(values))
        material = hair_surface.material(self.name, wears["colour"], wears["style"])
        material.pass_index = self._material_id("hair")
        curves.materials.append(material)
        self.hair = bpy.data.objects.new(f"{self.name}.hair", curves)
        self.hair.pass_index = self.index
        self.link(self.hair)


def _flat(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float32).ravel()


def _grey(colour) -> float:
    """How grey a hair's linear colour is, 0 to 1: light, with red and blue alike."""
    return float(np.clip(2 * colour[2] / max(colour[0], 1e-6) - 1, 0, 1) * np.clip(colour[0] / 0.15, 0, 1))
