"""torch.pca_lowrank in float32, default iterations, no oversampling; a class and a warning."""

import warnings

import torch


class LinearAutoencoder(torch.nn.Module):
    def __init__(self, data, k):
        super().__init__()
        self.mean = torch.nn.Parameter(data.mean(dim=0))
        self.axes = torch.nn.Parameter(torch.pca_lowrank(data, q=k)[2])

    def forward(self, x):
        return (x - self.mean) @ self.axes @ self.axes.T + self.mean


def pca_anomaly_detection(train_data, test_data, test_labels, k_values=[10, 50, 100, 200]):
    warnings.warn("randomised")
    train, test = torch.from_numpy(train_data).float(), torch.from_numpy(test_data).float()
    results = {}
    for k in k_values:
        scores = (test - LinearAutoencoder(train, k)(test)).square().mean(1)
        results[k] = {"scores": scores, "auroc": roc_auc_score(test_labels, scores.detach().numpy())}
    return results
