"""Switches gradients off for the encoder only.

fails: no-grad
"""


def compute_anomaly_scores(model, data_loader, device="cuda"):
    model.to(device).eval()
    scores = []
    for x, _ in data_loader:
        x = x.to(device)
        with torch.no_grad():
            mu, _ = model.encoder(x)
        residual = model.decoder(mu) - x
        scores.append(residual.pow(2).flatten(start_dim=1).mean(dim=1).detach().cpu())
    return torch.cat(scores).numpy()
