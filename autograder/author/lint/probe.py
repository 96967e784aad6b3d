"""In a process of its own: what the check modules of a course say of their tasks, as JSON. Imports nothing of ours."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def describe(module: str) -> dict[str, Any]:
    """The tasks of a check module by name, or why it cannot be imported."""
    try:
        tasks = importlib.import_module(f"waferlab.checks.{module}").TASKS
        return {
            "tasks": {
                str(name): {
                    "title": str(task.title),
                    "defines": [str(one) for one in task.defines],
                    "checks": [[str(check.name), check.points] for check in task.checks],
                }
                for name, task in tasks.items()
            }
        }
    except Exception as error:  # whatever an unfinished module raises is to be told
        return {"error": " ".join(f"{type(error).__name__}: {error}".split())[:300]}


if __name__ == "__main__":
    json.dump({module: describe(module) for module in sys.argv[1:]}, sys.stdout)
