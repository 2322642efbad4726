"""Memory of processes, summed over those that belong together."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path


def by(owner: Callable[[str], str | None], processes: Path = Path("/proc")) -> dict[str, float]:
    """Return owner -> MiB of its processes: proportional set sizes, so that shared pages count once.

    ``owner`` names the owner of a process from its cgroups, as /proc/<pid>/cgroup has them, or returns None.
    Processes of other users are seen by root only.
    """
    kib: dict[str, int] = {}
    for process in processes.glob("[0-9]*"):
        try:
            name = owner((process / "cgroup").read_text())
            if name is not None:
                sizes = re.findall(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.MULTILINE)
                kib[name] = kib.get(name, 0) + sum(map(int, sizes))
        except OSError:  # it has ended
            continue
    return {name: size / 1024 for name, size in kib.items()}


def container(cgroups: str) -> str | None:
    """Return the id of the container that a process is in, or None.

    >>> container("0::/system.slice/docker-" + "0f" * 32 + ".scope") == "0f" * 32
    True
    """
    found = re.search(r"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])", cgroups)
    return found[0] if found else None


def ceph_unit(cgroups: str, fsid: str) -> str | None:
    """Return the daemon of a Ceph cluster whose unit a process is in, or None: there, the engine's client waits for it.

    >>> ceph_unit("0::/system.slice/ceph-5b0c@mon.sto-1.service", "5b0c")
    'mon.sto-1'
    """
    found = re.search(rf"/ceph-{re.escape(fsid)}@([^/\n]+)\.service", cgroups)
    return found[1] if found else None
