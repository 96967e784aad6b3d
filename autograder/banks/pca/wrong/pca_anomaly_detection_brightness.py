"""Scores by the mean brightness.

fails: ranking, scores, sizes, default
"""


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    results = {}
    for k in k_values:
        scores = test_data.mean(axis=1)
        scores = scores
        results[k] = {"auroc": roc_auc_score(test_labels, scores), "scores": scores}
    return results
