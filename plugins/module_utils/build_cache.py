"""A folder of things that take minutes to make and are kept: one run makes them, others wait and use them."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path


@contextlib.contextmanager
def held(cache: Path) -> Iterator[None]:
    """Make the folder if need be, and hold it: what another run is making there is finished when this returns.

    The hold ends with the process, however that ends.
    """
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def prune(files: Iterable[Path], keep: int = 3) -> None:
    """Remove all files but those that were read last, each with what has its name before the first dot.

    Hosts have hard links to what they use, which stay.
    """
    for old in sorted(files, key=lambda file: file.stat().st_atime, reverse=True)[keep:]:
        for file in old.parent.glob(f"{old.name.partition('.')[0]}.*"):
            file.unlink()


def key(*parts: bytes, folder: Path) -> str:
    """Return a short name for everything that goes into a thing: 16 hexadecimal digits of a SHA-256.

    ``folder`` counts with the names of its files, what is in them, where links lead, and who may run what.
    """
    digest = hashlib.sha256()
    for part in (*parts, *_contents(folder)):
        digest.update(hashlib.sha256(part).digest())
    return digest.hexdigest()[:16]


def _contents(folder: Path) -> Iterator[bytes]:
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or path.is_file():
            yield f"{path.relative_to(folder)} {os.access(path, os.X_OK)}".encode()
            yield os.readlink(path).encode() if path.is_symlink() else path.read_bytes()


def publish(image: Path, name: Path) -> None:
    """Point the link ``name`` at ``image``, and remove the older ones, ``<stem of name>-*``."""
    draft = name.with_suffix(".new")
    draft.unlink(missing_ok=True)
    draft.symlink_to(image.name)
    os.replace(draft, name)
    for old in name.parent.glob(f"{name.stem}-*{name.suffix}"):
        if old != image:
            old.unlink()


def have(image: Path, name: Path, build: Callable[[Path], None], check: bool) -> bool:
    """Have ``image``, made by ``build`` where it is missing, and the link ``name`` at it; return whether all was there.

    In check mode (``check``) nothing is made.
    """
    present = image.exists() and name.resolve() == image.resolve()
    if not present and not check:
        with held(image.parent):
            if not image.exists():
                build(image)
            publish(image, name)
    return present
