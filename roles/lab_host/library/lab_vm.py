#!/usr/bin/python
"""Start, stop or remove one host of the lab that is a virtual machine, wired to the lab's bridges."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_vm
short_description: One host of the lab, by QEMU
description:
  - A host is a folder below C(state_dir) with its disk, made once from the common root file system and what an
    installer leaves on a host, and with its kernel. Each interface is a tap. Data disks are sparse files; a disk's path
    on the host is C(/dev/disk/by-id/virtio-<name>).
  - C(started) makes what is missing and boots the host when it is not running. A running host is left alone.
  - C(stopped) presses the power button. C(absent) does, and removes the folder and the taps.
  - Check mode changes nothing and tells what would change.
options:
  name: {description: The host's name., type: str, required: true}
  site: {description: The site's name., type: str, required: true}
  state_dir: {description: Folder of the site's hosts., type: path, required: true}
  state: {description: Wanted state., type: str, choices: [started, stopped, absent], default: started}
  rootfs: {description: Common root file system., type: path}
  maker: {description: The script that makes a disk., type: path}
  interfaces:
    description: C(name), C(bridge) and C(mtu) of each interface, in order. One without bridge has a carrier, no peer.
    type: list
    elements: dict
    default: []
  files: {description: Path -> text put on a new host before it boots., type: dict, default: {}}
  disks: {description: Paths of the host's data disks., type: list, elements: str, default: []}
  disk_gib: {description: Size of a new data disk in GiB., type: int, default: 8}
  root_gib: {description: Size of a new system disk in GiB., type: int, default: 16}
  memory: {description: MiB of memory., type: int, default: 1536}
  cores: {description: Processors., type: int, default: 2}
  accelerator: {description: QEMU's option C(-accel)., type: str, default: "tcg,thread=multi"}
"""

import os
import platform
import shutil
import signal
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_machine import OPTIONS, HostError, Machine, bring, run
from ansible.module_utils.lab_qemu import DRIVE, tell

BY_ID = "/dev/disk/by-id/virtio-"
SERIAL_BYTES = 20
"""Of a virtio disk's serial number. Source: virtio 1.2, section 5.2.6."""
PATIENCE = "systemd.default_device_timeout_sec=300"


@dataclass(frozen=True)
class Board:
    """What differs between architectures: QEMU's program and machine, the serial console."""

    program: str
    machine: str
    console: str


BOARDS = {
    "x86_64": Board("qemu-system-x86_64", "q35,sata=off,smbus=off", "ttyS0"),
    "aarch64": Board("qemu-system-aarch64", "virt", "ttyAMA0"),
}


def mac(unit: str, interface: str) -> str:
    """Return a MAC address of QEMU's own range, the same every time."""
    tail = uuid.uuid5(uuid.NAMESPACE_OID, f"{unit}/{interface}").bytes[:3]
    return ":".join(["52:54:00", *(f"{byte:02x}" for byte in tail)])


class VirtualMachine(Machine):
    def argument(self) -> str:
        return f"guest={self.unit}"

    def start(self) -> None:
        self.make()
        self.wire()
        self.console.unlink(missing_ok=True)
        self.launch(*self.command(BOARDS[platform.machine()]))

    def make(self) -> None:
        self.folder.mkdir(exist_ok=True)
        (self.folder / "upper/etc").mkdir(parents=True, exist_ok=True)
        (self.folder / "upper/etc/hostname").write_text(f"{self.name}\n")
        self.lay()
        disk = self.folder / "root.img"
        if disk.exists():
            return
        boot = Path(self.p["rootfs"], "boot")
        if not boot.is_dir():
            raise HostError(f"{boot.parent} is no root file system of a virtual machine: it has no folder boot.")
        for name, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd", "initrd.img-*")):
            shutil.copy(next(boot.glob(pattern)), self.folder / name)
        with tempfile.TemporaryDirectory(prefix="disk-", dir=self.folder) as work:
            draft = Path(work, "root.img")
            layers = (self.p["rootfs"], str(self.folder / "upper"))
            run("unshare", "--mount", self.p["maker"], *layers, work, str(draft), f"{self.p['root_gib']}G")
            draft.rename(disk)

    def wire(self) -> None:
        """Make a tap for each interface; what a dead host left is made again."""
        self.unwire()
        for interface in self.wired():
            tap = self.device("vt", interface["name"])
            run("ip", "tuntap", "add", "dev", tap, "mode", "tap")
            self.plug(tap, interface)

    def wired(self) -> list[dict[str, Any]]:
        return [interface for interface in self.p["interfaces"] if interface["bridge"]]

    def unwire(self) -> None:
        for interface in self.wired():
            self.unplug(self.device("vt", interface["name"]))

    def command(self, board: Board) -> list[str]:
        """Return the command line of QEMU. Source: qemu(1), kernel-command-line(7)."""
        # Names of interfaces are the kernel's, in the order of the cards. On a busy machine disks take their time.
        arguments = f"root=/dev/vda rw console={board.console} net.ifnames=0 mitigations=off {PATIENCE}"
        argv = [board.program, "-name", self.argument(), "-uuid", str(uuid.uuid5(uuid.NAMESPACE_OID, self.unit))]
        argv += ["-machine", board.machine, "-accel", self.p["accelerator"], "-cpu", "max"]
        argv += ["-smp", str(self.p["cores"]), "-m", str(self.p["memory"]), "-nodefaults", "-display", "none"]
        argv += ["-kernel", f"{self.folder}/vmlinuz", "-initrd", f"{self.folder}/initrd", "-append", arguments]
        argv += ["-device", "virtio-rng-pci", "-serial", f"file:{self.console}"]
        argv += ["-qmp", f"unix:{self.folder}/qmp,server=on,wait=off"]
        argv += ["-device", "virtio-scsi-pci", "-device", f"scsi-cd,id={DRIVE}"]
        argv += ["-drive", f"file={self.folder}/root.img,if=virtio,format=raw,discard=unmap"]
        for number, (path, file) in enumerate(self.disk_files()):
            argv += ["-drive", f"file={file},if=none,id=disk{number},format=raw,discard=unmap"]
            argv += ["-device", f"virtio-blk-pci,drive=disk{number},serial={serial(self.name, path)}"]
        for number, interface in enumerate(self.p["interfaces"]):
            tap = f"tap,ifname={self.device('vt', interface['name'])},script=no,downscript=no"
            argv += ["-netdev", f"{tap if interface['bridge'] else f'hubport,hubid={number}'},id=net{number}"]
            address = mac(self.unit, interface["name"])
            argv += ["-device", f"virtio-net-pci,netdev=net{number},mac={address},romfile="]
        return argv

    def ask_to_end(self, pid: int) -> None:
        try:
            tell(self.folder, "system_powerdown")
        except (OSError, ValueError):  # it hangs, or ends by itself
            os.kill(pid, signal.SIGTERM)


def serial(host: str, path: str) -> str:
    """Return the serial number that gives a disk its path; raises HostError for a path that none gives."""
    name = path.removeprefix(BY_ID)
    if name == path or len(name) > SERIAL_BYTES:
        raise HostError(
            f"{host} is a virtual machine, which has no disk {path}. Call it {BY_ID}<name>, the name with at most "
            f"{SERIAL_BYTES} characters."
        )
    return name


def main() -> None:
    own: dict[str, Any] = {
        "maker": {"type": "path"},
        "root_gib": {"type": "int", "default": 16},
        "memory": {"type": "int", "default": 1536},
        "cores": {"type": "int", "default": 2},
        "accelerator": {"type": "str", "default": "tcg,thread=multi"},
    }
    required = [("state", "started", ("rootfs", "maker"))]
    module = AnsibleModule(argument_spec=OPTIONS | own, required_if=required, supports_check_mode=True)
    bring(module, VirtualMachine(module.params))


if __name__ == "__main__":
    main()
