"""Reference answers of 02-eda: Look at the data first.

Exported from source/02-eda/eda.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor


def eda_statistics(normal: Tensor, anomaly: Tensor) -> dict:
    """Statistics of two sets of images, and how far their mean intensity separates them.

    Args:
        normal: normal images, `(n, 1, h, w)`, values in [0, 1].
        anomaly: anomalous images, `(m, 1, h, w)`, values in [0, 1].

    Returns:
        A dict with the keys `normal_mean`, `anomaly_mean`, `normal_std`, `anomaly_std`, `overlap`, `auroc` (numbers)
        and `normal_mean_image`, `anomaly_mean_image`, `normal_std_image`, `anomaly_std_image` (shape `(h, w)`).

    Steps:
        1. For both sets: mean and standard deviation over everything, and over the images (`dim=0`).
        2. The mean intensity of every image: a mean over the last three dimensions.
        3. Both histograms with the same 50 bins from 0 to 1, divided by the number of images; sum the smaller shares.
        4. AUROC of the mean intensities with label 1 for anomalies; take the better direction.

    Hints:
        - `images.std(dim=0)` has shape `(1, h, w)`: take the only channel with `[0]`.
        - `np.histogram(values, bins=50, range=(0, 1))` gives counts and edges.
        - `roc_auc_score(labels, scores)`: the labels come first.
    """
    result, shares, intensities = {}, [], []
    for name, images in (("normal", normal), ("anomaly", anomaly)):
        result[f"{name}_mean"] = float(images.mean())
        result[f"{name}_std"] = float(images.std())
        result[f"{name}_mean_image"] = images.mean(dim=0)[0]
        result[f"{name}_std_image"] = images.std(dim=0)[0]
        intensity = images.mean(dim=(1, 2, 3)).numpy()
        intensities.append(intensity)
        counts, _ = np.histogram(intensity, bins=50, range=(0, 1))
        shares.append(counts / counts.sum())
    labels = torch.cat([torch.zeros(len(normal)), torch.ones(len(anomaly))])
    result["overlap"] = float(np.minimum(*shares).sum())
    brighter = float(roc_auc_score(labels, np.concatenate(intensities)))
    result["auroc"] = max(brighter, 1 - brighter)
    return result


def answer_eda_questions() -> dict[str, str]:
    """Four short answers about the data.

    Returns:
        Texts under the keys `normals`, `anomalies`, `threshold` and `model`.

    Hints:
        - Look at the spread image for the first question, and at the figure by kind for the second.
        - Strings that stand side by side in parentheses are joined: `("one " "text")`.
    """
    return {
        "normals": (
            "On the drawn wafers position, turn and light differ, so the spread is largest along edges, where a small "
            "shift changes a pixel most, and small inside even areas. On Fashion-MNIST it is largest at the sleeves."
        ),
        "anomalies": (
            "By distance to the mean image, missing features and stains look most like normals, pattern shifts least. "
            "On Fashion-MNIST shirts and dresses are close to T-shirts, and sandals and sneakers are far away."
        ),
        "threshold": (
            "No. On the wafers the AUROC of brightness is below 0.6, little better than guessing; nine tenths of the "
            "histograms overlap; on Fashion-MNIST it is about 0.62, and coats and sandals lie on opposite sides."
        ),
        "model": (
            "It must describe what varies among normals: position, turn, light, or sleeves and prints. It must not be "
            "able to draw scratches, particles or shoes, or it would rebuild these too and leave nothing to see."
        ),
    }
