"""How many synthetic wafers does one core draw in a second?

Each kind of image at one size, in turns over several rounds, beside the least that any image costs: its sensor noise.
Times are processor seconds of this process, so that other work on the machine counts little.

    taskset -c 0 python benchmarks/synthetic.py          # 64 px, a few seconds
    python benchmarks/synthetic.py --size 128 --save
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial
from statistics import median

from common import machine, save
from waferlab.synthetic import (
    BLOCK,
    CLASS_NAMES,
    NUM_ANOMALIES,
    NUM_TEST_NORMAL,
    NUM_TRAIN,
    NUM_VAL,
    _Draws,
    draw_wafers,
)

NOISE = "noise alone"


def draw_noise(count: int, size: int) -> None:
    """The sensor noise of as many images, and nothing else."""
    draws = _Draws(0)
    for _ in range(0, count, BLOCK):
        draws.noise(size)


def seconds(work: Callable[[], object]) -> float:
    """Processor seconds of one call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def measure(count: int, size: int, rounds: int) -> dict[str, float]:
    """Images a second for noise alone and for every kind, medians over rounds that take turns."""
    works: dict[str, Callable[[], object]] = {NOISE: partial(draw_noise, count, size)}
    works |= {kind: partial(draw_wafers, count, size, kind) for kind in CLASS_NAMES}
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds + 1):
        for name, work in works.items():
            times[name].append(seconds(work))
    return {name: count / median(values[1:]) for name, values in times.items()}  # the first round warms up


def whole_set(rates: dict[str, float]) -> float:
    """Images a second over a whole data set, with its share of every kind."""
    normals = NUM_TRAIN + NUM_VAL + NUM_TEST_NORMAL
    needed = normals / rates["normal"] + sum(NUM_ANOMALIES / 6 / rates[kind] for kind in CLASS_NAMES[1:])
    return (normals + NUM_ANOMALIES) / needed


def report(rates: dict[str, float], size: int) -> str:
    """The table as plain text."""
    rows = rates | {"whole data set": whole_set(rates)}
    lines = [f"{size} px, one core", f"{'':<16} {'images/s':>9} {'of noise alone':>15}"]
    lines += [f"{name:<16} {rate:>9,.0f} {rate / rates[NOISE]:>15.2f}" for name, rate in rows.items()]
    return "\n".join(lines)


def main() -> None:
    """Measure, print, and keep the result when asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=int, default=64, help="side of the images in pixels")
    parser.add_argument("--count", type=int, default=320, help="images of each kind in a round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--save", action="store_true", help="write the result to benchmarks/results/")
    options = parser.parse_args()
    print(machine())
    text = report(measure(options.count, options.size, options.rounds), options.size)
    print(text)
    if options.save:
        print(f"written to {save('synthetic', 'Synthetic wafers: images a second', text)}")


if __name__ == "__main__":
    main()
