"""The baseline our trainer is held against: the same losses and steps, projection in torch autograd, a plain numba raster.

What an engineer writes first: torch projects, torch's own Adam moves all splats, SSIM by a grouped convolution, and a loop
over pixels, compiled but not arranged for vector instructions, mixes the splats of each 16x16 square.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numba
import numpy as np
import torch  # type: ignore[import-not-found]
import torch.nn.functional as f  # type: ignore[import-not-found]
from capture_views import CAPTURE, decibels, with_scan

from answerprint.spatial.splats.capture import read_capture
from answerprint.spatial.splats.cloud import SplatCloud
from answerprint.spatial.splats.fit import FitSettings, Training, learning_rates
from answerprint.spatial.splats.learning import Learning
from answerprint.spatial.splats.loss import Target
from answerprint.spatial.splats.projection import packed
from answerprint.spatial.splats.render import render
from answerprint.spatial.splats.seeds import seed_cloud
from answerprint.spatial.splats.tone import KNEE, SPAN

_TILE = 16


@numba.njit(cache=True)
def _forward(points: Any, conics: Any, alphas: Any, colours: Any, starts: Any, ids: Any, wide: int, out: Any, ends: Any) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            tile = y // _TILE * wide + x // _TILE
            through = 1.0
            end = starts[tile + 1]
            for k in range(starts[tile], starts[tile + 1]):
                n = ids[k]
                dx, dy = x - points[n, 0], y - points[n, 1]
                power = 0.5 * (conics[n, 0] * dx * dx + conics[n, 2] * dy * dy) + conics[n, 1] * dx * dy
                alpha = min(0.99, alphas[n] * np.exp(-power))
                if power < 0 or alpha < 1 / 255:
                    continue
                for c in range(5):
                    out[y, x, c] += alpha * through * colours[n, c]
                through *= 1 - alpha
                if through < 1e-4:
                    end = k + 1
                    break
            ends[y, x] = end
            out[y, x, 5] = through


@numba.njit(cache=True)
def _backward(
    points: Any, conics: Any, alphas: Any, colours: Any, starts: Any, ids: Any, wide: int, out: Any, ends: Any, given: Any,
    by_points: Any, by_conics: Any, by_alphas: Any, by_colours: Any,
) -> None:  # fmt: skip
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            tile = y // _TILE * wide + x // _TILE
            through = out[y, x, 5]
            behind = np.zeros(5)
            for k in range(ends[y, x] - 1, starts[tile] - 1, -1):
                n = ids[k]
                dx, dy = x - points[n, 0], y - points[n, 1]
                power = 0.5 * (conics[n, 0] * dx * dx + conics[n, 2] * dy * dy) + conics[n, 1] * dx * dy
                full = alphas[n] * np.exp(-power)
                alpha = min(0.99, full)
                if power < 0 or alpha < 1 / 255:
                    continue
                through /= 1 - alpha
                by_alpha = 0.0
                for c in range(5):
                    by_alpha += given[y, x, c] * (colours[n, c] - behind[c]) * through
                    by_colours[n, c] += alpha * through * given[y, x, c]
                    behind[c] = alpha * colours[n, c] + (1 - alpha) * behind[c]
                if full < 0.99:
                    by_alphas[n] += by_alpha * np.exp(-power)
                    g = -by_alpha * alpha
                    by_conics[n, 0] += 0.5 * g * dx * dx
                    by_conics[n, 1] += g * dx * dy
                    by_conics[n, 2] += 0.5 * g * dy * dy
                    by_points[n, 0] -= g * (conics[n, 0] * dx + conics[n, 1] * dy)
                    by_points[n, 1] -= g * (conics[n, 2] * dy + conics[n, 1] * dx)


@numba.njit(cache=True)
def _lists(order: Any, boxes: Any, wide: int, high: int) -> Any:
    starts = np.zeros(wide * high + 1, np.int64)
    for n in order:
        for y in range(boxes[n, 2], boxes[n, 3]):
            for x in range(boxes[n, 0], boxes[n, 1]):
                starts[y * wide + x + 1] += 1
    starts = np.cumsum(starts)
    at, ids = starts.copy(), np.empty(starts[-1], np.int64)
    for n in order:
        for y in range(boxes[n, 2], boxes[n, 3]):
            for x in range(boxes[n, 0], boxes[n, 1]):
                ids[at[y * wide + x]] = n
                at[y * wide + x] += 1
    return starts, ids


class _Raster(torch.autograd.Function):  # type: ignore[misc]
    @staticmethod
    def forward(
        context: Any, points: Any, conics: Any, alphas: Any, colours: Any, starts: Any, ids: Any, wide: int, size: Any
    ) -> Any:
        arrays = [t.detach().numpy() for t in (points, conics, alphas, colours)]
        out, ends = np.zeros((*size, 6), dtype=np.float32), np.zeros(size, dtype=np.int64)
        points_, conics_, alphas_, colours_ = arrays
        _forward(points_, conics_, alphas_, colours_, starts, ids, wide, out, ends)
        context.kept = (arrays, starts, ids, wide, out, ends)
        return torch.from_numpy(out[..., :5].copy())

    @staticmethod
    def backward(context: Any, given: Any) -> Any:  # type: ignore[override]
        arrays, starts, ids, wide, out, ends = context.kept
        made = [np.zeros_like(a) for a in arrays]
        points, conics, alphas, colours = arrays
        _backward(points, conics, alphas, colours, starts, ids, wide, out, ends, given.numpy(), made[0], made[1], made[2], made[3])
        return (*(torch.from_numpy(m) for m in made), None, None, None, None)


def _draw(values: dict[str, Any], camera: Any) -> Any:
    """(h, w, 5): colour, depth sum, coverage."""
    cam = torch.from_numpy(packed(camera))
    turn, width, height = cam[:9].reshape(3, 3), camera.width, camera.height
    local = values["means"] @ turn.T + cam[9:12]
    z = local[:, 2].clamp_min(0.05)
    x, y = local[:, 0] / z, local[:, 1] / z
    w, i, j, k = f.normalize(values["quaternions"], dim=1).unbind(1)
    rotation = torch.stack(
        [1 - 2 * (j * j + k * k), 2 * (i * j - w * k), 2 * (i * k + w * j), 2 * (i * j + w * k), 1 - 2 * (i * i + k * k),
         2 * (j * k - w * i), 2 * (i * k - w * j), 2 * (j * k + w * i), 1 - 2 * (i * i + j * j)], dim=1,
    ).reshape(-1, 3, 3)  # fmt: skip
    spread = rotation * values["log_scales"].exp()[:, None, :]
    zero = torch.zeros_like(z)
    limit_x, limit_y = 0.65 * width / float(cam[12]), 0.65 * height / float(cam[13])
    jacobian = torch.stack(
        [cam[12] / z, zero, -cam[12] * x.clamp(-limit_x, limit_x) / z, zero, cam[13] / z, -cam[13] * y.clamp(-limit_y, limit_y) / z], 1
    ).reshape(-1, 2, 3)  # fmt: skip
    flat = jacobian @ turn @ spread
    bare = flat @ flat.transpose(1, 2)
    a, b, c = bare[:, 0, 0] + 0.3, bare[:, 0, 1], bare[:, 1, 1] + 0.3
    area = a * c - b * b
    kept = (bare[:, 0, 0] * bare[:, 1, 1] - b * b).clamp_min(1e-6 * area.detach())
    alphas = torch.sigmoid(values["opacity_logits"][:, 0]) * (kept / area).sqrt()
    points = torch.stack([cam[12] * x + cam[14], cam[13] * y + cam[15]], 1)
    conics = torch.stack([c / area, -b / area, a / area], 1)
    tones, eye = values["tones"], torch.from_numpy(camera.position.astype(np.float32))
    direction = f.normalize(values["means"] - eye, dim=1)
    measure = KNEE * SPAN * torch.exp(tones.abs() * SPAN)
    light = torch.sign(tones) * KNEE * torch.expm1(tones.abs() * SPAN)
    light = (light + measure * torch.einsum("na,nac->nc", direction, values["slopes"].reshape(-1, 3, 3))).clamp_min(0)
    colours = torch.cat([light, z[:, None], torch.ones_like(z)[:, None]], 1)
    wide, high = -(-width // _TILE), -(-height // _TILE)
    starts, ids = _squares(local, points, a, c, alphas, wide, high)
    return _Raster.apply(points, conics, alphas, colours, starts, ids, wide, (height, width))  # type: ignore[no-untyped-call]


def _squares(local: Any, points: Any, a: Any, c: Any, alphas: Any, wide: int, high: int) -> Any:
    """Boxes of three standard deviations, as the first implementation has them."""
    with torch.no_grad():
        reach = torch.stack([3 * a.sqrt(), 3 * c.sqrt()], 1)
        low, top = ((points - reach) / _TILE).floor().int().numpy(), ((points + reach) / _TILE).floor().int().numpy() + 1
        keep = ((local[:, 2] > 0.05) & (alphas > 1 / 255)).numpy()
        boxes = np.stack([low[:, 0].clip(0, wide), top[:, 0].clip(0, wide), low[:, 1].clip(0, high), top[:, 1].clip(0, high)], 1)
        boxes[~keep] = 0
        order = np.argsort(local[:, 2].numpy(), kind="stable")
    return _lists(order, boxes.astype(np.int64), wide, high)


def _error(drawn: Any, target: Target, similarity: float, depth: float) -> Any:
    tones = torch.from_numpy(target.tones)
    light = drawn[..., :3].permute(2, 0, 1)
    ours = torch.sign(light) * torch.log1p(light.abs() / KNEE) / SPAN
    kernel = torch.full((3, 1, 7, 7), 1 / 49)

    def mean(picture: Any) -> Any:
        return f.conv2d(picture[None], kernel, padding=3, groups=3)[0]

    m, n = mean(ours), mean(tones)
    top = (2 * m * n + 1e-4) * (2 * (mean(ours * tones) - m * n) + 9e-4)
    similar = top / ((m * m + n * n + 1e-4) * (mean(ours * ours) - m * m + mean(tones * tones) - n * n + 9e-4))
    metres = torch.from_numpy(target.depth)
    off = torch.where(metres > 0, (drawn[..., 3] - drawn[..., 4] * metres) / metres.clamp_min(1e-6), 0.0)
    far = f.huber_loss(off, torch.zeros_like(off), delta=0.01) / 0.01
    return (1 - similarity) * (ours - tones).abs().mean() + similarity * (1 - similar).mean() + depth * far


class Baseline:
    """The fit with torch, on the views, steps and rates of ours; without densification."""

    def __init__(self, training: Training) -> None:
        torch.set_num_threads(1)
        self.training = training
        learning = training.learning
        self.values = {name: torch.from_numpy(v.copy()).requires_grad_() for name, v in learning.values.items()}
        self.adam = torch.optim.Adam([{"params": [v], "name": name} for name, v in self.values.items()], eps=1e-15)

    def step(self) -> None:
        training = self.training
        share = training.at / training.total
        rates = learning_rates(training.plan, training.extent, share)
        for group in self.adam.param_groups:
            group["lr"] = rates[group["name"]]
        view = training.pyramids[training._view()].level(1 if share < training.plan.coarse else 0)
        self.adam.zero_grad()
        error = _error(_draw(self.values, view.camera), view.target, training.plan.similarity, training.plan.depth)
        error.backward()
        self.adam.step()
        training.at += 1

    def cloud(self) -> SplatCloud:
        return Learning({name: v.detach().numpy() for name, v in self.values.items()}, {}, {}).cloud()


def race(steps: int) -> None:
    """Both on the same seeds, views and settings, one core, without densification; dB of the views at 5 degrees against CPU time."""
    held = read_capture(CAPTURE)
    views = with_scan(held)
    assert held.points is not None
    plan = FitSettings(iterations=steps, densify_until=0)
    first = seed_cloud(held.points, views, plan.seeds, plan.seed)

    def score(cloud: SplatCloud) -> float:
        return float(np.mean([decibels(render(cloud, v.camera, threads=1).colour, v.picture) for v in held.tests[:3]]))

    with ThreadPoolExecutor(1) as pool:
        reached: dict[str, list[tuple[float, float]]] = {}
        for name in ("ours", "torch"):
            Baseline(Training(views[:2], first, plan, None, pool)).step()
            Training(views[:2], first, plan, None, pool).step()
            training = Training(views, first, plan, None, pool)
            runner: Any = training if name == "ours" else Baseline(training)
            spent, reached[name] = 0.0, []
            while training.at < steps:
                begun = time.process_time()
                runner.step()
                spent += time.process_time() - begun
                if training.at % (steps // 6) == 0:
                    cloud = training.learning.cloud() if name == "ours" else runner.cloud()
                    reached[name].append((spent, score(cloud)))
                    print(f"{name}: step {training.at}, {spent:.1f} CPU-s, {reached[name][-1][1]:.2f} dB", flush=True)
    _compare(reached)


def _compare(reached: dict[str, list[tuple[float, float]]]) -> None:
    best = min(max(db for _, db in rows) for rows in reached.values())
    for level in (best - 2, best - 1, best - 0.1):
        first = {name: next(cpu for cpu, db in rows if db >= level) for name, rows in reached.items()}
        print(
            f"{level:.1f} dB: ours {first['ours']:.1f} CPU-s, with torch {first['torch']:.1f} CPU-s, {first['torch'] / first['ours']:.1f} times"
        )
