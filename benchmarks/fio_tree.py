"""fio for machines that have none: a Debian tree with it, and a file system of that tree."""

from __future__ import annotations

import subprocess
from pathlib import Path

import folders  # noqa: F401

# isort: split
from ansible.module_utils.debian import LEAN, sources

SUITE = "trixie"
"""Debian suite that fio comes from."""

MOUNT = """
set -e
mkdir -p {at}
mount -t ext4 -o ro {device} {at}
mount -t devtmpfs devtmpfs {at}/dev
"""
"""Mounts the file system ``device`` at ``at``, so that its fio runs by chroot(8) and sees the machine's devices."""


def run(*argv: str) -> str:
    """Run a command and return its output. Raises CalledProcessError; what it has to say is on the terminal."""
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True).stdout


def make(folder: Path, architecture: str) -> tuple[Path, Path]:
    """Return a tree with fio below ``folder``, and a file with an ext4 file system of it.

    It is extracted and not installed, which also works for another ``architecture`` (Debian's name of it) than this
    machine's: fio wants no more, and base-files has the folders.
    """
    tree, disk = folder / f"tools-{architecture}", folder / f"tools-{architecture}.img"
    options = ["--mode=root", "--variant=extract", "--quiet", *LEAN, f"--architectures={architecture}"]
    run("unshare", "--mount", "mmdebstrap", *options, "--include=base-files,fio", SUITE, str(tree), *sources(SUITE))
    run("mke2fs", "-q", "-t", "ext4", "-O", "^has_journal", "-d", str(tree), str(disk), "256M")
    return tree, disk


def this_machine() -> str:
    """Return Debian's name of this machine's architecture."""
    return run("dpkg", "--print-architecture").strip()
