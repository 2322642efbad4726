"""Machines without disks: booted over IPv6 from a volume, rebooted, given a second one, left by a gateway, returned."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from ceph import Ceph
from cloud import Cloud
from machine import TYPE, Machine, gateways_know, portals
from running_lab import Lab

DIGEST = "sudo sync; echo 3 | sudo tee /proc/sys/vm/drop_caches > /dev/null; sudo sha256sum /data | cut -d' ' -f1"
OUTAGE = 600
"""Seconds for I/O to go on after a gateway was lost, with the time that an emulated machine takes for everything."""


@pytest.fixture(scope="module")
def machines(lab: Lab, cloud: Cloud, image: Any) -> list[Machine]:
    """Two servers at once, each on a node of its own."""
    return [Machine(lab, cloud, image, name) for name in ("first", "second")]


@pytest.fixture(scope="module")
def machine(machines: list[Machine]) -> Machine:
    return machines[0]


@pytest.fixture(scope="module")
def digests() -> dict[str, str]:
    """What the machines' files read when they were written, by name of the machine."""
    return {}


@pytest.fixture
def cut_off(lab: Lab, machine: Machine, request: pytest.FixtureRequest) -> Iterator[str]:
    """A gateway whose storage network is gone, and with it its machines and its Ceph."""
    machine.wait_for_ways(set(portals(lab).values()))
    host = list(portals(lab))[request.param]
    nic = lab.site.hardware_of(host).networks["storage"]
    lab.ssh("networkctl", "down", nic, host=host)
    yield host
    lab.ssh("networkctl", "up", nic, host=host)


class TestTwoMachines:
    """Two machines through their lives; each test begins where the one before ended."""

    def test_they_boot_from_their_volumes(self, machines: list[Machine]) -> None:
        for each in machines:
            assert each.shell("uname --machine") == "aarch64"
            root = each.shell("findmnt --noheadings --output SOURCE /")
            transports = each.shell(f"lsblk --inverse --noheadings --output TRAN {root}").split()
            assert set(transports) == {"iscsi"}
            assert each.shell("lsblk --noheadings --output TYPE | sort --unique").split() == ["disk", "mpath", "part"]
            assert each.shell("ip -4 -brief address show scope global") == ""
            assert int(each.shell("findmnt --noheadings --bytes --output SIZE /")) > 3.5 * 2**30
        assert len({each.shell("hostname") for each in machines}) == 2

    def test_each_keeps_what_it_writes(self, machines: list[Machine], digests: dict[str, str]) -> None:
        for each in machines:
            each.shell("sudo dd if=/dev/urandom of=/data bs=1M count=64 conv=fsync status=none")
            digests[each.name] = each.shell(DIGEST)
        assert len(set(digests.values())) == 2

    def test_a_reboot_by_openstack_keeps_it(self, machine: Machine, digests: dict[str, str]) -> None:
        machine.reboot()
        assert machine.shell(DIGEST) == digests[machine.name]

    def test_a_second_volume_is_attached_live(self, cloud: Cloud, machine: Machine) -> None:
        before = machine.multipaths()
        attachment, disk = machine.attach(cloud.volume("second-lun", volume_type=TYPE))
        machine.shell(f"sudo mkfs.ext4 -q {disk} && sudo mount {disk} /mnt && sudo touch /mnt/kept && sudo umount /mnt")
        machine.detach(attachment, disk)
        assert machine.multipaths() == before

    @pytest.mark.parametrize("cut_off", [0, 1], indirect=True, ids=["first", "second"])
    def test_io_goes_on_without_a_gateway(
        self, lab: Lab, machine: Machine, digests: dict[str, str], cut_off: str
    ) -> None:
        left = {address for host, address in portals(lab).items() if host != cut_off}
        machine.shell("sudo dd if=/dev/urandom of=/written bs=1M count=4 conv=fsync status=none", OUTAGE)
        machine.wait_for_ways(left)
        assert machine.shell(DIGEST, OUTAGE) == digests[machine.name]

    @pytest.mark.parametrize("cut_off", [0], indirect=True, ids=["first"])
    def test_it_boots_without_a_gateway(
        self, lab: Lab, machine: Machine, digests: dict[str, str], cut_off: str
    ) -> None:
        machine.reboot()
        assert machine.ways() == {address for host, address in portals(lab).items() if host != cut_off}
        assert machine.shell(DIGEST) == digests[machine.name]

    def test_gateways_that_are_back_are_used_again(self, lab: Lab, machine: Machine) -> None:
        machine.wait_for_ways(set(portals(lab).values()))

    def test_a_deleted_server_leaves_nothing(self, lab: Lab, ceph: Ceph, machines: list[Machine]) -> None:
        for each in machines:
            assert each.initiator in gateways_know(lab, ceph)["clients"]
            each.delete()
        known = gateways_know(lab, ceph)
        assert [each.initiator for each in machines if each.initiator in known["clients"]] == []
        assert [each.volume.id for each in machines if any(each.volume.id in disk for disk in known["disks"])] == []
