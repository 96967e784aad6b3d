"""Reference answers of 07-error-analysis: Error analysis: what is missed, and where the model looks.

Exported from source/07-error-analysis/error-analysis.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from waferlab.splits import Split


def categorize_failure_modes(
    false_negatives: np.ndarray,
    false_positives: np.ndarray,
    anomaly_scores: np.ndarray,
    test_dataset: Split,
    test_labels: np.ndarray,
    fashion_classes: Sequence[str],
) -> dict:
    """Sort a detector's failures by class and by how wrong they are.

    Args:
        false_negatives: (n_fn,) positions in the test set of anomalies that were missed, in any order.
        false_positives: (n_fp,) positions of normal images that were reported, in any order.
        anomaly_scores: (n_test,), higher is more anomalous.
        test_dataset: the test split; `test_dataset.classes` is an integer tensor, (n_test,), that says which entry of
            `fashion_classes` each image belongs to.
        test_labels: (n_test,), 0 for normal and 1 for anomaly.
        fashion_classes: names of the classes (on drawn wafers, of the kinds of defects).

    Returns:
        A dict with the six entries of the table above.

    Steps:
        1. Get the classes of the missed images, and of all anomalies.
        2. For each class among the anomalies, count both and divide.
        3. Keep the classes with misses, sort them by rate, take at most three.
        4. Sort both kinds of failures by their scores.

    Hints:
        - `array[positions]` takes several elements at once; `np.unique` lists what occurs.
        - `sorted(names, key=rates.get, reverse=True)` sorts names by a dict of numbers.
        - `np.argsort` gives places *within* what you sort. You need positions in the test set.
    """
    classes = test_dataset.classes.numpy()
    missed, rates = {}, {}
    for number in np.unique(classes[test_labels == 1]):
        name = fashion_classes[number]
        missed[name] = int((classes[false_negatives] == number).sum())
        rates[name] = missed[name] / int(((classes == number) & (test_labels == 1)).sum())
    ranked = sorted(rates, key=rates.get, reverse=True)
    return {
        "missed_by_class": missed,
        "miss_rate_by_class": rates,
        "hardest_classes": [name for name in ranked if missed[name] > 0][:3],
        "false_alarm_rate": len(false_positives) / int((test_labels == 0).sum()),
        "worst_false_negatives": false_negatives[np.argsort(anomaly_scores[false_negatives])],
        "worst_false_positives": false_positives[np.argsort(-anomaly_scores[false_positives])],
    }


def error_heatmap(x: Tensor, x_recon: Tensor) -> Tensor:
    """The squared reconstruction error of every pixel, averaged over the channels.

    Args:
        x: images, (B, C, H, W), values in [0, 1].
        x_recon: their reconstructions, the same shape.

    Returns:
        One heatmap for each image, (B, H, W), values at least 0.

    Steps:
        1. Subtract and square, element by element.
        2. Average over dimension 1, the channels.

    Hint:
        `squeeze()` drops *every* dimension of length 1, also that of a batch of one.
    """
    return (x - x_recon).pow(2).mean(dim=1)
