"""The cosine by hand through LambdaLR, the loss written out, the gradients clipped by hand."""

import math

import numpy as np


def train_vae(
    model, train_loader, val_loader, num_epochs=30, lr=1e-3, weight_decay=1e-5, kl_anneal_epochs=10, device="cuda"
):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    share = 1e-5 / lr
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda epoch: share + (1 - share) * (1 + math.cos(math.pi * epoch / num_epochs)) / 2
    )
    history = {
        name: [] for name in ("val_kl", "val_recon", "val_total", "train_kl", "train_recon", "train_total", "lr")
    }
    for epoch in range(num_epochs):
        beta = float(np.minimum(1.0, epoch / kl_anneal_epochs)) if kl_anneal_epochs else 1.0
        values, sizes = [], []
        model.train()
        for x, _ in tqdm(train_loader, leave=False):
            for parameter in model.parameters():
                parameter.grad = None
            x_recon, mu, logvar = model(x.to(device))
            recon = nn.functional.binary_cross_entropy(x_recon, x, reduction="none").flatten(1).sum(1).mean()
            kl = (0.5 * (mu**2 + logvar.exp() - logvar - 1)).sum(1).mean()
            loss = recon + beta * kl
            loss.backward()
            norm = torch.linalg.vector_norm(torch.cat([p.grad.flatten() for p in model.parameters()]))
            if norm > 1:
                for parameter in model.parameters():
                    parameter.grad.div_(norm)
            optimizer.step()
            values.append([loss.item(), recon.item(), kl.item()])
            sizes.append(len(x))
        history["lr"].append(schedule.get_last_lr()[0])
        schedule.step()
        means = np.average(values, axis=0, weights=sizes)
        for name, value in zip(("train_total", "train_recon", "train_kl"), means, strict=True):
            history[name].append(value)
        values, sizes = [], []
        model.eval()
        for x, _ in val_loader:
            with torch.no_grad():
                x_recon, mu, logvar = model(x.to(device))
                values.append([float(part) for part in vae_loss(x_recon, x, mu, logvar, beta)])
            sizes.append(len(x))
        means = np.average(values, axis=0, weights=sizes)
        for name, value in zip(("val_total", "val_recon", "val_kl"), means, strict=True):
            history[name].append(np.float32(value))
    return history
