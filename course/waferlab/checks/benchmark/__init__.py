"""Visible checks of assignment 08: measuring inference time, and exporting a model."""

from waferlab.checks.benchmark.benchmark_inference import INFERENCE
from waferlab.checks.benchmark.export_model import EXPORT
from waferlab.checks.core import by_name

__all__ = ["EXPORT", "INFERENCE", "TASKS"]

TASKS = by_name(INFERENCE, EXPORT)
