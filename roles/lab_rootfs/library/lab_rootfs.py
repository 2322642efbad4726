#!/usr/bin/python
"""Make the root file system that the lab's hosts share, once for each set of inputs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_rootfs
short_description: Make the lab hosts' common root file system
description:
  - Bootstraps a Debian suite with mmdebstrap into a folder of the cache. The folder's name is the hash of everything
    that goes into it; when it is there, nothing is done.
  - Containers share this machine's kernel. Shims for what this machine lacks are put in only where they are needed;
    C(shims) returns which. Virtual machines get Debian's kernel for clouds, and no shims.
  - In check mode it tells whether it would build.
options:
  cache: {description: Folder for root file systems., type: path, required: true}
  files: {description: Folder with the shims., type: path, required: true}
  packages: {description: Debian packages., type: list, elements: str, required: true}
  engines: {description: Container engines among the packages., type: list, elements: str, required: true}
  suite: {description: Debian suite., type: str, required: true}
  kind: {description: What the hosts are., type: str, choices: [container, vm], default: container}
"""

import hashlib
import json
import os
import platform
import resource
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.build_cache import held
from ansible.module_utils.debian import LEAN, NoMirrorError, mmdebstrap

CAP_SYS_RESOURCE = 24
# What the hosts' container images ask for; kolla-ansible's default.
WANTED_OPEN_FILES = 1048576
# Services of a real server that have no place in a container that shares this machine's kernel and clock.
MASKED = ("systemd-udev-trigger.service", "systemd-modules-load.service", "getty.target", "console-getty.service")


RUNTIMES = {"docker": "/usr/sbin/runc", "podman": "/usr/bin/crun"}
NETWORKED = 'chroot "$1" systemctl enable systemd-networkd.service ssh.service'
# Every host makes keys and an identity of its own.
ANONYMOUS = 'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/hostname "$1"/etc/resolv.conf; : > "$1"/etc/machine-id'
# A container shares this machine's clock: chronyd runs, since cephadm wants a host with one, and sets nothing.
HOOKS = (
    NETWORKED,
    f'chroot "$1" systemctl mask {" ".join(MASKED)}',
    """echo 'DAEMON_OPTS="-x -F 0"' > "$1"/etc/default/chrony; sed -i '/^pool /d' "$1"/etc/chrony/chrony.conf""",
    # cephadm's containers bind these; udev does not run in a container.
    'printf "d %s 0755 root root\\n" /run/udev /run/lvm /run/lock/lvm > "$1"/etc/tmpfiles.d/armature-lab-ceph.conf',
    ANONYMOUS,
)
VM_HOOKS = (
    NETWORKED,
    """sed -i '/^pool /d' "$1"/etc/chrony/chrony.conf""",
    'echo "/dev/vda / ext4 rw,discard 0 1" > "$1"/etc/fstab',
    ANONYMOUS,
)
VM_PACKAGES = ("initramfs-tools", "zstd")
KERNELS = {"x86_64": "linux-image-cloud-amd64", "aarch64": "linux-image-cloud-arm64"}
# Docker's own defaults cannot work in a container; the engine starts when its configuration is there.
DOCKER_HOOK = 'chroot "$1" systemctl disable docker.service docker.socket'


def shims(files: Path, engines: list[str]) -> dict[str, list[str]]:
    """Return the shims that this machine needs: name -> mmdebstrap hooks that put it in."""
    needed = {"sysctl": divert(files / "sysctl", "/usr/sbin/sysctl")}  # every container needs it, on any machine
    status = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    bounds = int(status["CapBnd"], 16)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    few_files = hard != resource.RLIM_INFINITY and hard < WANTED_OPEN_FILES
    if not bounds >> CAP_SYS_RESOURCE & 1 or few_files:
        needed["oci-runtime"] = [
            hook for engine in sorted(engines) for hook in divert(files / "oci-runtime", RUNTIMES[engine])
        ]
    if not Path("/proc/modules").exists():
        needed["modprobe"] = divert(files / "modprobe", "/usr/sbin/modprobe")
        module = "armature_lab_proc_modules"
        site = '"$1"/usr/lib/python3/dist-packages'
        # The same Ansible module takes a module in this list for loaded: here everything that exists is built in.
        builtin = f'"$1"/usr/lib/modules/{os.uname().release}'
        needed["proc-modules"] = [
            f"install -m 644 {shlex.quote(str(files / module))}.py {site}/{module}.py",
            f"echo 'import {module}' > {site}/{module}.pth",
            f"mkdir -p {builtin} && install -m 644 {shlex.quote(str(files / 'modules.builtin'))} {builtin}/",
        ]
    return needed


def divert(shim: Path, path: str) -> list[str]:
    """Return the hooks that put ``shim`` in the place of a packaged file, which stays beside it as *.distrib."""
    return [
        f'chroot "$1" dpkg-divert --local --rename --add {path}',
        f'install -m 755 {shlex.quote(str(shim))} "$1"{path}',
    ]


def key(parameters: dict[str, Any], hooks: list[str], files: Path) -> str:
    """Return the name of the root file system: the hash of its inputs."""
    values = {name: parameters[name] for name in ("packages", "suite")}
    # The hooks' text holds the checkout's path, which is no input.
    values |= {"hooks": [hook.replace(str(files), "") for hook in hooks]}
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    for file in sorted(files.iterdir()):
        if file.is_file():
            digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


def build(target: Path, parameters: dict[str, Any], hooks: list[str]) -> str | None:
    """Make the tree beside its place and move it in; return an error's text, or None."""
    log = target.with_suffix(".log")
    with tempfile.TemporaryDirectory(prefix="lab-rootfs-", dir=target.parent) as work:
        tree = Path(work, "tree")
        options = ["--format=directory", *LEAN, *(f"--customize-hook={hook}" for hook in hooks)]
        argv = mmdebstrap(parameters["suite"], str(tree), parameters["packages"], options)
        with log.open("w") as out:
            result = subprocess.run(argv, stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False)
        if result.returncode:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            return f"mmdebstrap ended with status {result.returncode}. Log: {log}. Its end:\n{last}"
        tree.rename(target)
    return None


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "cache": {"type": "path", "required": True},
            "files": {"type": "path", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "engines": {"type": "list", "elements": "str", "choices": ["docker", "podman"], "required": True},
            "suite": {"type": "str", "required": True},
            "kind": {"type": "str", "choices": ["container", "vm"], "default": "container"},
        },
        supports_check_mode=True,
    )
    cache, files = Path(module.params["cache"]), Path(module.params["files"])
    engines, vm = module.params["engines"], module.params["kind"] == "vm"
    needed = {} if vm else shims(files, engines)
    if vm:
        module.params["packages"] += [*VM_PACKAGES, KERNELS[platform.machine()]]
    docker = [DOCKER_HOOK] if "docker" in engines else []
    hooks = [*(VM_HOOKS if vm else HOOKS), *docker, *(hook for name in sorted(needed) for hook in needed[name])]
    target = cache / key(module.params, hooks, files)
    answer = {"path": str(target), "shims": sorted(needed)}
    if target.is_dir() or module.check_mode:
        module.exit_json(changed=not target.is_dir(), **answer)
    error = None
    try:
        with held(cache):
            missing = not target.is_dir()
            if missing:
                error = build(target, module.params, hooks)
    except NoMirrorError as no_mirror:
        error = str(no_mirror)
    if error:
        module.fail_json(msg=error, **answer)
    module.exit_json(changed=missing, **answer)


if __name__ == "__main__":
    main()
