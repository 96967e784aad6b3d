"""Task 2 of assignment 08: exporting a model, and comparing what was written with the model itself.

Four small models are exported: one image to image, one with two outputs, and two that draw random numbers, so that only
an answer which reads its files back and compares them can know how far they are from the model. The examiner draws the
weights; what was written is opened at a clean desk, by a process that gets new images and nothing to compare with.
"""

from __future__ import annotations

import contextlib
import functools
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from waferlab.checks.bench import Bench, Lost, Raised, Services
from waferlab.checks.benchmark.clocks import replaced, scope_of
from waferlab.checks.benchmark.shared import (
    describe,
    first_fault,
    in_parts,
    modes_of,
    number_of,
    restored_fault,
    told_modes,
)
from waferlab.checks.core import MAX_TEXT, Case, Check, Fault, Observation, Task, array_of, error_of, scenario
from waferlab.checks.plain import same

if TYPE_CHECKING:
    import torch

MAX_DIFFERENCE = 1e-5
EXPORT_BATCHES = (1, 2, 3, 8)
SUFFIXES = {"torchscript": ".pt", "torch_export": ".pt2"}
SLIGHT = 1e-7
EXPORTED = ("image", "pair")
FOLDER = re.compile(r"[^\s'\"]*/export-\w+/")  # of a desk's own; its name is another one every time


@dataclass(frozen=True)
class Plan:
    """One model to be exported.

    Attributes:
        kind: which one, as `exportable.made` calls it.
        name: of its files, without suffix.
        size: side of the images in pixels; 128 is not told to the answer.
        stream: of the random numbers behind its weights.
        as_text: whether the path is a string.
        training: whether the model comes in training mode.
        spread: standard deviation of the noise that a noisy one adds.
    """

    kind: str
    name: str
    size: int
    stream: int
    as_text: bool = True
    training: bool = False
    spread: float = 0.0


PLANS = {
    "image": Plan("image", "model-1.2", 128, 1, training=True),
    "pair": Plan("pair", "detector", 32, 2, as_text=False),
    "random": Plan("noisy", "random", 16, 3, spread=0.5),
    "slight": Plan("noisy", "slight", 16, 3, spread=SLIGHT),
}


# --- at the desk -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder, removed afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="export-")).resolve()
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def quiet(seed: int) -> Iterator[None]:
    """Random numbers of our own, and no word of torch's about what is deprecated: the notebook says it."""
    import torch

    with torch.random.fork_rng(devices=[]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.manual_seed(seed)
        yield


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


def export(
    answers: Mapping[str, Any], services: Services, plan: dict[str, Any], weights: dict[str, Any], seed: int
) -> dict[str, Any]:
    """Let the answer export a model with these weights; its result, what it wrote, and the model afterwards."""
    from waferlab.checks.benchmark import exportable

    asked, answer = Plan(**plan), answers["export_model"]
    with temporary_folder() as folder, quiet(seed):
        model = exportable.made(asked.kind, asked.spread).train(asked.training)
        model.load_state_dict(weights)
        base = folder / asked.name
        size = () if asked.size == 128 else (asked.size,)
        with counted_reads(answer) as reads:
            result = answer(model, str(base) if asked.as_text else base, *size)
        files = {kind: Path(f"{base}{suffix}") for kind, suffix in SUFFIXES.items()}
        return {
            "result": with_texts(result),
            "reads": reads,
            "modes": modes_of(model),
            "weights": model.state_dict(),
            "base": str(base),
            "files": {kind: file.read_bytes() for kind, file in files.items() if file.is_file()},
        }


def with_texts(result: Any) -> Any:
    """The returned dict with whole paths as texts."""
    if not isinstance(result, Mapping):
        return result
    entries = {key: dict(entry) if isinstance(entry, Mapping) else entry for key, entry in result.items()}
    for entry in entries.values():
        if isinstance(entry, dict) and isinstance(entry.get("file"), (str, os.PathLike)):
            entry["file"] = os.path.realpath(entry["file"])
    return entries


def load_exported(answers: Mapping[str, Any], services: Services, kind: str, data: bytes) -> Any:
    """An exported model as something that can be called."""
    import torch

    with temporary_folder() as folder:
        file = folder / f"model{SUFFIXES[kind]}"
        file.write_bytes(data)
        return torch.jit.load(file) if kind == "torchscript" else torch.export.load(file).module()


# --- probe -------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def reading(seen: Observation, part: str) -> Iterator[None]:
    """As `scenario`, for a file that may do anything to the process that reads it."""
    with scenario(seen, part):
        try:
            yield
        except Lost:
            raise Raised("an error that ended the process which read the file") from None


def compared(got: Any, want: Any) -> np.ndarray:
    """A file's output beside the model's: the largest difference, and how many numbers; none in another shape."""
    import torch

    rows, wanted = ([*one] if isinstance(one, tuple | list) else [one] for one in (got, want))
    alike = len(rows) == len(wanted) and all(isinstance(row, torch.Tensor) for row in rows)
    if not alike or any(row.shape != right.shape for row, right in zip(rows, wanted, strict=True)):
        return np.zeros(2)
    pairs = [(row.double(), right.double()) for row, right in zip(rows, wanted, strict=True)]
    return np.array([max(float((row - right).abs().max()) for row, right in pairs), sum(row.numel() for row in rows)])


def compare_files(seen: Observation, part: str, bench: Bench, files: Mapping[str, bytes], case: Case) -> None:
    """How far what the exported files give for new images, in batches of several sizes, is from the model's own."""
    import torch

    size = PLANS[part].size
    shapes = [(batch, 1, size, size) for batch in EXPORT_BATCHES]
    batches = [torch.from_numpy(case.rng(60, shape[0]).random(shape).astype(np.float32)) for shape in shapes]
    model = model_of(part, case).eval()
    with torch.no_grad():
        wants = [model(x) for x in batches]
    for kind, suffix in SUFFIXES.items():
        with reading(seen, f"{part}.{kind}"):
            if kind not in files:
                raise FileNotFoundError(f"{PLANS[part].name}{suffix}")
            loaded = bench.clean.shim("load_exported", kind, files[kind])
            for x, want in zip(batches, wants, strict=True):
                with reading(seen, f"{part}.{kind}.{len(x)}"):
                    seen[f"{part}.{kind}.{len(x)}"] = compared(bench.clean.call(loaded, x), want)


def model_of(part: str, case: Case) -> torch.nn.Module:
    """The model of a part, with the weights of a case."""
    from waferlab.checks.benchmark import exportable

    plan = PLANS[part]
    return exportable.fill(exportable.made(plan.kind, plan.spread), case.rng(plan.stream))


def read_export(seen: Observation, part: str, result: Any, base: str, files: Mapping[str, bytes]) -> None:
    """The returned dict: where it does not tell the truth about the files, and the differences that it reports."""
    flaws = []
    for kind, suffix in SUFFIXES.items():
        entry = result.get(kind) if isinstance(result, Mapping) else None
        if kind not in files:
            flaws.append(f"there is no file {PLANS[part].name}{suffix}")
        elif not isinstance(entry, Mapping):
            flaws.append(f"result['{kind}'] is {describe(entry)} instead of a dict")
        else:
            flaws += entry_flaws(kind, entry, f"{base}{suffix}", len(files[kind]))
            seen[f"{part}.{kind}.difference"] = number_of(entry.get("max_difference"))
    if flaws:
        seen[f"{part}.flaw"] = "; ".join(flaws)[:MAX_TEXT]


def entry_flaws(kind: str, entry: Mapping[Any, Any], path: str, size: int) -> list[str]:
    """What is wrong with `file` and `size_bytes` of one entry."""
    flaws, name = [], path.rpartition("/")[2]
    named = entry.get("file")
    if named != path:
        found = repr(FOLDER.sub("", named)[-60:]) if isinstance(named, str) else describe(named)
        flaws.append(f"result['{kind}']['file'] is {found}, not the path of {name}")
    if number_of(entry.get("size_bytes")) != size:
        flaws.append(f"result['{kind}']['size_bytes'] is not the size of {name}")
    return flaws


def export_part(seen: Observation, part: str, bench: Bench, case: Case) -> dict[str, bytes]:
    """Have one model exported; note the result, the modes afterwards and whether weights changed. The files by kind."""
    weights, files = model_of(part, case).state_dict(), {}
    with scenario(seen, part):
        told = bench.shim("export", asdict(PLANS[part]), dict(weights), int(case.rng(0).integers(2**31)))
        told = told if isinstance(told, Mapping) else {}
        found, reads, after = (told.get(name) for name in ("files", "reads", "weights"))
        files = {kind: found[kind] for kind in SUFFIXES if isinstance(found, Mapping) and _is_file(found.get(kind))}
        read_export(seen, part, told.get("result"), str(told.get("base"))[:MAX_TEXT], files)
        for kind in SUFFIXES:
            seen[f"{part}.{kind}.reads"] = number_of(reads.get(kind)) if isinstance(reads, Mapping) else 0.0
        seen[f"{part}.modes"] = told_modes(told.get("modes"))
        seen[f"{part}.same_weights"] = same(dict(weights), after)
        seen[f"{part}.returned"] = True
    return files


def _is_file(data: Any) -> bool:
    return isinstance(data, bytes)


def probe_export(bench: Bench, case: Case) -> Observation:
    """Export four models: one image to image, one with two outputs, and two that draw random numbers."""
    seen: Observation = {}
    with quiet(int(case.rng(0).integers(2**31))):
        for part in PLANS:
            files = export_part(seen, part, bench, case)
            if part in EXPORTED:
                compare_files(seen, part, bench, files, case)
    return {key: FOLDER.sub("", value) if isinstance(value, str) else value for key, value in seen.items()}


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
    if error_of(seen, part):
        return f"raised {error_of(seen, part)}"
    if error := error_of(seen, f"{part}.{kind}") or error_of(seen, f"{part}.{kind}.{batch}"):
        return f"batch of {batch}: raised {error}"
    got = array_of(seen, f"{part}.{kind}.{batch}")
    difference, numbers = got if got is not None and got.shape == (2,) else (0.0, 0.0)
    if not numbers >= 1:
        return f"batch of {batch}: an output of another shape"
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
    apart=True,
    shims={"export": export, "load_exported": load_exported},
    clean=True,
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
            requires=("files", "torchscript", "torch-export"),
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
