"""A site file -> :class:`armature.model.Site`, or every problem it has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from armature.check import problems as relation_problems
from armature.errors import Problem, SiteError, where
from armature.forbidden import forbidden
from armature.model import Site
from armature.shape import site_from_tree
from armature.yaml_tree import parse_tree

LARGEST_FILE = 16 * 1024 * 1024
"""Bytes. A site of 1,000 hosts has 0.2 MiB."""

_LAST_STEP = re.compile(r"(\.[^.\[]+|\[[^\[]*\]|^[^.\[]+)$")


def load_site(path: Path) -> Site:
    """Return the site that the file at ``path`` describes, checked.

    Raises :class:`SiteError` with all problems of the file's text, shape and relations, in file order. Relations are
    judged once the shape is right: before that, half of what could be said would be wrong.
    """
    return site_from_text(_read(path), path)


def site_from_text(text: str, path: Path) -> Site:
    """Return the site that ``text`` describes; ``path`` is named in the error. Raises as :func:`load_site` does."""
    tree, found = parse_tree(text)
    if tree is None and found:
        raise SiteError(_shown(path), found)
    return site_from_values(tree, path, found)


def site_from_values(tree: Any, path: Path, found: Sequence[Problem] = ()) -> Site:
    """Return the site that ``tree`` describes, the values of a site file; ``found`` are problems that its text has.

    Raises as :func:`load_site` does.
    """
    found = list(found)
    site, misfits = site_from_tree(tree)
    found += forbidden(tree)
    if site is not None:
        found += _folder(site, path)
    named = {problem.path for problem in found}
    deeper = misfits if site is None else relation_problems(site)
    found += [problem for problem in deeper if problem.path not in named]
    if found or site is None:
        raise SiteError(_shown(path), in_file_order(found, tree))
    return site


def _folder(site: Site, path: Path) -> Iterator[Problem]:
    """Yield a problem when a site in inventories/ has another name than its folder, as a copy has."""
    folder = path.absolute().parent
    if folder.parent.name == "inventories" and folder.name != site.name:
        yield Problem("name", f"'{site.name}' is not the name of the folder, '{folder.name}'. Give both one name.")


def in_file_order(found: Iterable[Problem], tree: Any) -> list[Problem]:
    """Return the problems sorted by where their paths stand in ``tree``; what is missing stands with its parent."""
    found = list(dict.fromkeys(found))
    if isinstance(tree, dict):
        wanted = {re.split(r"[.\[]", problem.path)[0] for problem in found}
        tree = {key: value if key in wanted else None for key, value in tree.items()}
    positions = {path: index for index, path in enumerate(_paths(tree, ()))}

    def position(problem: Problem) -> int:
        path = problem.path
        while path not in positions and (parent := _LAST_STEP.sub("", path)) != path:
            path = parent
        return positions.get(path, -1)

    return sorted(found, key=position)


def _paths(value: Any, keys: tuple[str | int, ...]) -> Iterator[str]:
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, item in items:
        yield where(*keys, key)
        yield from _paths(item, (*keys, key))


def _read(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        raise _unreadable(path, "there is no such file. Name a site.yml") from None
    except IsADirectoryError:
        raise _unreadable(path, "this is a directory. Name the site.yml in it") from None
    except PermissionError:
        raise _unreadable(path, "you may not read it. Change its mode or owner") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise _unreadable(path, f"cannot be read: {reason}. Name a site.yml") from None
    if len(content) > LARGEST_FILE:
        raise _unreadable(path, f"larger than {LARGEST_FILE >> 20} MiB. Name a site.yml")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _unreadable(path, f"line {line} is no UTF-8 text. Save the file as UTF-8") from None
    if "\0" in text:
        raise _unreadable(path, "this is a binary file. Name a site.yml")
    return text


def _unreadable(path: Path, message: str) -> SiteError:
    return SiteError(_shown(path), [Problem("", f"{message}.")])


def _shown(path: Path) -> Path:
    """Return ``path`` as people would type it here: relative when it is beneath the working directory."""
    try:
        return path.resolve().relative_to(Path.cwd()) if path.is_absolute() else path
    except (OSError, ValueError, RuntimeError):
        return path
