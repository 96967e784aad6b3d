"""Task 2 of assignment 08: exporting a model, and comparing what was written with the model itself.

Four small models are exported: one image to image, one with two outputs, and two that draw random numbers, so that only
an answer which reads its files back and compares them can know how far they are from the model.
"""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.benchmark.clocks import replaced, scope_of
from waferlab.checks.benchmark.shared import describe, first_fault, in_parts, note_modes, number_of, restored_fault
from waferlab.checks.core import MAX_TEXT, Case, Check, Fault, Observation, Task, array_of, error_of, scenario

if TYPE_CHECKING:
    import torch

MAX_DIFFERENCE = 1e-5
EXPORT_BATCHES = (1, 2, 3, 8)
SUFFIXES = {"torchscript": ".pt", "torch_export": ".pt2"}
SLIGHT = 1e-7
EXPORTED = ("image", "pair")


# --- probe -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="export-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def load_exported(kind: str, file: Path) -> Callable[..., Any]:
    """An exported model as something that can be called."""
    import torch

    return torch.jit.load(file) if kind == "torchscript" else torch.export.load(file).module()


def sampled(output: Any) -> np.ndarray:
    """A model's output as one row of numbers for each image; of images, 16 pixels each."""
    import torch

    parts = output if isinstance(output, (tuple, list)) else [output]
    rows = []
    for part in parts:
        step = max(1, part.shape[-1] // 4 - 1) if part.ndim == 4 else 1
        kept = part[..., 1::step, 2::step][..., :4, :4] if part.ndim == 4 else part
        rows.append(kept.reshape(len(part), -1))
    return torch.cat(rows, dim=1).detach().double().numpy()


def compare_files(seen: Observation, part: str, model: torch.nn.Module, base: Path, size: int, case: Case) -> None:
    """What the exported files give for new images in batches of several sizes, and what the model itself gives."""
    import torch

    shapes = [(batch, 1, size, size) for batch in EXPORT_BATCHES]
    batches = [torch.from_numpy(case.rng(60, shape[0]).random(shape).astype(np.float32)) for shape in shapes]
    model.eval()
    with torch.no_grad():
        for x in batches:
            seen[f"{part}.want.{len(x)}"] = sampled(model(x))
        for kind, suffix in SUFFIXES.items():
            with scenario(seen, f"{part}.{kind}"):
                loaded = load_exported(kind, base.parent / (base.name + suffix))
                for x in batches:
                    with scenario(seen, f"{part}.{kind}.{len(x)}"):
                        seen[f"{part}.{kind}.{len(x)}"] = sampled(loaded(x))


def read_export(seen: Observation, part: str, result: Any, base: Path) -> None:
    """The returned dict: where it does not tell the truth about the files, and the differences that it reports."""
    flaws = []
    for kind, suffix in SUFFIXES.items():
        file = base.parent / (base.name + suffix)
        entry = result.get(kind) if isinstance(result, Mapping) else None
        if not file.is_file():
            flaws.append(f"there is no file {file.name}")
        elif not isinstance(entry, Mapping):
            flaws.append(f"result['{kind}'] is {describe(entry)} instead of a dict")
        else:
            flaws += entry_flaws(kind, entry, file)
            seen[f"{part}.{kind}.difference"] = number_of(entry.get("max_difference"))
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:MAX_TEXT]


def entry_flaws(kind: str, entry: Mapping[Any, Any], file: Path) -> list[str]:
    """What is wrong with `file` and `size_bytes` of one entry."""
    flaws = []
    named = entry.get("file")
    if not isinstance(named, (str, os.PathLike)) or os.path.realpath(named) != os.path.realpath(file):
        flaws.append(f"result['{kind}']['file'] is {str(named)[-60:]!r}, not the path of {file.name}")
    if number_of(entry.get("size_bytes")) != file.stat().st_size:
        flaws.append(f"result['{kind}']['size_bytes'] is not the size of {file.name}")
    return flaws


@contextlib.contextmanager
def counted_reads(answer: Callable[..., Any]) -> Iterator[dict[str, int]]:
    """Count by kind how often an answer reads an exported file back, also under a name of its own for the function."""
    import torch

    counts = dict.fromkeys(SUFFIXES, 0)

    def counting(kind: str, load: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(load)
        def read(*args: Any, **options: Any) -> Any:
            counts[kind] += 1
            return load(*args, **options)

        return read

    loads = {"torchscript": torch.jit.load, "torch_export": torch.export.load}
    stand_ins = {load: counting(kind, load) for kind, load in loads.items()}
    with replaced(stand_ins, vars(torch.jit), vars(torch.export), scope_of(answer)):
        yield counts


def export_part(
    seen: Observation, part: str, answer: Callable[..., Any], model: torch.nn.Module, base: Any, *size: int
) -> None:
    """Export one model; note the result, the modes afterwards and whether weights changed."""
    import torch

    before = {name: value.clone() for name, value in model.state_dict().items()}
    with scenario(seen, part):
        with counted_reads(answer) as reads:
            result = answer(model, base, *size)
        read_export(seen, part, result, Path(base))
        seen.update({f"{part}.{kind}.reads": count for kind, count in reads.items()})
        seen[f"{part}.returned"] = True
    note_modes(seen, part, model)
    after = model.state_dict()
    same = before.keys() == after.keys() and all(torch.equal(before[name], after[name]) for name in before)
    seen[f"{part}.same_weights"] = bool(same)


def probe_export(answers: Mapping[str, Any], case: Case) -> Observation:
    """Export four models: one image to image, one with two outputs, and two that draw random numbers."""
    import torch

    from waferlab.checks.benchmark import exportable

    seen: Observation = {}
    answer = answers["export_model"]
    with temporary_folder() as folder, torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # every call of torch.jit tells that it is deprecated, and the notebook does, too
        torch.manual_seed(int(case.rng(0).integers(2**31)))
        image, pair = exportable.image_model(case.rng(1)).train(), exportable.pair_model(case.rng(2)).eval()
        export_part(seen, "image", answer, image, str(folder / "model-1.2"))
        export_part(seen, "pair", answer, pair, folder / "detector", 32)
        compare_files(seen, "image", image, folder / "model-1.2", 128, case)
        compare_files(seen, "pair", pair, folder / "detector", 32, case)
        for part, spread in (("random", 0.5), ("slight", SLIGHT)):
            model = exportable.noisy_model(case.rng(3), spread).eval()
            export_part(seen, part, answer, model, str(folder / part), 16)
    return {key: value.replace(f"{folder}/", "") if isinstance(value, str) else value for key, value in seen.items()}


# --- faults ------------------------------------------------------------------------------------------------------


def files_fault(seen: Observation, expected: Observation, part: str) -> str | None:
    """What is wrong with files and result of one part; None when nothing is."""
    if error := error_of(seen, part):
        return f"raised {error}"
    if seen.get(f"{part}.returned") is not True:
        return "no result"
    flaw = seen.get(f"{part}.flaw")
    return None if flaw is None else str(flaw)[:MAX_TEXT]


def output_fault(seen: Observation, expected: Observation, part: str, kind: str, batch: int) -> str | None:
    """What is wrong with a file's output for one batch size; None when it equals the model's."""
    if error := error_of(seen, f"{part}.{kind}") or error_of(seen, f"{part}.{kind}.{batch}"):
        return f"raised {error_of(seen, part)}" if error_of(seen, part) else f"batch of {batch}: raised {error}"
    want = np.asarray(expected[f"{part}.want.{batch}"], dtype=float)
    got = array_of(seen, f"{part}.{kind}.{batch}")
    if got is None or got.shape != want.shape:
        return f"batch of {batch}: an output of another shape"
    difference = float(np.abs(got - want).max())
    return None if difference < MAX_DIFFERENCE else f"batch of {batch}: differs by {difference:.1e}"


def computes_fault(kind: str) -> Fault:
    """The fault "an exported file does not compute what the model computes, for any batch size"."""

    def fault(seen: Observation, expected: Observation, part: str) -> str | None:
        found = [output_fault(seen, expected, part, kind, batch) for batch in EXPORT_BATCHES]
        wrong_numbers = [text for text in found if text and "differs" in text]
        return wrong_numbers[0] if wrong_numbers else found[0] if all(found) else None

    return in_parts(EXPORTED, fault)


def batches_fault(seen: Observation, expected: Observation) -> str | None:
    """Which file does not take a batch of any size, in words; None when both do."""
    return first_fault(
        f"{kind}, {text}" if (text := output_fault(seen, expected, part, kind, batch)) else None
        for part in EXPORTED
        for kind in SUFFIXES
        for batch in EXPORT_BATCHES
    )


def verified_fault(seen: Observation, expected: Observation) -> str | None:
    """What is wrong with the comparison of files and model; None when nothing is."""
    for part in (*EXPORTED, "slight"):
        if error := error_of(seen, part):
            return f"raised {error}"
        for kind in SUFFIXES:
            got = number_of(seen.get(f"{part}.{kind}.difference"))
            if not number_of(seen.get(f"{part}.{kind}.reads")) >= 1:
                return f"the '{SUFFIXES[kind]}' file was not read back: what was compared is not what was written"
            if not 0 <= got < MAX_DIFFERENCE:
                return f"result['{kind}']['max_difference'] is {got:.3g}"
            if part == "slight" and got == 0:
                return "a difference of 0 for a model whose outputs always differ slightly"
    if "random.error" not in seen:
        return "no error for a model whose outputs differ by much more than 1e-5 from call to call"
    return None


def unchanged_fault(seen: Observation, expected: Observation) -> str | None:
    """What is different about the models afterwards; None when mode and weights are as before."""
    if found := restored_fault({"image": True, "pair": False})(seen, expected):
        return found
    same = all(seen.get(f"{part}.same_weights") is True for part in EXPORTED)
    return None if same else "the weights (or running statistics) have changed"


# --- what the notebook and the grader use ------------------------------------------------------------------------


def computes(name: str, kind: str) -> Check:
    """The check of what one file computes."""
    tested = f"what path + '{SUFFIXES[kind]}' computes for new images"
    goal = f"the model's own output in evaluation mode, to within {MAX_DIFFERENCE:g}"
    return Check(name, 0.5, tested, goal, computes_fault(kind))


EXPORT = Task(
    module="benchmark",
    name="export_model",
    title="Task 2: export_model",
    defines=("export_model",),
    observe=probe_export,
    expects=tuple(f"{part}.want.{batch}" for part in EXPORTED for batch in EXPORT_BATCHES),
    checks=(
        Check(
            "files",
            0.25,
            "the files and the returned dict",
            "path + '.pt' and path + '.pt2'; for each 'file', 'size_bytes' and 'max_difference'",
            in_parts(EXPORTED, files_fault),
            requires=("torchscript",),
        ),
        computes("torchscript", "torchscript"),
        computes("torch-export", "torch_export"),
        Check(
            "batch-sizes",
            0.25,
            "batches of 1, 2, 3 and 8 images",
            "both files take a batch of any size",
            batches_fault,
        ),
        Check(
            "verified",
            0.25,
            "max_difference, also for a model that draws random numbers",
            "the largest difference of each file, reported below 1e-5; an error where it is not",
            verified_fault,
            requires=("files", "torchscript"),
        ),
        Check(
            "unchanged",
            0.25,
            "the model afterwards",
            "the mode it came in, the same weights",
            unchanged_fault,
            requires=("torchscript",),
        ),
    ),
)
