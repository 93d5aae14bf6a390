"""What a scene is fitted to: a picture with its camera, where it may be believed, and how far away things are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from answerprint.optics.camera import Camera
from answerprint.optics.distortion import Distortion
from answerprint.production import BadInput
from answerprint.spatial.splats.cloud import Float


@dataclass(frozen=True, eq=False)
class View:
    """One posed picture. Several takes and cameras may stand side by side; what differs between takes is weighted out."""

    picture: Float
    """(h, w, 3) scene-linear ACEScg"""
    camera: Camera
    """Of the picture's size and without distortion: undistort the picture first"""
    weight: Float | None = None
    """(h, w) 0 to 1: how far the set is seen here. 0 inside a performer's matte; None: everywhere"""
    exposure: str = ""
    """Views with the same name share one correction of exposure and colour; that of the first view's name is none"""
    depth: Float | None = None
    """(h, w) metres along the optical axis, NaN where unknown (LiDAR, depth camera)"""
    name: str = ""

    def __post_init__(self) -> None:
        size = (self.camera.height, self.camera.width)
        subject = f"view {self.name or self.camera.label}"
        if self.picture.shape != (*size, 3):
            raise BadInput(
                subject, f"is {self.picture.shape} for a camera of {size[1]}x{size[0]}", "scale the camera to the picture"
            )
        for name, plane in (("weight", self.weight), ("depth", self.depth)):
            if plane is not None and plane.shape != size:
                raise BadInput(subject, f"its {name} is {plane.shape}, the picture {size}", "scale it to the picture")
        if self.camera.distortion != Distortion():
            raise BadInput(subject, "its camera has a lens distortion", "undistort picture and camera first")
        for name in ("picture", "weight", "depth"):
            plane = getattr(self, name)
            if plane is not None:
                object.__setattr__(self, name, np.ascontiguousarray(plane, dtype=np.float32))
