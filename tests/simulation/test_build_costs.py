"""What makes building a stage quick must not change what is built."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_BY_LINE = """
import json, sys
sys.path.insert(0, sys.argv[1])
import body, numpy as np
vertices, uvs, groups, group = [], [], {}, None
for line in (body.data_folder() / "3dobjs" / "base.obj").read_text().splitlines():
    kind, *rest = line.split()
    if kind == "v": vertices.append([float(x) for x in rest])
    elif kind == "vt": uvs.append([float(x) for x in rest])
    elif kind == "g": group = rest[0]
    elif kind == "f": groups.setdefault(group, []).append([[int(n) - 1 for n in corner.split("/")] for corner in rest])
found = body.base()
said = {
    "vertices": bool(np.array_equal(body._ours(np.array(vertices)), found["vertices"])),
    "uvs": bool(np.array_equal(np.array(uvs), found["uvs"])),
    "groups": {name: faces for name, faces in found["groups"].items() if faces} == groups,
}
print(json.dumps(said))
"""

_REMEMBERED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from remembered import remembered
calls = []
@remembered
def total(numbers, about):
    calls.append(about)
    return float(numbers.sum()) + about["plus"]
one = np.arange(4.0)
again = [total(one, {"plus": 1, "by": [2]}), total(one.copy(), {"by": [2], "plus": 1})]
after = len(calls)
other = [total(one + 1, {"plus": 1, "by": [2]}), total(one, {"plus": 2, "by": [2]}), total(one.reshape(2, 2), {"plus": 1, "by": [2]})]
print(json.dumps({"again": again, "after": after, "other": other, "calls": len(calls)}))
"""

_BOXES = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, shapes
said = {}
for size, bevel in (((1, 2, 3), 0.004), ((0.3, 0.2, 0.001), 0.004), ((0.05, 4, 0.05), 0.02)):
    part = {"shape": "box", "size": size, "bevel": bevel}
    points, faces = shapes.box(part)
    middle = points - [0, 0, size[2] / 2]
    said[str(size)] = {
        "as it would be turned by itself": [shapes._outward(middle.tolist(), face) for face in faces] == faces,
        "size": np.allclose(np.ptp(points, axis=0), size),
        "closed": 2 * 48 == sum(map(len, faces)),
    }
print(json.dumps(said))
"""


def test_every_cut_box_is_closed_and_its_faces_look_outward(measured: Callable[[str], Any]) -> None:
    said = measured(_BOXES)
    assert len(said) == 3
    assert all(all(facts.values()) for facts in said.values())


def test_what_is_remembered_is_worked_out_again_for_other_arrays_and_other_values_only(measured: Callable[[str], Any]) -> None:
    assert measured(_REMEMBERED) == {"again": [7.0, 7.0], "after": 1, "other": [11.0, 8.0, 7.0], "calls": 4}


def test_the_body_is_read_as_its_file_says_it_line_by_line(measured: Callable[[str], Any]) -> None:
    assert measured(_BY_LINE) == {"vertices": True, "uvs": True, "groups": True}
