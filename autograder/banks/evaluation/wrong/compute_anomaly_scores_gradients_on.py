"""Leaves gradients on.

fails: no-grad
"""


def compute_anomaly_scores(model, data_loader, device="cuda"):
    model.to(device).eval()
    scores, labels = [], []
    with torch.enable_grad():
        for x, y in data_loader:
            x = x.to(device)
            mu = model.encoder(x)[0]
            residual = model.decoder(mu) - x
            scores.append(residual.detach().pow(2).flatten(start_dim=1).mean(dim=1).cpu())
            labels.append(y.cpu())
    return torch.cat(scores).numpy(), torch.cat(labels).numpy()
