"""The same rendering and fitting on an NVIDIA card, by gsplat (the extra ``cuda``); nothing else imports this module.

`render` and `fit` take and give what `render.render` and `fit.fit` do. gsplat's atomics add in any order, so results agree
with the processor's to rounding, not to the bit. **It has not been run: no card was there when it was written.**
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from answerprint.optics.camera import Camera
from answerprint.production import BadInput
from answerprint.production.errors import Cancelled
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.densify import densify
from answerprint.spatial.splats.exposure import Exposures
from answerprint.spatial.splats.fit import FitReport, FitSettings, learning_rates, stage_extent
from answerprint.spatial.splats.learning import Learning
from answerprint.spatial.splats.loss import Target
from answerprint.spatial.splats.projection import BLUR, NEAR
from answerprint.spatial.splats.pyramid import Pyramid
from answerprint.spatial.splats.render import KNOWN, Rendered, facing_normals
from answerprint.spatial.splats.seeds import seed_cloud
from answerprint.spatial.splats.support import eyes, seen_points
from answerprint.spatial.splats.tone import KNEE, SPAN
from answerprint.spatial.splats.view import View


def render(
    cloud: SplatCloud, camera: Camera, width: int | None = None, height: int | None = None, *, normals: bool = False
) -> Rendered:
    """As `render.render`; ``median_depth`` is the mean depth, for gsplat gives no median. Raises BadInput without card or extra."""
    torch, gsplat = _libraries()
    eye = camera if width is None or height is None else camera.resized(width, height)
    learning = Learning.of(cloud, 1 if len(cloud.slopes) else 0)
    with torch.no_grad():
        values = {name: torch.from_numpy(v).cuda() for name, v in learning.values.items()}
        picture, alpha, _ = _drawn(torch, gsplat, values, eye, _colours(torch, values, eye))
        facing = np.zeros((0, 0, 3), dtype=np.float32)
        if normals:
            turned = _drawn(torch, gsplat, values, eye, torch.from_numpy(facing_normals(cloud, eye)).cuda())[0][..., :3]
            facing = torch.nn.functional.normalize(turned, dim=-1).cpu().numpy()
    covered, known = alpha.cpu().numpy(), alpha.cpu().numpy() >= KNOWN
    summed = picture[..., 3].cpu().numpy()
    depth = np.where(known, summed / np.maximum(covered, 1e-6), np.nan).astype(np.float32)
    if normals:
        facing = np.where(known[..., None], facing, np.nan).astype(np.float32)
    return Rendered(picture[..., :3].cpu().numpy(), covered, depth, depth, facing)


def fit(
    views: Sequence[View], seed_points: SplatCloud | NDArray[np.floating], settings: FitSettings | None = None,
    progress: Callable[[float, str], None] | None = None, cancelled: Callable[[], bool] | None = None,
) -> tuple[SplatCloud, FitReport]:  # fmt: skip
    """As `fit.fit`, without a checkpoint: on a card a fit takes minutes. Raises BadInput without card or extra."""
    torch, gsplat = _libraries()
    if not views:
        raise BadInput("scene", "no views given", "give at least two posed pictures")
    plan, begun, cpu = settings or FitSettings(), time.monotonic(), time.process_time()
    pyramids, names = [Pyramid(view) for view in views], [view.exposure for view in views]
    exposures, extent = Exposures.of(names), stage_extent(views)
    first = seed_points if isinstance(seed_points, SplatCloud) else seed_cloud(seed_points, views, plan.seeds, plan.seed)
    learning = Learning.of(first, plan.degree)
    values, adam = _optimiser(torch, learning)
    pull, pulls = np.zeros(len(first), dtype=np.float32), np.zeros(len(first), dtype=np.float32)
    errors: list[float] = []
    for at in range(plan.iterations):
        if cancelled is not None and cancelled():
            raise Cancelled("fitting the scene was cancelled")
        share, index = at / plan.iterations, _turn(plan, at, len(views))
        level = pyramids[index].level(1 if share < plan.coarse else 0)
        for group in adam.param_groups:
            group["lr"] = learning_rates(plan, extent, share)[group["name"]]
        matrix = torch.from_numpy(exposures.matrix(names[index])).cuda().requires_grad_()
        picture, alpha, about = _drawn(torch, gsplat, values, level.camera, _colours(torch, values, level.camera))
        about["means2d"].retain_grad()
        error = _error(torch, picture, alpha, level.target, matrix, plan)
        adam.zero_grad(set_to_none=True)
        error.backward()
        adam.step()
        exposures.step(names[index], matrix.grad.cpu().numpy(), 0.01 * 0.05**share)
        errors = [*errors[-len(views) + 1 :], float(error)]
        pull += about["means2d"].grad[0].norm(dim=-1).cpu().numpy() * level.camera.width
        pulls += (about["radii"][0].reshape(len(pull), -1).amax(dim=-1) > 0).cpu().numpy()
        if (at + 1) % plan.densify_every == 0 and at + 1 <= plan.densify_until * plan.iterations:
            learning = _remembered(learning, values, adam)
            random = np.random.default_rng((plan.seed, 1, at + 1))
            densify(learning, (pull / np.maximum(pulls, 1)).astype(np.float32), plan.splats, plan.growth, random)
            values, adam = _optimiser(torch, learning)
            pull, pulls = (np.zeros(len(learning), dtype=np.float32) for _ in range(2))
        if progress is not None and at % 50 == 0:
            progress(share, f"step {at} of {plan.iterations}, {len(pull)} splats")
    cloud = _remembered(learning, values, adam).cloud()
    seen = seen_points(cloud.means.astype(np.float64), eyes(cloud, views), 0.04)
    report = FitReport(
        plan.iterations, len(cloud), round(time.monotonic() - begun, 3), round(time.process_time() - cpu, 3), float(np.mean(errors)),
        exposures.document(),
    )  # fmt: skip
    return SplatCloud(
        cloud.means, cloud.log_scales, cloud.quaternions, cloud.opacity_logits, cloud.colours, cloud.slopes, seen
    ), report


def _turn(plan: FitSettings, at: int, views: int) -> int:
    return int(np.random.default_rng((plan.seed, 0, at // views)).permutation(views)[at % views])


def _optimiser(torch: Any, learning: Learning) -> tuple[dict[str, Any], Any]:
    """The values on the card, and Adam with what it remembered of them."""
    values = {name: torch.from_numpy(v.copy()).cuda().requires_grad_() for name, v in learning.values.items()}
    adam = torch.optim.Adam([{"params": [v], "name": name} for name, v in values.items()], lr=0.0, eps=1e-15)
    for name, value in values.items():
        adam.state[value] = {
            "step": torch.tensor(float(learning.steps)),
            "exp_avg": torch.from_numpy(learning.first[name].copy()).cuda(),
            "exp_avg_sq": torch.from_numpy(learning.second[name].copy()).cuda(),
        }
    return values, adam


def _remembered(learning: Learning, values: dict[str, Any], adam: Any) -> Learning:
    """What is on the card, back in numpy."""
    state = {name: adam.state[value] for name, value in values.items()}
    return Learning(
        {name: value.detach().cpu().numpy() for name, value in values.items()},
        {name: s["exp_avg"].cpu().numpy() for name, s in state.items()},
        {name: s["exp_avg_sq"].cpu().numpy() for name, s in state.items()},
        max(learning.steps, *(int(s["step"]) for s in state.values())),
    )


def _colours(torch: Any, values: dict[str, Any], camera: Camera) -> Any:
    """(n, 3) light of each splat towards the camera."""
    tones = values["tones"]
    light = torch.sign(tones) * KNEE * torch.expm1(tones.abs() * SPAN)
    if len(values["slopes"]):
        eye = torch.from_numpy(camera.position.astype(np.float32)).cuda()
        direction = torch.nn.functional.normalize(values["means"] - eye, dim=1)
        measure = KNEE * SPAN * torch.exp(tones.abs() * SPAN)
        light = light + measure * torch.einsum("na,nac->nc", direction, values["slopes"].reshape(-1, 3, 3))
    return light.clamp_min(0)


def _drawn(torch: Any, gsplat: Any, values: dict[str, Any], camera: Camera, colours: Any) -> tuple[Any, Any, Any]:
    """(h, w, 4) colour over black and the sum of depth times weight, (h, w) coverage, and gsplat's own account."""
    pose = np.eye(4, dtype=np.float32)
    pose[:3, :3], pose[:3, 3] = camera.world_to_camera, -camera.world_to_camera @ camera.position
    matrix = camera.matrix.astype(np.float32)
    # Its pixel (0.5, 0.5) is the centre of the first; ours is (0, 0).
    matrix[:2, 2] += 0.5
    picture, alpha, about = gsplat.rasterization(
        means=values["means"], quats=values["quaternions"], scales=values["log_scales"].exp(),
        opacities=torch.sigmoid(values["opacity_logits"][:, 0]), colors=colours, viewmats=torch.from_numpy(pose)[None].cuda(),
        Ks=torch.from_numpy(matrix)[None].cuda(), width=camera.width, height=camera.height, near_plane=NEAR, eps2d=BLUR,
        packed=False, render_mode="RGB+D", rasterize_mode="antialiased",
    )  # fmt: skip
    return picture[0], alpha[0, ..., 0], about


def _error(torch: Any, picture: Any, alpha: Any, target: Target, exposure: Any, plan: FitSettings) -> Any:
    """`loss.error_of`, in torch."""
    f = torch.nn.functional
    tones, weight, metres = (torch.from_numpy(plane).cuda() for plane in (target.tones, target.weight, target.depth))
    light = picture[..., :3] + (1 - alpha)[..., None] * torch.tensor(plan.backdrop, device=picture.device)
    light = (light @ exposure[:, :3].T + exposure[:, 3]).permute(2, 0, 1)
    ours = weight * torch.sign(light) * torch.log1p(light.abs() / KNEE) / SPAN + (1 - weight) * tones

    def mean(plane: Any) -> Any:
        return f.avg_pool2d(plane[None], 7, 1, 3)[0]

    m, n = mean(ours), mean(tones)
    top = (2 * m * n + 1e-4) * (2 * (mean(ours * tones) - m * n) + 9e-4)
    similar = top / ((m * m + n * n + 1e-4) * (mean(ours * ours) - m * m + mean(tones * tones) - n * n + 9e-4))
    off = torch.where(metres > 0, (picture[..., 3] - alpha * metres) / metres.clamp_min(1e-6), torch.zeros_like(metres))
    far = (f.huber_loss(off, torch.zeros_like(off), delta=0.01, reduction="none") * weight).mean() / 0.01
    return (1 - plan.similarity) * (ours - tones).abs().mean() + plan.similarity * (1 - similar).mean() + plan.depth * far


def _libraries() -> tuple[Any, Any]:
    try:
        import gsplat  # type: ignore[import-not-found]
        import torch  # type: ignore[import-not-found]
    except ImportError:
        raise BadInput("gsplat", "is not installed", "install the extra: pip install 'answerprint[cuda]'") from None
    if not torch.cuda.is_available():
        raise BadInput("gsplat", "finds no NVIDIA card", "fit on the processor: answerprint.spatial.splats.fit")
    return torch, gsplat
