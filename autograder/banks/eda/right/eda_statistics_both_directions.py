"""AUROC of both directions, helper functions, a warning."""

import warnings


def intensity(images):
    return images.reshape(len(images), -1).mean(dim=-1)


def eda_statistics(normal: Tensor, anomaly: Tensor) -> dict:
    warnings.warn("this takes a moment", stacklevel=2)
    names, sets = ("normal", "anomaly"), (normal, anomaly)
    result = {f"{name}_mean": np.float32(images.mean()) for name, images in zip(names, sets)}
    result.update({f"{name}_std": images.flatten().std(unbiased=False) for name, images in zip(names, sets)})
    result.update({f"{name}_mean_image": images.mean(0, keepdim=True) for name, images in zip(names, sets)})
    result.update({f"{name}_std_image": images.var(0).sqrt().numpy() for name, images in zip(names, sets)})
    scores = torch.cat([intensity(images) for images in sets])
    labels = torch.cat([torch.zeros(len(normal)), torch.ones(len(anomaly))])
    result["auroc"] = max(roc_auc_score(labels, scores), roc_auc_score(labels, -scores))
    histograms = [np.histogram(intensity(images), bins=np.arange(51) / 50)[0] for images in sets]
    result["overlap"] = sum(np.minimum(histograms[0] / len(normal), histograms[1] / len(anomaly)))
    return result
