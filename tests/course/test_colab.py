"""Colab: does installing waferlab leave every preinstalled package as it is?"""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE = REPOSITORY / "course"
FREEZE = REPOSITORY.parent / "shared" / "data" / "colab" / "pip-freeze.gpu.txt"
PYTHON = "3.13"  # of the runtime that the list describes
#: Libraries that torch's builds bring along. Colab's torch is built for CUDA 12.8, the one on PyPI for another CUDA;
#: pip leaves a torch that fits alone and so never asks for the other build's libraries.
CUDA_LIBRARIES = ("nvidia-", "cuda-", "triton")
ALLOWED = {"torch", "torchvision", "sklearn", "matplotlib", "numpy", "tqdm", "waferlab"}


def find_uv() -> str | None:
    """uv beside this Python, on the path, or where the Makefile puts it."""
    places = [Path(sys.executable).parent / "uv", REPOSITORY / ".venv/bin/uv", REPOSITORY / ".tools/bin/uv"]
    return next((str(place) for place in places if place.is_file()), None) or shutil.which("uv")


def preinstalled() -> dict[str, str]:
    """Colab's packages and versions, without local suffixes and without CUDA's libraries.

    `torch==2.11.0+cu128` is not on PyPI, so a resolve could never choose it; 2.11.0 is there, and a requirement that
    one of them meets is met by the other.
    """
    pairs = [line.split("==") for line in FREEZE.read_text().splitlines() if "==" in line and not line.startswith("#")]
    pins = {name.strip().lower().replace("_", "-"): version.split("+")[0].strip() for name, version in pairs}
    return {name: version for name, version in pins.items() if not name.startswith(CUDA_LIBRARIES)}


def resolve(requirements: str, constraints: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """What `pip install` would choose under constraints, on Colab's platform; nothing is installed."""
    uv = find_uv()
    if uv is None:
        pytest.skip("uv is not installed")
    (folder / "in.txt").write_text(requirements)
    (folder / "constraints.txt").write_text(constraints)
    command = [uv, "pip", "compile", "in.txt", "--constraint", "constraints.txt", "--no-header", "--no-annotate"]
    platform = ["--python-version", PYTHON, "--python-platform", "x86_64-manylinux_2_28"]
    environment = os.environ | {"UV_PYTHON_DOWNLOADS": "never"}
    return subprocess.run(
        [*command, *platform], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )


def modules_imported(path: Path) -> set[str]:
    """The top-level names of everything that a file imports, wherever in the file."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.skipif(not FREEZE.is_file(), reason="the list of Colab's packages is not on this machine")
def test_waferlab_changes_no_preinstalled_package(tmp_path):
    """Does a resolve of waferlab under Colab's versions choose exactly those versions, and add no package?"""
    pins = preinstalled()
    constraints = "".join(f"{name}=={version}\n" for name, version in pins.items())
    result = resolve(f"waferlab @ {COURSE.as_uri()}\n", constraints, tmp_path)
    offline = "No solution found" not in result.stderr or "network was disabled" in result.stderr
    if result.returncode and offline:
        pytest.skip(f"no resolve without a package index: {result.stderr.strip().splitlines()[-1][:200]}")
    assert result.returncode == 0, result.stderr
    lines = [line.split("==") for line in result.stdout.splitlines() if "==" in line]
    chosen = {name: version for name, version in lines if not name.startswith(CUDA_LIBRARIES)}
    assert {"torch", "torchvision", "numpy", "scikit-learn", "matplotlib", "tqdm"} <= set(chosen)
    assert {name: version for name, version in chosen.items() if pins.get(name) != version} == {}


@pytest.mark.parametrize("path", sorted(COURSE.glob("waferlab/**/*.py")), ids=lambda p: str(p.relative_to(COURSE)))
def test_waferlab_imports_six_packages_at_most(path):
    """Does every module get by on the standard library and the six packages that Colab has?"""
    assert modules_imported(path) - ALLOWED - sys.stdlib_module_names == set()
