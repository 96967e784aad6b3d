"""Your own images, in the layout of MVTec AD (Bergmann et al., CVPR 2019).

    PATH/train/good/*.png                        normal images; 20 % of them validate
    PATH/test/good/*.png                         normal images
    PATH/test/<defect>/*.png                     anomalies, a folder for each kind
    PATH/ground_truth/<defect>/<name>_mask.png   masks of the anomalies (or <name>.png), all of them or none

PNG, JPEG, BMP and TIFF, any size, colour or grey, 8 or 16 bits; they become square, grey and 8 bits deep.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.image import imread

from waferlab.profiles import Profile
from waferlab.splits import DataError, Split, WaferDataset, resize, split_positions

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}
LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)  # ITU-R BT.601: how bright red, green and blue look
GOOD = "good"


@dataclass(frozen=True)
class _Item:
    """One image of a split before it is read.

    Attributes:
        path: the image's file.
        class_index: index into the class names; 0 is `good`.
        position: place in the sorted list of its part (train or test).
        mask: its mask's file; None for normal images.
    """

    path: Path
    class_index: int
    position: int
    mask: Path | None = None


def load(path: str | Path, image_size: int, profile: Profile, seed: int) -> WaferDataset:
    """Load a folder in the MVTec layout; only the images that the profile's limits keep are read.

    Args:
        path: the folder.
        image_size: side of the images in pixels; images that are not square are squeezed.
        profile: limits on the splits. Anomalies take turns between the kinds of defect, so a limit keeps all kinds.
        seed: of the split of `train/good`.

    Raises:
        DataError: the folder or a part of it is missing or empty, a file cannot be read, or a mask is missing or has
            another size than its image.
    """
    root = Path(path).expanduser()
    good, defects = _good_images(root), _defects(root)
    train, val = split_positions(len(good), seed)
    items = [_Item(file, 0, position) for position, file in enumerate(good)]
    normal, anomalous = _test_items(root, defects)
    has_masks = (root / "ground_truth").is_dir()
    return WaferDataset(
        name=f"folder:{path}",
        image_size=image_size,
        class_names=(GOOD, *defects),
        train=_split([items[i] for i in train[: profile.max_train]], image_size, has_masks),
        val=_split([items[i] for i in val[: profile.max_val]], image_size, has_masks),
        test=_split(normal[: profile.max_test] + anomalous[: profile.max_test], image_size, has_masks),
    )


def _good_images(root: Path) -> list[Path]:
    if not root.is_dir():
        raise DataError(f"{root} is not a folder: expected one that holds train/good, test/good and test/<defect>")
    good = _images(root / "train" / GOOD)
    if len(good) < 2:
        raise DataError(f"{root / 'train' / GOOD} holds {len(good)} images: expected at least 2")
    return good


def _defects(root: Path) -> list[str]:
    """The kinds of defect: the folders in `test` that hold images, by name."""
    folders = sorted(folder for folder in (root / "test").glob("*") if folder.name != GOOD)
    defects = [folder.name for folder in folders if _images(folder)]
    if not defects:
        raise DataError(f"{root / 'test'} holds no anomalies: expected a folder of images for each defect")
    return defects


def _images(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("*") if path.suffix.lower() in SUFFIXES and path.is_file())


def _test_items(root: Path, defects: Sequence[str]) -> tuple[list[_Item], list[_Item]]:
    """Normal and anomalous test images; positions count through `good` and then every defect by name."""
    normal = [_Item(path, 0, position) for position, path in enumerate(_images(root / "test" / GOOD))]
    if not normal:
        raise DataError(f"{root / 'test' / GOOD} holds no images: expected normal images to test with")
    turns: list[tuple[int, _Item]] = []
    for number, defect in enumerate(defects, start=1):
        for turn, path in enumerate(_images(root / "test" / defect)):
            turns.append((turn, _Item(path, number, len(normal) + len(turns), _mask_of(root, defect, path))))
    return normal, [item for _, item in sorted(turns, key=lambda pair: (pair[0], pair[1].class_index))]


def _mask_of(root: Path, defect: str, image: Path) -> Path | None:
    """The file that holds an image's mask, or None when the data set has no masks at all."""
    if not (root / "ground_truth").is_dir():
        return None
    folder = root / "ground_truth" / defect
    names = (f"{image.stem}_mask.png", f"{image.stem}.png")
    found = next((folder / name for name in names if (folder / name).is_file()), None)
    if found is None:
        raise DataError(f"{image} has no mask: expected {names[0]} or {names[1]} in {folder}")
    return found


def _split(items: Sequence[_Item], image_size: int, has_masks: bool) -> Split:
    pairs = [_read_item(item, image_size, has_masks) for item in items]
    classes = torch.tensor([item.class_index for item in items], dtype=torch.int64)
    return Split(
        images=torch.cat([image for image, _ in pairs]) if pairs else torch.zeros(0, 1, image_size, image_size),
        labels=(classes > 0).long(),
        classes=classes,
        indices=torch.tensor([item.position for item in items], dtype=torch.int64),
        masks=torch.cat([mask for _, mask in pairs]) if has_masks and pairs else None,
    )


def _read_item(item: _Item, image_size: int, with_mask: bool) -> tuple[torch.Tensor, torch.Tensor | None]:
    """The image, (1, 1, s, s) float32, and its mask, (1, 1, s, s) bool; a normal image's mask is empty."""
    image = _read_grey(item.path)
    resized = resize(image, image_size)
    if item.mask is None:
        return resized, torch.zeros(resized.shape, dtype=torch.bool) if with_mask else None
    mask = _read_grey(item.mask)
    if mask.shape != image.shape:
        raise DataError(f"{item.mask} is {_size(mask)} pixels: expected {_size(image)}, the size of {item.path}")
    # A pixel of the result counts as defect when any part of it does.
    return resized, F.adaptive_max_pool2d((mask > 0).float().unsqueeze(1), image_size).bool()


def _read_grey(path: Path) -> torch.Tensor:
    """Read one file as (1, h, w) uint8."""
    try:
        pixels = imread(path)
    except (OSError, SyntaxError, ValueError) as error:  # Pillow calls a broken PNG a SyntaxError
        raise DataError(f"{path} cannot be read as an image ({' '.join(str(error).split())[:100]})") from error
    if np.issubdtype(pixels.dtype, np.integer):
        pixels = pixels.astype(np.float32) / np.iinfo(pixels.dtype).max
    if pixels.ndim == 3:
        pixels = pixels[..., :3] @ LUMA if pixels.shape[-1] >= 3 else pixels[..., 0]  # without transparency
    return torch.from_numpy(np.rint(pixels * 255).astype(np.uint8)).unsqueeze(0)


def _size(image: torch.Tensor) -> str:
    return f"{image.shape[-1]}x{image.shape[-2]}"
