"""What all hosts of the lab have in common: a folder, one process, cables to the lab's switches, three states."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

# systemd gives a service 90 s to end before it kills it; a hypervisor's takes them all.
STOP_SECONDS = 150
START_SECONDS = 5

OPTIONS: dict[str, dict[str, Any]] = {
    "name": {"type": "str", "required": True},
    "site": {"type": "str", "required": True},
    "state_dir": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["started", "stopped", "absent"], "default": "started"},
    "rootfs": {"type": "path"},
    "interfaces": {"type": "list", "elements": "dict", "default": []},
    "files": {"type": "dict", "default": {}},
    "disks": {"type": "list", "elements": "str", "default": []},
    "disk_gib": {"type": "int", "default": 8},
}
"""Of every module that makes a host."""


class HostError(Exception):
    """Something stands in the way of the wanted state."""


class Machine:
    """One host. A kind of host says how it starts, what its process is called, and what it takes away at its end."""

    properties: tuple[str, ...] = ()
    """Of its unit, where this machine has systemd."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.p = parameters
        self.name = parameters["name"]
        self.folder = Path(parameters["state_dir"], self.name)
        self.unit = f"armature-{parameters['site']}-{self.name}"
        self.pidfile = self.folder / "pid"
        self.console = self.folder / "console.log"

    # What a kind of host says

    def start(self) -> None:
        """Make what is missing and boot."""
        raise NotImplementedError

    def argument(self) -> str:
        """Return an argument that only the host's process has."""
        raise NotImplementedError

    def ask_to_end(self, pid: int) -> None:
        """Press the power button."""
        raise NotImplementedError

    def unwire(self) -> None:
        """Take the cables away, as far as there are any."""
        raise NotImplementedError

    def detach(self) -> None:
        """Let go of what the kernel holds for a host that does not run."""

    def exists(self) -> bool:
        """Whether anything of the host is on this machine."""
        return self.folder.exists()

    def differs(self) -> bool:
        """Whether something is to be changed on a host that runs."""
        return False

    def adjust(self) -> None:
        """Change that."""

    # Making

    def pid(self) -> int | None:
        """Return the host's process on this machine; a process id that was given to another one does not count."""
        with contextlib.suppress(OSError, ValueError):
            pid = int(self.pidfile.read_text())
            if self.argument() in Path(f"/proc/{pid}/cmdline").read_text().split("\0"):
                return pid
        return None

    def lay(self) -> None:
        """Write what an installer would leave on a new host, and keys of its own, into the folder ``upper``."""
        upper = self.folder / "upper"
        if (upper / "etc/ssh/ssh_host_ed25519_key").exists():
            return
        upper.mkdir(parents=True, exist_ok=True)
        for path, text in self.p["files"].items():
            target = upper / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text)
            target.chmod(0o600 if "/.ssh/" in path else 0o644)
        (upper / "etc/ssh").mkdir(parents=True, exist_ok=True)
        run("ssh-keygen", "-A", "-f", str(upper))

    def disk_files(self) -> list[tuple[str, Path]]:
        """Make the sparse file of each data disk that has none; return (path on the host, file)."""
        folder = self.folder / "disks"
        folder.mkdir(exist_ok=True)
        files = [(path, folder / f"{number}.img") for number, path in enumerate(self.p["disks"])]
        for _, file in files:
            if not file.exists():
                with file.open("xb") as stream:
                    stream.truncate(self.p["disk_gib"] << 30)
        return files

    def device(self, kind: str, interface: str) -> str:
        """Return the name of this machine's end of an interface: at most 15 bytes, the same every time."""
        return kind + hashlib.sha256(f"{self.unit}/{interface}".encode()).hexdigest()[:12]

    def plug(self, device: str, interface: dict[str, Any]) -> None:
        """Put this machine's end of an interface on its switch."""
        alias = f"{self.unit} {interface['name']}"
        run("ip", "link", "set", device, "mtu", str(interface["mtu"]))
        run("ip", "link", "set", device, "master", interface["bridge"], "alias", alias)
        run("ip", "link", "set", device, "up")

    def unplug(self, device: str) -> None:
        """Remove this machine's end of an interface."""
        # A deleted name space takes its veth ends along a moment later.
        if Path("/sys/class/net", device).exists():
            subprocess.run(["ip", "link", "delete", device], check=False, capture_output=True)

    def launch(self, *argv: str) -> None:
        """Start the host's process, beside this one, and wait until it is what it should be."""
        if Path("/run/systemd/system").exists():
            unit = f"{self.unit}.service"
            options = [f"--property={line}" for line in ("KillMode=mixed", *self.properties)]
            run("systemd-run", f"--unit={unit}", "--collect", *options, *argv)
            pid = int(output("systemctl", "show", "--value", "--property=MainPID", unit))
        else:
            with self.console.open("ab") as log:
                pid = subprocess.Popen(
                    argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True, cwd="/"
                ).pid  # fmt: skip
        self.pidfile.write_text(f"{pid}\n")
        for _ in range(START_SECONDS * 10):
            if self.pid():
                return
            time.sleep(0.1)
        last = "\n".join(self.console.read_text(errors="replace").splitlines()[-10:]) if self.console.exists() else ""
        raise HostError(f"{self.name} did not boot. Log: {self.console}. Its end:\n{last}")

    # Ending

    def stop(self) -> None:
        """End the host, by force when it does not end itself."""
        pid = self.pid()
        if pid:
            self.ask_to_end(pid)
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

    def remove(self) -> None:
        """End the host and remove all that it wrote."""
        self.stop()
        if self.folder.exists():
            # A mount below would be emptied with the folder.
            mounts = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
            inside = [mount for mount in mounts if mount.startswith(f"{self.folder}/")]
            if inside:
                raise HostError(f"{inside[0]} is still mounted below {self.folder}. Unmount it and run again.")
            shutil.rmtree(self.folder)


class Apart(Machine):
    """A host in a network name space of its own, with one veth pair for each interface."""

    def wire(self) -> None:
        """Make the name space and the pairs; what a dead host left is made again."""
        self.unwire()
        run("ip", "netns", "add", self.unit)
        for interface in self.p["interfaces"]:
            name, outer, mtu = interface["name"], self.device("ve", interface["name"]), str(interface["mtu"])
            run("ip", "link", "add", outer, "type", "veth", "peer", "name", name, "netns", self.unit)
            run("ip", "-n", self.unit, "link", "set", name, "mtu", mtu)
            self.plug(outer, interface)

    def unwire(self) -> None:
        """Remove the name space and the pairs."""
        if Path("/run/netns", self.unit).exists():
            run("ip", "netns", "delete", self.unit)
        for interface in self.p["interfaces"]:
            self.unplug(self.device("ve", interface["name"]))

    def exists(self) -> bool:
        """Whether anything of the host is on this machine."""
        return super().exists() or Path("/run/netns", self.unit).exists()


def run(*argv: str) -> None:
    """Run a command; raises HostError when it fails."""
    output(*argv)


def output(*argv: str) -> str:
    """Run a command and return what it prints; raises HostError when it fails."""
    result = subprocess.run(argv, capture_output=True, text=True, check=False)
    if result.returncode:
        raise HostError(f"{' '.join(argv)} ended with status {result.returncode}: {result.stderr.strip()}")
    return result.stdout


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of the site's hosts, so that two runs do not wire one host twice. It ends with the process."""
    if not folder.is_dir():
        yield
        return
    with (folder / "lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def bring(module: AnsibleModule, host: Machine) -> None:
    """Bring the host to the wanted state and end the module."""
    lock = contextlib.nullcontext() if module.check_mode else locked(Path(module.params["state_dir"]))
    with lock:
        steps = plan(host, module.params["state"])
        try:
            for step in [] if module.check_mode else steps:
                step()
        except HostError as error:
            module.fail_json(msg=str(error))
        module.exit_json(changed=bool(steps), pid=host.pid(), unit=host.unit)


def plan(host: Machine, state: str) -> list[Callable[[], None]]:
    """Return what brings the host to ``state``, in order."""
    if state == "absent":
        return [host.remove] if host.exists() else []
    if state == "stopped":
        # A host that was killed is not stopped: its cables are still there.
        return [host.stop] if host.pid() or host.pidfile.exists() else []
    return [*([] if host.pid() else [host.start]), *([host.adjust] if host.differs() else [])]
