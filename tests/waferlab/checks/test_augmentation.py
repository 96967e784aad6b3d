"""Do the visible checks of assignment 01 measure what they say they measure?"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torchvision import transforms
from torchvision.transforms import functional
from waferlab.checks.augmentation import TASKS
from waferlab.checks.augmentation import create_augmented_transform as checks
from waferlab.checks.core import Case, CheckFailed, Observation

CASE = Case(5)
NOISE, TRANSFORM = (TASKS[name] for name in ("gaussian_noise", "create_augmented_transform"))


class Noise:
    """A right answer to Task 1."""

    def __init__(self, sigma: float = 0.02) -> None:
        self.sigma = sigma

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        return (image + self.sigma * torch.randn_like(image)).clamp(0, 1)


def failed(judged: list[Any]) -> dict[str, str]:
    """What was found, by the names of the findings that are wrong."""
    return {finding.name: finding.found for finding in judged if not finding.passed}


def noise_faults(answer: Any) -> dict[str, str]:
    """What Task 1's check finds in an answer."""
    return failed(NOISE.judge(NOISE.probe({"GaussianNoise": answer}, CASE), {}))


def observe(transform: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, draws: int = 400) -> Observation:
    """What Task 2's probe sees in a transform (of 48 px or any other size), with fewer draws."""
    monkeypatch.setattr(checks, "DRAWS", draws)
    return TRANSFORM.probe({"create_augmented_transform": lambda img_size=128: transform(img_size)}, CASE)


def turned(img_size: int, angle: Callable[[], float], flips: tuple[bool, bool] = (False, False)) -> Callable[..., Any]:
    """A transform with a given angle and given flips, without noise."""

    def apply(picture: Any) -> torch.Tensor:
        image = functional.to_tensor(functional.resize(picture, [img_size, img_size]))
        image = image.flip(-1) if flips[0] else image
        image = image.flip(-2) if flips[1] else image
        return functional.rotate(image, angle())

    return apply


@pytest.mark.parametrize(
    ("flips", "angle"),
    [((False, False), -15), ((True, False), 15), ((False, True), -4), ((True, True), 9), ((True, True), 0)],
)
def test_angle_and_flips_are_read_from_the_dots(
    flips: tuple[bool, bool], angle: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Does the probe see the flips that were made, and the angle to within a degree?"""
    seen = observe(lambda size: turned(size, lambda: angle, flips), monkeypatch, draws=checks.ENOUGH)
    numbers, angles, left = checks.readable(seen, seen)
    assert (numbers == flips[0] + 2 * flips[1]).all()
    assert np.abs(np.abs(angles) - abs(angle)).max() < 1
    assert left.max() < checks.RESIDUAL_LIMIT


@pytest.mark.parametrize(
    ("draw", "word"),
    [
        pytest.param(lambda: random.choice([-12, 12]), "not equally likely", id="two angles"),
        pytest.param(lambda: random.choice([0, random.uniform(-15, 15)]), "not turned at all", id="now and then"),
        pytest.param(lambda: random.uniform(-40, 40), "angles from -", id="too far"),
        pytest.param(lambda: 0.0, "no rotation", id="none"),
        pytest.param(lambda: 10.0, "the same angle", id="always the same"),
    ],
)
def test_wrong_angles_are_named(draw: Callable[[], float], word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Does the message say what is wrong with the angles?"""
    seen = observe(lambda size: turned(size, draw), monkeypatch)
    assert word in checks.rotation_fault(seen, seen)


def test_corners_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Is a picture with white corners judged like one with black corners?"""
    steps = [transforms.RandomRotation(15, fill=255), transforms.ToTensor()]
    seen = observe(lambda size: transforms.Compose([transforms.Resize((size, size)), *steps]), monkeypatch)
    assert not {"rotation", "geometry", "intensity"} & failed(TRANSFORM.judge(seen, seen)).keys()


def test_rings_are_what_was_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Are the samples of the three rings free of edges, at any angle?"""
    seen = observe(lambda size: turned(size, lambda: random.uniform(-15, 15)), monkeypatch)
    assert np.abs(seen["rings"] - seen["levels"][:, None]).max() < 0.005


@pytest.mark.parametrize(
    ("change", "name", "word"),
    [
        pytest.param(lambda x, s: x + s**0.5 * torch.randn_like(x), "spread", "not the variance", id="variance"),
        pytest.param(lambda x, s: x + s**2 * torch.randn_like(x), "spread", "do not square", id="squared"),
        pytest.param(lambda x, s: x + s * (2 * torch.rand_like(x) - 1), "spread", "uniform", id="uniform"),
        pytest.param(lambda x, s: x + s * torch.rand_like(x), "mean", "+0.01", id="only brighter"),
        pytest.param(lambda x, s: x + s * torch.randn(x.shape[-1]), "independent", "column", id="one row"),
        pytest.param(lambda x, s: x + s * torch.randn(x.shape[-3:]), "independent", "batch", id="one image"),
        pytest.param(lambda x, s: x, "new-draw", "no noise", id="nothing"),
        pytest.param(lambda x, s: (x + s * torch.randn_like(x))[..., 1:], "spread", "of shape (1, 32, 31)", id="shape"),
        pytest.param(lambda x, s: x.tolist(), "shape", "a list", id="type"),
    ],
)
def test_noise_mistakes_are_named(change: Callable[..., torch.Tensor], name: str, word: str) -> None:
    """Does the table name the mistake that the numbers give away?"""

    class Mistaken(Noise):
        def __call__(self, image: torch.Tensor) -> torch.Tensor:
            changed = change(image, self.sigma)
            return changed.clamp(0, 1) if isinstance(changed, torch.Tensor) else changed

    assert word in noise_faults(Mistaken)[name]


@pytest.mark.parametrize("sigmas", [(0.05, 1.0), (0.02, 1.5)], ids=["by default", "another"])
def test_both_standard_deviations_count(sigmas: tuple[float, float]) -> None:
    """Is a sigma that is right only by default, or only when given, found?"""

    class Half(Noise):
        def __init__(self, sigma: float = sigmas[0]) -> None:
            super().__init__(sigma * (sigmas[1] if sigma == 0.035 else 1))

    assert "spread" in noise_faults(Half)


def test_a_wrong_type_is_one_fault_only() -> None:
    """Is an answer that returns an array judged by its numbers, and told about its type?"""

    class Arrays(Noise):
        def __call__(self, image: torch.Tensor) -> Any:
            return super().__call__(image).numpy()

    assert noise_faults(Arrays) == {"shape": "returned a ndarray, expected a tensor"}


@pytest.mark.parametrize("kind", ["raises", "hangs", "is not answered", "is far too loud"])
def test_a_broken_noise_does_not_cost_the_transform(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is Task 2 judged with a noise that works where the answer to Task 1 does not?"""

    class GaussianNoise(Noise):
        def __call__(self, image: torch.Tensor) -> torch.Tensor:
            while kind == "hangs":
                pass
            if kind == "is far too loud":
                return image + torch.randn_like(image)
            raise NotImplementedError if kind == "is not answered" else ValueError

    names = {"GaussianNoise": GaussianNoise, "transforms": transforms}
    exec(
        "def create_augmented_transform(img_size=128):\n"
        "    camera = [transforms.ToTensor(), GaussianNoise(0.02)]\n"
        "    return transforms.Compose([transforms.Resize((img_size, img_size)), *camera])\n",
        names,
    )
    monkeypatch.setattr(checks, "DRAWS", 300)
    monkeypatch.setattr(checks, "NOISE_SECONDS", 0.2)
    seen = TRANSFORM.probe(names, CASE)
    assert not {"noise", "range", "intensity", "output"} & failed(TRANSFORM.judge(seen, seen)).keys()
    assert names["GaussianNoise"] is GaussianNoise


def test_a_check_leaves_no_trace_in_the_generators() -> None:
    """Do the notebook's own draws go on as if the check had not been there?"""
    torch.manual_seed(1)
    random.seed(1)
    np.random.seed(1)
    before = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    noise_faults(Noise)
    after = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].tolist()
    assert before[0].equal(after[0]) and before[1:] == after[1:]


def test_visible_check_prints_and_raises(capsys: pytest.CaptureFixture[str]) -> None:
    """Does a student see a table, an error when something is wrong, and a quiet line before answering?"""
    assert NOISE.check(Noise) is None
    assert "8 of 8 checks passed" in capsys.readouterr().out

    class Loud(Noise):
        def __call__(self, image: torch.Tensor) -> torch.Tensor:
            return image + self.sigma * torch.randn_like(image)

    with pytest.raises(CheckFailed, match="1 of 8"):
        NOISE.check(Loud)
    assert "nothing keeps them in [0, 1]" in capsys.readouterr().out

    def unanswered(img_size: int = 128) -> Any:
        raise NotImplementedError

    assert TRANSFORM.check(unanswered) == 0
    assert "not yet answered" in capsys.readouterr().out
