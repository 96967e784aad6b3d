"""AUROC of the course's VAE beside PCA and nearest neighbours, on the same images in the same run.

The VAE is trained with the reference answers of assignments 04 to 06. PCA is that of assignment 03; the nearest
neighbours' score is the mean distance to the 5 nearest training images.

    python benchmarks/detectors.py                                     # real Fashion-MNIST, cpu profile
    python benchmarks/detectors.py --dataset synthetic-wafers --profile smoke
    python benchmarks/detectors.py --profile t4 --save                 # on a GPU
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from common import machine, save
from sklearn.neighbors import NearestNeighbors
from waferlab.data import Batches, WaferDataset, load_dataset
from waferlab.profiles import PROFILES, Profile
from waferlab.reference.encoder import ConvVAE
from waferlab.reference.evaluation import compute_anomaly_scores, evaluate_detector
from waferlab.reference.pca import pca_anomaly_detection
from waferlab.reference.training import train_vae
from waferlab.runtime import seed_everything

K_VALUES = [10, 20, 50, 100]


def baselines(data: WaferDataset) -> dict[str, np.ndarray]:
    """Scores of the test images by detector."""
    train, test = (split.images.flatten(start_dim=1).numpy() for split in (data.train, data.test))
    found = pca_anomaly_detection(train, test, data.test.labels.numpy(), k_values=K_VALUES)
    scores = {f"PCA, k = {k}": result["scores"] for k, result in found.items()}
    distances, _ = NearestNeighbors(n_neighbors=5).fit(train).kneighbors(test)
    return {**scores, "5 nearest neighbours": distances.mean(axis=1)}


def vae(data: WaferDataset, profile: Profile, seed: int, device: str) -> tuple[np.ndarray, float]:
    """Scores of the test images by the VAE of one seed, and the seconds that its training took."""
    seed_everything(seed)
    model = ConvVAE(image_size=profile.image_size)
    train = Batches(data.train, profile.batch_size, shuffle=True, device=device, seed=seed)
    val, test = (Batches(split, 256, device=device) for split in (data.val, data.test))
    start = time.perf_counter()
    train_vae(
        model, train, val, num_epochs=profile.num_epochs, kl_anneal_epochs=profile.kl_anneal_epochs, device=device
    )
    seconds = time.perf_counter() - start
    return compute_anomaly_scores(model, test, device), seconds


def row(name: str, labels: np.ndarray, scores: np.ndarray) -> str:
    """One line of the table."""
    found = evaluate_detector(labels, scores)
    return f"{name:24} {found['auroc']:7.3f} {found['auprc']:7.3f} {found['tpr_at_fpr5']:12.3f}"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dataset", default="fashion-mnist")
    parser.add_argument("--profile", default="cpu", choices=PROFILES)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of the VAE")
    parser.add_argument("--save", action="store_true", help="write benchmarks/results/detectors-PROFILE-DATASET.md")
    options = parser.parse_args()
    device = "cuda" if torch.cuda.is_available() else "cpu"
    profile = PROFILES[options.profile]
    data = load_dataset(options.dataset, profile)
    labels = data.test.labels.numpy()
    counts = f"{len(data.train)} training normals, test {int((labels == 0).sum())} + {int((labels == 1).sum())}"
    lines = [f"{options.dataset}, profile {profile.name}: {profile.image_size} px, {counts}", ""]
    lines += [f"{'':24}   AUROC   AUPRC  TPR at FPR 5%"]
    lines += [row(name, labels, scores) for name, scores in baselines(data).items()]
    for seed in range(options.seeds):
        scores, seconds = vae(data, profile, seed, device)
        lines.append(row(f"VAE, seed {seed} ({seconds:.0f} s)", labels, scores))
    if device == "cuda":
        lines.append(f"peak memory: {torch.cuda.max_memory_allocated() / 2**20:.0f} MiB")
    print(machine(device), *lines, sep="\n")
    if options.save:
        name = f"detectors-{profile.name}-{options.dataset.replace(':', '-').replace('/', '-')}"
        print("written:", save(name, "The VAE beside PCA and nearest neighbours", "\n".join(lines), device))


if __name__ == "__main__":
    main()
