"""What a cluster of three hosts outlives: a disk and a monitor are gone while a server writes to its root disk."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from ceph import Ceph
from cloud import wait
from running_lab import Lab
from writer import Writer

from armature.ceph import storage_address

pytestmark = pytest.mark.long

CHECKED: dict[str, Any] = {"check": True, "capture_output": True, "text": True}


@pytest.fixture
def other(lab: Lab) -> str:
    """The last host: no OpenStack runs there."""
    if len(lab.hosts) < 3:
        pytest.skip("needs three hosts: make lab SITE=lab-three")
    return lab.hosts[-1]


def up(ceph: Ceph) -> int:
    return int(ceph.ceph("osd", "stat")["num_up_osds"])


def daemons(ceph: Ceph, host: str, kind: str) -> list[str]:
    return [d["daemon_name"] for d in ceph.ceph("orch", "ps", host) if d["daemon_type"] == kind]


def container(ceph: Ceph, daemon: str) -> str:
    return f"ceph-{ceph.fsid}-{daemon.replace('.', '-')}"


def unit(ceph: Ceph, daemon: str) -> str:
    return f"ceph-{ceph.fsid}@{daemon}.service"


def test_an_osd_and_a_monitor_are_lost(lab: Lab, ceph: Ceph, other: str, writing: Writer) -> None:
    osd, monitor = daemons(ceph, other, "osd")[0], f"mon.{other}"
    total = up(ceph)
    # Killed as by a fault, and kept from coming back: systemd would start them again within seconds.
    lab.ssh("docker", "kill", container(ceph, osd), container(ceph, monitor), host=other)
    lab.ssh("systemctl", "stop", unit(ceph, osd), unit(ceph, monitor), host=other)
    wait(lambda: True if up(ceph) == total - 1 else None, 120, "OSD counted as down")
    assert ceph.health() == "HEALTH_WARN"
    assert other not in ceph.ceph("quorum_status")["quorum_names"]
    writing.goes_on()
    lab.ssh("systemctl", "reset-failed", unit(ceph, osd), unit(ceph, monitor), host=other)
    lab.ssh("systemctl", "start", unit(ceph, osd), unit(ceph, monitor), host=other)
    ceph.wait_healthy()
    writing.goes_on()


def new_disk(lab: Lab, host: str, device: str) -> None:
    """Put an empty disk in the place of a host's disk (``/dev/loop3``), as hands in a datacenter do."""
    listed = subprocess.run(["losetup", "--noheadings", "--output", "BACK-FILE", device], **CHECKED).stdout.strip()
    file = Path(listed)
    assert file.parent == lab.state / host / "disks"
    size = file.stat().st_size
    subprocess.run(["losetup", "--detach", device], **CHECKED)
    file.unlink()
    file.touch()
    os.truncate(file, size)
    subprocess.run(["losetup", device, str(file)], **CHECKED)


def test_a_disk_is_replaced(lab: Lab, ceph: Ceph, other: str, writing: Writer) -> None:
    osd = daemons(ceph, other, "osd")[0]
    number = osd.removeprefix("osd.")
    device = f"/dev/{ceph.ceph('osd', 'metadata', number)['devices']}"
    before = {o["osd"]: o["uuid"] for o in ceph.ceph("osd", "dump")["osds"]}
    lab.play("replace_disk.yml", "-e", f"osd={number}", "-e", f"confirm=osd.{number}")
    writing.goes_on()
    new_disk(lab, other, device)
    lab.play("deploy_ceph.yml")
    ceph.wait_healthy()
    after = {o["osd"]: o["uuid"] for o in ceph.ceph("osd", "dump")["osds"]}
    assert set(after) == set(before)
    assert [n for n in after if after[n] != before[n]] == [int(number)]
    writing.goes_on()


def test_a_host_is_maintained(lab: Lab, ceph: Ceph, other: str, writing: Writer) -> None:
    lab.play("enter_maintenance.yml", "-e", f"ceph_host={other}")
    hosts = {host["hostname"]: host["status"] for host in ceph.ceph("orch", "host", "ls")}
    assert hosts[other].lower() == "maintenance"
    writing.goes_on()
    lab.play("leave_maintenance.yml", "-e", f"ceph_host={other}")
    ceph.wait_healthy()
    writing.goes_on()


def test_a_second_run_changes_nothing(lab: Lab) -> None:
    output = lab.play("deploy_ceph.yml")
    recap = [line for line in output.splitlines() if "changed=" in line]
    assert recap
    assert all("changed=0 " in line for line in recap), "\n".join(recap)


def test_a_run_without_quorum_says_which_monitors_do_not_answer(lab: Lab, ceph: Ceph) -> None:
    if len(lab.hosts) < 3:
        pytest.skip("needs three hosts: make lab SITE=lab-three")
    stopped = lab.hosts[1:]
    try:
        for host in stopped:
            lab.ssh("systemctl", "stop", unit(ceph, f"mon.{host}"), host=host)
        start = time.monotonic()
        output = lab.play_that_fails("deploy_ceph.yml")
        assert time.monotonic() - start < 300
        assert "no monitor of the Ceph cluster" in output
        for host in lab.hosts:
            assert f"[{storage_address(lab.site, host)}]" in output
    finally:
        for host in stopped:
            lab.ssh("systemctl", "start", unit(ceph, f"mon.{host}"), host=host)
    ceph.wait_healthy()
