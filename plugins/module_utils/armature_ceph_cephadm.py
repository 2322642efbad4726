# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The program ``cephadm`` of a Ceph host: taken out of the image that the cluster runs, and how it is called.

Source: cephadm of Ceph 18.2.7 (__main__.py: _parse_args, main, call_throws); docker-create(1), podman-create(1).
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import stat
import tempfile
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.armature_files import write

PROGRAM = "/usr/local/sbin/cephadm"
"""Called by its full path: sudo's path on Rocky does not have this folder, and a package may bring another cephadm."""

IN_IMAGE = "/usr/sbin/cephadm"
NOTE = "/var/lib/armature/cephadm.json"
"""Which image the installed program is from: image_id, and the program's own sha256."""

DATA = "/var/lib/ceph"
"""cephadm keeps each cluster in a folder here that is named by its fsid, with one folder a daemon, as ``osd.3``."""

MISSING = 127
"""Exit status of a program that is not installed, as a shell has it."""

LONGEST_REASON = 300
"""Characters of a failed command's last line that a message carries: cephadm repeats whole command lines."""

Runner = Callable[[list[str]], tuple[int, str, str]]
"""Runs a command (argv) and returns its exit status, output and error output."""


class CephadmError(Exception):
    """What stops the module, in house form."""


def runner(run_command: Callable[..., tuple[int, str, str]]) -> Runner:
    """Return Ansible's ``run_command`` as a Runner; a program that is not installed has status MISSING."""

    def run(argv: list[str]) -> tuple[int, str, str]:
        try:
            return run_command(argv, handle_exceptions=False)
        except OSError as error:
            return MISSING, "", f"{argv[0]}: {error.strerror}"

    return run


def command(engine: str, *words: str, image: str = "") -> list[str]:
    """Return the argv of a cephadm command. Without ``--docker`` cephadm prefers podman.

    >>> command("docker", "ls", image="quay.io/ceph/ceph:v18.2.7")
    ['/usr/local/sbin/cephadm', '--docker', '--image', 'quay.io/ceph/ceph:v18.2.7', 'ls']
    """
    docker = ["--docker"] if engine == "docker" else []
    return [PROGRAM, *docker, *(["--image", image] if image else []), *words]


def reason(error: str) -> str:
    """Return the line of a failed command's error output that says why.

    cephadm ends with ``ERROR: ...`` or, when a container failed, with a traceback that repeats the container's whole
    command line; the container's own last words are then in an earlier line, after ``stderr``.

    >>> reason("Inferring config\\nERROR: No time synchronization is active\\n")
    'ERROR: No time synchronization is active'
    >>> reason("/usr/bin/docker: stderr  stderr: no such disk\\nRuntimeError: Failed command: /usr/bin/docker run")
    'no such disk'
    """
    lines = [line.strip() for line in error.splitlines() if line.strip()]
    if not lines:
        return "no message"
    said = [re.split(r"\bstderr:? ", line)[-1].strip(" ->") for line in lines if " stderr " in line]
    said = [words for words in said if words]
    line = said[-1] if said and "Failed command" in lines[-1] else lines[-1]
    return line if len(line) <= LONGEST_REASON else f"...{line[-LONGEST_REASON:]}"


def ask(run: Runner, host: str, argv: list[str], then: str) -> str:
    """Return what a command answers. Raises CephadmError, which ends with ``then``: what to do."""
    status, out, err = run(argv)
    if status != 0:
        raise CephadmError(f"{host}: '{' '.join(argv)}' ended with status {status}: {reason(err or out)}. {then}")
    return out


def clusters(root: Path = Path("/")) -> list[str]:
    """Return the fsids of the clusters that have a folder on this host, sorted."""
    folder = root / DATA.lstrip("/")
    return sorted(entry.name for entry in folder.iterdir() if _is_uuid(entry.name)) if folder.is_dir() else []


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text.lower()
    except ValueError:
        return False


def image_id(run: Runner, host: str, engine: str, image: str) -> str:
    """Return the id of an image on this host, "" when it is not there. Raises CephadmError when the engine fails."""
    argv = [engine, "image", "inspect", "--format", "{{.Id}}", image]
    status, out, err = run(argv)
    if status == 0:
        return out.strip()
    if re.search("no such image|image not known", err, re.IGNORECASE):
        return ""
    raise CephadmError(
        f"{host}: '{' '.join(argv)}' ended with status {status}: {reason(err)}. "
        f"Look at 'systemctl status {engine}' on {host}."
    )


def registry(image: str) -> str:
    """Return the registry that an image's name carries, "" for a name without one.

    Source: distribution/reference, ``ParseNormalizedNamed``: the first part is a registry when it has a dot or a colon,
    or is ``localhost``.

    >>> [registry(name) for name in ("quay.io/ceph/ceph:v18", "mirror:5000/ceph", "localhost/ceph", "ceph/ceph:v18")]
    ['quay.io', 'mirror:5000', 'localhost', '']
    """
    first, slash, _rest = image.partition("/")
    return first if slash and (set(first) & set(".:") or first == "localhost") else ""


def pull(run: Runner, host: str, engine: str, image: str) -> None:
    """Fetch an image. Raises CephadmError that names the image and its registry."""
    status, out, err = run([engine, "pull", image])
    if status == 0:
        return
    where = registry(image)
    advice = (
        f"See that {host} reaches the registry {where} and may read the image"
        if where
        else "The name carries no registry: correct 'ceph.image' in site.yml"
    )
    raise CephadmError(
        f"{host}: the image {image} is not on this host, and '{engine} pull {image}' ended with status {status}: "
        f"{reason(err or out)}. {advice}, or load the image with '{engine} load'."
    )


@dataclass(frozen=True)
class Installed:
    """The program on this host: of which image, "" when there is none or somebody else's."""

    image_id: str


def installed(root: Path = Path("/")) -> Installed:
    """Return whose program is installed. One that was changed since, or may not be run, counts as none."""
    program, note = root / PROGRAM.lstrip("/"), root / NOTE.lstrip("/")
    if not program.is_file() or not note.is_file() or stat.S_IMODE(program.stat().st_mode) != 0o755:
        return Installed("")
    try:
        noted = json.loads(note.read_text())
        return Installed(noted["image_id"] if noted["sha256"] == _sha256(program) else "")
    except (ValueError, KeyError, TypeError):
        return Installed("")


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def install(run: Runner, host: str, engine: str, image: str, identity: str, root: Path = Path("/")) -> None:
    """Copy the program out of the image with the id ``identity``, and note where it is from. Raises CephadmError.

    The container that it is copied from is never started. An image whose name moved since keeps its id.
    """
    program = root / PROGRAM.lstrip("/")
    program.parent.mkdir(parents=True, exist_ok=True)
    then = f"Look at 'systemctl status {engine}' on {host}."
    container = ask(run, host, [engine, "create", "--network", "none", identity, IN_IMAGE], then).split()[-1]
    folder = Path(tempfile.mkdtemp(dir=program.parent, prefix=".armature-"))
    try:
        copy = folder / "cephadm"
        then = f"See that 'ceph.image' in site.yml, {image}, is an image of Ceph with {IN_IMAGE}."
        ask(run, host, [engine, "cp", f"{container}:{IN_IMAGE}", str(copy)], then)
        if copy.is_symlink() or not copy.is_file() or not copy.stat().st_size:
            raise CephadmError(f"{host}: {IN_IMAGE} in the image {image} is not a program. {then}")
        copy.chmod(0o755)
        os.replace(copy, program)
    finally:
        shutil.rmtree(folder)
        run([engine, "rm", "--force", container])
    write(root / NOTE.lstrip("/"), json.dumps({"image_id": identity, "sha256": _sha256(program)}) + "\n")
