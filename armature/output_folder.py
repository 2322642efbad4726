"""A folder of rendered files, kept equal to what is wanted. Files of others in it are never touched."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

MANIFEST = ".armature.json"
"""Names the files of the last compile: these, and no others, may be replaced or removed."""


class FolderError(Exception):
    """A folder that cannot be written; ``str()`` says which, why and what to do."""


@dataclass(frozen=True)
class FolderResult:
    """What happened to the files of a folder; ``str()`` says it."""

    written: int
    unchanged: int
    removed: int

    def __str__(self) -> str:
        total = self.written + self.unchanged
        detail = f"{self.written} written, {self.unchanged} unchanged, {self.removed} removed"
        return f"{total} files ({detail})"


def write_folder(folder: Path, files: Mapping[str, str]) -> FolderResult:
    """Make ``folder`` hold ``files`` (relative path -> text), without files of an earlier call that are not among them.

    Each file is replaced in one step; an equal one is left alone. Raises FolderError, before anything is written, when
    the folder holds something and no earlier call made it, or when a wanted path is a file of somebody else's.
    """
    try:
        before = _owned(folder)
        foreign = [path for path in files if path not in before and os.path.lexists(folder / path)]
        if foreign:
            raise FolderError(
                f"{folder / foreign[0]}: not written by Armature. Move it away, or choose another folder."
            )
        _write(folder / MANIFEST, json.dumps({"files": sorted(before | files.keys())}, indent=1) + "\n")
        written = sum(_write(folder / path, text) for path, text in files.items())
        stale = before - files.keys()
        _remove(folder, stale)
        _write(folder / MANIFEST, json.dumps({"files": sorted(files)}, indent=1) + "\n")
    except OSError as error:
        raise FolderError(
            f"{error.filename or folder}: {error.strerror}. Choose a folder that you may write."
        ) from None
    return FolderResult(written, len(files) - written, len(stale))


def _owned(folder: Path) -> set[str]:
    """Return the paths that the last call wrote; makes the folder when there is none."""
    manifest = folder / MANIFEST
    if manifest.is_file():
        try:
            return {str(path) for path in json.loads(manifest.read_text())["files"] if _is_inside(str(path))}
        except (ValueError, KeyError, TypeError):
            raise FolderError(f"{manifest}: damaged. Remove the folder {folder}, or choose another.") from None
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderError(f"{folder}: the folder is not empty, and Armature did not write it. Choose another.")
    return set()


def _is_inside(path: str) -> bool:
    return not path.startswith("/") and ".." not in path.split("/")


def _write(path: Path, text: str) -> bool:
    """Write ``text`` to ``path`` in one step unless it is there already; return whether it was not."""
    content = text.encode()
    if path.is_file() and not path.is_symlink() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".armature-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
    return True


def _remove(folder: Path, paths: Iterable[str]) -> None:
    for path in paths:
        (folder / path).unlink(missing_ok=True)
        for parent in (folder / path).parents:
            if parent == folder:
                break
            with contextlib.suppress(OSError):  # somebody's file is in it, or it is gone
                parent.rmdir()
