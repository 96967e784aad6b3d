"""Do the loops of 05 and 06, and their checks, live with the loaders that the case study makes?"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Subset
from torchvision import transforms
from torchvision.datasets import FashionMNIST
from waferlab.checks.core import PUBLIC_SEED, Case
from waferlab.checks.evaluation import TASKS as EVALUATION
from waferlab.checks.evaluation import compute_anomaly_scores as scoring
from waferlab.checks.loaders import observe_device
from waferlab.checks.training import TASKS as TRAINING
from waferlab.checks.training import runs
from waferlab.reference.encoder import ConvVAE
from waferlab.reference.evaluation import compute_anomaly_scores
from waferlab.reference.training import train_vae


@pytest.fixture
def fashion(tmp_path: Path) -> FashionMNIST:
    """Thirty random images in the files of Fashion-MNIST, resized to 32 px, classes 0 to 9 in turn."""
    folder = tmp_path / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    pixels = np.random.default_rng(0).integers(0, 256, (30, 28, 28), dtype=np.uint8)
    classes = (np.arange(30) % 10).astype(np.uint8)
    for part in ("train", "t10k"):
        (folder / f"{part}-images-idx3-ubyte").write_bytes(struct.pack(">4i", 2051, 30, 28, 28) + pixels.tobytes())
        (folder / f"{part}-labels-idx1-ubyte").write_bytes(struct.pack(">2i", 2049, 30) + classes.tobytes())
    resized = transforms.Compose([transforms.Resize((32, 32)), transforms.ToTensor()])
    return FashionMNIST(tmp_path, train=True, transform=resized)


def test_the_references_take_the_loaders_of_the_case(fashion: FashionMNIST) -> None:
    """Do training and scoring work over a Subset of Fashion-MNIST, whose labels are class numbers?"""
    normals = DataLoader(Subset(fashion, range(0, 30, 10)), batch_size=2, shuffle=True)
    everything = DataLoader(Subset(fashion, range(30)), batch_size=8)
    model = ConvVAE(latent_dim=4, image_size=32)
    history = train_vae(model, normals, normals, num_epochs=2, kl_anneal_epochs=1, device="cpu")
    assert list(history) == ["train_total", "train_recon", "train_kl", "val_total", "val_recon", "val_kl"]
    scores = compute_anomaly_scores(model, everything, "cpu")
    assert isinstance(scores, np.ndarray) and scores.shape == (30,)
    with torch.no_grad():
        images = torch.stack([image for image, _ in everything.dataset])
        residual = model.decoder(model.encoder(images)[0]) - images
    assert scores == pytest.approx(residual.pow(2).mean(dim=(1, 2, 3)).numpy(), rel=1e-4)


def test_the_checks_hand_out_plain_loaders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is whatever a student may do with a DataLoader possible in the checks?"""
    given = []
    for name, value in {"LEARN_TRAIN": 16, "LEARN_VAL": 16, "LEARN_HELD": 16, "LEARN_EPOCHS": 1}.items():
        monkeypatch.setattr(runs, name, value)
    for name, value in {"TRAIN": 16, "VAL": 8, "NORMALS": 20, "ANOMALIES": 20, "TRAIN_EPOCHS": 1}.items():
        monkeypatch.setattr(scoring, name, value)

    def train(model, train_loader, val_loader, *args, **options):
        given.extend([train_loader, val_loader])
        return train_vae(model, train_loader, val_loader, *args, **options)

    def score(model, data_loader, device="cuda"):
        given.append(data_loader)
        return compute_anomaly_scores(model, data_loader, device)

    TRAINING["train_vae"].probe({"train_vae": train}, Case(PUBLIC_SEED))
    EVALUATION["compute_anomaly_scores"].probe({"compute_anomaly_scores": score}, Case(PUBLIC_SEED))
    assert len(given) == 16
    assert {type(loader) for loader in given} == {DataLoader}


@pytest.mark.parametrize("moves", [True, False], ids=["moved once more", "left where it is"])
def test_the_model_may_be_on_the_device_already(moves: bool) -> None:
    """Is only asked where the images go, when the model is there?"""
    seen: dict = {}

    def answer(model, loader):
        model = model.to("cuda") if moves else model
        for x, _ in loader:
            model(x.to(next(model.parameters()).device))

    observe_device(seen, answer)
    assert seen["device"] == [1, 1]


def test_images_that_stay_behind_are_seen() -> None:
    """Is a loop told that forgets to bring its batches to the device?"""
    seen: dict = {}
    observe_device(seen, lambda model, loader: [model(x) for x, _ in loader])
    assert seen["device"] == [0, 1]
