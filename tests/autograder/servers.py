"""Real servers for tests, started in temporary folders on free loopback ports and gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

SECONDS = 60  # until a server answers, on a machine with much to do
CHROMIUM_FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--disable-dev-shm-usage", "--window-size=1280,1000"),
]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(ready: Callable[[], object], process: subprocess.Popen, log: Path) -> None:
    """Wait until a server answers; a server that ends first shows its last words."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            ready()
            return
        except Exception:
            time.sleep(0.1)
    raise AssertionError(f"no answer from {process.args}:\n{log.read_text(errors='replace')[-3000:]}")


@contextmanager
def running(command: list[str], log: Path, stop: signal.Signals = signal.SIGTERM, **options) -> Iterator:
    with log.open("wb") as file:
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, **options)
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


# --- PostgreSQL ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Postgres:
    """A running server with one database and one user, who has a password."""

    port: int
    password: str

    def url(self, password: str | None = None) -> str:
        return f"postgresql+psycopg2://grader:{password or self.password}@127.0.0.1:{self.port}/postgres"


@contextmanager
def postgres() -> Iterator[Postgres]:
    """A fresh PostgreSQL from Debian's binaries; the test is skipped where there is none."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not programs:
        pytest.skip("no PostgreSQL server here: apt-get install postgresql")
    binaries, user, folder = programs[-1].parent, _unprivileged(), Path(tempfile.mkdtemp(prefix="course-pg-"))
    try:
        server = Postgres(free_port(), secrets.token_hex(8))
        (folder / "password").write_text(server.password)
        if user:
            for path in (folder, folder / "password"):
                shutil.chown(path, user)
        become = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        data, log = folder / "data", folder / "log"
        make = [f"{binaries}/initdb", f"--pgdata={data}", "--username=grader", f"--pwfile={folder / 'password'}"]
        make += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        subprocess.run([*become, *make], check=True, capture_output=True, cwd=folder)
        serve = [f"{binaries}/postgres", "-D", str(data), "-p", str(server.port), "-k", str(folder), "-F"]
        with running([*become, *serve, "-c", "listen_addresses=127.0.0.1"], log, signal.SIGINT, cwd=folder) as process:
            wait_for(lambda: _connect(server), process, log)
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> str | None:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        pytest.skip("PostgreSQL refuses to run as root, and there is no user postgres: apt-get install postgresql")


def _connect(server: Postgres) -> None:
    import psycopg2

    url = server.url().replace("+psycopg2", "")
    psycopg2.connect(url).close()


# --- Jupyter and Chromium --------------------------------------------------------------------------------------------


@contextmanager
def jupyter(folder: Path) -> Iterator[Callable[[str], str]]:
    """A Jupyter server started in a folder, as `jupyter lab` is; yields addresses that log in."""
    port, token = free_port(), secrets.token_hex(8)
    home = Path(tempfile.mkdtemp(prefix="course-jupyter-"))
    own = {name: str(home) for name in ("HOME", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}"]
    options += ["--ServerApp.port_retries=0", f"--IdentityProvider.token={token}"]
    command = [sys.executable, "-m", "jupyter_server", *options]

    def address(page: str) -> str:
        return f"http://127.0.0.1:{port}/{page}?token={token}"

    try:
        with running(command, home / "log", cwd=folder, env={**os.environ, **own, "PATH": path}) as process:
            wait_for(lambda: _get(address("api/status")), process, home / "log")
            yield address
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _get(url: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    direct.open(url, timeout=2).close()


@contextmanager
def chromium() -> Iterator:
    """Debian's Chromium, headless, with an empty profile; the test is skipped where there is none."""
    if not (shutil.which("chromium") and shutil.which("chromedriver")):
        pytest.skip("no Chromium here: apt-get install chromium chromium-driver")
    from selenium import webdriver

    profile = tempfile.mkdtemp(prefix="course-chromium-")
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for flag in [*CHROMIUM_FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options, webdriver.ChromeService(shutil.which("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
