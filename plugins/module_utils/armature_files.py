# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Text files that a role owns on a host: the plan from what is present to what is wanted, its diff, its application."""

from __future__ import annotations

import os
import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Plan:
    """What must change: ``writes`` maps a path to its new text, ``before`` every touched path to its present text."""

    writes: dict[str, str]
    removals: tuple[str, ...]
    before: dict[str, str]

    def __bool__(self) -> bool:
        """Whether anything must change."""
        return bool(self.writes or self.removals)

    def diff(self) -> list[dict[str, str]]:
        """Return Ansible's diff, one entry a file, in path order."""
        return [
            {
                "before_header": path,
                "after_header": path if path in self.writes else "(absent)",
                "before": self.before.get(path, ""),
                "after": self.writes.get(path, ""),
            }
            for path in sorted({*self.writes, *self.removals})
        ]


def observe(paths: list[str], root: Path = Path("/")) -> dict[str, str]:
    """Return path -> text of those of the absolute ``paths`` that are files under ``root``.

    Bytes that are not UTF-8 come as escapes: such a file differs from every wanted text and is replaced.
    """
    present = {}
    for path in paths:
        file = root / path.lstrip("/")
        if file.is_file() and not file.is_symlink():
            present[path] = file.read_text(encoding="utf-8", errors="backslashreplace")
    return present


def plan(present: dict[str, str], wanted: dict[str, str], owned: list[str]) -> Plan:
    """Return what turns ``present`` into ``wanted``: an ``owned`` path that is present and not wanted is removed."""
    writes = {path: text for path, text in wanted.items() if present.get(path) != text}
    removals = tuple(sorted(path for path in set(owned) - set(wanted) if path in present))
    return Plan(writes, removals, {path: present[path] for path in (*writes, *removals) if path in present})


def apply(change: Plan, root: Path = Path("/"), mode: int = 0o644) -> None:
    """Write and remove the files of ``change``; a reader sees a file's old text or its new one, never a part.

    ``mode`` is for new files; an existing file keeps its own. Raises OSError.
    """
    for path, text in change.writes.items():
        write(root / path.lstrip("/"), text, mode)
    for path in change.removals:
        (root / path.lstrip("/")).unlink(missing_ok=True)


def write(file: Path, text: str, mode: int = 0o644) -> None:
    """Replace ``file`` by one with ``text``, in one step. Raises OSError."""
    if file.is_file() and not file.is_symlink():
        mode = stat.S_IMODE(file.stat().st_mode)
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=".armature-")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, mode)
        os.replace(temporary, file)
    except BaseException:
        os.unlink(temporary)
        raise
