"""A lab that was taken away leaves nothing on the machine but its cache. Runs last: its name sorts after test_lab."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from running_lab import Lab


def mentions(path: Path, ours: tuple[str, ...]) -> bool:
    """Whether a file of /proc names the lab; a process that has ended names nothing."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return False
    return any(name in text for name in ours)


def test_nothing_is_left(lab: Lab) -> None:
    names = tuple(f"armature-{lab.name}-{host}" for host in lab.hosts)
    ours = (*names, f"{lab.state}/")
    lab.make("lab-destroy")
    links = json.loads(subprocess.run(["ip", "-json", "link"], check=True, capture_output=True, text=True).stdout)
    cables = [link["ifname"] for link in links if link.get("ifalias", "").startswith(names)]
    switches = [link["ifname"] for link in links if link["ifname"] in ("lab-1", "lab-2")]
    assert [*cables, *switches] == []
    assert [path for path in Path("/run/netns").glob("*") if path.name in names] == []
    assert [path for path in Path("/sys/fs/cgroup").glob("**/armature-*") if path.name in names] == []
    assert not mentions(Path("/proc/self/mounts"), ours)
    processes = [path.parent.name for path in Path("/proc").glob("[0-9]*/cgroup") if mentions(path, ours)]
    processes += [path.parent.name for path in Path("/proc").glob("[0-9]*/cmdline") if mentions(path, ours)]
    assert processes == []
    loops = subprocess.run(["losetup", "--list", "--noheadings"], check=True, capture_output=True, text=True).stdout
    assert f"{lab.state}/" not in loops
    assert not lab.state.exists()
    assert f"Armature lab {lab.name}" not in Path("/etc/hosts").read_text()
