"""OpenStack, then Ceph, then the lab are taken away; only the cache is left. Runs last: it sorts after test_lab."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from running_lab import Lab


def mentions(path: Path, ours: tuple[str, ...]) -> bool:
    """Whether a file of /proc names the lab; a process that has ended names nothing."""
    try:
        text = path.read_text(errors="replace")
    except OSError:
        return False
    return any(name in text for name in ours)


@pytest.mark.long
def test_openstack_is_destroyed(lab: Lab) -> None:
    said = lab.play_that_fails("destroy.yml", "-e", "confirm=another")
    assert f"'another' is not the name of this site, '{lab.name}'. Nothing was removed." in said
    lab.play("destroy.yml", "-e", f"confirm={lab.name}")
    for host in lab.hosts:
        assert [name for name in lab.containers(host) if not name.startswith("ceph-")] == []
        assert lab.ssh("docker", "volume", "ls", "--quiet", host=host) == ""
        assert "kolla" not in lab.ssh("ls", "/etc", host=host).split()


@pytest.mark.long
def test_ceph_is_destroyed(lab: Lab) -> None:
    if lab.site.ceph is None:
        pytest.skip("the site has no Ceph")
    said = lab.play_that_fails("destroy_ceph.yml", "-e", f"confirm={lab.name}")
    assert f"is not the fsid of this site's cluster, '{lab.site.ceph.fsid}'. Nothing was removed." in said
    lab.play("destroy_ceph.yml", "-e", f"confirm={lab.site.ceph.fsid}")
    for host in lab.hosts:
        assert lab.containers(host) == {}
        assert lab.ssh("ls", "/var/lib/ceph", host=host).split() == []
        assert str(lab.site.ceph.fsid) not in lab.ssh("cat", "/root/.ssh/authorized_keys", host=host)
        for disk in lab.site.hardware_of(host).disks:
            assert lab.ssh("wipefs", "--no-act", "--noheadings", disk, host=host) == ""


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
