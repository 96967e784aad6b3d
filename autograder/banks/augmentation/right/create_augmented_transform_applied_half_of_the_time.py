"""RandomApply around flips that always flip; a nested Compose; a Sequential."""

from torch import nn


def create_augmented_transform(img_size=128):
    flips = [transforms.RandomHorizontalFlip(p=1), transforms.RandomVerticalFlip(p=1)]
    geometry = nn.Sequential(*[transforms.RandomApply([flip], p=0.5) for flip in flips], transforms.RandomRotation(15))
    camera = transforms.Compose([transforms.ToTensor(), GaussianNoise()])
    return transforms.Compose([transforms.Resize(size=(img_size, img_size)), geometry, camera])
