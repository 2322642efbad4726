"""A lab that was taken away leaves nothing on the machine but its cache. Runs last: its name sorts after test_lab."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from lab import HOST, STATE, Lab

NAME = f"armature-lab-{HOST}"
OURS = (NAME, f"{STATE}/")


def mentions(path: Path) -> bool:
    """Whether a file of /proc names the lab; a process that has ended names nothing."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return False
    return any(name in text for name in OURS)


def test_nothing_is_left(lab: Lab) -> None:
    lab.make("lab-destroy")
    links = json.loads(subprocess.run(["ip", "-json", "link"], check=True, capture_output=True, text=True).stdout)
    names = [link["ifname"] for link in links if NAME in link.get("ifalias", "")]
    assert [*names, *(link["ifname"] for link in links if link["ifname"] in ("lab-1", "lab-2"))] == []
    assert list(Path("/run/netns").glob(f"{NAME}*")) == []
    assert list(Path("/sys/fs/cgroup").glob(f"**/{NAME}*")) == []
    assert not mentions(Path("/proc/self/mounts"))
    processes = [path.parent.name for path in Path("/proc").glob("[0-9]*/cgroup") if mentions(path)]
    processes += [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if mentions(path)]
    assert processes == []
    loops = subprocess.run(["losetup", "--list", "--noheadings"], check=True, capture_output=True, text=True).stdout
    assert f"{STATE}/" not in loops
    assert not STATE.exists()
    assert "Armature lab lab" not in Path("/etc/hosts").read_text()
