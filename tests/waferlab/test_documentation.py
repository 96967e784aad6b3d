"""Documentation: do the examples in docstrings give what they say?"""

import doctest
import importlib
import pkgutil

import pytest
import waferlab

MODULES = [module.name for module in pkgutil.walk_packages(waferlab.__path__, "waferlab.")]


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings(name):
    """Does every example in this module's docstrings print what is written below it?"""
    assert doctest.testmod(importlib.import_module(name)).failed == 0
