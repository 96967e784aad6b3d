"""Reference answers of 05-training: Training the VAE.

Exported from source/05-training/training.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm.auto import tqdm

from waferlab.reference.encoder import vae_loss


def kl_weight(epoch: int, kl_anneal_epochs: int) -> float:
    """The weight beta of the KL term in an epoch: it rises linearly from 0 to 1 and stays there.

    Args:
        epoch: number of the epoch; the first one is 0.
        kl_anneal_epochs: epochs until the weight is 1; with 0 there is no annealing: the weight is 1 from the start.

    Returns:
        A number from 0 to 1.

    Steps:
        1. With `kl_anneal_epochs` = 0 the answer is 1. Do not divide by zero.
        2. Otherwise it is `epoch / kl_anneal_epochs`, but never more than 1.

    >>> kl_weight(5, 10)
    0.5
    """
    if kl_anneal_epochs <= 0:
        return 1.0
    return min(1.0, epoch / kl_anneal_epochs)


class RunningMeans:
    """Means over an epoch, in which every batch counts by its number of images."""

    def __init__(self) -> None:
        self.sums = 0.0
        self.count = 0

    def add(self, batch_size: int, *values: Tensor) -> None:
        """Add a batch: its size and its values, scalar tensors that are means over its images."""
        self.sums = self.sums + batch_size * torch.stack([value.detach() for value in values])
        self.count += batch_size

    def means(self) -> list[float]:
        """The mean of each value, in the order of `add`."""
        return (self.sums / self.count).tolist()


def train_vae(
    model: nn.Module,
    train_loader: DataLoader,
    val_loader: DataLoader,
    num_epochs: int = 30,
    lr: float = 1e-3,
    weight_decay: float = 1e-5,
    kl_anneal_epochs: int = 10,
    device: str = "cuda",
) -> dict[str, list[float]]:
    """Train a VAE in place and validate it after every epoch.

    Args:
        model: called as `model(x)`, it returns `(x_recon, mu, logvar)`. It may lie on the device already.
        train_loader: yields pairs `(images, labels)`; the labels are not used.
        val_loader: the same, for validation.
        num_epochs: passes over the training images.
        lr: learning rate of the first epoch.
        weight_decay: of AdamW.
        kl_anneal_epochs: epochs over which beta rises from 0 to 1, see `kl_weight`.
        device: where model and images go.

    Returns:
        Six lists with one number per epoch: `train_total`, `train_recon`, `train_kl`, `val_total`, `val_recon`,
        `val_kl`; each the mean over the epoch of what `vae_loss` gives.

    Steps:
        1. Bring the model to the device, if it is not there. Make `torch.optim.AdamW` and
           `torch.optim.lr_scheduler.CosineAnnealingLR` with `T_max=num_epochs` and `eta_min=1e-5`.
        2. For each epoch: take its beta from `kl_weight`. A `tqdm` bar is good company, and not marked.
        3. Training mode. For each batch: forward, loss, zero the gradients, backward, clip the norm of all gradients to
           1.0, step.
        4. After the last batch: one step of the schedule.
        5. Evaluation mode, without gradients: the loss of each validation batch.
        6. Append the means of both to the six lists. Print a summary every 5 epochs, so that you see where it goes.

    Hints:
        - `nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)` works in place.
        - `with torch.no_grad():` switches gradients off; `model.eval()` does not.
        - One `RunningMeans` for training and one for validation, new in each epoch.
    """
    model.to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=lr, weight_decay=weight_decay)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=num_epochs, eta_min=1e-5)
    history = {f"{split}_{part}": [] for split in ("train", "val") for part in ("total", "recon", "kl")}
    for epoch in tqdm(range(num_epochs), desc="epochs"):
        beta = kl_weight(epoch, kl_anneal_epochs)
        train, val = RunningMeans(), RunningMeans()
        model.train()
        for x, _ in train_loader:
            x = x.to(device)
            x_recon, mu, logvar = model(x)
            total, recon, kl = vae_loss(x_recon, x, mu, logvar, beta)
            optimizer.zero_grad()
            total.backward()
            nn.utils.clip_grad_norm_(model.parameters(), max_norm=1.0)
            optimizer.step()
            train.add(len(x), total, recon, kl)
        schedule.step()
        model.eval()
        with torch.no_grad():
            for x, _ in val_loader:
                x = x.to(device)
                x_recon, mu, logvar = model(x)
                val.add(len(x), *vae_loss(x_recon, x, mu, logvar, beta))
        for name, value in zip(history, train.means() + val.means(), strict=True):
            history[name].append(value)
        if (epoch + 1) % 5 == 0:
            latest = "  ".join(f"{name} {values[-1]:.2f}" for name, values in history.items())
            print(f"epoch {epoch + 1}, beta {beta:.2f}:  {latest}")
    return history
