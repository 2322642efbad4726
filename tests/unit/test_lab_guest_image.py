import importlib
import lzma
import sys
from pathlib import Path
from typing import Any

import pytest

LIBRARY = Path(__file__).parents[2] / "roles/lab_guest_image/library"
sys.path.append(str(LIBRARY))
module: Any = importlib.import_module("lab_guest_image")

X86, ARM = module.MACHINES["x86_64"], module.MACHINES["aarch64"]


def kernel_module(depends: str) -> bytes:
    return b"\x7fELF\0license=GPL\0depends=" + depends.encode() + b"\0name=x\0"


def test_modules_come_after_what_they_depend_on():
    modules = {
        "virtio_net": kernel_module("net_failover"),
        "net_failover": kernel_module("failover"),
        "failover": kernel_module(""),
        "virtio_pci": kernel_module("virtio_ring,virtio"),
        "virtio_ring": kernel_module("virtio"),
        "virtio": kernel_module(""),
    }
    order = ["virtio", "virtio_ring", "virtio_pci", "failover", "net_failover", "virtio_net"]
    assert module.module_order(modules, ("virtio_pci", "virtio_net")) == order
    assert module.module_order({}, ("virtio_pci",)) == []


def test_libraries_are_followed():
    folder = {
        "libc.so.6": b"\0ld-linux-x86-64.so.2\0GLIBC",
        "ld-linux-x86-64.so.2": b"\0",
        "libz.so.1": b"\0libc.so.6\0",
        "libz.so.1.3": b"",
        "libother.so.2": b"",
    }
    program = b"/lib64/ld-linux-x86-64.so.2\0\0libz.so.1\0libc.so.6\0"
    assert module.libraries(program, folder) == {"libc.so.6", "ld-linux-x86-64.so.2", "libz.so.1"}


def test_modules_are_stored_uncompressed(tmp_path: Path):
    folder = tmp_path / "usr/lib/modules/6.12/kernel/drivers/net"
    folder.mkdir(parents=True)
    (folder / "virtio-net.ko.xz").write_bytes(lzma.compress(b"ELF"))
    assert module.kernel_modules(tmp_path) == {"virtio_net": b"ELF"}


def test_boot_loaders_start_the_same_guest():
    both, one = module.boot_files(X86), module.boot_files(ARM)
    assert "console=ttyS0" in both["syslinux.cfg"]
    assert "console=ttyS0" in both["loader/entries/guest.conf"]
    assert "console=ttyAMA0" in one["loader/entries/guest.conf"]
    assert "syslinux.cfg" not in one


def test_tools_are_named_by_their_packages():
    assert module.missing_tools(X86, lambda tool: None) == ["cpio", "dosfstools", "mmdebstrap", "mtools", "syslinux"]
    assert module.missing_tools(ARM, lambda tool: None if tool == "syslinux" else tool) == []


def builder(tmp_path: Path, run: Any) -> Any:
    (tmp_path / "rc").write_text("echo")
    return module.Builder(run, "x86_64", "trixie", ["deb mirror trixie main"], tmp_path)


def test_versions_come_from_a_simulation(tmp_path: Path):
    report = (
        "I: simulate\nInst zlib1g (1:1.3 Debian:13/stable [amd64])\nInst libc6 (2.41-12 Debian [amd64]) []\nConf libc6"
    )

    def run(argv: list[str]) -> tuple[int, str, str]:
        assert argv[:3] == ["mmdebstrap", "--verbose", "--simulate"]
        assert argv[-1] == "deb mirror trixie main"
        return 0, "", report

    assert builder(tmp_path, run).versions() == ["libc6 2.41-12", "zlib1g 1:1.3"]


def test_a_failing_command_is_told_with_its_last_words(tmp_path: Path):
    with pytest.raises(module.GuestImageError, match=r"^mmdebstrap .* ended with status 25: E: no network$"):
        builder(tmp_path, lambda argv: (25, "", "E: no network\n")).versions()


def test_the_key_is_that_of_all_inputs(tmp_path: Path):
    one = builder(tmp_path, None)
    before = one.key(["libc6 1"])
    assert before == one.key(["libc6 1"])
    assert before != one.key(["libc6 2"])
    (tmp_path / "rc").write_text("echo more")
    assert before != one.key(["libc6 1"])
