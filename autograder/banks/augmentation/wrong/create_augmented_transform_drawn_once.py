"""Draws flips and angle when the transform is made, not when it is called.

fails: horizontal, vertical, rotation
"""

import random


def create_augmented_transform(img_size=128):
    steps = [transforms.Resize((img_size, img_size))]
    if random.random() < 0.5:
        steps.append(transforms.RandomHorizontalFlip(p=1.0))
    if random.random() < 0.5:
        steps.append(transforms.RandomVerticalFlip(p=1.0))
    angle = random.uniform(-15, 15)
    steps += [transforms.RandomRotation((angle, angle)), transforms.ToTensor(), GaussianNoise()]
    return transforms.Compose(steps)
