"""Reference answers of 03-pca: PCA: the linear baseline.

Exported from source/03-pca/pca.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

from collections.abc import Sequence

import numpy as np
from sklearn.decomposition import PCA
from sklearn.metrics import roc_auc_score


def pca_anomaly_detection(
    train_data: np.ndarray,
    test_data: np.ndarray,
    test_labels: np.ndarray,
    k_values: Sequence[int] = [10, 50, 100, 200],
) -> dict[int, dict]:
    """Score test images by their PCA reconstruction error, for several numbers of components.

    Args:
        train_data: normal images, one per row, (n_train, d), values in [0, 1].
        test_data: test images, (n_test, d).
        test_labels: (n_test,), 0 for normal and 1 for anomaly.
        k_values: numbers of components to try, each at least 1 and less than n_train and d.

    Returns:
        `{k: {"auroc": AUROC of the scores, "scores": reconstruction MSE of every test image, (n_test,), "pca": the
        fitted object of this k}}`.

    Steps:
        1. For every k, fit PCA with k components on `train_data`.
        2. Encode the test images, then decode the codes.
        3. The score of an image is the mean over its d pixels of the squared residual.
        4. The AUROC follows from the labels and the scores.

    Hints:
        - scikit-learn's `PCA(n_components=k)` has `fit`, `transform` (the encoder) and `inverse_transform` (the
          decoder). It subtracts the mean and adds it back for you.
        - By hand, with an SVD as in the example above, it is about as short. Mind the mean, and put mean and axes into
          a small class with these two methods.
        - `axis=1` averages over the pixels of each image. Without an axis you get one number for all images.
        - `roc_auc_score(labels, scores)`: the labels come first.
    """
    results = {}
    for k in k_values:
        pca = PCA(n_components=k, random_state=0).fit(train_data)
        test_recon = pca.inverse_transform(pca.transform(test_data))
        scores = ((test_data - test_recon) ** 2).mean(axis=1)
        results[k] = {"auroc": float(roc_auc_score(test_labels, scores)), "scores": scores, "pca": pca}
    return results
