"""Visible checks of assignment 07: which kinds of defects are missed, and where in the image the error lies."""

from waferlab.checks.core import by_name
from waferlab.checks.error_analysis.categorize_failure_modes import MODES
from waferlab.checks.error_analysis.error_heatmap import HEATMAP

__all__ = ["HEATMAP", "MODES", "TASKS"]

TASKS = by_name(MODES, HEATMAP)
