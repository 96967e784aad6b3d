"""Shows no bar.

fails: progress
"""


def train_vae(
    model, train_loader, val_loader, num_epochs=30, lr=1e-3, weight_decay=1e-5, kl_anneal_epochs=10, device="cuda"
):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs, eta_min=1e-5)
    history = {f"{split}_{part}": [] for split in ("train", "val") for part in ("loss", "recon", "kl")}
    for epoch in range(num_epochs):
        beta = kl_weight(epoch, kl_anneal_epochs)
        train, val = RunningMeans(), RunningMeans()
        model.train()
        for x, _ in train_loader:
            x = x.to(device)
            loss, recon, kl = vae_loss(x, *model(x), beta)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            train.add(len(x), loss, recon, kl)
        schedule.step()
        model.eval()
        with torch.no_grad():
            for x, _ in val_loader:
                x = x.to(device)
                val.add(len(x), *vae_loss(x, *model(x), beta))
        for name, value in zip(history, train.means() + val.means(), strict=True):
            history[name].append(value)
    return history
