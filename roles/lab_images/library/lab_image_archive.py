#!/usr/bin/python
"""Make the lab's kolla images from Debian and PyPI, once for each set of inputs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_image_archive
short_description: Make a docker archive with the lab's kolla images
description:
  - Builds one common layer (Debian's infrastructure packages, OpenStack from PyPI) with mmdebstrap and writes an
    archive with one small layer for each image on top.
  - The archive's name is the hash of everything that goes into it; when it is there, nothing is done.
  - Returns C(archive), the file, and C(ids), each image's reference with its id.
  - In check mode it tells whether it would build.
options:
  cache: {description: Folder for archives and common layers., type: path, required: true}
  files: {description: Folder with the hooks, the overlay and the lock files., type: path, required: true}
  images: {description: Names of the images., type: list, elements: str, required: true}
  packages: {description: Debian packages of the common layer., type: list, elements: str, required: true}
  extras:
    description: Names of further lock files; what they list is installed beside OpenStack.
    type: list
    elements: str
    default: []
  toolbox: {description: Python requirements of kolla-toolbox., type: list, elements: str, required: true}
  release: {description: OpenStack release., type: str, required: true}
  kolla: {description: Version of PyPI's kolla., type: str, required: true}
  suite: {description: Debian suite of the images., type: str, required: true}
  namespace: {description: Namespace of the images., type: str, required: true}
  tag: {description: Tag of the images., type: str, required: true}
"""

import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.build_cache import held, prune
from ansible.module_utils.debian import LEAN, NoMirrorError, mmdebstrap
from ansible.module_utils.docker_archive import write_archive
from ansible.module_utils.kolla_layers import Dockerfiles

from armature.kolla.venv import pip_settings, uv_options

# The last release of the bundle that still carries this collection, which kolla-toolbox needs.
OPENVSWITCH_BUNDLE = "10.7.0"
OPTIONS = ["--format=tar", *LEAN, "--skip=cleanup/run"]  # services' folders below /run are part of an image
ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class BuildError(Exception):
    """A step of the build failed; the message names the log."""


class Builder:
    def __init__(self, parameters: dict[str, Any]) -> None:
        self.p = parameters
        self.cache = Path(parameters["cache"])
        self.files = Path(parameters["files"])
        self.locks = locks(parameters)
        self.overlay = self._overlay()
        inputs = {key: parameters[key] for key in ("packages", "toolbox", "release", "kolla", "suite")}
        inputs["options"] = OPTIONS
        self.base_key = self._key(inputs, [*self.locks, self.files / "base_hooks.py"])
        images = {key: parameters[key] for key in ("images", "namespace", "tag")} | {"base": self.base_key}
        code = "".join(self._source(module) for module in (write_archive.__module__, Dockerfiles.__module__))
        images["code"] = hashlib.sha256(code.encode()).hexdigest()
        images["overlay"] = sorted(self.overlay)
        self.archive = self.cache / f"{self._key(images, list(self.overlay.values()))}.tar"
        self.ids = self.archive.with_suffix(".json")
        self.log = self.cache / f"{self.base_key}.log"

    @staticmethod
    def _source(module: str) -> str:
        loader = importlib.util.find_spec(module)
        assert loader is not None and loader.loader is not None
        return loader.loader.get_source(module)  # type: ignore[attr-defined, no-any-return]

    @staticmethod
    def _key(values: dict[str, Any], files: list[Path]) -> str:
        digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
        for file in files:
            digest.update(file.read_bytes())
        return digest.hexdigest()[:16]

    def _overlay(self) -> dict[str, Path]:
        """Files that every image gets: path in the image -> file. Shims only where this kernel makes them necessary."""
        overlay = {"usr/bin/healthcheck.sh": "healthcheck.sh"}
        if not Path("/proc/modules").exists():
            overlay |= {"usr/local/sbin/modprobe": "modprobe"}
        if not openvswitch_in_kernel():
            overlay |= {"usr/local/bin/ovs-vsctl": "ovs-vsctl", "usr/local/sbin/ovs-vswitchd": "ovs-vswitchd"}
        return {target: self.files / "overlay" / name for target, name in overlay.items()}

    def run(self, *argv: str) -> None:
        with self.log.open("a") as log:
            print("+", *argv, file=log, flush=True)
            result = subprocess.run(argv, stdout=log, stderr=log, stdin=subprocess.DEVNULL, check=False)
        if result.returncode:
            last = "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])
            raise BuildError(f"{argv[0]} ended with status {result.returncode}. Log: {self.log}. Its end:\n{last}")

    def index(self) -> dict[str, Any]:
        """Where uv looks for packages inside the tree: the controller's index and proxies, no folder of its disk."""
        flat, _ = uv_options(pip_settings())
        pairs = zip(flat[::2], flat[1::2], strict=True)
        options = [part for pair in pairs if pair[1].startswith("http") for part in pair]
        names = ("http_proxy", "https_proxy", "no_proxy")
        return {"options": options, "environment": {k: v for k, v in os.environ.items() if k.lower() in names}}

    def package(self, name: str, version: str, work: Path) -> Path:
        """Unpack one wheel, without its dependencies, and return the folder."""
        target = work / name
        self.run(
            sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-compile",
            "--target", str(target), f"{name}=={version}",
        )  # fmt: skip
        return target

    def build(self) -> None:
        self.log.unlink(missing_ok=True)
        with tempfile.TemporaryDirectory(prefix="lab-images-", dir=self.cache) as folder:
            work = Path(folder)
            kolla = self.package("kolla", self.p["kolla"], work)
            base = self.cache / f"{self.base_key}.base.tar"
            if not base.exists():
                self.base(base, kolla, work)
            self.pack(base, kolla, work)
        prune(self.cache.glob("*.base.tar"))
        prune(file for file in self.cache.glob("*.tar") if not file.name.endswith(".base.tar"))

    def base(self, target: Path, kolla: Path, work: Path) -> None:
        bundle = self.package("ansible", OPENVSWITCH_BUNDLE, work)
        import ansible_collections  # the controller's own bundle; a namespace, so it has no __file__

        parameters = work / "parameters.json"
        parameters.write_text(
            json.dumps(
                {
                    "kolla": str(kolla),
                    "locks": [str(lock) for lock in self.locks],
                    "toolbox": self.p["toolbox"],
                    "collections": next(iter(ansible_collections.__path__)),
                    "openvswitch_collection": str(bundle / "ansible_collections/openvswitch"),
                    "uv": str(Path(sys.executable).with_name("uv")),
                    "index": self.index(),
                }
            )
        )
        hook = f"{sys.executable} {self.files / 'base_hooks.py'}"
        unfinished = work / "base.tar"
        hooks = [
            f'--essential-hook={hook} essential "$1" {parameters}',
            f'--customize-hook={hook} customize "$1" {parameters}',
        ]
        argv = mmdebstrap(self.p["suite"], str(unfinished), self.p["packages"], [*OPTIONS, *hooks])
        self.run("env", f"TMPDIR={work}", *argv)
        unfinished.rename(target)

    def pack(self, base: Path, kolla: Path, work: Path) -> None:
        machine = platform.machine()
        dockerfiles = Dockerfiles(kolla)
        images = []
        for name in self.p["images"]:
            image = dockerfiles.image(name)
            image.files |= {target: (file.read_bytes(), 0o755) for target, file in self.overlay.items()}
            reference = f"{self.p['namespace']}/{name}:{self.p['tag']}"
            images.append((reference, image.config(machine, self.p["kolla"]), *image.layer()))
        unfinished = work / "archive.tar"
        with unfinished.open("wb") as out:
            ids = write_archive(out, base, images, ARCHITECTURES[machine])
        self.ids.write_text(json.dumps(ids, indent=1, sort_keys=True))
        unfinished.rename(self.archive)


def locks(parameters: dict[str, Any]) -> list[Path]:
    """Return the lock files, OpenStack's first."""
    files, release = Path(parameters["files"]), parameters["release"]
    return [files / f"{name}-{release}.txt" for name in ("openstack", *parameters["extras"])]


def openvswitch_in_kernel() -> bool:
    """Whether this kernel has, or can load, Open vSwitch's datapath."""
    if Path("/sys/module/openvswitch").exists():
        return True
    if not Path("/proc/modules").exists() or shutil.which("modprobe") is None:
        return False
    return subprocess.run(["modprobe", "--dry-run", "openvswitch"], capture_output=True, check=False).returncode == 0


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "cache": {"type": "path", "required": True},
            "files": {"type": "path", "required": True},
            "images": {"type": "list", "elements": "str", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "extras": {"type": "list", "elements": "str", "default": []},
            "toolbox": {"type": "list", "elements": "str", "required": True},
            "release": {"type": "str", "required": True},
            "kolla": {"type": "str", "required": True},
            "suite": {"type": "str", "required": True},
            "namespace": {"type": "str", "required": True},
            "tag": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    if not all(lock.is_file() for lock in locks(module.params)):
        module.fail_json(msg=f"release: the lab makes no images of {module.params['release']!r}. Use 2026.1.")
    builder = Builder(module.params)
    answer: dict[str, Any] = {"archive": str(builder.archive), "log": str(builder.log), "ids": {}}
    if builder.archive.exists():
        module.exit_json(changed=False, **answer | {"ids": json.loads(builder.ids.read_text())})
    if module.check_mode:
        module.exit_json(changed=True, **answer)
    try:
        with held(builder.cache):
            missing = not builder.archive.exists()
            if missing:
                builder.build()
    except (BuildError, NoMirrorError) as error:
        module.fail_json(msg=str(error), **answer)
    module.exit_json(changed=missing, **answer | {"ids": json.loads(builder.ids.read_text())})


if __name__ == "__main__":
    main()
