#!/usr/bin/python
"""Make the disk of a virtual machine from Debian, once for each set of inputs."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.debian import NoMirrorError, sources

DOCUMENTATION = r"""
module: vm_disk
short_description: Make the disk of a virtual machine
description:
  - Bootstraps a Debian suite with its own kernel into an ext4 file system in a folder of the cache, with the kernel and
    the initial RAM disk beside it. The folder's name is the hash of what goes into it;
    when it is there, nothing is done.
options:
  cache: {description: Folder for disks., type: path, required: true}
  packages: {description: Debian packages., type: list, elements: str, required: true}
  suite: {description: Debian suite., type: str, required: true}
"""

SIZE = "3G"
"""Of the file system; the file is sparse."""

HOOKS = (
    # The first configuration of the network and the key that opens the machine come as systemd's credentials at boot.
    'chroot "$1" systemctl enable systemd-networkd.service systemd-network-generator.service ssh.service',
    'echo "/dev/vda / ext4 rw 0 1" > "$1"/etc/fstab',
    'rm -f "$1"/etc/hostname "$1"/etc/resolv.conf; : > "$1"/etc/machine-id',
)


def build(target: Path, packages: list[str], suite: str) -> None:
    """Make the folder ``target`` with disk.img, vmlinuz and initrd; raises CalledProcessError, NoMirrorError."""
    with tempfile.TemporaryDirectory(prefix="vm-disk-", dir=target.parent) as work:
        tree, made = Path(work, "tree"), Path(work, "made")
        made.mkdir()
        argv = [
            "unshare", "--mount", "mmdebstrap", "--mode=root", "--variant=apt", "--format=directory",
            '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io",
            *(f"--dpkgopt=path-exclude=/usr/share/{folder}/*" for folder in ("doc", "man", "locale")),
            f"--include={','.join(packages)}", *(f"--customize-hook={hook}" for hook in HOOKS),
            suite, str(tree), *sources(suite),
        ]  # fmt: skip
        run(argv)
        for name, pattern in (("vmlinuz", "vmlinuz-*"), ("initrd", "initrd.img-*")):
            next((tree / "boot").glob(pattern)).rename(made / name)
        run(["mke2fs", "-q", "-t", "ext4", "-d", str(tree), str(made / "disk.img"), SIZE])
        made.rename(target)


def run(argv: list[str]) -> None:
    """Run a command; raises CalledProcessError with its output."""
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL, capture_output=True, text=True)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cache": {"type": "path", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "suite": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    packages, suite = module.params["packages"], module.params["suite"]
    inputs = json.dumps([packages, suite, HOOKS, SIZE])
    target = Path(module.params["cache"], hashlib.sha256(inputs.encode()).hexdigest()[:16])
    missing = not target.is_dir()
    if missing and not module.check_mode:
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            build(target, packages, suite)
        except NoMirrorError as error:
            module.fail_json(msg=str(error))
        except subprocess.CalledProcessError as error:
            end = "\n".join(error.stderr.splitlines()[-15:])
            module.fail_json(msg=f"{error.cmd[0]} ended with status {error.returncode}. Its end:\n{end}")
    module.exit_json(changed=missing, path=str(target))


if __name__ == "__main__":
    main()
