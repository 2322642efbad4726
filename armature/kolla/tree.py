"""A folder of rendered files: what must change so that it holds what is wanted, and nothing else."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from armature.kolla import KollaError

MODE = 0o600


@dataclass(frozen=True)
class Change:
    """One file: ``before`` is None when it appears, ``after`` is None when it goes."""

    path: str
    before: bytes | None
    after: bytes | None


def read_tree(root: Path) -> dict[str, bytes]:
    """Relative path -> content of every file below ``root``; empty when it is not there."""
    return {str(path.relative_to(root)): path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def join(sources: Mapping[str, Mapping[str, bytes]]) -> dict[str, bytes]:
    """The files of all ``sources`` (name of the source -> its files) in one tree.

    Raises KollaError that names both sources of every file that two of them have.
    """
    joined: dict[str, bytes] = {}
    owner: dict[str, str] = {}
    clashes = []
    for source, files in sources.items():
        for path, content in files.items():
            if path in joined:
                clashes.append(f"  {source}/{path}: Armature writes this file too, from {owner[path]}.")
            joined[path], owner[path] = content, source
    if clashes:
        advice = "Say it in site.yml (kolla_overrides), or take the file away."
        raise KollaError("\n".join([f"{len(clashes)} file(s) come from two places. {advice}", *clashes]))
    return joined


def changes(root: Path, wanted: Mapping[str, bytes], owned: Iterable[str]) -> list[Change]:
    """What must be written to and removed from ``root``; files below its folders ``owned`` that are not wanted go."""
    planned = []
    for path, content in sorted(wanted.items()):
        before = (root / path).read_bytes() if (root / path).is_file() else None
        if before != content or stat.S_IMODE((root / path).stat().st_mode) != MODE:
            planned.append(Change(path, before, content))
    for folder in owned:
        for path, content in read_tree(root / folder).items():
            if f"{folder}/{path}" not in wanted:
                planned.append(Change(f"{folder}/{path}", content, None))
    return planned


def apply(root: Path, planned: Iterable[Change]) -> None:
    """Carry out ``planned``: files get mode 0600 and appear whole, folders get 0700, empty folders go."""
    make_folder(root)
    for change in planned:
        target = root / change.path
        if change.after is None:
            target.unlink()
            for folder in target.parents:
                if folder == root or any(folder.iterdir()):
                    break
                folder.rmdir()
        else:
            make_folder(target.parent)
            write_private(target, change.after)


def make_folder(path: Path) -> None:
    """Make ``path`` and the folders above it that are missing, for the owner alone."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=0o700)


def write_private(path: Path, content: bytes) -> None:
    """Write a file that nobody else can read, at no moment half-written."""
    new = path.with_name(f".{path.name}.new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, MODE)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
    new.chmod(MODE)
    new.rename(path)


def digest(wanted: Mapping[str, bytes]) -> str:
    """One hash of all paths and contents."""
    whole = hashlib.sha256()
    for path, content in sorted(wanted.items()):
        whole.update(path.encode() + b"\0" + hashlib.sha256(content).digest())
    return whole.hexdigest()


def as_diff(change: Change, secret: bool) -> dict[str, str]:
    """``change`` in the form that ``ansible-playbook --diff`` shows; of a secret, hashes alone."""

    def text(content: bytes | None) -> str:
        if content is None:
            return ""
        if secret:
            return f"sha256 {hashlib.sha256(content).hexdigest()}\n"
        return content.decode(errors="replace")

    return {
        "before_header": change.path,
        "after_header": change.path,
        "before": text(change.before),
        "after": text(change.after),
    }
