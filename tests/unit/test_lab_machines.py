"""The lab's virtual machines and bare-metal nodes: what they are made of, and when anything is changed."""

import ast
import importlib
import json
import socket
import sys
import threading
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from armature.load import load_site
from armature.model import Site

REPOSITORY = Path(__file__).parents[2]
for path in (
    "lab_host/library",
    "lab_network/library",
    "lab_baremetal/library",
    "lab_image_store/library",
    "lab_host/filter_plugins",
):
    sys.path.append(str(REPOSITORY / "roles" / path))

bmc: Any = importlib.import_module("lab_bmc")
filters: Any = importlib.import_module("lab")
medium: Any = importlib.import_module("lab_vm_medium")
machine: Any = importlib.import_module("ansible.module_utils.lab_machine")
network: Any = importlib.import_module("lab_network")
qemu: Any = importlib.import_module("ansible.module_utils.lab_qemu")
vm: Any = importlib.import_module("lab_vm")

UUID = "7d4b8f52-6c1e-4a39-9f0d-3e5a1c2b0021"
VMS = {"gateway": {"memory": 1536, "cores": 2}}


@pytest.fixture(scope="module")
def site() -> Site:
    return load_site(REPOSITORY / "inventories/lab-baremetal/site.yml")


# What the site says


def test_gateways_are_virtual_machines_and_the_rest_are_containers(site: Site) -> None:
    hosts = {host["name"]: host for host in filters.hosts(site, VMS)}
    assert {name: host["vm"] for name, host in hosts.items()} == {
        "bm-1": {},
        "gw-1": {"memory": 1536, "cores": 2},
        "gw-2": {"memory": 1536, "cores": 2},
    }
    assert [host["vm"] for host in filters.hosts(site)] == [{}, {}, {}]


def test_a_virtual_machine_has_the_kernels_names(site: Site) -> None:
    gateway = site.hardware["gateway"].model_copy(update={"networks": {"api": "mgmt0", "storage": "eth1"}})
    other = site.model_copy(update={"hardware": {**site.hardware, "gateway": gateway}})
    with pytest.raises(ValueError, match=r"hosts\.gw-1: mgmt0, eth1 are no NICs of a virtual machine"):
        filters.hosts(other, VMS)


def test_nodes_are_on_the_network_of_their_volumes(site: Site) -> None:
    assert filters.nodes(site)[0] == {
        "name": "node-1", "uuid": UUID, "mac": "52:54:00:a1:2a:21", "bridge": "lab-baremet-2",
    }  # fmt: skip
    assert filters.bmcs(site) == {
        "interfaces": [{"name": "bmc", "bridge": "lab-baremet-4", "mtu": 1500}],
        "addresses": ["fd00:a12a:1ae:4::21/64", "fd00:a12a:1ae:4::22/64"],
        "gateway": "fd00:a12a:1ae:4::1",
    }


def test_a_site_without_nodes_has_no_bmcs() -> None:
    lab = load_site(REPOSITORY / "inventories/lab/site.yml")
    assert filters.nodes(lab) == []
    assert filters.bmcs(lab)["addresses"] == []


def test_two_networks_are_too_many_for_a_node() -> None:
    with pytest.raises(ValueError, match=r"baremetal\.node-01: a node of the lab has one NIC"):
        filters.nodes(load_site(REPOSITORY / "inventories/lon1/site.yml"))


@pytest.mark.parametrize(
    ("update", "message"),
    [
        ({"arch": "x86_64"}, "nodes of the lab are aarch64 and speak Redfish, not x86_64, redfish"),
        ({"protocol": "ipmi"}, "nodes of the lab are aarch64 and speak Redfish, not aarch64, ipmi"),
        ({"system": "/redfish/v1/Systems/1"}, "'/redfish/v1/Systems/1' names no UUID"),
    ],
)
def test_a_node_that_the_lab_cannot_make_is_refused(site: Site, update: dict[str, str], message: str) -> None:
    node = site.baremetal["node-1"]
    if "arch" in update:
        node = node.model_copy(update=update)
    else:
        node = node.model_copy(update={"bmc": node.bmc.model_copy(update=update)})
    with pytest.raises(ValueError, match=message):
        filters.nodes(site.model_copy(update={"baremetal": {"node-1": node}}))


# A virtual machine


def parameters(tmp_path: Path, **others: Any) -> dict[str, Any]:
    interfaces = [{"name": "eth0", "bridge": "lab-1", "mtu": 1500}, {"name": "eth1", "bridge": "", "mtu": 1500}]
    return {
        "name": "gw-1", "site": "lab", "state_dir": str(tmp_path), "state": "started", "interfaces": interfaces,
        "files": {}, "disks": [], "disk_gib": 1, "root_gib": 16, "memory": 1536, "cores": 2,
        "accelerator": "tcg,thread=multi", "rootfs": "", "maker": "",
    } | others  # fmt: skip


@pytest.mark.parametrize(("architecture", "console"), [("x86_64", "ttyS0"), ("aarch64", "ttyAMA0")])
def test_the_command_line_of_a_virtual_machine(tmp_path: Path, architecture: str, console: str) -> None:
    (tmp_path / "gw-1").mkdir()
    host = vm.VirtualMachine(parameters(tmp_path, disks=["/dev/disk/by-id/virtio-data-0"]))
    argv = host.command(vm.BOARDS[architecture])
    assert argv[0] == f"qemu-system-{architecture}"
    assert host.argument() in argv
    assert f"root=/dev/vda rw console={console} net.ifnames=0" in argv[argv.index("-append") + 1]
    assert argv[argv.index("-m") + 1] == "1536"
    netdevs = [argv[index + 1] for index, word in enumerate(argv) if word == "-netdev"]
    assert netdevs[0].startswith(f"tap,ifname={host.device('vt', 'eth0')},")
    assert netdevs[1] == "hubport,hubid=1,id=net1"
    assert "virtio-blk-pci,drive=disk0,serial=data-0" in argv
    assert (tmp_path / "gw-1/disks/0.img").stat().st_size == 1 << 30


def test_addresses_of_cards_stay_and_differ() -> None:
    assert vm.mac("a", "eth0") == vm.mac("a", "eth0")
    assert len({vm.mac(unit, card) for unit in "ab" for card in ("eth0", "eth1")}) == 4
    assert vm.mac("a", "eth0").startswith("52:54:00:")


@pytest.mark.parametrize("path", ["/dev/disk/by-path/lab-disk-0", "/dev/disk/by-id/virtio-a-name-of-21-letters-x"])
def test_a_disk_that_a_virtual_machine_cannot_have_is_refused(path: str) -> None:
    with pytest.raises(machine.HostError, match="gw-1 is a virtual machine, which has no disk"):
        vm.serial("gw-1", path)


def test_a_root_file_system_without_kernel_is_refused(tmp_path: Path) -> None:
    keys = tmp_path / "gw-1/upper/etc/ssh"
    keys.mkdir(parents=True)
    (keys / "ssh_host_ed25519_key").touch()
    host = vm.VirtualMachine(parameters(tmp_path, rootfs=str(tmp_path / "none")))
    with pytest.raises(machine.HostError, match="is no root file system of a virtual machine"):
        host.make()
    assert (tmp_path / "gw-1/upper/etc/hostname").read_text() == "gw-1\n"


def test_a_process_is_the_hosts_only_by_its_arguments(tmp_path: Path) -> None:
    host = vm.VirtualMachine(parameters(tmp_path))
    assert host.pid() is None
    host.folder.mkdir()
    host.pidfile.write_text("1\n")
    assert host.pid() is None


# States


class FakeHost:
    def __init__(self, folder: Path, running: bool, made: bool, other: bool) -> None:
        self.running, self.made, self.other = running, made, other
        self.pidfile = folder / "pid"

    def pid(self) -> int | None:
        return 1 if self.running else None

    def exists(self) -> bool:
        return self.made

    def differs(self) -> bool:
        return self.other

    def start(self) -> None: ...

    def adjust(self) -> None: ...

    def stop(self) -> None: ...

    def remove(self) -> None: ...


@pytest.mark.parametrize(
    ("state", "running", "made", "killed", "other", "steps"),
    [
        ("started", False, False, False, False, ["start"]),
        ("started", True, True, False, False, []),
        ("started", True, True, False, True, ["adjust"]),
        ("started", False, True, True, True, ["start", "adjust"]),
        ("stopped", True, True, False, False, ["stop"]),
        ("stopped", False, True, True, False, ["stop"]),
        ("stopped", False, True, False, True, []),
        ("absent", False, True, False, False, ["remove"]),
        ("absent", False, False, False, True, []),
    ],
)
def test_what_brings_a_host_to_a_state(
    tmp_path: Path, state: str, running: bool, made: bool, killed: bool, other: bool, steps: list[str]
) -> None:
    host = FakeHost(tmp_path, running, made, other)
    if killed:
        host.pidfile.touch()
    assert [step.__name__ for step in machine.plan(host, state)] == steps


# QEMU's socket


def serve(folder: Path, answers: list[dict[str, Any]], heard: list[dict[str, Any]]) -> threading.Thread:
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(folder / "qmp"))
    server.listen(1)

    def talk() -> None:
        with server, server.accept()[0] as connection, connection.makefile("rw") as stream:
            stream.write('{"QMP": {}}\n')
            stream.flush()
            for answer in answers:
                heard.append(json.loads(stream.readline()))
                stream.write('{"event": "RTC_CHANGE"}\n' + json.dumps(answer) + "\n")
                stream.flush()

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    return thread


def test_qemu_is_told_and_answers(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []
    thread = serve(tmp_path, [{"return": {}}, {"return": ["drive"]}], heard)
    assert qemu.tell(tmp_path, "eject", id="medium") == ["drive"]
    thread.join()
    assert heard == [{"execute": "qmp_capabilities"}, {"execute": "eject", "arguments": {"id": "medium"}}]


def test_what_qemu_refuses_is_said(tmp_path: Path) -> None:
    serve(tmp_path, [{"return": {}}, {"error": {"desc": "Device 'x' not found"}}], [])
    with pytest.raises(ValueError, match="Device 'x' not found"):
        qemu.tell(tmp_path, "eject", id="x")


def test_qemu_that_ends_is_an_error(tmp_path: Path) -> None:
    serve(tmp_path, [{"return": {}}], [])
    with pytest.raises((ValueError, OSError)):
        qemu.tell(tmp_path, "quit")


def test_the_drive_is_found_among_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    drives = [{"device": "virtio0", "inserted": {"file": "/a"}}, {"qdev": qemu.DRIVE, "inserted": {"file": "/b"}}]
    monkeypatch.setattr(medium, "tell", lambda _folder, _command: drives)
    assert medium.inserted(tmp_path) == "/b"
    drives[1].pop("inserted")
    assert medium.inserted(tmp_path) is None


# Routing


def test_a_router_goes_on_taking_addresses(tmp_path: Path) -> None:
    for name, accept in {"all": "1", "eth0": "1", "eth1": "0", "wlan0": "2"}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "accept_ra").write_text(f"{accept}\n")
        (tmp_path / name / "forwarding").write_text("0\n")
    wanted = network.forwarding_settings(tmp_path)
    assert wanted == {
        tmp_path / "all/accept_ra": "2",
        tmp_path / "eth0/accept_ra": "2",
        tmp_path / "all/forwarding": "1",
    }
    assert list(wanted)[-1] == tmp_path / "all/forwarding"
    (tmp_path / "all/forwarding").write_text("1\n")
    assert network.forwarding_settings(tmp_path) == {}


# BMCs


@pytest.fixture
def bmcs(tmp_path: Path, site: Site) -> Any:
    network = filters.bmcs(site)
    return bmc.Bmcs(
        {
            "name": bmc.NAME, "site": site.name, "state_dir": str(tmp_path), "state": "started",
            "runner": str(REPOSITORY / "roles/lab_baremetal/files/run-bmcs"), "nodes": filters.nodes(site),
            "memory": 2048, "cores": 2, "user": "admin", "password": "secret", **network,
        }
    )  # fmt: skip


def test_the_redfish_server_is_told_where_everything_is(bmcs: Any) -> None:
    lines = ast.parse(bmcs.texts()["sushy.conf"]).body
    settings = {line.targets[0].id: ast.literal_eval(line.value) for line in lines if isinstance(line, ast.Assign)}
    assert settings["SUSHY_EMULATOR_LISTEN_IP"] == "::"
    assert settings["SUSHY_EMULATOR_LISTEN_PORT"] == 443
    assert settings["SUSHY_EMULATOR_LIBVIRT_URI"].endswith("/baremetal/run/libvirt/libvirt-sock")
    assert all(str(bmcs.folder) in settings[f"SUSHY_EMULATOR_{name}"] for name in ("SSL_CERT", "SSL_KEY", "AUTH_FILE"))
    assert "secret" not in bmcs.texts()["sushy.conf"]


def test_a_node_has_no_disk_and_boots_from_its_nic(bmcs: Any) -> None:
    domain = ElementTree.fromstring(bmcs.domain(bmcs.p["nodes"][0]))
    assert domain.findtext("uuid") == UUID
    assert domain.find("devices/disk") is None
    assert domain.find("os/boot").get("dev") == "network"
    nic = domain.find("devices/interface")
    assert (nic.find("mac").get("address"), nic.find("source").get("bridge")) == ("52:54:00:a1:2a:21", "lab-baremet-2")
    assert len(nic.find("target").get("dev")) <= 15
    assert {entry.get("name"): entry.text for entry in domain.findall("sysinfo/entry")} == {
        "opt/org.tianocore/IPv4Support": "n", "opt/org.tianocore/IPv4PXESupport": "n",
    }  # fmt: skip


def write(bmcs: Any) -> None:
    for name, text in bmcs.texts().items():
        (bmcs.folder / name).parent.mkdir(parents=True, exist_ok=True)
        (bmcs.folder / name).write_text(text)


def test_processes_that_read_other_files_are_started_anew(bmcs: Any) -> None:
    assert "sushy.conf" in bmcs.stale()
    write(bmcs)
    assert bmcs.stale() == []
    bmcs.p["addresses"] = ["fd00::1/64"]
    assert bmcs.stale() == ["addresses"]
    bmcs.p["state"] = "stopped"
    assert bmcs.stale() == []


def test_only_nodes_that_changed_are_defined_again(bmcs: Any) -> None:
    assert bmcs.undefined() == ["node-1", "node-2"]
    (bmcs.folder / "nodes").mkdir(parents=True)
    for node in bmcs.p["nodes"]:
        (bmcs.folder / f"nodes/{node['name']}.xml").write_text(bmcs.domain(node))
    assert bmcs.undefined() == []
    bmcs.p["nodes"] = [bmcs.p["nodes"][0] | {"mac": "52:54:00:00:00:01"}]
    assert bmcs.undefined() == ["node-1", "node-2"]


def test_bmcs_have_their_addresses_and_a_router(bmcs: Any) -> None:
    assert [" ".join(command) for command in bmcs.addressing()] == [
        "address add fd00:a12a:1ae:4::21/64 dev bmc nodad",
        "address add fd00:a12a:1ae:4::22/64 dev bmc nodad",
        "link set bmc up",
        "-6 route add default via fd00:a12a:1ae:4::1",
    ]


def test_another_user_is_not_known(bmcs: Any) -> None:
    assert not bmcs.knows_password()
