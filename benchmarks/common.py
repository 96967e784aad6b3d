"""What the benchmarks share: where they ran, and how a result is kept."""

from __future__ import annotations

import os
import platform
import sys
from datetime import date
from pathlib import Path

import numpy as np
import torch
import torchvision

RESULTS = Path(__file__).parent / "results"


def machine(device: str = "cpu") -> str:
    """One line: the device, its cores or its name, and the versions that matter."""
    cores = len(os.sched_getaffinity(0))
    where = torch.cuda.get_device_name(0) if device == "cuda" else f"{cores} CPU cores ({_cpu_name()})"
    versions = f"Python {platform.python_version()}, torch {torch.__version__}, torchvision {torchvision.__version__}"
    return f"{where}; {versions}, numpy {np.__version__}"


def save(name: str, title: str, text: str, device: str = "cpu") -> Path:
    """Write a benchmark's output with date, machine and command to `results/<name>.md`."""
    command = " ".join(["python", f"benchmarks/{Path(sys.argv[0]).name}", *sys.argv[1:]])
    busy = f"load average {os.getloadavg()[1]:.1f} over five minutes"
    page = f"# {title}\n\n{date.today()}; {machine(device)}; {busy}\n\n```\n$ {command}\n{text}\n```\n"
    path = RESULTS / f"{name}.md"
    path.parent.mkdir(exist_ok=True)
    path.write_text(page, encoding="utf-8")
    return path


def _cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
