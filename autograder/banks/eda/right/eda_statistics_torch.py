"""Tensors throughout: histc, all pairs for the AUROC, images with their channel, double precision."""


def share(means):
    return torch.histc(means.float(), bins=50, min=0, max=1) / means.numel()


def eda_statistics(normal, anomaly):
    print(normal.shape, anomaly.shape)
    normal, anomaly = normal.double(), anomaly.double()
    a, b = (x.flatten(1).mean(1) for x in (normal, anomaly))
    wins = (b[:, None] > a[None, :]).double().mean()
    result = {"overlap": torch.minimum(share(a), share(b)).sum(), "auroc": torch.maximum(wins, 1 - wins), "pairs": 1}
    for name, x in {"normal": normal, "anomaly": anomaly}.items():
        std, mean = torch.std_mean(x)
        spread, middle = torch.std_mean(x, dim=0, correction=0)
        result |= {f"{name}_mean": mean, f"{name}_std": std}
        result |= {f"{name}_mean_image": middle, f"{name}_std_image": spread}
    return result
