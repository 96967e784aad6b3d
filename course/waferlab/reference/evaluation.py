"""Reference answers of 06-evaluation: From scores to decisions.

Exported from source/06-evaluation/evaluation.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve
from torch import nn
from torch.utils.data import DataLoader


def compute_anomaly_scores(model: nn.Module, data_loader: DataLoader, device: str = "cuda") -> np.ndarray:
    """Score every image of a loader: the mean squared error of its reconstruction. Higher is more anomalous.

    Args:
        model: a `ConvVAE`: `model.encoder(x)` returns `(mu, logvar)`, `model.decoder(z)` returns images. It may come in
            training mode, and may lie on the device already.
        data_loader: yields pairs `(images, labels)`; the labels are not used, and the last batch may be smaller.
        device: where model and images go.

    Returns:
        The scores alone: a NumPy array of shape `(n,)`, in the loader's order.

    Steps:
        1. Bring the model to the device, if it is not there, and into evaluation mode. Switch gradients off.
        2. For each batch: encode, decode `mu`, take the squared residual, and its mean over all pixels of each image.
        3. Collect the scores; join them at the end.

    Hints:
        - `residual.pow(2).flatten(start_dim=1).mean(dim=1)` is one number per image.
        - `model(x)` decodes a random draw. It is accepted, but its scores differ from call to call.
        - A tensor must be on the CPU before it becomes an array: `.cpu().numpy()`.
    """
    model.to(device).eval()
    scores = []
    with torch.no_grad():
        for x, _ in data_loader:
            x = x.to(device)
            mu, _ = model.encoder(x)
            residual = model.decoder(mu) - x
            scores.append(residual.pow(2).flatten(start_dim=1).mean(dim=1).cpu())
    return torch.cat(scores).numpy()


def evaluate_detector(labels: ArrayLike, scores: ArrayLike) -> dict[str, float]:
    """Measure how well scores tell anomalies from normals.

    Args:
        labels: 0 for normal and 1 for anomalous, shape `(n,)`.
        scores: higher is more anomalous, shape `(n,)`.

    Returns:
        `auroc`, `auprc` (average precision), `tpr_at_fpr5` (the largest TPR with an FPR of at most 0.05) and
        `fnr_at_fpr5` (1 minus that), each in [0, 1]; and `threshold_at_fpr5`, the threshold that gives them.

    Steps:
        1. `roc_auc_score` and `average_precision_score` give the first two.
        2. `roc_curve` gives FPR and TPR for all thresholds. Keep those with FPR <= 0.05; take the largest TPR, and the
           threshold that belongs to it.

    Hints:
        - `roc_curve(..., drop_intermediate=False)` keeps every threshold, the highest first: FPR and TPR never fall.
        - The order of arguments is labels, then scores.
    """
    false_alarms, hits, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    point = np.flatnonzero(false_alarms <= 0.05)[-1]
    tpr = float(hits[point])
    return {
        "auroc": float(roc_auc_score(labels, scores)),
        "auprc": float(average_precision_score(labels, scores)),
        "tpr_at_fpr5": tpr,
        "fnr_at_fpr5": 1 - tpr,
        "threshold_at_fpr5": float(thresholds[point]),
    }


def threshold_from_validation(val_scores: ArrayLike, target_fpr: float = 0.05) -> float:
    """The threshold above which a share `target_fpr` of the validation normals lies.

    Args:
        val_scores: scores of normal images that the model was not trained on, shape `(n,)`; left as they are.
        target_fpr: the share of false alarms that is allowed, in (0, 1).

    Returns:
        The threshold; an image raises an alarm when its score is above it.

    Hints:
        - `np.quantile(values, q)` gives the value below which a share `q` lies.

    >>> threshold_from_validation(list(range(101)), target_fpr=0.25)
    75.0
    """
    return float(np.quantile(val_scores, 1 - target_fpr))
