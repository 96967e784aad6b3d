"""Reference answers of 07-error-analysis: Error analysis: what is missed, and where the model looks.

Exported from source/07-error-analysis/error-analysis.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset


def categorize_failure_modes(
    false_negatives: np.ndarray,
    false_positives: np.ndarray,
    anomaly_scores: np.ndarray,
    test_dataset: Dataset,
    test_labels: np.ndarray,
    fashion_classes: Sequence[str],
) -> dict:
    """Sort a detector's misses by class, name the hardest classes, and propose what to do about them.

    Args:
        false_negatives: (n_fn,) positions in the test set of anomalies that were missed, in any order.
        false_positives: (n_fp,) positions of normal images that were reported, in any order.
        anomaly_scores: (n_test,), higher is more anomalous.
        test_dataset: `test_dataset[i]` gives `(image, class)`, the class as an index into `fashion_classes`.
        test_labels: (n_test,), 0 for normal and 1 for anomaly.
        fashion_classes: names of the classes (on drawn wafers, of the kinds of defects).

    Returns:
        A dict with the three entries of the table above.

    Steps:
        1. Get the class of every test image.
        2. For each class among the anomalies, count its misses and its images, and divide.
        3. Keep the classes with misses, sort them by rate, take at most three.
        4. For each of these, propose a change. Their scores may help: are they close to those of normal images?

    Hints:
        - `classes[positions]` takes several elements of an array at once; `np.unique` lists what occurs.
        - `sorted(names, key=rates.get, reverse=True)` sorts names by a dict of numbers.
    """
    changes = (
        "misses score like most normals: add a second detector that sees other features (ensemble)",
        "misses score higher than most normals: score by the hottest 2 % of the heatmap",
        "misses lie just below the threshold: let a person look at the scores there (review band)",
    )
    classes = np.array([test_dataset[i][1] for i in range(len(test_labels))])
    normal_scores = anomaly_scores[test_labels == 0]
    fn_by_class, rates, mitigation = {}, {}, {}
    for number in np.unique(classes[test_labels == 1]):
        name, missed = fashion_classes[number], false_negatives[classes[false_negatives] == number]
        fn_by_class[name] = len(missed)
        rates[name] = len(missed) / int(((classes == number) & (test_labels == 1)).sum())
        if len(missed):
            higher = (normal_scores < np.median(anomaly_scores[missed])).mean()  # than this share of the normals
            mitigation[name] = f"{name}: {changes[int(higher > 0.6) + int(higher > 0.85)]}"
    hardest = sorted(mitigation, key=rates.get, reverse=True)[:3]
    return {
        "fn_by_class": fn_by_class,
        "top_3_failure_modes": [f"{name}: {fn_by_class[name]} missed, {rates[name]:.0%}" for name in hardest],
        "mitigations": [mitigation[name] for name in hardest],
        "miss_rate_by_class": rates,
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
