"""torch SVD in float32, everything returned as tensors."""

import torch


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    train = torch.tensor(train_data, dtype=torch.float32)
    test = torch.tensor(test_data, dtype=torch.float32)
    mean = train.mean(dim=0)
    axes = torch.linalg.svd(train - mean, full_matrices=False).Vh
    results = {}
    for k in k_values:
        rebuilt = mean + (test - mean) @ axes[:k].T @ axes[:k]
        scores = torch.nn.functional.mse_loss(rebuilt, test, reduction="none").mean(dim=1)
        results[k] = {"auroc": torch.tensor(roc_auc_score(test_labels, scores.numpy())), "scores": scores}
    return results
