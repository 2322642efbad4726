"""The image of machines without disks: what its initramfs does with firmware's table, and what the module runs."""

import importlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROLE = Path(__file__).parents[2] / "roles/diskless_image"
SCRIPT = ROLE / "files/root/etc/initramfs-tools/scripts/local-top/diskless"
LIBRARY = ROLE / "files/root/usr/lib/diskless"
SHELLS = [["sh"], *([["busybox", "sh"]] if shutil.which("busybox") else [])]
"""An initramfs has busybox; what both take, it takes."""

sys.path.append(str(ROLE / "library"))
module: Any = importlib.import_module("diskless_image")

MAC, TARGET = "02:00:00:00:00:20", "iqn.2001-07.com.ceph:good"
TABLE = {
    "initiator/initiator-name": "iqn.2026-01.test:node",
    "ethernet0/mac": MAC,
    "ethernet0/hostname": "portals=fd00::10,fd00::11",
    "target0/target-name": TARGET,
    "target0/port": "3260",
    "target0/chap-name": "user",
    "target0/chap-secret": "se cret$",
}
ADDRESSES = "    inet6 fd00::1:2/64 scope global dynamic \n       valid_lft 3600sec\n"
PROGRAMS = {
    "modprobe": "",
    "udevadm": "",
    "sleep": "echo slept >> $LOG",
    "iscsiadm": (
        'for word in "$@"; do printf \'%s|\' "$word"; done >> $LOG; echo >> $LOG\n'
        'case $* in *"session") cat "$SESSIONS"; exit;; *"[$GOOD]"*) exit 0;; *" --login") exit 8;; esac'
    ),
    "ip": 'case $* in *show*) cat "$ADDRESSES";; *) echo "ip $*" >> $LOG;; esac',
    "iscsistart": (
        'for word in "$@"; do printf \'%s|\' "$word"; done >> $LOG; echo >> $LOG\n'
        'case $* in *" -a $GOOD "*) exit 0;; esac\n'
        'echo "iscsistart: version 2.1.11"; echo "iscsistart: Logging into x"\n'
        'echo "iscsistart: connect to it failed"; echo "iscsistart: connect to it failed"\n'
        'echo "iscsistart: Connection-1:0 to [target: x] is shutdown."\n'
        'echo "iscsistart: initiator reported error (8 - connection timed out)"; exit 1'
    ),
}


class Machine:
    """A machine in its initramfs: fake trees for the kernel's, fake programs, and a file for its consoles."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.set(**TABLE)
        for name, text in PROGRAMS.items():
            self.write(f"bin/{name}", f"#!/bin/sh\n{text}\n").chmod(0o755)
        self.write("links/lo/address", "00:00:00:00:00:00\n")
        self.write("links/enp1s0/address", f"{MAC}\n")
        self.write("addresses", ADDRESSES)
        for name in ("disable_ipv6", "accept_ra", "autoconf"):
            self.write(f"sysctl/enp1s0/{name}", "9\n")

    def write(self, path: str, text: str) -> Path:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return file

    def set(self, **values: str) -> None:
        for path, value in values.items():
            self.write(f"ibft/{path}", f"{value}\n")

    def boot(self, shell: list[str], good: str = "fd00::10") -> int:
        folder = self.folder
        environment = {
            **self.environment(good),
            **{"LINKS": f"{folder}/links", "SYSCTL": f"{folder}/sysctl"},
            **{"RUN": f"{folder}/run", "CONSOLE": "/dev/stdout", "ADDRESSES": f"{folder}/addresses"},
            **{"ROUNDS": "2", "SECONDS_FOR_LINK": "1", "SECONDS_FOR_ADDRESS": "1"},
        }
        run = subprocess.run([*shell, SCRIPT], env=environment, capture_output=True, text=True, check=False, timeout=60)
        assert run.stderr == ""
        self.said = run.stdout.replace("<4>diskless: ", "").splitlines()
        return run.returncode

    def environment(self, good: str) -> dict[str, str]:
        folder = self.folder
        return {
            **{"PATH": f"{folder}/bin:{os.environ['PATH']}", "LOG": f"{folder}/log", "GOOD": good},
            **{"TABLE": f"{folder}/ibft", "LIBRARY": str(LIBRARY)},
        }

    def paths(self, what: str, sessions: str = "", good: str = "fd00::11") -> int:
        """Run the system's own program on what the firmware says."""
        self.write("sessions", sessions)
        self.write("etc/initiatorname.iscsi", "GenerateName=yes\n")
        own = {"ISCSI": f"{self.folder}/etc", "NODES": f"{self.folder}/nodes", "SESSIONS": f"{self.folder}/sessions"}
        run = subprocess.run(
            ["sh", LIBRARY / "paths", what],
            env=self.environment(good) | own,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.stdout, run.stderr) == ("", "")
        return run.returncode

    def read(self, path: str) -> str:
        file = self.folder / path
        return file.read_text() if file.exists() else ""

    @property
    def logins(self) -> list[list[str]]:
        return [line.split("|")[:-1] for line in self.read("log").splitlines() if "|" in line]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


each_shell = pytest.mark.parametrize("shell", SHELLS, ids=lambda shell: shell[0])


@each_shell
def test_a_login_has_what_the_table_says(machine: Machine, shell: list[str]):
    assert machine.boot(shell) == 0
    assert machine.said == [
        f"initiator iqn.2026-01.test:node, target {TARGET}, CHAP user",
        "trying portal [fd00::10]:3260 from fd00::1:2/64, round 1 of 2",
        "logged in at portal [fd00::10]:3260",
    ]
    [login] = machine.logins
    wanted = f"-i iqn.2026-01.test:node -t {TARGET} -g -2 -a fd00::10 -p 3260 -u user -w".split()
    assert login[: len(wanted) + 1] == [*wanted, "se cret$"]
    assert "node.session.auth.authmethod=CHAP" in login
    assert "-U" not in login
    assert "ip link set dev enp1s0 up" in machine.read("log")
    assert [machine.read(f"sysctl/enp1s0/{name}") for name in ("disable_ipv6", "accept_ra", "autoconf")] == [
        *("0\n", "1\n", "1\n")
    ]


@each_shell
def test_the_next_portal_is_tried(machine: Machine, shell: list[str]):
    assert machine.boot(shell, good="fd00::11") == 0
    assert machine.said[1:] == [
        "trying portal [fd00::10]:3260 from fd00::1:2/64, round 1 of 2",
        "connect to it failed",
        "initiator reported error (8 - connection timed out)",
        "portal [fd00::10]:3260 failed",
        "trying portal [fd00::11]:3260 from fd00::1:2/64, round 1 of 2",
        "logged in at portal [fd00::11]:3260",
    ]


@each_shell
def test_rounds_end(machine: Machine, shell: list[str]):
    assert machine.boot(shell, good="none") == 1
    assert len(machine.logins) == 4
    assert machine.read("log").count("slept") == 1
    assert machine.said[-1] == (
        "No portal of fd00::10 fd00::11 let this machine log in. Giving up: no root file system."
    )


@each_shell
def test_chap_is_found_at_the_way_that_iPXE_used(machine: Machine, shell: list[str]):  # noqa: N802
    for name in ("chap-name", "chap-secret"):
        (machine.folder / f"ibft/target0/{name}").unlink()
    both = {"target2/rev-chap-name": "gateway", "target2/rev-chap-name-secret": "other"}
    machine.set(**{"target1/target-name": "iqn.other", "target1/chap-name": "no", "target1/chap-secret": "no"})
    machine.set(**{"target2/target-name": TARGET, "target2/chap-name": "user", "target2/chap-secret": "s"} | both)
    assert machine.boot(shell) == 0
    [login] = machine.logins
    assert " -u user -w s -P node.session.auth.authmethod=CHAP -U gateway -W other " in " ".join(login)


@each_shell
def test_no_chap(machine: Machine, shell: list[str]):
    for name in ("chap-name", "chap-secret"):
        (machine.folder / f"ibft/target0/{name}").unlink()
    assert machine.boot(shell) == 0
    assert machine.said[0].endswith(", CHAP off")
    assert not {"-u", "-w"} & set(machine.logins[0])


WHY = [
    (
        {"target0/target-name": ""},
        "The firmware left no table of an iSCSI target (iBFT): this machine was not booted from one",
    ),
    ({"ethernet0/hostname": "node"}, "iPXE named no portals: its setting hostname is 'node', not portals=<IPv6>"),
    (
        {"ethernet0/mac": "02:00:00:00:00:99"},
        "No NIC has the address 02:00:00:00:00:99, which iPXE used. Is its driver missing?",
    ),
]


@each_shell
@pytest.mark.parametrize(("values", "why"), WHY, ids=[next(iter(values)) for values, _ in WHY])
def test_what_is_missing_is_named(machine: Machine, shell: list[str], values: dict[str, str], why: str):
    machine.set(**values)
    assert machine.boot(shell) == 1
    assert machine.said[-1] == f"{why}. Giving up: no root file system."
    assert machine.logins == []


@each_shell
def test_an_address_is_waited_for(machine: Machine, shell: list[str]):
    machine.write("addresses", ADDRESSES.replace("global", "global tentative"))
    assert machine.boot(shell) == 1
    assert machine.said[1] == (
        f"enp1s0 ({MAC}) has no IPv6 address: no router announces a prefix, or the cable is out. Round 1 of 2"
    )


@each_shell
def test_the_system_keeps_the_interface_and_has_one_duid(machine: Machine, shell: list[str]):
    assert machine.boot(shell) == 0
    network = machine.read("run/systemd/network/10-diskless.network")
    assert network.startswith(f"[Match]\nMACAddress={MAC}\n")
    for line in ("KeepConfiguration=yes", "IgnoreCarrierLoss=yes", "DUIDType=link-layer"):
        assert f"\n{line}\n" in network


METADATA = [
    ("portals=fd00::10;metadata=http://[fd00::5]:8775", "http://[fd00::5]:8775"),
    ("metadata=https://metadata.example/~a_b/;later=x=y;portals=fd00::10", "https://metadata.example/~a_b/"),
    (
        "portals=fd00::10;metadata=http://[fd00::5]:8790,http://[fd00::6]:8790",
        "http://[fd00::5]:8790', 'http://[fd00::6]:8790",
    ),
    ("portals=fd00::10;metadata=", ""),
    ("portals=fd00::10;xmetadata=http://no", ""),
    ("portals=fd00::10;metadata=http://x'], a: [", ""),
    ("portals=fd00::10", ""),
]


@each_shell
@pytest.mark.parametrize(("text", "url"), METADATA, ids=[text for text, _ in METADATA])
def test_cloud_init_asks_whom_iPXE_named(machine: Machine, shell: list[str], text: str, url: str):  # noqa: N802
    machine.set(**{"ethernet0/hostname": text})
    assert machine.boot(shell) == 0
    lines = machine.read("run/diskless/cloud.cfg").splitlines()
    assert lines[:1] == (["datasource_list: [OpenStack, None]"] if url else [])
    assert (f"metadata_urls: ['{url}']" in "".join(lines)) is bool(url)
    assert any("is no URL. Going on without." in line for line in machine.said) is ("'" in text)


def test_cloud_init_reads_what_the_initramfs_writes():
    folder = ROLE / "files/root/etc/cloud/cloud.cfg.d"
    assert os.readlink(folder / "95_diskless_boot.cfg") == "/run/diskless/cloud.cfg"
    assert "/run" in SCRIPT.read_text()


PORTALS = [f"[{address}]:3260" for address in ("fd00::10", "fd00::11")]


def test_open_iscsi_is_told_of_all_portals(machine: Machine):
    old = machine.write(f"nodes/{TARGET}/fd00::9,3260,-1/default", "node.name = old\n")
    other = machine.write("nodes/iqn.other/fd00::9,3260,-1/default", "node.name = other\n")
    assert machine.paths("record") == 0
    assert (old.exists(), other.exists()) == (False, True)
    words = [" ".join(line) for line in machine.logins]
    for portal in PORTALS:
        node = f"--mode node --targetname {TARGET} --portal {portal} --op"
        settings = [line.removeprefix(f"{node} update --name ") for line in words if f"{portal} --op update" in line]
        assert f"{node} new" in words
        assert settings == [
            "node.startup --value automatic",
            "node.session.initial_login_retry_max --value 1",
            "node.session.auth.authmethod --value CHAP",
            "node.session.auth.username --value user",
            "node.session.auth.password --value se cret$",
        ]


def test_the_daemon_gets_the_name_that_the_machine_was_booted_by(machine: Machine):
    assert machine.paths("name") == 0
    assert machine.read("etc/initiatorname.iscsi") == "InitiatorName=iqn.2026-01.test:node\n"
    assert machine.logins == []


def test_a_portal_without_a_session_is_logged_in_to(machine: Machine):
    there = f"tcp: [1] {PORTALS[0]},1 {TARGET} (non-flash)\n"
    assert machine.paths("log-in", there) == 0
    [_, login] = machine.logins
    assert login == ["--mode", "node", "--targetname", TARGET, "--portal", PORTALS[1], "--login"]


def test_a_portal_that_is_away_does_not_keep_from_the_next(machine: Machine):
    assert machine.paths("log-in", good="fd00::11") == 1
    assert [line[-2] for line in machine.logins[1:]] == PORTALS


@pytest.mark.parametrize("what", ["name", "record", "log-in"])
def test_a_machine_with_a_disk_is_left_alone(machine: Machine, what: str):
    machine.set(**{"target0/target-name": ""})
    assert machine.paths(what) == 0
    assert machine.read("etc/initiatorname.iscsi") == "GenerateName=yes\n"
    assert machine.logins == []


# The module

GIB = 3072


def test_partitions_leave_room_for_both_tables():
    text = module.layout(GIB)
    assert text.splitlines()[1:] == [
        f"start=1MiB, size=64MiB, type={module.ESP}",
        f"start=65MiB, size=3006MiB, type={module.ROOT}",
    ]


def builder(tmp_path: Path, run: Any) -> Any:
    (tmp_path / "finish").write_text("echo")
    return module.Builder(run, tmp_path, ["openssh-server"], 1000, "trixie", ["deb mirror trixie main"])


def test_versions_are_those_of_the_whole_system(tmp_path: Path):
    def run(argv: list[str]) -> tuple[int, str, str]:
        assert argv[:3] == ["mmdebstrap", "--verbose", "--simulate"]
        assert [word for word in argv if "include" in word] == ["--include=?essential", "--include=openssh-server"]
        assert "--architectures=arm64" in argv
        return 0, "Inst libc6 (2.41-12 Debian [arm64])\n", ""

    assert builder(tmp_path, run).versions() == ["libc6 2.41-12"]


def test_a_failing_command_is_told_with_its_last_words(tmp_path: Path):
    with pytest.raises(module.ImageError, match=r"^mmdebstrap .* ended with status 25. Its end:\nE: no network$"):
        builder(tmp_path, lambda argv: (25, "", "E: no network\n")).versions()


def test_the_key_is_that_of_all_inputs(tmp_path: Path):
    one = builder(tmp_path, None)
    keys = {one.key(["libc6 1"]), one.key(["libc6 2"])}
    one.size = 200
    keys.add(one.key(["libc6 1"]))
    (tmp_path / "finish").write_text("echo more")
    assert len(keys | {one.key(["libc6 1"])}) == 4


@pytest.mark.skipif(
    not all(map(shutil.which, ("mcopy", "mkfs.fat", "sfdisk"))), reason="needs mtools, dosfstools and fdisk"
)
def test_a_disk_has_a_boot_loader_and_the_tree(tmp_path: Path):
    tree, disk = tmp_path / "tree", tmp_path / "disk.raw"
    (tree / module.GRUB).parent.mkdir(parents=True)
    (tree / module.GRUB).write_text("loader")
    (tree / "etc").mkdir()
    (tree / "etc/motd").write_text("hello\n")

    def run(argv: list[str], data: str | None = None) -> tuple[int, str, str]:
        done = subprocess.run(argv, input=data, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, done.stderr

    root = "0c0ffee0-0000-4000-8000-000000000000"
    builder(tmp_path, run).write_disk(tree, disk, root)
    assert disk.stat().st_size == 1000 << 20
    assert disk.stat().st_blocks * 512 < 100 << 20

    def output(*argv: str) -> str:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout

    assert output("mtype", "-i", f"{disk}@@1M", "::/EFI/BOOT/BOOTAA64.EFI") == "loader"
    assert f"--fs-uuid --set=root {root}" in output("mtype", "-i", f"{disk}@@1M", "::/EFI/debian/grub.cfg")
    file_system = tmp_path / "root"
    output("dd", f"if={disk}", f"of={file_system}", "bs=1M", "skip=65", "conv=sparse")
    assert output("debugfs", "-R", "cat /etc/motd", str(file_system)) == "hello\n"
    output("e2fsck", "-fn", str(file_system))
    assert "No errors detected" in output("sfdisk", "--verify", str(disk))
