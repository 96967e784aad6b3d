"""Fashion-MNIST as a stand-in for wafer images: one class is normal, the nine others are anomalies.

The splits follow the case study. The 6,000 training images of class 0 (T-shirt/top), in the order of the data set, go
through `torch.utils.data.random_split` with a generator seeded 42: 4,800 to train, 1,200 to validate. The test split
is all 1,000 test images of class 0 and then 400 images drawn without replacement from the 9,000 others by
`np.random.RandomState(42).choice`, what `np.random.seed(42)` and `np.random.choice` give. Both streams are frozen by
their libraries, so the indices are the same everywhere.

Data: Xiao, Rasul and Vollgraf, "Fashion-MNIST" (2017), https://arxiv.org/abs/1708.07747, MIT licence.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torchvision.datasets import FashionMNIST

from waferlab.profiles import Profile
from waferlab.splits import DataError, DataUnavailableError, Split, WaferDataset, resize, split_positions

#: The four official archives and their MD5 checksums.
ARCHIVES: dict[str, str] = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}
CLASS_NAMES = tuple(FashionMNIST.classes)
NORMAL_CLASS = 0
NUM_ANOMALIES = 400
RAW = Path("FashionMNIST") / "raw"  # where torchvision keeps the archives, below its root
DOWNLOAD_TIMEOUT = 20.0  # seconds without a byte before a download counts as failed


def load(image_size: int, profile: Profile, seed: int) -> WaferDataset:
    """Load the three splits; see the module's text for which images they hold.

    Args:
        image_size: side of the images in pixels.
        profile: limits on the splits; the first images of each kind are kept.
        seed: of the split and of the drawing of anomalies.

    Raises:
        DataError: an archive is damaged.
        DataUnavailableError: the archives are neither on disk nor downloadable.
    """
    raw = ensure_archives()
    train_images, train_classes = _read(raw, "train")
    test_images, test_classes = _read(raw, "t10k")
    train, val = split_normals(train_classes, seed)
    normal, anomalous = choose_test(test_classes, seed)
    test = np.concatenate([normal[: profile.max_test], anomalous[: profile.max_test]])
    return WaferDataset(
        name="fashion-mnist",
        image_size=image_size,
        class_names=CLASS_NAMES,
        train=_split(train_images, train_classes, train[: profile.max_train], image_size),
        val=_split(train_images, train_classes, val[: profile.max_val], image_size),
        test=_split(test_images, test_classes, test, image_size),
    )


def split_normals(classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Split the normal images 80/20 into training and validation.

    Args:
        classes: (n,) class of every image of the training set.
        seed: of the split.

    Returns:
        Indices into `classes`, of the training and of the validation images.
    """
    normals = np.flatnonzero(classes == NORMAL_CLASS)
    train, val = split_positions(len(normals), seed)
    return normals[train], normals[val]


def choose_test(classes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Choose the test images: every normal one, and 400 drawn from the others.

    Args:
        classes: (n,) class of every image of the test set.
        seed: of the drawing.

    Returns:
        Indices into `classes`, of the normal images (in order) and of the anomalies (as drawn).
    """
    others = np.flatnonzero(classes != NORMAL_CLASS)
    count = min(NUM_ANOMALIES, len(others))
    drawn = np.random.RandomState(seed).choice(others, count, replace=False)
    return np.flatnonzero(classes == NORMAL_CLASS), drawn


def _split(images: np.ndarray, classes: np.ndarray, indices: np.ndarray, image_size: int) -> Split:
    chosen = torch.from_numpy(classes[indices].astype(np.int64))
    return Split(
        images=resize(torch.from_numpy(images[indices]), image_size),
        labels=(chosen != NORMAL_CLASS).long(),
        classes=chosen,
        indices=torch.from_numpy(indices.astype(np.int64)),
    )


# ---- archives ------------------------------------------------------------------------------------------------------


def cache_folder() -> Path:
    """The user's cache for this course: `$XDG_CACHE_HOME/waferlab`, by default `~/.cache/waferlab`."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "waferlab"


def find_archives() -> Path | None:
    """The first folder that holds all four archives, or None; nothing is downloaded, copied or checked."""
    return next((folder for folder in _candidates() if _complete(folder)), None)


def fashion_mnist_available() -> bool:
    """Whether the four archives are on disk, so that loading needs no network."""
    return find_archives() is not None


def ensure_archives() -> Path:
    """The folder with the four archives, checksums verified, downloaded into the user's cache if need be.

    Raises:
        DataError: an archive on disk is damaged; it is left in place.
        DataUnavailableError: there are none, and they cannot be downloaded.
    """
    raw = find_archives() or _download()
    _verify_all(raw)
    if raw == _development_copy():
        raw = _copy_into_cache(raw)
        _verify_all(raw)
    return raw


def verify(archive: Path) -> None:
    """Compare an archive's MD5 checksum with the official one.

    Raises:
        DataError: it differs; the message names the file and both checksums.
    """
    with archive.open("rb") as file:
        found = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if found != ARCHIVES[archive.name]:
        raise DataError(
            f"{archive} is damaged: its MD5 checksum is {found} ({archive.stat().st_size:,} bytes), expected "
            f"{ARCHIVES[archive.name]}; delete or replace the file, then load again"
        )


def _verify_all(folder: Path) -> None:
    for name in ARCHIVES:
        verify(folder / name)


def _candidates() -> list[Path]:
    """Folders that may hold the archives, the user's own choice first."""
    named = os.environ.get("WAFERLAB_DATA")
    own = [Path(named).expanduser() / RAW, Path(named).expanduser()] if named else []
    return [*own, cache_folder() / RAW, _development_copy()]


def _development_copy() -> Path:
    """Where a developer's checkout may find the archives: in a folder beside the repository."""
    repository = Path(__file__).resolve().parents[2]
    return repository.parent / "shared" / "data" / RAW


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ARCHIVES)


def _copy_into_cache(raw: Path) -> Path:
    """Copy verified archives into the user's cache; where that is not writable, use them where they are."""
    target = cache_folder() / RAW
    try:
        target.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="copy-", dir=target) as temporary:
            for name in ARCHIVES:
                shutil.copyfile(raw / name, Path(temporary) / name)
            _move(Path(temporary), target)
    except OSError:
        return raw
    return target


def _download() -> Path:
    """Download the archives with torchvision (a progress bar each) into the user's cache.

    They go to a temporary folder inside the cache and are moved when complete, so neither an interrupted download nor
    two processes at once leave half a file behind.
    """
    target = cache_folder() / RAW
    try:
        target.mkdir(parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(prefix="download-", dir=target) as temporary,
            _socket_timeout(DOWNLOAD_TIMEOUT),
        ):
            FashionMNIST(temporary, download=True)
            _move(Path(temporary) / RAW, target)
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        cause = f"Fashion-MNIST could not be downloaded ({reason})"
        raise DataUnavailableError(_how_to_get(target, reason), cause) from error
    return target


def _how_to_get(target: Path, reason: str) -> str:
    return (
        f"Fashion-MNIST is not on this machine and could not be downloaded ({reason}): put the four files "
        f"{', '.join(ARCHIVES)} into {target} (or into a folder that the variable WAFERLAB_DATA names), or use "
        'load_dataset("synthetic-wafers") or WAFERLAB_DATASET=synthetic-wafers, which need no download.'
    )


def _move(source: Path, target: Path) -> None:
    """Move the archives; files that are already there stay, damaged ones too, so that checking finds them."""
    for name in ARCHIVES:
        if not (target / name).exists():
            os.replace(source / name, target / name)


@contextmanager
def _socket_timeout(seconds: float) -> Iterator[None]:
    """Let no socket opened inside wait for ever."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _read(raw: Path, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Read a verified pair of archives in memory: (n, 28, 28) uint8 images and (n,) uint8 classes.

    The IDX format: a header of 16 bytes (images) or 8 bytes (labels), then the values.
    """
    images = gzip.decompress((raw / f"{part}-images-idx3-ubyte.gz").read_bytes())
    classes = gzip.decompress((raw / f"{part}-labels-idx1-ubyte.gz").read_bytes())
    pixels = np.frombuffer(images, dtype=np.uint8, offset=16)
    return pixels.reshape(-1, 28, 28), np.frombuffer(classes, dtype=np.uint8, offset=8)
