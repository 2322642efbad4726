#!/usr/bin/python
"""Start, stop or remove the bare-metal nodes of the lab and their BMCs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_bmc
short_description: The lab's bare-metal nodes, and Redfish for them
description:
  - A node is an aarch64 virtual machine with UEFI, one NIC and no disk, defined in a libvirt that only this site has.
    One Redfish server (sushy-tools) has the addresses of all BMCs, in a network name space of its own, and leads
    C(/redfish/v1/Systems/<uuid>) to the node. Everything is below C(state_dir), and ends with one process.
  - C(started) makes what is missing and starts libvirt and the server. Nodes are off until Redfish switches them on.
    What Redfish changed on a node (its boot device) stays, until the node's description changes here.
  - C(stopped) takes the nodes' power away. C(absent) does, and removes the folder and the name space.
  - It runs on a Python that has sushy-tools, bcrypt and libvirt.
  - Check mode changes nothing and tells what would change.
options:
  site: {description: The site's name., type: str, required: true}
  state_dir: {description: Folder of the site's hosts., type: path, required: true}
  state: {description: Wanted state., type: str, choices: [started, stopped, absent], default: started}
  interfaces:
    description: C(name), C(bridge) and C(mtu) of the BMCs' interface.
    type: list
    elements: dict
    default: []
  addresses: {description: The BMCs' addresses with prefix length., type: list, elements: str, default: []}
  gateway: {description: Router of the BMCs' network., type: str, default: ""}
  nodes:
    description: C(name), C(uuid), C(mac) and C(bridge) of each node.
    type: list
    elements: dict
    default: []
  memory: {description: MiB of a node., type: int, default: 2048}
  cores: {description: Processors of a node., type: int, default: 2}
  user: {description: Who may use Redfish., type: str, default: ""}
  password: {description: The user's., type: str, default: ""}
  runner: {description: The script that runs it all., type: path}
"""

import contextlib
import os
import signal
import socket
import sys
import time
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.lab_machine import OPTIONS, Apart, HostError, bring, run

NAME = "baremetal"
"""Of the folder beside the hosts'. It is a group's name, so no host has it."""
PORT = 443
SECONDS = 60
CODE, VARIABLES = "/usr/share/AAVMF/AAVMF_CODE.fd", "/usr/share/AAVMF/AAVMF_VARS.fd"

# No group of processes, no accounts and no logging daemon beside the one process.
QEMU_CONF = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
security_driver = "none"
namespaces = []
cgroup_controllers = []
stdio_handler = "file"
"""
LIBVIRTD_CONF = 'auth_unix_ro = "none"\nauth_unix_rw = "none"\n'

# The firmware waits minutes for IPv4 unless told not to. Emulated pointer authentication by the standard's cipher would
# take most of the processor. Source: edk2, ArmVirtPkg; QEMU, docs/system/arm/cpu-features.rst.
DOMAIN = """<domain type="qemu" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
  <name>{name}</name>
  <uuid>{uuid}</uuid>
  <memory unit="MiB">{memory}</memory>
  <vcpu>{cores}</vcpu>
  <os>
    <type arch="aarch64" machine="virt">hvm</type>
    <loader readonly="yes" type="pflash">{code}</loader>
    <nvram template="{variables}">/var/lib/libvirt/qemu/nvram/{name}.fd</nvram>
    <boot dev="network"/>
  </os>
  <sysinfo type="fwcfg">
    <entry name="opt/org.tianocore/IPv4Support">n</entry>
    <entry name="opt/org.tianocore/IPv4PXESupport">n</entry>
  </sysinfo>
  <features><acpi/><gic version="3"/></features>
  <cpu mode="custom"><model>max</model></cpu>
  <on_reboot>restart</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-aarch64</emulator>
    <interface type="bridge">
      <mac address="{mac}"/>
      <source bridge="{bridge}"/>
      <target dev="{tap}"/>
      <model type="virtio"/>
      <rom enabled="no"/>
    </interface>
    <controller type="scsi" model="virtio-scsi"/>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <serial type="file"><source path="{folder}/{name}.console"/></serial>
  </devices>
  <qemu:commandline>
    <qemu:arg value="-global"/>
    <qemu:arg value="max-arm-cpu.pauth-impdef=on"/>
  </qemu:commandline>
</domain>
"""


class Bmcs(Apart):
    def argument(self) -> str:
        return str(self.folder / "run-bmcs")

    @property
    def uri(self) -> str:
        return f"qemu+unix:///system?socket={self.folder}/run/libvirt/libvirt-sock"

    # What is wanted, and what differs

    def texts(self) -> dict[str, str]:
        """Return file -> text of what the processes read when they start."""
        sushy = {
            "SUSHY_EMULATOR_LISTEN_IP": "::",
            "SUSHY_EMULATOR_LISTEN_PORT": PORT,
            "SUSHY_EMULATOR_SSL_CERT": f"{self.folder}/bmc.crt",
            "SUSHY_EMULATOR_SSL_KEY": f"{self.folder}/bmc.key",
            "SUSHY_EMULATOR_AUTH_FILE": f"{self.folder}/htpasswd",
            "SUSHY_EMULATOR_LIBVIRT_URI": self.uri,
            "SUSHY_EMULATOR_STATE_DIR": f"{self.folder}/redfish",
            "SUSHY_EMULATOR_IGNORE_BOOT_DEVICE": False,
            "SUSHY_EMULATOR_BOOT_LOADER_MAP": {"UEFI": {"aarch64": CODE}, "Legacy": {"aarch64": None}},
            "SUSHY_EMULATOR_SECURE_BOOT_DISABLED_NVRAM": VARIABLES,
            "SUSHY_EMULATOR_SECURE_BOOT_ENABLED_NVRAM": VARIABLES.replace(".fd", ".ms.fd"),
        }
        return {
            "etc/libvirt/qemu.conf": QEMU_CONF,
            "etc/libvirt/libvirtd.conf": LIBVIRTD_CONF,
            "sushy.conf": "".join(f"{name} = {value!r}\n" for name, value in sushy.items()),
            "addresses": "".join(f"{address}\n" for address in self.p["addresses"]),
            "run-bmcs": Path(self.p["runner"]).read_text(),
        }

    def domain(self, node: dict[str, str]) -> str:
        """Return libvirt's description of a node. Source: libvirt, formatdomain."""
        paths = {"code": CODE, "variables": VARIABLES, "folder": self.folder, "tap": self.device("vb", node["name"])}
        return DOMAIN.format(**node, **paths, memory=self.p["memory"], cores=self.p["cores"])

    def stale(self) -> list[str]:
        """Return the files that differ from what is wanted."""
        wanted = self.texts() if self.p["state"] == "started" else {}
        return [name for name, text in wanted.items() if read(self.folder / name) != text]

    def knows_password(self) -> bool:
        user, _, digest = read(self.folder / "htpasswd").strip().partition(":")
        if user != self.p["user"]:
            return False
        import bcrypt

        return bool(bcrypt.checkpw(self.p["password"].encode(), digest.encode()))

    def undefined(self) -> list[str]:
        """Return the nodes that differ from what libvirt was told last, and those that are no more."""
        told = {file.stem: file.read_text() for file in self.folder.glob("nodes/*.xml")}
        wanted = {node["name"]: self.domain(node) for node in self.p["nodes"]}
        return sorted(name for name in told.keys() | wanted.keys() if told.get(name) != wanted.get(name))

    def differs(self) -> bool:
        return bool(self.undefined()) or not self.knows_password()

    def pid(self) -> int | None:
        """Return the process, unless what it read at its start is another thing now."""
        return None if self.stale() else super().pid()

    # Changing

    def start(self) -> None:
        self.end()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        self.certify()
        for name, text in self.texts().items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text)
        (self.folder / "run-bmcs").chmod(0o755)
        (self.folder / "nodes").mkdir(exist_ok=True)
        self.set_password()
        self.wire()
        for command in (["link", "set", "lo", "up"], *self.addressing()):
            run("ip", "-n", self.unit, *command)
        emulator = str(Path(sys.executable).with_name("sushy-emulator"))
        apart = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
        self.launch(*apart, self.argument(), str(self.folder), self.unit, emulator)
        self.wait()

    def certify(self) -> None:
        """Make a certificate for the BMCs' addresses, which clients can trust as it is. Source: openssl-req(1)."""
        key, certificate = (str(self.folder / f"bmc.{kind}") for kind in ("key", "crt"))
        if Path(certificate).exists() and "addresses" not in self.stale():
            return
        names = ",".join(f"IP:{address.partition('/')[0]}" for address in self.p["addresses"])
        fresh = ("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
        about = ("-days", "3650", "-subj", f"/CN={self.unit}", "-addext", f"subjectAltName={names}")
        run(*fresh, *about, "-keyout", key, "-out", certificate)

    def end(self) -> None:
        """End a process that read other files at its start."""
        pid = super().pid()
        if pid:
            self.ask_to_end(pid)
            while super().pid():
                time.sleep(0.1)

    def addressing(self) -> list[list[str]]:
        name = self.p["interfaces"][0]["name"]
        commands = [["address", "add", address, "dev", name, "nodad"] for address in self.p["addresses"]]
        return [*commands, ["link", "set", name, "up"], ["-6", "route", "add", "default", "via", self.p["gateway"]]]

    def set_password(self) -> None:
        if not self.knows_password():
            import bcrypt

            digest = bcrypt.hashpw(self.p["password"].encode(), bcrypt.gensalt()).decode()
            (self.folder / "htpasswd").write_text(f"{self.p['user']}:{digest}\n")
            (self.folder / "htpasswd").chmod(0o600)

    def wait(self) -> None:
        """Wait until Redfish answers at every address."""
        for address in self.p["addresses"]:
            end = time.monotonic() + SECONDS
            while True:
                try:
                    socket.create_connection((address.partition("/")[0], PORT), timeout=1).close()
                    break
                except OSError as error:
                    if time.monotonic() > end or not self.pid():
                        raise HostError(f"No BMC answers at {address}: {error}. Log: {self.console}") from None
                    time.sleep(0.5)

    def adjust(self) -> None:
        """Tell libvirt what differs. A node that is on keeps running as it was until it is switched off."""
        import libvirt

        self.set_password()
        wanted = {node["name"]: node for node in self.p["nodes"]}
        with contextlib.closing(libvirt.open(self.uri)) as connection:
            present = {domain.name(): domain for domain in connection.listAllDomains()}
            for name in self.undefined():
                file = self.folder / "nodes" / f"{name}.xml"
                if name in wanted:
                    connection.defineXML(self.domain(wanted[name]))
                    file.write_text(self.domain(wanted[name]))
                else:
                    if name in present and present[name].isActive():
                        present[name].destroy()
                    if name in present:
                        present[name].undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
                    file.unlink()

    def ask_to_end(self, pid: int) -> None:
        # unshare(1) takes process 1 of its name space along, and that one all others.
        os.kill(pid, signal.SIGKILL)


def read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **{name: OPTIONS[name] for name in ("site", "state_dir", "state", "interfaces")},
            "addresses": {"type": "list", "elements": "str", "default": []},
            "gateway": {"type": "str", "default": ""},
            "nodes": {"type": "list", "elements": "dict", "default": []},
            "memory": {"type": "int", "default": 2048},
            "cores": {"type": "int", "default": 2},
            "user": {"type": "str", "default": ""},
            "password": {"type": "str", "default": "", "no_log": True},
            "runner": {"type": "path"},
        },
        required_if=[("state", "started", ("runner", "user", "password", "addresses", "nodes", "interfaces"))],
        supports_check_mode=True,
    )
    bring(module, Bmcs(module.params | {"name": NAME}))


if __name__ == "__main__":
    main()
