"""The examples in docstrings are true."""

import doctest
import importlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
CORE = [
    ".".join(path.relative_to(REPOSITORY).with_suffix("").parts).removesuffix(".__init__")
    for path in sorted((REPOSITORY / "armature").rglob("*.py"))
    if path.name != "__main__.py"
]
SHARED = [f"ansible.module_utils.{path.stem}" for path in sorted((REPOSITORY / "plugins/module_utils").glob("*.py"))]


@pytest.mark.parametrize("name", [*CORE, *SHARED])
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
