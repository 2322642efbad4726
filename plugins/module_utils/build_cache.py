"""A folder of things that take minutes to make and are kept: one run makes them, others wait and use them."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterable, Iterator
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
