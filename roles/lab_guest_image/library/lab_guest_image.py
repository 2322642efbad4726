#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: a tiny bootable disk image of a virtual machine, made from Debian packages."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_guest_image
short_description: Make a tiny bootable disk image of a virtual machine
description:
  - Makes a raw disk image that holds a Debian cloud kernel, busybox and dropbear, and runs from memory.
  - The image is one FAT file system. On x86_64 it boots from a BIOS (syslinux) and from UEFI (systemd-boot),
    on aarch64 from UEFI.
  - Packages are extracted, never installed, so an image of another architecture needs no emulation.
  - The image's name is the hash of all that goes into it, package versions too; when it is there, nothing is done.
  - In check mode it tells whether it would build.
options:
  architecture: {description: Architecture of the guest., type: str, choices: [aarch64, x86_64], required: true}
  cache: {description: Folder for images. The newest is linked as C(<architecture>.img)., type: path, required: true}
  files: {description: Folder that is laid over the guest's root file system., type: path, required: true}
  suite: {description: "Debian suite, from the mirrors that this machine uses for its own.", type: str, required: true}
"""

EXAMPLES = r"""
- name: Make the guest image
  lab_guest_image:
    architecture: x86_64
    cache: ~/.cache/armature/guest-image
    files: "{{ role_path }}/files/guest"
    suite: trixie
"""

RETURN = r"""
path: {description: The image., type: str, returned: success}
packages: {description: Name and version of each package in it., type: list, elements: str, returned: success}
"""

import gzip
import lzma
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.build_cache import have, key
from ansible.module_utils.debian import NoMirrorError, extract, simulated, sources

Runner = Callable[..., tuple[int, str, str]]

TOOLS = {
    "cpio": "cpio",
    "mcopy": "mtools",
    "mkfs.fat": "dosfstools",
    "mmdebstrap": "mmdebstrap",
    "syslinux": "syslinux",
}
"""Command -> Debian package that has it."""

MODULES = ("virtio_pci", "virtio_net", "virtio_blk", "crc32c_generic", "ext4")
"""All that the guest needs: it lives in memory, and its disks are for whoever logs in."""

MODULE_FOLDERS = (
    *("drivers/virtio", "drivers/net", "net/core", "drivers/block"),
    *("fs", "fs/ext4", "fs/jbd2", "lib", "crypto"),
)
"""Where they are, and what they depend on, below the kernel's modules."""

PROGRAMS = {"usr/bin/busybox": "bin/busybox", "usr/sbin/dropbear": "usr/sbin/dropbear"}
"""Path in the packages -> path in the guest."""

FOLDERS = ("dev", "proc", "sys", "run", "tmp", "root/.ssh", "etc/dropbear", "usr/lib")
LINKS = {"init": "bin/busybox", "lib": "usr/lib", "lib64": "usr/lib", "sbin": "bin"}
VOLUME_ID = "a12a01ab"
SIZE_KIB = 40960


@dataclass(frozen=True)
class Machine:
    """What differs between architectures: Debian's name, its library folder, the serial console, UEFI's file name."""

    debian: str
    libraries: str
    console: str
    loader: str
    efi: str
    bios: bool


MACHINES = {
    "x86_64": Machine("amd64", "x86_64-linux-gnu", "ttyS0", "systemd-bootx64.efi", "BOOTX64.EFI", True),
    "aarch64": Machine("arm64", "aarch64-linux-gnu", "ttyAMA0", "systemd-bootaa64.efi", "BOOTAA64.EFI", False),
}


class GuestImageError(Exception):
    """The image cannot be made; the message says why and what to do."""


def packages(machine: Machine) -> list[str]:
    """Names of the packages that the image is made from, without those that they depend on."""
    return [f"linux-image-cloud-{machine.debian}", "busybox-static", "dropbear-bin", "systemd-boot-efi"]


def boot_files(machine: Machine) -> dict[str, str]:
    """Path on the FAT file system -> text, for each boot loader of the architecture.

    Sources: syslinux's syslinux.txt; the UAPI group's boot loader specification, type 1.
    """
    options = f"console={machine.console} rdinit=/init panic=10"
    files = {
        "loader/loader.conf": "timeout 0\n",
        "loader/entries/guest.conf": f"title guest\nlinux /linux\ninitrd /initrd\noptions {options}\n",
    }
    if machine.bios:
        files["syslinux.cfg"] = f"DEFAULT guest\nLABEL guest\n  LINUX linux\n  INITRD initrd\n  APPEND {options}\n"
    return files


def read_module(path: Path) -> bytes:
    """A kernel module, uncompressed, so that the guest does not spend its first seconds on it."""
    data = path.read_bytes()
    return lzma.decompress(data) if path.suffix == ".xz" else data


def module_order(modules: dict[str, bytes], wanted: tuple[str, ...]) -> list[str]:
    """``wanted`` and what they depend on, each after its own dependencies.

    ``modules`` maps a name to the ELF file; a name that is absent is built into the kernel.
    Source: Linux, scripts/mod/modpost.c, add_depends().
    """
    ordered: list[str] = []
    for name in wanted:
        if name in modules:
            found = re.search(rb"\0depends=([^\0]*)\0", modules[name])
            needs = tuple(filter(None, found[1].decode().split(","))) if found else ()
            ordered += [need for need in (*module_order(modules, needs), name) if need not in ordered]
    return ordered


def libraries(program: bytes, folder: dict[str, bytes]) -> set[str]:
    """Names of the files in ``folder`` that ``program`` names in its string table, and those that they name.

    That is every library it is linked with, and at worst one too many.
    """
    found: set[str] = set()
    waiting = [program]
    while waiting:
        data = waiting.pop()
        named = {name for name in folder if re.search(rb"[\0/]" + re.escape(name.encode()) + rb"\0", data)}
        waiting += [folder[name] for name in named - found]
        found |= named
    return found


def kernel_modules(root: Path) -> dict[str, bytes]:
    """Name -> file, of every module under ``root`` (with ``_`` for ``-``) that ``MODULES`` may lead to."""
    found = {}
    for folder in MODULE_FOLDERS:
        for path in root.glob(f"usr/lib/modules/*/kernel/{folder}/*.ko*"):
            found[path.name.split(".")[0].replace("-", "_")] = path
    return {name: read_module(path) for name, path in found.items()}


def write_guest(machine: Machine, root: Path, overlay: Path, guest: Path) -> None:
    """Write the guest's root file system into ``guest`` from the packages in ``root`` and the files in ``overlay``."""
    for folder in FOLDERS:
        (guest / folder).mkdir(parents=True, exist_ok=True)
    shutil.copytree(overlay, guest, dirs_exist_ok=True)
    modules = kernel_modules(root)
    order = module_order(modules, MODULES)
    for name in order:
        (guest / "usr/lib" / f"{name}.ko").write_bytes(modules[name])
    (guest / "etc/modules.list").write_text("".join(f"/lib/{name}.ko\n" for name in order))
    files = {path.name: path.read_bytes() for path in (root / "usr/lib" / machine.libraries).glob("*.so*")}
    for source, target in PROGRAMS.items():
        (guest / target).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / source, guest / target)
        for name in libraries((root / source).read_bytes(), files):
            (guest / "usr/lib" / name).write_bytes(files[name])
            (guest / "usr/lib" / name).chmod(0o755)
    for link, target in LINKS.items():
        (guest / link).symlink_to(target)
    (guest / "root").chmod(0o700)
    (guest / "root/.ssh").chmod(0o700)


class Builder:
    """Makes images of one kind; ``run`` is AnsibleModule.run_command or a fake of it."""

    def __init__(self, run: Runner, architecture: str, suite: str, mirrors: list[str], overlay: Path) -> None:
        self.run, self.suite, self.mirrors, self.overlay = run, suite, mirrors, overlay
        self.machine = MACHINES[architecture]

    def command(self, argv: list[str], **options: object) -> str:
        """Everything that a command writes; GuestImageError with its last lines when it fails."""
        status, out, err = self.run(argv, **options)
        if status != 0:
            tail = " ".join((err or out).strip().splitlines()[-3:])
            raise GuestImageError(f"{' '.join(argv)} ended with status {status}: {tail}")
        return out + err

    def bootstrap(self, target: Path) -> list[str]:
        return extract(self.machine.debian, self.suite, str(target), packages(self.machine), self.mirrors)

    def versions(self) -> list[str]:
        """``name version`` of every package that the image would be made from, as the mirror has them now."""
        with tempfile.TemporaryDirectory() as empty:
            argv = self.bootstrap(Path(empty))
            argv[1:1] = ["--verbose", "--simulate"]
            found = simulated(self.command(argv))
        if not found:
            raise GuestImageError(f"{' '.join(argv)} named no package to install. Run it by hand to see why.")
        return found

    def key(self, versions: list[str]) -> str:
        """The key of the image: package versions, the guest's own files and this recipe."""
        # Ansible ships modules in a zip file, where only the loader finds them.
        return key("\n".join(versions).encode(), __loader__.get_data(__file__), folder=self.overlay)

    def build(self, image: Path) -> None:
        """Make the image at ``image``, complete or not at all."""
        with tempfile.TemporaryDirectory(dir=image.parent) as work:
            root, guest, disk, draft = (Path(work) / name for name in ("root", "guest", "disk", "draft.img"))
            self.command(self.bootstrap(root))
            write_guest(self.machine, root, self.overlay, guest)
            self.write_disk(root, guest, disk)
            self.command(["mkfs.fat", "-C", "-i", VOLUME_ID, "-n", "ARMATURE", str(draft), str(SIZE_KIB)])
            self.command(["mcopy", "-s", "-i", str(draft), *map(str, sorted(disk.iterdir())), "::/"])
            if self.machine.bios:
                self.command(["syslinux", "--install", str(draft)])
            os.replace(draft, image)

    def write_disk(self, root: Path, guest: Path, disk: Path) -> None:
        """Write what the boot loaders read: kernel, initial file system, configuration."""
        (disk / "EFI/BOOT").mkdir(parents=True)
        shutil.copy(next((root / "boot").glob("vmlinuz-*")), disk / "linux")
        shutil.copy(root / "usr/lib/systemd/boot/efi" / self.machine.loader, disk / "EFI/BOOT" / self.machine.efi)
        names = sorted(str(path.relative_to(guest)) for path in guest.rglob("*"))
        archive = disk.parent / "initrd.cpio"
        self.command(
            ["cpio", "--create", "--format=newc", "--owner=0:0", "--reproducible", f"--file={archive}"],
            data="\n".join(names),
            cwd=str(guest),
        )
        (disk / "initrd").write_bytes(gzip.compress(archive.read_bytes(), mtime=0))
        for name, text in boot_files(self.machine).items():
            (disk / name).parent.mkdir(parents=True, exist_ok=True)
            (disk / name).write_text(text)


def missing_tools(machine: Machine, find: Callable[[str], str | None]) -> list[str]:
    """Debian packages of the tools that an image of ``machine`` needs and ``find`` (shutil.which) does not find."""
    tools = TOOLS if machine.bios else {tool: TOOLS[tool] for tool in TOOLS if tool != "syslinux"}
    return sorted(package for tool, package in tools.items() if find(tool) is None)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "architecture": {"type": "str", "choices": sorted(MACHINES), "required": True},
            "cache": {"type": "path", "required": True},
            "files": {"type": "path", "required": True},
            "suite": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    architecture, cache, suite = module.params["architecture"], Path(module.params["cache"]), module.params["suite"]
    if missing := missing_tools(MACHINES[architecture], shutil.which):
        module.fail_json(msg=f"missing tools. Install them: apt-get install {' '.join(missing)}")
    try:
        builder = Builder(module.run_command, architecture, suite, sources(suite), Path(module.params["files"]))
        versions = builder.versions()
        name, image = cache / f"{architecture}.img", cache / f"{architecture}-{builder.key(versions)}.img"
        present = have(image, name, builder.build, module.check_mode)
    except (GuestImageError, NoMirrorError, OSError) as error:
        module.fail_json(msg=str(error))
    after = "" if present else "\n".join([str(image), *versions, ""])
    module.exit_json(changed=not present, path=str(name), packages=versions, diff={"before": "", "after": after})


if __name__ == "__main__":
    main()
