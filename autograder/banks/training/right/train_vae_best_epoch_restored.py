"""Puts back the weights of its best epoch at the end."""

import copy


def kl_weight(epoch, kl_anneal_epochs):
    if kl_anneal_epochs <= 0:
        return 1.0
    return min(1.0, epoch / kl_anneal_epochs)


def train_vae(
    model, train_loader, val_loader, num_epochs=30, lr=1e-3, weight_decay=1e-5, kl_anneal_epochs=10, device="cuda"
):
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs, eta_min=1e-5)
    history = {f"{split}_{part}": [] for split in ("train", "val") for part in ("total", "recon", "kl")}
    best, best_state = float("inf"), None
    for epoch in tqdm(range(num_epochs)):
        beta = kl_weight(epoch, kl_anneal_epochs)
        train, val = RunningMeans(), RunningMeans()
        model.train()
        for x, _ in train_loader:
            x = x.to(device)
            x_recon, mu, logvar = model(x)
            loss, recon, kl = vae_loss(x_recon, x, mu, logvar, beta)
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
                x_recon, mu, logvar = model(x)
                val.add(len(x), *vae_loss(x_recon, x, mu, logvar, beta))
        for name, value in zip(history, train.means() + val.means(), strict=True):
            history[name].append(value)
        elbo = history["val_recon"][-1] + history["val_kl"][-1]
        if elbo < best:
            best, best_state = elbo, copy.deepcopy(model.state_dict())
    model.load_state_dict(best_state)
    return history
