#!/usr/bin/python
"""Make the lab's Ceph image from Debian, once for each set of inputs."""

from __future__ import annotations

DOCUMENTATION = r"""
module: lab_ceph_archive
short_description: Make a docker archive with the lab's Ceph image
description:
  - Builds one image with every program that cephadm runs, as upstream's has them, from Debian's packages.
  - The archive's name is the hash of everything that goes into it; when it is there, nothing is done.
  - Returns C(archive), the file, and C(ids), the image's reference with its id.
  - In check mode it tells whether it would build.
options:
  cache: {description: Folder for archives., type: path, required: true}
  hooks: {description: Program that turns the Debian tree into the image's., type: path, required: true}
  packages: {description: Debian packages., type: list, elements: str, required: true}
  python: {description: Python packages in the place of Debian's., type: list, elements: str, required: true}
  suite: {description: Debian suite., type: str, required: true}
  reference: {description: The image's name and tag., type: str, required: true}
"""

import hashlib
import io
import json
import platform
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.build_cache import held, prune
from ansible.module_utils.debian import LEAN, NoMirrorError, mmdebstrap
from ansible.module_utils.docker_archive import write_archive

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
OPTIONS = ["--format=tar", *LEAN]
CONFIG = {
    # The lab's disks are files; ceph-volume takes loop devices only when told to.
    "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "CEPH_VOLUME_ALLOW_LOOP_DEVICES=1"],
    "Labels": {"ceph": "True", "maintainer": "Armature lab"},
}


class BuildError(Exception):
    """A step of the build failed; the message names the log."""


def key(parameters: dict[str, Any]) -> str:
    """Return the archive's name: the hash of its inputs."""
    values = {name: parameters[name] for name in ("packages", "python", "suite", "reference")}
    values |= {"options": OPTIONS, "config": CONFIG}
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode())
    digest.update(Path(parameters["hooks"]).read_bytes())
    return digest.hexdigest()[:16]


def empty_layer() -> tuple[bytes, str]:
    """Return a layer without files and its digest: an archive of images has one layer above the common one."""
    buffer = io.BytesIO()
    tarfile.open(fileobj=buffer, mode="w").close()
    return buffer.getvalue(), hashlib.sha256(buffer.getvalue()).hexdigest()


def build(archive: Path, parameters: dict[str, Any]) -> None:
    """Make the archive beside its place and move it in, its ids first. Raises BuildError and NoMirrorError."""
    machine = platform.machine()
    log = archive.with_suffix(".log")
    with tempfile.TemporaryDirectory(prefix="lab-ceph-", dir=archive.parent) as folder:
        work = Path(folder)
        base = work / "base.tar"
        hook = f'{sys.executable} {parameters["hooks"]} "$1" {" ".join(parameters["python"])}'
        options = [*OPTIONS, f"--customize-hook={hook}"]
        argv = mmdebstrap(parameters["suite"], str(base), parameters["packages"], options)
        with log.open("w") as out:
            result = subprocess.run(
                ["env", f"TMPDIR={work}", *argv], stdout=out, stderr=out, stdin=subprocess.DEVNULL, check=False
            )
        if result.returncode:
            last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise BuildError(f"mmdebstrap ended with status {result.returncode}. Log: {log}. Its end:\n{last}")
        unfinished = work / "archive.tar"
        with unfinished.open("wb") as out:
            image = (parameters["reference"], CONFIG, *empty_layer())
            ids = write_archive(out, base, [image], ARCHITECTURES[machine])
        archive.with_suffix(".json").write_text(json.dumps(ids))
        unfinished.rename(archive)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "cache": {"type": "path", "required": True},
            "hooks": {"type": "path", "required": True},
            "packages": {"type": "list", "elements": "str", "required": True},
            "python": {"type": "list", "elements": "str", "required": True},
            "suite": {"type": "str", "required": True},
            "reference": {"type": "str", "required": True},
        },
        supports_check_mode=True,
    )
    archive = Path(module.params["cache"], f"{key(module.params)}.tar")
    missing = not archive.exists()
    if missing and not module.check_mode:
        try:
            with held(archive.parent):
                missing = not archive.exists()
                if missing:
                    build(archive, module.params)
                    prune(archive.parent.glob("*.tar"))
        except (BuildError, NoMirrorError) as error:
            module.fail_json(msg=str(error))
    ids = json.loads(archive.with_suffix(".json").read_text()) if archive.exists() else {}
    module.exit_json(changed=missing, archive=str(archive), ids=ids)


if __name__ == "__main__":
    main()
