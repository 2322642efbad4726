"""One run at a time on a site."""

from __future__ import annotations

import fcntl
import getpass
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from armature.kolla import KollaError


@contextmanager
def site_lock(path: Path, purpose: str) -> Iterator[int]:
    """Hold the lock file ``path`` while the body runs; yields its file descriptor.

    A child that inherits the descriptor keeps the lock when this process is killed. Raises KollaError that names the
    holder when the lock is taken. Source: flock(2).
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise KollaError(f"{path}: {_holder(path)} Wait for it to end, then run the same command again.") from None
        holder = {"pid": os.getpid(), "user": getpass.getuser(), "purpose": purpose, "since": _now()}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(holder).encode(), 0)
        try:
            yield descriptor
        finally:
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def _holder(path: Path) -> str:
    try:
        holder = json.loads(path.read_text())
        return f"{holder['user']} runs {holder['purpose']} since {holder['since']} (process {holder['pid']})."
    except (OSError, ValueError, KeyError):
        return "another run holds the lock."


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
