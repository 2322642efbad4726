"""A server on a bare-metal node, as its tenant has it: a volume to boot from, an address, a login."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from ceph import Ceph
from cloud import PREFIX, Cloud, wait
from running_lab import Lab

from armature.addresses import address_of
from armature.baremetal import initiator, network_of
from armature.ceph import storage_address
from armature.iscsi import iscsi_hosts, target

TYPE = "nodes"
"""The volume type of the lab whose volumes are on the gateways."""
FLAVOR = "lab-metal"
USER = "debian"

BOOT = 1500
"""Seconds for an emulated node to come from power-on to a login, on a machine that does other things, too."""


def ask_for(cloud: Cloud, name: str, volume: Any) -> Any:
    """Ask for a bare-metal server that boots from ``volume``, and return it as Nova has it at once."""
    boot = {"uuid": volume.id, "source_type": "volume", "destination_type": "volume", "boot_index": 0}
    return cloud.connection.compute.create_server(
        name=f"{PREFIX}{name}",
        flavor_id=cloud.connection.get_flavor(FLAVOR).id,
        key_name=cloud.keypair(),
        networks="none",
        block_device_mapping_v2=[boot],
    )


def portals(lab: Lab) -> dict[str, str]:
    """Return host -> address of its portal, without brackets, for all gateways."""
    return {host: str(storage_address(lab.site, host)) for host in iscsi_hosts(lab.site)}


def gateways_know(lab: Lab, ceph: Ceph) -> dict[str, Any]:
    """Return what the gateways keep in Ceph of the lab's one target: ``clients``, ``disks``, ``portals``."""
    assert lab.site.ceph is not None
    assert lab.site.ceph.iscsi is not None
    text = ceph.run("rados", "--pool", lab.site.ceph.iscsi.pool, "get", "gateway.conf", "-")
    found: dict[str, Any] = json.loads(text)["targets"][target(lab.site)]
    return found


class Machine:
    """One server and its root volume."""

    def __init__(self, lab: Lab, cloud: Cloud, image: Any, name: str) -> None:
        self.lab, self.cloud, self.name = lab, cloud, name
        self.volume = cloud.volume(name, 4, image=image.id, volume_type=TYPE)
        created = ask_for(cloud, name, self.volume)
        self.server = cloud.connection.compute.wait_for_server(created, wait=900)
        self.node = cloud.connection.baremetal.get_node(self.server.hypervisor_hostname)
        network = network_of(lab.site)
        assert network is not None
        self.address = str(address_of(lab.site, network, lab.site.baremetal[self.node.name].number))
        self.initiator = initiator(lab.site, self.node.name)

    # As its user has it

    def shell(self, command: str, timeout: int = BOOT) -> str:
        """Run a command in the machine and return its output; waits ``timeout`` seconds for an answer."""
        return self.cloud.login(f"{USER}@{self.address}", command, timeout).strip()

    def boot_id(self) -> str:
        """Return what the kernel calls this boot."""
        return self.shell("cat /proc/sys/kernel/random/boot_id")

    def multipaths(self) -> set[str]:
        """Return the names of the disks that the machine has, as multipath calls them."""
        return set(self.shell("sudo multipathd show maps raw format %n").split())

    def ways(self) -> set[str]:
        """Return the portals, without brackets, by which the machine can reach its root file system now."""
        command = "sudo multipathd show paths raw format '%d %t %o'; ls -l /dev/disk/by-path"
        listed = self.shell(command).splitlines()
        active = {line.split()[0] for line in listed if line.split()[1:3] == ["active", "running"]}
        links = [line.split()[-3:] for line in listed if "-iscsi-" in line and "-part" not in line]
        # by-path: ip-[<address>]:3260-iscsi-<target>-lun-<n> -> ../../sda
        return {name.split("[")[1].split("]")[0] for name, _, disk in links if Path(disk).name in active}

    def wait_for_ways(self, wanted: set[str], seconds: float = 600) -> None:
        """Wait until the machine's ways are these."""
        wait(lambda: True if self.ways() == wanted else None, seconds, f"ways {sorted(wanted)} of {self.name}")

    def attach(self, volume: Any) -> tuple[Any, str]:
        """Give the running machine another volume; returns Cinder's attachment and the disk's path in the machine.

        Nova's driver for Ironic attaches volumes at boot alone, so Cinder is asked, as Ironic itself does. Source: nova
        33.0.2, ``virt/ironic/driver.py``, which has no ``attach_volume``.
        """
        before = self.multipaths()
        connector = {"initiator": self.initiator, "ip": self.address, "host": self.name}
        attachment = self.cloud.connection.block_storage.create_attachment(
            volume, instance=self.server.id, connector=connector
        )
        self.shell("sudo iscsiadm --mode session --rescan")
        [name] = wait(lambda: self.multipaths() - before or None, 120, f"disk of {volume.name}")
        return attachment, f"/dev/mapper/{name}"

    def detach(self, attachment: Any, disk: str) -> None:
        """Take a volume from the running machine that ``attach`` gave it."""
        paths = self.shell(f"ls /sys/block/$(basename $(readlink --canonicalize {disk}))/slaves").split()
        self.shell(f"sudo multipath -f {disk}")
        for path in paths:
            self.shell(f"echo 1 | sudo tee /sys/block/{path}/device/delete")
        self.cloud.connection.block_storage.delete_attachment(attachment)

    # As OpenStack has it

    def reboot(self) -> None:
        """Have OpenStack switch the machine off and on, and wait until it takes a login again."""
        before = self.boot_id()
        self.cloud.connection.compute.reboot_server(self.server, "HARD")
        wait(lambda: True if self._rebooted(before) else None, BOOT, f"second boot of {self.name}")

    def _rebooted(self, before: str) -> bool:
        return self.answers() and self.boot_id() != before

    def answers(self) -> bool:
        """Return whether the machine lets its user in just now."""
        try:
            self.shell("true", 20)
        except (AssertionError, subprocess.TimeoutExpired):
            return False
        return True

    def delete(self) -> None:
        """Delete the server, then wait until Ironic offers its node again."""
        connection = self.cloud.connection
        connection.compute.delete_server(self.server)
        connection.compute.wait_for_delete(self.server, wait=600)
        wait(lambda: True if self._available() else None, 600, f"node {self.node.name} available again")

    def _available(self) -> bool:
        node = self.cloud.connection.baremetal.get_node(self.node.id)
        return node.provision_state == "available" and node.instance_id is None
