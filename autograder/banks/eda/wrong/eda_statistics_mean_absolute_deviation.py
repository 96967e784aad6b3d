"""The mean absolute deviation instead of the standard deviation.

fails: std-images
"""


def eda_statistics(normal, anomaly):
    result, shares, intensities = {}, [], []
    for name, images in (("normal", normal), ("anomaly", anomaly)):
        result[f"{name}_mean"] = float(images.mean())
        result[f"{name}_std"] = float(images.std())
        result[f"{name}_mean_image"] = images.mean(dim=0)[0]
        result[f"{name}_std_image"] = (images - images.mean(dim=0)).abs().mean(dim=0)[0]
        intensity = images.mean(dim=(1, 2, 3)).numpy()
        intensities.append(intensity)
        counts, _ = np.histogram(intensity, bins=50, range=(0, 1))
        shares.append(counts / counts.sum())
    result["overlap"] = float(np.minimum(*shares).sum())
    labels = [0] * len(normal) + [1] * len(anomaly)
    brighter = float(roc_auc_score(labels, np.concatenate(intensities)))
    result["auroc"] = max(brighter, 1 - brighter)
    return result
