"""What gets installed: exact versions, no hosts, no CUDA without a GPU."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def no_cuda() -> ModuleType:
    spec = importlib.util.spec_from_file_location("no_cuda", ROOT / ".ci" / "no_cuda.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _name(requirement: str) -> str:
    return re.split(r"[\[=<>~! ;]", requirement)[0].lower().replace("_", "-")


def test_every_constraint_is_one_exact_version_and_names_no_host() -> None:
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
    assert "torch==2.13.0" in lines


def test_every_declared_dependency_is_constrained() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    declared = {_name(one) for group in (project["dependencies"], *project["optional-dependencies"].values()) for one in group}
    constrained = {_name(line) for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")}
    assert declared - constrained == set()


def test_a_plan_with_cuda_packages_is_recognised(no_cuda: ModuleType) -> None:
    names = ["numpy", "nvidia-cublas", "nvidia_nccl_cu13", "triton", "cuda-bindings", "cupy-cuda12x", "cryptography"]
    report = {"install": [{"metadata": {"name": name}} for name in names]}
    assert no_cuda.cuda_packages(report) == ["cuda-bindings", "cupy-cuda12x", "nvidia-cublas", "nvidia-nccl-cu13", "triton"]


def test_no_cuda_package_is_installed_on_a_machine_without_a_gpu(no_cuda: ModuleType) -> None:
    if no_cuda.has_gpu():
        pytest.skip("this machine has a GPU")
    installed = [{"metadata": {"name": one.metadata["Name"]}} for one in importlib.metadata.distributions()]
    assert no_cuda.cuda_packages({"install": installed}) == []


def test_the_core_needs_neither_torch_nor_numba() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert {"torch", "numba", "mediapipe", "ray"} & {_name(one) for one in project["dependencies"]} == set()
