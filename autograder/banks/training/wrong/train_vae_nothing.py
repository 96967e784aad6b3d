"""Returns numbers without training.

fails: history, means, loss, optimizer, clipping, zero-grad, schedule, weights
most: 0.5
demo: wrong
"""


def train_vae(model, train_loader, val_loader, num_epochs=30, device="cuda", **settings):
    names = ("train_total", "train_recon", "train_kl", "val_total", "val_recon", "val_kl")
    return {name: [1.0 / (epoch + 1) for epoch in range(num_epochs)] for name in names}
