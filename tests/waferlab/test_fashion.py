"""Fashion-MNIST: which images, from where, and what is said when something is wrong."""

import functools
import gzip
import hashlib
import http.server
import socket
import struct
import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.datasets import FashionMNIST
from waferlab import fashion
from waferlab.data import DataError, DataUnavailableError
from waferlab.profiles import PROFILES

FULL = PROFILES["t4"]
TRAIN_IMAGES = "train-images-idx3-ubyte.gz"
GOLDEN = {
    "train": [15934, 43616, 44348, 25656, 14272],
    "val": [42388, 12431, 27976, 1308, 18677],
    "anomalies": [8814, 1297, 650, 4547, 9343],
}


def write_archives(folder: Path) -> dict[str, str]:
    """Four small archives in the official format: 50 training and 30 test images of classes 0 to 9 in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    for part, count in (("train", 50), ("t10k", 30)):
        pixels = rng.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        classes = (np.arange(count) % 10).astype(np.uint8)
        images = struct.pack(">4i", 2051, count, 28, 28) + pixels.tobytes()
        labels = struct.pack(">2i", 2049, count) + classes.tobytes()
        (folder / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(images, mtime=0))
        (folder / f"{part}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(labels, mtime=0))
    return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.glob("*.gz")}


@pytest.fixture
def archives(tmp_path, monkeypatch):
    """A folder of small archives whose checksums count as the official ones; nothing else is on this machine."""
    folder = tmp_path / "archives"
    checksums = write_archives(folder)
    monkeypatch.setattr(fashion, "ARCHIVES", checksums)
    monkeypatch.setattr(fashion, "_development_copy", lambda: tmp_path / "nowhere")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("WAFERLAB_DATA", raising=False)
    return folder


@pytest.fixture
def no_network(monkeypatch):
    """Downloads go to a port where nobody listens."""
    monkeypatch.setattr(FashionMNIST, "mirrors", ["http://127.0.0.1:9/"])


@pytest.fixture
def server(archives, monkeypatch):
    """A mirror on this machine that serves the small archives."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=archives)) as httpd:
        threading.Thread(target=httpd.serve_forever, daemon=True).start()
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{httpd.server_port}/"])
        monkeypatch.setattr(FashionMNIST, "resources", list(fashion.ARCHIVES.items()))
        for name in ("http_proxy", "HTTP_PROXY"):
            monkeypatch.delenv(name, raising=False)
        yield httpd
        httpd.shutdown()


@pytest.fixture(scope="module")
def real():
    """The real data at its native size."""
    if not fashion.fashion_mnist_available():
        pytest.skip("Fashion-MNIST is not on this machine")
    return fashion.load(28, FULL, seed=42)


def cached_files() -> list[str]:
    return sorted(path.name for path in (fashion.cache_folder() / fashion.RAW).glob("*"))


# ---- which images ------------------------------------------------------------------------------------------------


def test_sizes_of_the_case_study(real):
    """Are the splits 4,800, 1,200 and 1,000 + 400 images?"""
    assert (len(real.train), len(real.val), len(real.test)) == (4800, 1200, 1400)
    assert real.test.labels.tolist() == [0] * 1000 + [1] * 400


def test_normals_are_class_zero(real):
    """Are the normal images T-shirts, and the anomalies anything else?"""
    assert real.class_names[0] == "T-shirt/top"
    assert not real.train.classes.any() and not real.val.classes.any()
    assert set(real.test.classes[1000:].tolist()) == set(range(1, 10))


def test_training_and_validation_share_nothing(real):
    """Is every training normal in exactly one of the two splits?"""
    together = torch.cat([real.train.indices, real.val.indices])
    assert len(together.unique()) == 6000


def test_indices_are_the_same_everywhere(real):
    """Do seed and libraries give the indices that they gave when the course was written?"""
    assert real.train.indices[:5].tolist() == GOLDEN["train"]
    assert real.val.indices[:5].tolist() == GOLDEN["val"]
    assert real.test.indices[1000:1005].tolist() == GOLDEN["anomalies"]


def test_indices_point_into_torchvisions_data_set(real, tmp_path):
    """Is image i the one that torchvision's FashionMNIST holds at `indices[i]`?"""
    raw = fashion.ensure_archives()
    target = tmp_path / fashion.RAW
    target.mkdir(parents=True)
    for name in fashion.ARCHIVES:
        (target / name.removesuffix(".gz")).write_bytes(gzip.decompress((raw / name).read_bytes()))
    for split, is_train in ((real.train, True), (real.test, False)):
        original = FashionMNIST(tmp_path, train=is_train)
        assert torch.equal(original.data[split.indices].float().div(255), split.images[:, 0])
        assert torch.equal(original.targets[split.indices], split.classes)


def test_another_seed_gives_another_split(real):
    """Does the seed reach the split and the drawing?"""
    other = fashion.load(28, FULL, seed=7)
    assert not torch.equal(other.train.indices, real.train.indices)
    assert not torch.equal(other.test.indices[1000:], real.test.indices[1000:])


def test_global_seeds_play_no_part(archives, monkeypatch):
    """Is the split the same whatever the notebook seeded before, and are the global generators left alone?"""
    monkeypatch.setenv("WAFERLAB_DATA", str(archives))
    torch.manual_seed(1)
    np.random.seed(1)
    first = fashion.load(28, FULL, seed=42)
    after = torch.rand(1), np.random.rand()
    torch.manual_seed(1)
    np.random.seed(1)
    assert (torch.rand(1), np.random.rand()) == after
    assert torch.equal(first.train.indices, fashion.load(28, FULL, seed=42).train.indices)


# ---- where the archives are looked for -----------------------------------------------------------------------------


@pytest.mark.parametrize("below", [Path("."), fashion.RAW], ids=["archives in the folder", "torchvision's layout"])
def test_the_named_folder_comes_first(archives, below, tmp_path, monkeypatch):
    """Is WAFERLAB_DATA read in both layouts, even when the cache has archives, too?"""
    write_archives(tmp_path / "named" / below)
    write_archives(fashion.cache_folder() / fashion.RAW)
    monkeypatch.setenv("WAFERLAB_DATA", str(tmp_path / "named"))
    assert fashion.ensure_archives() == tmp_path / "named" / below


def test_the_named_folder_is_left_untouched(archives, monkeypatch):
    """Does loading write nothing into WAFERLAB_DATA, which may be read-only?"""
    monkeypatch.setenv("WAFERLAB_DATA", str(archives))
    before = sorted(archives.iterdir())
    fashion.load(32, FULL, seed=42)
    assert sorted(archives.iterdir()) == before
    assert cached_files() == []


def test_a_development_copy_goes_into_the_cache(archives, monkeypatch):
    """Are archives beside the repository copied into the cache once, and read from there afterwards?"""
    monkeypatch.setattr(fashion, "_development_copy", lambda: archives)
    assert fashion.ensure_archives() == fashion.cache_folder() / fashion.RAW
    assert cached_files() == sorted(fashion.ARCHIVES)
    monkeypatch.setattr(fashion, "_development_copy", lambda: archives / "gone")
    assert fashion.fashion_mnist_available()


def test_a_cache_that_cannot_be_written(archives, tmp_path, monkeypatch):
    """Is the development copy used where it is when there is no place for a cache?"""
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    monkeypatch.setattr(fashion, "_development_copy", lambda: archives)
    assert fashion.ensure_archives() == archives


def test_three_of_four_archives_are_not_enough(archives, monkeypatch):
    """Does an incomplete folder count as no folder?"""
    monkeypatch.setenv("WAFERLAB_DATA", str(archives))
    assert fashion.fashion_mnist_available()
    (archives / TRAIN_IMAGES).unlink()
    assert not fashion.fashion_mnist_available()


# ---- damaged archives ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["named folder", "cache"])
@pytest.mark.parametrize(
    "damage", [lambda data: data[:-100], lambda data: data[:50] + b"\0" + data[51:]], ids=["truncated", "altered"]
)
def test_a_damaged_archive_is_named_and_kept(archives, place, damage, tmp_path, monkeypatch):
    """Does the error name the file, the found and the expected checksum, and does the file stay as it is?"""
    folder = tmp_path / "named" if place == "named folder" else fashion.cache_folder() / fashion.RAW
    monkeypatch.setenv("WAFERLAB_DATA", str(tmp_path / "named"))
    write_archives(folder)
    bad = folder / TRAIN_IMAGES
    bad.write_bytes(damage(bad.read_bytes()))
    data = bad.read_bytes()
    with pytest.raises(DataError) as caught:
        fashion.load(28, FULL, seed=42)
    for part in (str(bad), hashlib.md5(data).hexdigest(), fashion.ARCHIVES[TRAIN_IMAGES]):
        assert part in str(caught.value)
    assert bad.read_bytes() == data


def test_a_download_does_not_hide_a_damaged_archive(archives, server):
    """Is a damaged file in an incomplete cache named, not silently replaced, when the rest is downloaded?"""
    bad = fashion.cache_folder() / fashion.RAW / TRAIN_IMAGES
    bad.parent.mkdir(parents=True)
    bad.write_bytes(b"half a file")
    with pytest.raises(DataError, match=TRAIN_IMAGES):
        fashion.ensure_archives()
    assert bad.read_bytes() == b"half a file"


# ---- downloads -------------------------------------------------------------------------------------------------------


def test_a_download_fills_the_cache(archives, server):
    """Does torchvision's download put the four archives, and nothing else, into the cache?"""
    dataset = fashion.load(28, FULL, seed=42)
    assert len(dataset.train) + len(dataset.val) == 5
    assert cached_files() == sorted(fashion.ARCHIVES)


def test_two_downloads_at_once(archives, monkeypatch):
    """Does a process get its data when another one finishes the same download first?"""

    def download(root, download):
        write_archives(fashion.cache_folder() / fashion.RAW)  # the other process
        write_archives(Path(root) / fashion.RAW)

    monkeypatch.setattr(fashion, "FashionMNIST", download)
    assert fashion.ensure_archives() == fashion.cache_folder() / fashion.RAW
    assert cached_files() == sorted(fashion.ARCHIVES)


def test_no_data_and_no_network(archives, no_network):
    """Is there one sentence with the folder, the four files and the way out?"""
    with pytest.raises(DataUnavailableError) as caught:
        fashion.load(28, FULL, seed=42)
    message = str(caught.value)
    assert "\n" not in message
    for part in (*fashion.ARCHIVES, str(fashion.cache_folder() / fashion.RAW), "WAFERLAB_DATASET=synthetic-wafers"):
        assert part in message


def test_a_failed_download_leaves_nothing(archives, no_network):
    """Is the cache as empty after a failed download as before?"""
    with pytest.raises(DataUnavailableError):
        fashion.ensure_archives()
    assert cached_files() == []


def test_a_server_that_never_answers(archives, monkeypatch):
    """Does a download give up, and is the process's own time limit for sockets put back?"""
    monkeypatch.setattr(fashion, "DOWNLOAD_TIMEOUT", 0.2)
    before = socket.getdefaulttimeout()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(FashionMNIST, "mirrors", [f"http://127.0.0.1:{silent.getsockname()[1]}/"])
        with pytest.raises(DataUnavailableError):
            fashion.ensure_archives()
    assert socket.getdefaulttimeout() == before
