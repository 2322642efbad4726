"""Every leaf of every shipped site, replaced by what does not belong there, is a problem at that leaf or compiles."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from armature.compile import artefacts
from armature.errors import SiteError, where
from armature.load import site_from_values
from armature.yaml_tree import parse_tree

REPOSITORY = Path(__file__).parents[2]
SITES = sorted(REPOSITORY.glob("inventories/*/site.yml"))

WRONG: list[Any] = [
    # types
    None, True, 1.5, -1, 0, 1, 2**40, "", "1", [], {}, ["x"], {"x": "y"},
    # names
    "nowhere", "Not A Name", "x" * 300, "a\nb", "{{ x }}", "bmc",
    # addresses
    "192.0.2.1", "2001:db8::1", "2001:db8::/48", "fe80::1", "ff02::1", "::/0", "0.0.0.0/0", "[::1]:5000",
    "02:00:00:00:00:01",
]  # fmt: skip

PYDANTIC = ("Input should", "should match", "Field required", "Extra inputs", "type=", "Value error")


def leaves(value: Any, keys: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the path of every scalar and every empty collection."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ())
    if not items:
        yield keys
    for key, item in items:
        yield from leaves(item, (*keys, key))


def mutate(tree: Any, keys: tuple[str | int, ...], value: Any) -> Any:
    """Return a copy of ``tree`` with ``value`` at ``keys``; what lies beside the path is shared."""
    if not keys:
        return value
    changed = copy.copy(tree)
    changed[keys[0]] = mutate(tree[keys[0]], keys[1:], value)
    return changed


def concerns(problem: str, keys: tuple[str | int, ...]) -> bool:
    """Whether a problem is at, above or beneath the leaf, or names what it belongs to: a relation has two ends."""
    at, leaf = problem.partition(": ")[0], where(*keys)
    related = at.startswith(leaf) or leaf.startswith(at)
    return related or f"{keys[min(1, len(keys) - 1)]}" in problem


@pytest.mark.parametrize("path", SITES, ids=[path.parent.name for path in SITES])
def test_a_wrong_leaf_is_a_problem_or_compiles(path: Path) -> None:
    tree, problems = parse_tree(path.read_text())
    assert not problems
    tried = 0
    for keys in leaves(tree):
        for value in WRONG:
            tried += 1
            label = f"{where(*keys)} = {value!r}"
            try:
                site = site_from_values(mutate(tree, keys, value), path)
            except SiteError as error:
                texts = [str(problem) for problem in error.problems]
                assert texts, label
                assert any(concerns(text, keys) for text in texts), (label, texts)
                assert not any(word in text for text in texts for word in PYDANTIC), (label, texts)
                assert all("\n" not in text and len(text) < 500 for text in texts), (label, texts)
            else:
                assert artefacts(site), label
    assert tried > 500
