"""Drawn wafer images with exact defect masks: nothing to download, and the same bytes everywhere.

Every image shows the same product: dies on a lattice, with memory arrays, logic lines and pads. What varies from image
to image is the stage (small rotation and phase), the lamp (gain and gradient) and the sensor (noise). Six kinds of
defect are drawn on top.

**What is promised.** An image depends on the seed, the stream (the split), its kind, its position and its size only,
not on how many images are asked for. Random numbers are raw PCG64 output, whose stream NumPy guarantees; the drawing
uses additions, multiplications, divisions and square roots, which IEEE 754 defines to the last bit, and ends in whole
grey levels. So a seed gives the same bytes on every platform and in every process; a test compares checksums.

**What a mask is.** The pixels whose grey level differs from that of the same image without the defect. The noise is
added in whole grey levels and nothing saturates, so this holds with and without noise. A pattern shift, for example,
marks the edges that moved and leaves flat areas alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
import torch

from waferlab.profiles import Profile
from waferlab.splits import Split, WaferDataset, resize

Kind = Literal["normal", "scratch", "particle", "pattern-shift", "missing-feature", "stain", "edge-ring"]

CLASS_NAMES: tuple[Kind, ...] = (
    "normal",
    "scratch",
    "particle",
    "pattern-shift",
    "missing-feature",
    "stain",
    "edge-ring",
)
NUM_TRAIN, NUM_VAL, NUM_TEST_NORMAL, NUM_ANOMALIES = 4800, 1200, 1000, 400

BLOCK = 32  # images drawn at once: their planes fit into a processor's cache
TEXELS = 256  # resolution of the die's drawing
DIE = np.float32(0.5)  # pitch of the lattice, in image sides
DARKEST, BRIGHTEST = 20.0, 235.0  # grey levels before noise; the noise is at most 16 levels
MAX_ROTATION = 0.03  # radians
MAX_PHASE = 0.03  # image sides
MAX_GRADIENT = 0.16  # relative change of the light over one image side
GAIN_SPREAD = 0.05  # relative

Array = np.ndarray


# ---- the product: one die, drawn once --------------------------------------------------------------------------------

SCRIBE = 20  # width of the scribe line at the die's top and left, in texels
SUBSTRATE = 95  # grey level

#: The blocks of the die: top, left, bottom, right in texels. Each can be missing.
BLOCKS: dict[str, tuple[int, int, int, int]] = {
    "memory": (40, 40, 136, 136),
    "logic": (40, 152, 136, 224),
    "vias": (152, 40, 224, 120),
    "pads": (152, 136, 224, 224),
}


def _draw_die(missing: str | None) -> Array:
    """The die as (TEXELS, TEXELS) whole grey levels, without one of its parts."""
    die = np.full((TEXELS, TEXELS), SUBSTRATE, dtype=np.int64)
    if missing != "scribe":
        die[:SCRIBE] = die[:, :SCRIBE] = 190
    for name, (top, left, bottom, right) in BLOCKS.items():
        if name != missing:
            _FEATURES[name](die[top:bottom, left:right])
    return die


def _memory(area: Array) -> None:
    """Word lines: horizontal stripes."""
    area[:] = 70
    for row in range(0, area.shape[0], 32):
        area[row : row + 16] = 150


def _logic(area: Array) -> None:
    """Vertical wires of two widths."""
    area[:] = 125
    area[:, 8:24] = 55
    area[:, 40:64] = 180


def _vias(area: Array) -> None:
    """A lattice of bright squares."""
    area[:] = 80
    for row in range(4, area.shape[0] - 8, 32):
        for column in range(4, area.shape[1] - 8, 32):
            area[row : row + 16, column : column + 16] = 200


def _pads(area: Array) -> None:
    """One large pad with a dark window."""
    area[:] = 205
    area[20:-20, 20:-20] = 60


_FEATURES: dict[str, Callable[[Array], None]] = {"memory": _memory, "logic": _logic, "vias": _vias, "pads": _pads}


@lru_cache(maxsize=32)
def _texture(image_size: int, missing: str | None = None) -> Array:
    """The die as a pixel sees it: averaged over the pixel's footprint, flattened, float32 in grey levels.

    The sums are whole numbers, so their order does not matter.
    """
    footprint = max(1, round(TEXELS / (float(DIE) * image_size)))
    die = _draw_die(missing)
    for axis in (0, 1):
        die = sum(np.roll(die, step - footprint // 2, axis=axis) for step in range(footprint))
    texture = (die / footprint**2).astype(np.float32).ravel()
    texture.setflags(write=False)  # everyone gets the same array
    return texture


# ---- random numbers --------------------------------------------------------------------------------------------------


class _Draws:
    """Random numbers of one block, taken one after the other from a raw PCG64 stream."""

    def __init__(self, *key: int) -> None:
        self._bits = np.random.PCG64(np.random.SeedSequence(key))

    def uniform(self, low: float, high: float, *shape: int) -> Array:
        """(BLOCK, *shape) float32, evenly between `low` and `high`."""
        count = BLOCK * int(np.prod(shape, dtype=np.int64))
        unit = (self._bits.random_raw(count) >> np.uint64(40)).astype(np.float32) / np.float32(2**24)
        return (np.float32(low) + np.float32(high - low) * unit).reshape(BLOCK, *shape)

    def sign(self) -> Array:
        """(BLOCK,) float32, -1 or 1."""
        return np.where(self.uniform(0, 1) < 0.5, np.float32(-1), np.float32(1))

    def noise(self, image_size: int) -> Array:
        """(BLOCK, s, s) int16 sensor noise in grey levels: mean 0, standard deviation 4.6, at most 16.

        The sum of four random bytes is close to normal (Irwin-Hall).
        """
        pixels = image_size * image_size
        raw = self._bits.random_raw(BLOCK * pixels // 2).astype("<u8", copy=False)
        parts = raw.view(np.uint8).reshape(BLOCK, 4, pixels)
        total = parts[:, 0].astype(np.int16)
        for number in (1, 2, 3):
            total += parts[:, number]
        return ((total - 494) >> 5).reshape(BLOCK, image_size, image_size)


# ---- the picture without a defect ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Scene:
    """Everything about a block of images but the defect.

    Attributes:
        image_size: side in pixels.
        x: (BLOCK, s, s) float32, where each pixel looks on the wafer, in texels, never negative.
        y: the same, downwards.
        light: (BLOCK, s, s) float32, what the lamp does, about 1.
        grid: (s,) float32, pixel centres from -0.5 to 0.5 in image sides.
    """

    image_size: int
    x: Array
    y: Array
    light: Array
    grid: Array

    @property
    def pixel(self) -> np.float32:
        """The side of a pixel in image sides."""
        return np.float32(1) / np.float32(self.image_size)


def _column(values: Array) -> Array:
    """(BLOCK,) values, one for each image, in a shape that multiplies (BLOCK, s, s)."""
    return values[:, None, None]


def _turn(half_tangent: Array) -> tuple[Array, Array]:
    """Cosine and sine of the angle whose half has this tangent: exact everywhere, unlike a library's `cos`."""
    square = half_tangent * half_tangent
    return (1 - square) / (1 + square), 2 * half_tangent / (1 + square)


def _rotated(grid: Array, cosine: Array, sine: Array) -> tuple[Array, Array]:
    """Coordinates of all pixels in frames turned by one angle for each image: two (BLOCK, s, s) planes."""
    along, across = grid[None, None, :], grid[None, :, None]
    cosine, sine = _column(cosine), _column(sine)
    return cosine * along - sine * across, sine * along + cosine * across


def _scene(draws: _Draws, image_size: int) -> _Scene:
    """Put a block of wafers on the stage: where each pixel looks, and how much light it gets."""
    grid = (np.arange(image_size, dtype=np.float32) + np.float32(0.5)) / np.float32(image_size) - np.float32(0.5)
    x, y = _rotated(grid, *_turn(draws.uniform(-MAX_ROTATION / 2, MAX_ROTATION / 2)))
    to_texels = np.float32(TEXELS) / DIE
    x += _column(draws.uniform(1 - MAX_PHASE, 1 + MAX_PHASE))  # one image side to the right: nothing is negative
    y += _column(draws.uniform(1 - MAX_PHASE, 1 + MAX_PHASE))
    x *= to_texels
    y *= to_texels
    gain = draws.uniform(1 - GAIN_SPREAD, 1 + GAIN_SPREAD)
    slope = draws.uniform(-MAX_GRADIENT / 2, MAX_GRADIENT / 2, 2) * gain[:, None]
    light = _column(slope[:, 0]) * grid[None, None, :] + (_column(slope[:, 1]) * grid[None, :, None] + _column(gain))
    return _Scene(image_size, x, y, light, grid)


def _texel(x: Array, y: Array) -> Array:
    """Where in the flattened die a pixel looks, int32."""
    return ((y.astype(np.int32) & (TEXELS - 1)) << 8) | (x.astype(np.int32) & (TEXELS - 1))


def _surface(scene: _Scene) -> Array:
    """(BLOCK, s, s) float32 grey levels of a flawless wafer under even light."""
    return _texture(scene.image_size).take(_texel(scene.x, scene.y))


def _expose(surface: Array, light: Array) -> Array:
    """What the camera sees before noise: whole grey levels, int16."""
    return (np.clip(surface * light, DARKEST, BRIGHTEST) + np.float32(0.5)).astype(np.int16)


# ---- defects: each takes a flawless surface and returns a changed one ------------------------------------------------


def _inside(distance: Array, pixel: np.float32) -> Array:
    """How much of a pixel lies inside a shape, 0 to 1, from its distance to the outline (positive inside)."""
    return np.clip(distance / pixel + np.float32(0.5), 0, 1)


def _paint(surface: Array, level: Array, alpha: Array) -> Array:
    """Cover `surface` with a grey `level`, (BLOCK,), as far as `alpha` says."""
    return surface + (_column(level) - surface) * alpha


def _die_of(draws: _Draws, scene: _Scene) -> Array:
    """(BLOCK, s, s) bool: one of the four whole dies in view, without its scribe lines."""
    inside = np.ones(scene.x.shape, dtype=bool)
    for plane in (scene.x, scene.y):
        whole = plane.astype(np.int32)
        die = np.where(draws.uniform(0, 1) < 0.5, 1, 2)
        inside &= ((whole >> 8) == _column(die)) & ((whole & (TEXELS - 1)) >= SCRIBE)
    return inside


def _scratch(draws: _Draws, scene: _Scene, surface: Array) -> Array:
    """A thin, slightly curved line, brighter or darker than what it crosses."""
    along, across = _rotated(scene.grid, *_turn(draws.uniform(-1, 1)))
    along -= _column(draws.uniform(-0.15, 0.15))
    across -= _column(draws.uniform(-0.25, 0.25)) + _column(draws.uniform(-0.5, 0.5)) * (along * along)
    half_length = _column(draws.uniform(0.2, 0.45))
    half_width = np.maximum(_column(draws.uniform(0.008, 0.016)), scene.pixel * np.float32(0.6))
    line = _inside(half_width - np.abs(across), scene.pixel) * _inside(half_length - np.abs(along), scene.pixel)
    return surface + _column(draws.sign() * draws.uniform(40, 95)) * line


def _particle(draws: _Draws, scene: _Scene, surface: Array) -> Array:
    """One to three dark specks, each with a bright glint."""
    extra = draws.uniform(0, 3)
    for number in range(3):
        along, across = _rotated(scene.grid, *_turn(draws.uniform(-1, 1)))
        along -= _column(draws.uniform(-0.35, 0.35))
        across -= _column(draws.uniform(-0.35, 0.35))
        radius = np.maximum(draws.uniform(0.022, 0.055), scene.pixel * np.float32(1.3)) * (extra >= number)
        across *= _column(draws.uniform(1, 1.8))  # an oval
        across += _column(draws.uniform(-6, 6)) * (along * along)  # bent
        body = _inside(_column(radius) - np.sqrt(along * along + across * across), scene.pixel)
        surface = _paint(surface, draws.uniform(25, 45), body * _column((radius > 0).astype(np.float32)))
        along += _column(radius * np.float32(0.3))
        across += _column(radius * np.float32(0.3))
        glint = _inside(_column(radius * np.float32(0.3)) - np.sqrt(along * along + across * across), scene.pixel)
        surface = _paint(surface, draws.uniform(180, 230), glint * body)
    return surface


def _pattern_shift(draws: _Draws, scene: _Scene, surface: Array) -> Array:
    """One die printed beside its place: 1.5 to 3.5 pixels of 64 off in both directions, its scribe lines unmoved."""
    step_x = _column(draws.sign() * draws.uniform(12, 28))
    step_y = _column(draws.sign() * draws.uniform(12, 28))
    moved = _texture(scene.image_size, "scribe").take(_texel(scene.x + step_x, scene.y + step_y))
    return np.where(_die_of(draws, scene), moved, surface)


def _missing_feature(draws: _Draws, scene: _Scene, surface: Array) -> Array:
    """One block of one die was never printed; the substrate shows."""
    textures = np.concatenate([_texture(scene.image_size, name) for name in BLOCKS])
    block = draws.uniform(0, len(BLOCKS)).astype(np.int32)
    without = textures.take(_texel(scene.x, scene.y) + _column(block) * TEXELS**2)
    return np.where(_die_of(draws, scene), without, surface)


def _stain(draws: _Draws, scene: _Scene, surface: Array) -> Array:
    """A film of uneven thickness with a sharp rim: interference makes rings, brighter and darker in turn."""
    across, down = scene.grid[None, None, :], scene.grid[None, :, None]
    centre = draws.uniform(-0.2, 0.2, 2)
    field = np.zeros_like(surface)
    for _ in range(3):
        blob = centre + draws.uniform(-0.12, 0.12, 2)
        reach = draws.uniform(0.08, 0.14)
        distance = (across - _column(blob[:, 0])) ** 2 + (down - _column(blob[:, 1])) ** 2
        field += _column(reach * reach) / (distance + np.float32(0.001))
    thickness = np.maximum(1 - 1 / np.maximum(field, np.float32(1)), 0)
    phase = thickness * _column(draws.uniform(1.2, 2))
    ring = np.abs((phase - np.floor(phase)) * 4 - 2) - 1  # a triangle wave from 1 to -1 and back
    strength = _column(draws.sign() * draws.uniform(0.16, 0.34))
    return surface * (1 + strength * ring * (field > 1))


def _edge_ring(draws: _Draws, scene: _Scene, surface: Array) -> Array:
    """Two arcs about the wafer's centre, far outside the picture: what edge-bead removal leaves behind."""
    cosine, sine = _turn(draws.uniform(-1, 1))
    far = draws.uniform(1.0, 1.8) * draws.sign()
    x = scene.grid[None, None, :] - _column(cosine * far)
    y = scene.grid[None, :, None] - _column(sine * far)
    outward = np.sqrt(x * x + y * y) - _column(np.abs(far) + draws.uniform(-0.25, 0.25))
    half_width = _column(draws.uniform(0.025, 0.05))
    broad = _inside(half_width - np.abs(outward), scene.pixel) * _column(draws.uniform(0.25, 0.6))
    gap = np.abs(outward - half_width - np.float32(0.06))
    thin = _inside(np.maximum(np.float32(0.01), scene.pixel / 2) - gap, scene.pixel) * np.float32(0.4)
    bright = draws.sign() > 0
    surface = _paint(surface, np.where(bright, np.float32(200), np.float32(45)), broad)
    return _paint(surface, np.where(bright, np.float32(60), np.float32(190)), thin)


_DEFECTS: dict[str, Callable[[_Draws, _Scene, Array], Array]] = {
    "scratch": _scratch,
    "particle": _particle,
    "pattern-shift": _pattern_shift,
    "missing-feature": _missing_feature,
    "stain": _stain,
    "edge-ring": _edge_ring,
}


# ---- images and data sets --------------------------------------------------------------------------------------------


def draw_wafers(
    count: int, image_size: int, kind: Kind = "normal", *, seed: int = 42, stream: int = 0
) -> tuple[Array, Array]:
    """Draw wafer images of one kind, with the masks of their defects.

    The same `seed`, `stream` and position give the same wafer under the same light and noise whatever the kind: drawn
    as `normal`, it is the picture without the defect.

    Args:
        count: how many images.
        image_size: side of the images in pixels, even.
        kind: `normal` or the kind of defect.
        seed: everything random derives from it.
        stream: an independent series of wafers for each number.

    Returns:
        (count, s, s) uint8 images, and (count, s, s) bool masks, True where the defect changed the grey level.

    Raises:
        ValueError: the kind is unknown, or the size is odd or not positive.

    >>> images, masks = draw_wafers(3, 32, "scratch", seed=1)
    >>> flawless, _ = draw_wafers(3, 32, "normal", seed=1)
    >>> bool(((images != flawless) == masks).all())
    True
    """
    if kind not in CLASS_NAMES:
        raise ValueError(f"unknown kind of wafer {kind!r}: expected one of {', '.join(CLASS_NAMES)}")
    if image_size <= 0 or image_size % 2:
        raise ValueError(f"image_size is {image_size}: expected a positive even number of pixels")
    images = np.empty((count, image_size, image_size), dtype=np.uint8)
    masks = np.zeros((count, image_size, image_size), dtype=bool)
    for block, start in enumerate(range(0, count, BLOCK)):
        stop = min(start + BLOCK, count)
        drawn, mask = _draw_block(image_size, kind, (seed, stream, block))
        images[start:stop] = drawn[: stop - start]
        if mask is not None:
            masks[start:stop] = mask[: stop - start]
    return images, masks


def _draw_block(image_size: int, kind: Kind, key: tuple[int, ...]) -> tuple[Array, Array | None]:
    """Draw one block: (BLOCK, s, s) uint8 images and their masks, or None for normal wafers."""
    scene = _scene(_Draws(*key, 0), image_size)
    surface = _surface(scene)
    levels = _expose(surface, scene.light)
    mask = None
    if kind != "normal":
        changed = _expose(_DEFECTS[kind](_Draws(*key, 1), scene, surface), scene.light)
        mask, levels = changed != levels, changed
    levels += _Draws(*key, 2).noise(image_size)
    return levels.astype(np.uint8), mask


def load(image_size: int, profile: Profile, seed: int) -> WaferDataset:
    """Draw the three splits, as large as the case study's: 4,800, 1,200, and 1,000 normal with 400 anomalous images.

    Args:
        image_size: side of the images in pixels, even.
        profile: limits on the splits; the first images of each kind are kept.
        seed: everything random derives from it.
    """
    return WaferDataset(
        name="synthetic-wafers",
        image_size=image_size,
        class_names=CLASS_NAMES,
        train=_normal_split(_limited(NUM_TRAIN, profile.max_train), image_size, seed, stream=0),
        val=_normal_split(_limited(NUM_VAL, profile.max_val), image_size, seed, stream=1),
        test=_test_split(image_size, profile.max_test, seed),
    )


def _limited(count: int, limit: int | None) -> int:
    return count if limit is None else min(count, limit)


def _normal_split(count: int, image_size: int, seed: int, stream: int) -> Split:
    images, masks = draw_wafers(count, image_size, seed=seed, stream=stream)
    return _split(images, masks, np.zeros(count, dtype=np.int64), np.arange(count))


def _test_split(image_size: int, limit: int | None, seed: int) -> Split:
    """Normal wafers (stream 2), then anomalies: the kinds take turns, each from a stream of its own (from 3)."""
    num_normal, num_anomalies = _limited(NUM_TEST_NORMAL, limit), _limited(NUM_ANOMALIES, limit)
    images = np.empty((num_normal + num_anomalies, image_size, image_size), dtype=np.uint8)
    masks = np.zeros(images.shape, dtype=bool)
    classes = np.zeros(len(images), dtype=np.int64)
    images[:num_normal], _ = draw_wafers(num_normal, image_size, seed=seed, stream=2)
    for turn, (kind, places) in enumerate(_turns(num_normal, num_anomalies)):
        images[places], masks[places] = draw_wafers(len(places), image_size, kind, seed=seed, stream=3 + turn)
        classes[places] = CLASS_NAMES.index(kind)
    indices = np.concatenate([np.arange(num_normal), NUM_TEST_NORMAL + np.arange(num_anomalies)])
    return _split(images, masks, classes, indices)


def _turns(start: int, count: int) -> Iterator[tuple[Kind, range]]:
    """Which places each kind of defect takes when they take turns."""
    kinds = CLASS_NAMES[1:]
    for turn, kind in enumerate(kinds):
        yield kind, range(start + turn, start + count, len(kinds))


def _split(images: Array, masks: Array, classes: Array, indices: Array) -> Split:
    return Split(
        images=resize(torch.from_numpy(images), images.shape[-1]),
        labels=torch.from_numpy((classes > 0).astype(np.int64)),
        classes=torch.from_numpy(classes),
        indices=torch.from_numpy(indices.astype(np.int64)),
        masks=torch.from_numpy(masks).unsqueeze(1),
    )
