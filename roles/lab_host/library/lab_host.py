#!/usr/bin/python
"""Start, stop or remove one host of the lab: systemd in a container of its own, wired to the lab's bridges."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_host
short_description: One host of the lab, by systemd-nspawn
description:
  - A host is a folder below C(state_dir): what it wrote over the common root file system, and the folders that an
    overlay cannot hold (container storage). Its network name space has one veth pair for each interface. Its disks are
    sparse files behind loop devices, under the paths that the site gives them.
  - C(started) makes what is missing and boots the host when it is not running. A running host is left alone.
  - C(absent) stops it and removes the folder, the name space and the cgroup.
  - Check mode changes nothing and tells what would change.
options:
  name: {description: The host's name., type: str, required: true}
  site: {description: The site's name., type: str, required: true}
  state_dir: {description: Folder of the site's hosts., type: path, required: true}
  state: {description: Wanted state., type: str, choices: [started, stopped, absent], default: started}
  rootfs: {description: Common root file system., type: path}
  runner: {description: The script that boots a host., type: path}
  interfaces: {description: C(name), C(bridge) and C(mtu) of each interface., type: list, elements: dict, default: []}
  files: {description: Path -> text put on a new host before it boots., type: dict, default: {}}
  data: {description: Folders kept outside the overlay., type: list, elements: str, default: []}
  devices: {description: Devices that the host gets when this machine has them., type: list, elements: str, default: []}
  disks: {description: Paths of the host's data disks., type: list, elements: str, default: []}
  disk_gib: {description: Size of a new disk in GiB., type: int, default: 8}
"""

import contextlib
import json
import os
import shutil
import signal
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_machine import OPTIONS, Apart, HostError, bring, output, run

GROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))


class Container(Apart):
    properties = ("Delegate=yes",)

    def argument(self) -> str:
        return f"--directory={self.folder}/root"

    def start(self) -> None:
        self.make()
        self.wire()
        devices = [device for device in self.p["devices"] if Path(device).exists()] + self.attach()
        binds = [f"--bind={device}" for device in devices]
        if Path("/lib/modules", os.uname().release).exists():
            binds.append("--bind-ro=/lib/modules")
        binds += [f"--bind={self.data(path)}:{path}" for path in self.p["data"]]
        runner = str(self.folder / "run-host")
        self.launch("unshare", "--mount", runner, str(self.folder), self.name, self.unit, *binds)

    def make(self) -> None:
        for folder in [*(self.folder / part for part in ("upper", "work", "root")), *map(self.data, self.p["data"])]:
            folder.mkdir(parents=True, exist_ok=True)
        link = self.folder / "rootfs"
        if not link.is_symlink():
            link.symlink_to(self.p["rootfs"])
        if not link.exists():
            raise HostError(
                f"The root file system of {self.name} is gone from the cache ({os.readlink(link)})."
                " Run make lab-destroy, then make lab."
            )
        shutil.copy(self.p["runner"], self.folder / "run-host")
        self.lay()

    def data(self, path: str) -> Path:
        """Return where this machine keeps a folder that the host sees at ``path``."""
        return self.folder / "data" / path.strip("/").replace("/", "-")

    def attach(self) -> list[str]:
        """Put every disk behind a loop device, unless a host that died left it there; return the devices."""
        loops = self.loops()
        links = [
            (path, loops.get(str(file)) or output("losetup", "--find", "--show", str(file)).strip())
            for path, file in self.disk_files()
        ]
        # Device nodes of a container are made anew at each boot, and systemd makes the links with them.
        rules = self.folder / "upper/etc/tmpfiles.d/armature-lab-disks.conf"
        rules.parent.mkdir(parents=True, exist_ok=True)
        rules.write_text("".join(f"L+ {path} - - - - {device}\n" for path, device in links))
        return [device for _, device in links]

    def loops(self) -> dict[str, str]:
        """Return file -> loop device of the host's disks."""
        listed = output("losetup", "--json", "--list", "--output", "NAME,BACK-FILE") or '{"loopdevices": []}'
        files = {loop["back-file"]: loop["name"] for loop in json.loads(listed)["loopdevices"] if loop["back-file"]}
        return {file: name for file, name in files.items() if file.startswith(f"{self.folder}/disks/")}

    def ask_to_end(self, pid: int) -> None:
        os.kill(pid, signal.SIGTERM)  # nspawn powers the host off

    def detach(self) -> None:
        for device in self.loops().values():
            run("losetup", "--detach", device)
        for top in GROUPS:
            remove_cgroup(top / self.unit)

    def exists(self) -> bool:
        return super().exists() or bool(self.loops())


def remove_cgroup(group: Path) -> None:
    """Remove a cgroup with its children; the kernel takes a moment to let go of processes that have just ended."""
    for _ in range(50):
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if not group.is_dir():
            return
        time.sleep(0.1)


def main() -> None:
    own: dict[str, Any] = {
        "runner": {"type": "path"},
        "data": {"type": "list", "elements": "str", "default": []},
        "devices": {"type": "list", "elements": "str", "default": []},
    }
    required = [("state", "started", ("rootfs", "runner"))]
    module = AnsibleModule(argument_spec=OPTIONS | own, required_if=required, supports_check_mode=True)
    bring(module, Container(module.params))


if __name__ == "__main__":
    main()
