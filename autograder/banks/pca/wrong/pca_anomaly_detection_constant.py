"""Returns the same score for every image.

fails: ranking, scores, sizes, auroc, default
most: 0
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        scores = np.zeros(len(test_data))
        scores = scores
        results[k] = {"auroc": 0.5, "scores": scores}
    return results
