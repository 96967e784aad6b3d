"""Where things will lie on the web, as `course.toml` says: the texts of the cells tagged `badge` and `install`."""

from __future__ import annotations

from autograder.base.course import Assignment, Course

BADGE = "[![Open In Colab](https://colab.research.google.com/assets/colab-badge.svg)]({url})"
INSTALL = """\
# Installs the course's own package if it is missing. Packages that are already there stay as they are.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("waferlab") is None:
    address = "{address}"
    if subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", address]).returncode != 0:
        raise RuntimeError(f"waferlab could not be installed from {{address}}. Is this machine online?")"""


def badge_text(course: Course, assignment: Assignment) -> str:
    """The Colab badge of an assignment, as Markdown."""
    return BADGE.format(url=colab_address(course, assignment))


def colab_address(course: Course, assignment: Assignment) -> str:
    """Where Colab opens the released notebook of an assignment."""
    repository, branch = course.settings.repository, course.settings.branch
    path = course.notebook("release", assignment).relative_to(course.root).as_posix()
    return f"https://colab.research.google.com/github/{repository}/blob/{branch}/{path}"


def package_address(course: Course) -> str:
    """What pip installs `waferlab` from."""
    repository, branch = course.settings.repository, course.settings.branch
    return f"waferlab @ git+https://github.com/{repository}@{branch}#subdirectory=course"


def install_text(course: Course) -> str:
    """The install cell."""
    return INSTALL.format(address=package_address(course))
