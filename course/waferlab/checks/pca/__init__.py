"""Visible checks of assignment 03: PCA reconstruction error as an anomaly score."""

from waferlab.checks.core import by_name
from waferlab.checks.pca.pca_anomaly_detection import PCA

__all__ = ["PCA", "TASKS"]

TASKS = by_name(PCA)
