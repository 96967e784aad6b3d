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
        Texts of two to three sentences under the keys `q1_dominant_pattern`, `q2_anomaly_differences`,
        `q3_localized_or_global` and `q4_simple_thresholding`.

    Hints:
        - Look at the mean and spread images for the first and the third question, at the figure by kind for the second,
          and at overlap and AUROC for the fourth.
        - Strings that stand side by side in parentheses are joined: `("one " "text")`.
    """
    return {
        "q1_dominant_pattern": (
            "On the drawn wafers a regular lattice of dies and lines with two or three grey levels dominates; "
            "position, turn and light differ a little from picture to picture. On Fashion-MNIST it is the outline of a "
            "T-shirt: an evenly bright chest, dark corners, and sleeves that differ."
        ),
        "q2_anomaly_differences": (
            "On the wafers a small part of the structure is added, missing or moved, at grey levels that occur anyway. "
            "By distance to the mean image, missing features and stains look most like normals, pattern shifts least. "
            "On Fashion-MNIST the shape is another: shirts and dresses are close to T-shirts, sandals far away."
        ),
        "q3_localized_or_global": (
            "Wafer defects are localized, a scratch or a particle of a few pixels, apart from stains and shifts, "
            "which cover a large area; they are most apparent inside even areas, where normals agree. On Fashion-MNIST "
            "the differences are global, and most apparent at the chest and below, where every T-shirt has cloth."
        ),
        "q4_simple_thresholding": (
            "No. On the wafers the AUROC of brightness is below 0.6, little better than guessing, and nine tenths of "
            "the histograms overlap. On Fashion-MNIST it is about 0.62; coats and sandals lie on opposite sides."
        ),
    }
