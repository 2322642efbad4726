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
import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

# systemd gives a service 90 s to end before it kills it; a hypervisor's takes them all.
STOP_SECONDS = 150
GROUPS = (Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))


class HostError(Exception):
    """Something stands in the way of the wanted state."""


class LabHost:
    def __init__(self, parameters: dict[str, Any]) -> None:
        self.p = parameters
        self.name = parameters["name"]
        self.folder = Path(parameters["state_dir"], self.name)
        self.netns = f"armature-{parameters['site']}-{self.name}"
        self.pidfile = self.folder / "pid"

    def pid(self) -> int | None:
        """Return the host's process on this machine; a process id that was given to another one does not count."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pidfile.read_text())
            if f"--directory={self.folder}/root" in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                return pid
        return None

    # Making

    def make(self) -> None:
        new = not (self.folder / "upper").exists()
        folders = [self.folder / part for part in ("upper", "work", "root")]
        for folder in [*folders, *map(self.data, self.p["data"])]:
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
        if new:
            for path, text in self.p["files"].items():
                target = self.folder / "upper" / path.lstrip("/")
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text)
                target.chmod(0o600 if "/.ssh/" in path else 0o644)
            etc_ssh = self.folder / "upper/etc/ssh"
            etc_ssh.mkdir(parents=True, exist_ok=True)
            run("ssh-keygen", "-A", "-f", str(self.folder / "upper"))

    def data(self, path: str) -> Path:
        """Return where this machine keeps a folder that the host sees at ``path``."""
        return self.folder / "data" / path.strip("/").replace("/", "-")

    def wire(self) -> None:
        """Make the name space and one veth pair for each interface; what a dead host left is made again."""
        self.unwire()
        run("ip", "netns", "add", self.netns)
        for interface in self.p["interfaces"]:
            outer = self.outer(interface["name"])
            pair = ("type", "veth", "peer", "name", interface["name"], "netns", self.netns)
            run("ip", "link", "add", outer, "mtu", str(interface["mtu"]), *pair)
            run("ip", "-n", self.netns, "link", "set", interface["name"], "mtu", str(interface["mtu"]))
            run("ip", "link", "set", outer, "master", interface["bridge"], "alias", f"{self.netns} {interface['name']}")
            run("ip", "link", "set", outer, "up")

    def outer(self, interface: str) -> str:
        """Return the name of this machine's end of an interface: at most 15 bytes, the same every time."""
        return "ve" + hashlib.sha256(f"{self.netns}/{interface}".encode()).hexdigest()[:12]

    def attach(self) -> list[str]:
        """Put every disk behind a loop device, unless a host that died left it there; return the devices."""
        folder = self.folder / "disks"
        folder.mkdir(exist_ok=True)
        links = []
        for number, path in enumerate(self.p["disks"]):
            file = folder / f"{number}.img"
            if not file.exists():
                with file.open("xb") as stream:
                    stream.truncate(self.p["disk_gib"] << 30)
            device = self.loops().get(str(file)) or output("losetup", "--find", "--show", str(file)).strip()
            links.append((path, device))
        # Device nodes of a container are made anew at each boot, and systemd makes the links with them.
        rules = self.folder / "upper/etc/tmpfiles.d/armature-lab-disks.conf"
        rules.parent.mkdir(parents=True, exist_ok=True)
        rules.write_text("".join(f"L+ {path} - - - - {device}\n" for path, device in links))
        return [device for _, device in links]

    def detach(self) -> None:
        for device in self.loops().values():
            run("losetup", "--detach", device)

    def loops(self) -> dict[str, str]:
        """Return file -> loop device of the host's disks."""
        listed = output("losetup", "--json", "--list", "--output", "NAME,BACK-FILE") or '{"loopdevices": []}'
        files = {loop["back-file"]: loop["name"] for loop in json.loads(listed)["loopdevices"] if loop["back-file"]}
        return {file: name for file, name in files.items() if file.startswith(f"{self.folder}/disks/")}

    def unwire(self) -> None:
        if Path("/run/netns", self.netns).exists():
            run("ip", "netns", "delete", self.netns)
        for interface in self.p["interfaces"]:
            outer = self.outer(interface["name"])
            # A deleted name space takes its veth ends along a moment later.
            if Path("/sys/class/net", outer).exists():
                subprocess.run(["ip", "link", "delete", outer], check=False, capture_output=True)

    def start(self) -> None:
        self.make()
        self.wire()
        devices = [device for device in self.p["devices"] if Path(device).exists()] + self.attach()
        binds = [f"--bind={device}" for device in devices]
        if Path("/lib/modules", os.uname().release).exists():
            binds.append("--bind-ro=/lib/modules")
        binds += [f"--bind={self.data(path)}:{path}" for path in self.p["data"]]
        argv = ["unshare", "--mount", str(self.folder / "run-host"), str(self.folder), self.name, self.netns, *binds]
        console = self.folder / "console.log"
        if Path("/run/systemd/system").exists():
            unit = f"--unit={self.netns}.service"
            run("systemd-run", unit, "--collect", "--property=Delegate=yes", "--property=KillMode=mixed", *argv)
            show = ["systemctl", "show", "--value", "--property=MainPID", f"{self.netns}.service"]
            pid = int(subprocess.run(show, check=True, capture_output=True, text=True).stdout)
        else:
            with console.open("ab") as log:
                pid = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
                ).pid  # fmt: skip
        self.pidfile.write_text(f"{pid}\n")
        for _ in range(50):
            if self.pid():
                return
            time.sleep(0.1)
        last = "\n".join(console.read_text(errors="replace").splitlines()[-10:]) if console.exists() else ""
        raise HostError(f"{self.name} did not boot. Log: {console}. Its end:\n{last}")

    # Ending

    def stop(self) -> None:
        pid = self.pid()
        if pid:
            os.kill(pid, signal.SIGTERM)  # nspawn powers the host off
            for _ in range(STOP_SECONDS * 10):
                if not self.pid():
                    break
                time.sleep(0.1)
            else:
                os.kill(pid, signal.SIGKILL)
                time.sleep(1)
        self.pidfile.unlink(missing_ok=True)
        self.unwire()
        self.detach()
        for top in GROUPS:
            remove_cgroup(top / self.netns)

    def remove(self) -> None:
        self.stop()
        if self.folder.exists():
            # A mount below would be emptied with the folder.
            mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
            inside = [mount for mount in mounts if mount.startswith(f"{self.folder}/")]
            if inside:
                raise HostError(f"{inside[0]} is still mounted below {self.folder}. Unmount it and run again.")
            shutil.rmtree(self.folder)

    def exists(self) -> bool:
        return self.folder.exists() or Path("/run/netns", self.netns).exists() or bool(self.loops())


def remove_cgroup(group: Path) -> None:
    """Remove a cgroup with its children; the kernel takes a moment to let go of processes that have just ended."""
    for _ in range(50):
        for folder, _, _ in os.walk(group, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(folder)
        if not group.is_dir():
            return
        time.sleep(0.1)


def run(*argv: str) -> None:
    output(*argv)


def output(*argv: str) -> str:
    """Run a command and return what it prints; raises HostError when it fails."""
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    if result.returncode:
        raise HostError(f"{' '.join(argv)} ended with status {result.returncode}: {result.stderr.strip()}")
    return result.stdout


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "site": {"type": "str", "required": True},
            "state_dir": {"type": "path", "required": True},
            "state": {"type": "str", "choices": ["started", "stopped", "absent"], "default": "started"},
            "rootfs": {"type": "path"},
            "runner": {"type": "path"},
            "interfaces": {"type": "list", "elements": "dict", "default": []},
            "files": {"type": "dict", "default": {}},
            "data": {"type": "list", "elements": "str", "default": []},
            "devices": {"type": "list", "elements": "str", "default": []},
            "disks": {"type": "list", "elements": "str", "default": []},
            "disk_gib": {"type": "int", "default": 8},
        },
        required_if=[("state", "started", ("rootfs", "runner"))],
        supports_check_mode=True,
    )
    host = LabHost(module.params)
    lock = locked(Path(module.params["state_dir"])) if not module.check_mode else contextlib.nullcontext()
    with lock:
        bring(module, host)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the site's hosts, so that two runs do not wire one host twice. It ends with the process."""
    if not folder.is_dir():
        yield
        return
    with (folder / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def bring(module: AnsibleModule, host: LabHost) -> None:
    present = {"started": host.pid() is not None, "stopped": host.pid() is None, "absent": not host.exists()}
    state = module.params["state"]
    change = {"started": host.start, "stopped": host.stop, "absent": host.remove}[state]
    if not present[state] and not module.check_mode:
        try:
            change()
        except HostError as error:
            module.fail_json(msg=str(error))
    module.exit_json(changed=not present[state], pid=host.pid(), netns=host.netns)


if __name__ == "__main__":
    main()
