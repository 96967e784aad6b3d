"""Visible checks of assignment 06: anomaly scores, the measures of a detector, and the threshold.

The scores are compared with those of the reference for a model whose weights the probe draws, with large log-variances:
a score that was made from a random draw of the code differs at once. One part trains the real model and asks what the
scores are worth.
"""

from waferlab.checks.core import by_name
from waferlab.checks.evaluation.compute_anomaly_scores import SCORES
from waferlab.checks.evaluation.evaluate_detector import MEASURES
from waferlab.checks.evaluation.threshold_from_validation import THRESHOLD

TASKS = by_name(SCORES, MEASURES, THRESHOLD)
