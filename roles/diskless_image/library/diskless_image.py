#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: the disk image of an arm64 machine that has no disk, made from Debian packages."""

from __future__ import annotations

DOCUMENTATION = r"""
module: diskless_image
short_description: Make the disk image of an arm64 machine without disks
description:
  - Makes a raw disk image of a Debian suite. Its initramfs logs in to the iSCSI target that iPXE booted from, by IPv6.
    It has a GPT with GRUB for UEFI on the first partition and ext4 on the second one.
  - Packages are installed by mmdebstrap, under QEMU's emulation of arm64 on other machines. Nothing is mounted from the
    image, and no loop device is used.
  - The image's name is the hash of all that goes into it, package versions too; when it is there, nothing is done.
  - In check mode it tells whether it would build.
options:
  cache:
    description: Folder for images. The newest is linked as C(debian-<suite>-arm64.raw).
    type: path
    required: true
  files:
    description: Folder with C(root), which is laid over the system, and the script C(finish).
    type: path
    required: true
  packages: {description: Debian packages beside essential ones., type: list, elements: str, required: true}
  size: {description: MiB of the disk. A machine grows its root to its volume's size., type: int, required: true}
  suite: {description: "Debian suite, from the mirrors that this machine uses for its own.", type: str, required: true}
"""

EXAMPLES = r"""
- name: Make the image
  diskless_image:
    cache: ~/.cache/armature/diskless
    files: "{{ role_path }}/files"
    packages: [linux-image-arm64, openssh-server]
    size: 3072
    suite: trixie
"""

RETURN = r"""
path: {description: The image., type: str, returned: success}
packages: {description: Name and version of each package in it., type: list, elements: str, returned: success}
"""

import os
import platform
import shlex
import tempfile
import uuid
from collections.abc import Callable
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.build_cache import have, key
from ansible.module_utils.debian import LEAN, NoMirrorError, extract, mmdebstrap, simulated, sources

Runner = Callable[..., tuple[int, str, str]]

ARCHITECTURE = "arm64"
EMULATOR = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")
MIB = 1 << 20
ESP_MIB, ALIGN_MIB = 64, 1
"""The boot loader's partition, and what the GPT takes at either end."""
ESP = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
ROOT = "B921B045-1DF0-41C3-AF44-4C6F280D3FAE"
"""Partition types: EFI system partition, root of arm64. Source: UAPI group, discoverable partitions specification."""
GRUB = "usr/lib/grub/arm64-efi/monolithic/grubaa64.efi"
STUB = "search --no-floppy --fs-uuid --set=root {uuid}\nset prefix=($root)/boot/grub\nconfigfile $prefix/grub.cfg\n"
"""What GRUB reads first: everything else is on the root file system, where the system's owner can change it."""


class ImageError(Exception):
    """The image cannot be made; the message says why and what to do."""


def layout(size: int) -> str:
    """Return sfdisk's script for a disk of ``size`` MiB. Source: sfdisk(8)."""
    start = ALIGN_MIB + ESP_MIB
    root = size - start - ALIGN_MIB
    partitions = [(ALIGN_MIB, ESP_MIB, ESP), (start, root, ROOT)]
    return "label: gpt\n" + "".join(f"start={a}MiB, size={b}MiB, type={c}\n" for a, b, c in partitions)


class Builder:
    """Makes images; ``run`` is AnsibleModule.run_command or a fake of it."""

    def __init__(
        self, run: Runner, files: Path, packages: list[str], size: int, suite: str, mirrors: list[str]
    ) -> None:
        self.run, self.files, self.packages = run, files, packages
        self.size, self.suite, self.mirrors = size, suite, mirrors

    def command(self, *argv: str, **options: object) -> str:
        """Everything that a command writes; ImageError with its last lines when it fails."""
        status, out, err = self.run(list(argv), **options)
        if status != 0:
            tail = "\n".join((err or out).strip().splitlines()[-15:])
            raise ImageError(f"{shlex.join(argv)} ended with status {status}. Its end:\n{tail}")
        return out + err

    def versions(self) -> list[str]:
        """``name version`` of every package that the image would have, as the mirror has them now."""
        with tempfile.TemporaryDirectory() as empty:
            argv = extract(ARCHITECTURE, self.suite, empty, ["?essential", *self.packages], self.mirrors)
            argv[1:1] = ["--verbose", "--simulate"]
            found = simulated(self.command(*argv))
        if not found:
            raise ImageError(f"{shlex.join(argv)} named no package to install. Run it by hand to see why.")
        return found

    def key(self, versions: list[str]) -> str:
        """Return the key of the image: package versions, sizes, the system's own files and this recipe."""
        # Ansible ships modules in a zip file, where only the loader finds them.
        recipe = __loader__.get_data(__file__)
        return key("\n".join([*versions, str(self.size), self.suite]).encode(), recipe, folder=self.files)

    def build(self, image: Path) -> None:
        """Make the image at ``image``, complete or not at all."""
        self.emulate()
        with tempfile.TemporaryDirectory(dir=image.parent) as work:
            tree, draft = Path(work, "tree"), Path(work, "draft.raw")
            self.bootstrap(tree, root := str(uuid.uuid4()))
            self.write_disk(tree, draft, root)
            os.replace(draft, image)

    def emulate(self) -> None:
        """Have the kernel run arm64's programs, where nothing did so at boot. Source: update-binfmts(8)."""
        if platform.machine() != "aarch64" and not EMULATOR.exists():
            self.command("update-binfmts", "--enable", EMULATOR.name)

    def bootstrap(self, tree: Path, root: str) -> None:
        """Make the system below ``tree``; its root file system will have the UUID ``root``."""
        finish = [str(self.files / "finish"), root, str(self.files / "root")]
        options = [
            *LEAN,
            f"--architectures={ARCHITECTURE}",
            "--format=directory",
            f'--customize-hook={shlex.join(finish)} "$1"',
        ]
        argv = mmdebstrap(self.suite, str(tree), self.packages, options)
        # An initramfs takes minutes under emulation: one, at the end.
        self.command(*argv, environ_update={"INITRD": "No"})

    def write_disk(self, tree: Path, disk: Path, root: str) -> None:
        """Write partitions, boot loader and file systems. Source: mkfs.fat(8), mtools(1), mke2fs(8)."""
        with disk.open("xb") as stream:
            stream.truncate(self.size * MIB)
        self.command("sfdisk", "--quiet", str(disk), data=layout(self.size))
        first = ALIGN_MIB * MIB // 512
        # Small clusters: it would choose their size, and the kind of FAT, for a file system as large as the disk.
        fat = ["-F", "32", "-s", "1", "-n", "ESP", "--offset", str(first)]
        self.command("mkfs.fat", *fat, str(disk), str(ESP_MIB * 1024))
        esp = f"{disk}@@{ALIGN_MIB}M"
        self.command("mmd", "-i", esp, "::/EFI", "::/EFI/BOOT", "::/EFI/debian")
        self.command("mcopy", "-i", esp, str(tree / GRUB), "::/EFI/BOOT/BOOTAA64.EFI")
        stub = disk.with_name("grub.cfg")
        stub.write_text(STUB.format(uuid=root))
        self.command("mcopy", "-i", esp, str(stub), "::/EFI/debian/grub.cfg")
        offset = ALIGN_MIB + ESP_MIB
        options = ["-t", "ext4", "-U", root, "-L", "root", "-E", f"offset={offset * MIB}", "-d", str(tree)]
        self.command("mke2fs", "-q", "-F", *options, str(disk), f"{self.size - offset - ALIGN_MIB}M")


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cache": {"type": "path", "required": True},
            "files": {"type": "path", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "size": {"type": "int", "required": True},
            "suite": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    cache, suite = Path(module.params["cache"]), module.params["suite"]
    try:
        builder = Builder(
            module.run_command,
            Path(module.params["files"]),
            module.params["packages"],
            module.params["size"],
            suite,
            sources(suite),
        )
        versions = builder.versions()
        name = cache / f"debian-{suite}-{ARCHITECTURE}.raw"
        image = cache / f"{name.stem}-{builder.key(versions)}.raw"
        present = have(image, name, builder.build, module.check_mode)
    except (ImageError, NoMirrorError, OSError) as error:
        module.fail_json(msg=str(error))
    after = "" if present else "\n".join([str(image), *versions, ""])
    module.exit_json(changed=not present, path=str(name), packages=versions, diff={"before": "", "after": after})


if __name__ == "__main__":
    main()
