"""What machines without disks cost on the running bare-metal lab: SITE=lab-baremetal.

Usage: .venv/bin/python benchmarks/diskless.py [boot|disk ...]     both without arguments

boot   seconds from power-on to each stage of the boot and to a login, once from a fresh volume and once again
disk   fio on a volume behind the iSCSI gateways in such a machine, and on one by RBD in a virtual machine
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import fio
import fio_tree
import folders  # noqa: F401

# isort: split
from cloud import Cloud, cached, wait
from machine import BOOT, TYPE, Machine
from running_lab import Lab
from storage import IN_GUEST, in_a_server, tenant

IMAGE = "diskless-image/debian-trixie-arm64.raw"

STAGES = {
    "firmware asks for its loader": "Start PXE over IPv6",
    "iPXE runs": "iPXE initialising devices",
    "the volume's boot loader runs": "GRUB",
    "the kernel runs": "EFI stub: Booting Linux Kernel",
    "the initramfs asks a portal": "diskless: trying portal",
    "the initramfs is logged in": "diskless: logged in",
    "systemd runs from the volume": "Welcome to",
    "the console asks for a login": "login:",
}
"""What the console shows when a stage begins, in order."""


def watch(console: Path, started: float, answers: Callable[[], bool]) -> dict[str, float]:
    """Return stage -> seconds since ``started``, for the stages and for ``ssh``, until ``answers`` says yes."""
    seen: dict[str, float] = {}
    while not answers():
        text = console.read_text(errors="replace") if console.exists() else ""
        for stage, mark in STAGES.items():
            if stage not in seen and mark in text:
                seen[stage] = time.monotonic() - started
        if time.monotonic() - started > BOOT:
            sys.exit(f"The machine did not boot within {BOOT} s. Its console: {console}")
        time.sleep(0.5)
    return seen | {"ssh lets its user in": time.monotonic() - started}


def measure_boot(lab: Lab, cloud: Cloud, machine: Machine) -> None:
    """Switch the machine off and on, and print when each stage began."""
    console = lab.state / "baremetal" / f"{machine.node.name}.console"
    runs = []
    for _ in range(2):
        compute = cloud.connection.compute
        compute.stop_server(machine.server)
        compute.wait_for_server(machine.server, status="SHUTOFF", wait=300)
        console.write_text("")
        started = time.monotonic()
        compute.start_server(machine.server)
        wait(lambda: True if "UEFI" in console.read_text(errors="replace") else None, 300, "power")
        powered = time.monotonic()
        asked = {"OpenStack has it switched on": powered - started}
        runs.append(asked | watch(console, started, machine.answers))
    print("seconds since OpenStack was asked to start the machine; emulated processors (TCG, no KVM)\n")
    print(f"{'':<36}{'first':>10}{'second':>10}")
    for stage in runs[0]:
        print(f"{stage:<36}" + "".join(f"{run.get(stage, float('nan')):>10.1f}" for run in runs))


def measure_disk(lab: Lab, cloud: Cloud, machine: Machine) -> None:
    """Measure a volume by iSCSI and one by RBD, and print both."""
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=lab.state) as work:
        _, arm = fio_tree.make(Path(work), "arm64")
        _, native = fio_tree.make(Path(work), fio_tree.this_machine())
        tools = cloud.volume("tools-arm64", image=cloud.image(arm, "tools-arm64").id, volume_type=TYPE)
        attachments = [machine.attach(tools), machine.attach(cloud.volume("empty-arm64", volume_type=TYPE))]
        (_, with_fio), (_, empty) = attachments
        machine.shell(f"sudo sh -c {shlex.quote(fio_tree.MOUNT.format(at=IN_GUEST, device=with_fio))}")
        argv = ["sudo", "chroot", IN_GUEST, *fio.arguments(empty)]
        iscsi = fio.figures(machine.shell(shlex.join(argv), timeout=900))
        machine.shell(f"sudo umount {IN_GUEST}/dev {IN_GUEST}")
        for attachment in attachments:
            machine.detach(*attachment)
        rbd = fio.figures(in_a_server(cloud, native))
    print(f"fio: {fio.MIB} MiB, {fio.SECONDS} s a job, libaio, direct=1, end_fsync=1; all processors are emulated\n")
    print(fio.table({"iSCSI in a machine": iscsi, "RBD in a VM": rbd}))


MEASURES = {"boot": measure_boot, "disk": measure_disk}


def main() -> None:
    """Measure what is asked for and print it."""
    wanted = sys.argv[1:] or list(MEASURES)
    if unknown := set(wanted) - set(MEASURES):
        sys.exit(f"{unknown.pop()!r} is no stage. Use {', '.join(MEASURES)}.")
    lab = Lab(os.environ.get("SITE", "lab-baremetal"))
    if not lab.site.baremetal or not (lab.build / "clouds.yaml").is_file():
        sys.exit(f"{lab.name} has no cloud with bare metal. Run make lab SITE=lab-baremetal first.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made is removed
    with tempfile.TemporaryDirectory() as folder, tenant(lab, Path(folder)) as cloud:
        image = cloud.image(cached(IMAGE), "arm64", hw_architecture="aarch64")
        machine = Machine(lab, cloud, image, "benchmark")
        machine.shell("true")
        for name, measure in MEASURES.items():
            if name in wanted:
                print(f"== {name}, {lab.name}", flush=True)
                measure(lab, cloud, machine)
                print()


if __name__ == "__main__":
    main()
