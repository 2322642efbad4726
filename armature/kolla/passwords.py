"""kolla's passwords: made by kolla-ansible's own tools, in memory."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from armature.kolla import KollaError

LEFT_BLANK = frozenset({"docker_registry_password"})
"""Keys that upstream leaves empty for people to fill. Source: kolla_ansible/cmd/genpwd.py, 22.2.0."""


def example_file(venv: Path) -> Path:
    """The release's list of keys."""
    return venv / "share" / "kolla-ansible" / "etc_examples" / "kolla" / "passwords.yml"


def read(text: str) -> dict[str, Any]:
    """The passwords in ``text``; raises KollaError when it is not a mapping."""
    values = YAML(typ="safe", pure=True).load(text)
    if not isinstance(values, dict):
        raise KollaError("The passwords are not a mapping of names to values. Restore the file from a backup.")
    return values


def missing_keys(example: dict[str, Any], present: dict[str, Any]) -> list[str]:
    """Keys of the release that have no value yet.

    >>> missing_keys({"a": None, "b": None, "docker_registry_password": None}, {"a": "x"})
    ['b', 'docker_registry_password']
    >>> missing_keys({"docker_registry_password": None}, {"docker_registry_password": None})
    []
    """
    return [key for key in example if key not in present or (_is_empty(present[key]) and key not in LEFT_BLANK)]


def password(values: dict[str, Any], key: str) -> str:
    """The password called ``key``; raises KollaError when there is none.

    >>> password({"a": "x"}, "a")
    'x'
    """
    value = values.get(key)
    if not isinstance(value, str) or not value:
        raise KollaError(f"There is no {key} among the passwords. Run playbooks/deploy_openstack.yml, which makes it.")
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, dict) and not any(value.values()))


def complete(venv: Path, present: str | None) -> str:
    """``present`` with a value for each key that it lacks, as YAML; without ``present``, a whole new file.

    Nothing is written to a disk and no value is an argument: kolla-mergepwd and kolla-genpwd get files in memory.
    Raises KollaError when a tool fails or when a value that was there has changed.
    Source: kolla_ansible/cmd/{mergepwd,genpwd}.py, 22.2.0; memfd_create(2).
    """
    merged = _memory_file(example_file(venv).read_bytes())
    try:
        if present is not None:
            old = _memory_file(present.encode())
            try:
                _tool(venv, "kolla-mergepwd", {"--old": old, "--new": merged, "--final": merged})
            finally:
                os.close(old)
        _tool(venv, "kolla-genpwd", {"--passwords": merged})
        text = os.pread(merged, os.fstat(merged).st_size, 0).decode()
    finally:
        os.close(merged)
    values = read(text)
    for key, value in read(present or "{}").items():
        if not _is_empty(value) and values.get(key) != value:
            raise KollaError(f"kolla-genpwd would change the value of {key}. Nothing was written.")
    return text


def _memory_file(content: bytes) -> int:
    descriptor = os.memfd_create("passwords")
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, content)
    return descriptor


def _tool(venv: Path, name: str, files: dict[str, int]) -> None:
    line = [str(venv / "bin" / "python"), str(venv / "bin" / name)]
    for option, descriptor in files.items():
        line += [option, f"/proc/self/fd/{descriptor}"]
    done = subprocess.run(  # noqa: S603
        line, pass_fds=tuple(files.values()), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-1:]
        raise KollaError(f"{name} ended with status {done.returncode}: {''.join(last)}")
