"""Reference answers of 01-augmentation: Augmentation: what may a normal wafer look like?.

Exported from source/01-augmentation/augmentation.ipynb by `course export`. Do not edit: change the notebook and export again.
"""

import torch
from torch import Tensor
from torchvision import transforms


class GaussianNoise:
    """Adds the noise of a camera to images.

    Args:
        sigma: standard deviation of the noise, in units of the full grey scale; 0.02 is 5 grey levels of 255.
    """

    def __init__(self, sigma: float = 0.02) -> None:
        self.sigma = sigma

    def __call__(self, image: Tensor) -> Tensor:
        """Add noise, drawn anew.

        Args:
            image: one image `(1, h, w)` or a batch `(B, 1, h, w)`, float, values in [0, 1]; left as it is.

        Returns:
            A tensor of the same shape, values in [0, 1].

        Steps:
            1. Draw one standard normal number per pixel.
            2. Scale it with sigma and add it to the image.
            3. Cut off what leaves [0, 1].

        Hints:
            - `torch.randn_like(image)` draws a tensor of the image's shape. (`torch.rand_like` is uniform.)
            - `clamp` makes a new tensor, `clamp_` changes the one it is called on.
        """
        noise = self.sigma * torch.randn_like(image)
        return (image + noise).clamp(0, 1)


def create_augmented_transform(img_size: int = 128) -> transforms.Compose:
    """A random transform from a picture to a training image.

    Args:
        img_size: side of the result in pixels.

    Returns:
        A callable: square PIL image of mode L => float tensor `(1, img_size, img_size)` in [0, 1], another one at
        each call.

    Steps:
        1. Resize to `img_size` x `img_size`.
        2. Flip horizontally with probability 1/2, then vertically with probability 1/2.
        3. Rotate by up to 15 degrees either way.
        4. Turn the PIL image into a tensor; this also divides by 255.
        5. Add noise with your `GaussianNoise`.

    Hints:
        - `transforms.Compose([...])` calls its parts one after the other. Any callable may stand in the list.
        - `transforms.Resize((s, s))`, `RandomHorizontalFlip`, `RandomVerticalFlip`, `RandomRotation`, `ToTensor`.
    """
    return transforms.Compose(
        [
            transforms.Resize((img_size, img_size)),
            transforms.RandomHorizontalFlip(p=0.5),
            transforms.RandomVerticalFlip(p=0.5),
            transforms.RandomRotation(degrees=15),
            transforms.ToTensor(),
            GaussianNoise(sigma=0.02),
        ]
    )
