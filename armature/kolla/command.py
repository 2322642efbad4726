"""The command line, environment and ansible.cfg of a kolla-ansible run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from configparser import ConfigParser
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

DESTRUCTIVE = ("destroy", "stop", "prune-images")
"""Commands that upstream refuses without its long option. Source: kolla_ansible/cli/commands.py, 20.6.0 and 22.2.0."""


@dataclass(frozen=True)
class Connection:
    """How the run reaches hosts; what the inventory says of a host goes before it."""

    private_key_file: str = ""
    ssh_args: str = "-o ControlMaster=auto -o ControlPersist=60s"
    ssh_common_args: str = ""
    host_key_checking: bool = True
    timeout: int = 30
    """Seconds until a connection attempt fails."""
    forks: int = 10


def argv(
    venv: Path,
    command: str,
    config_dir: Path,
    tags: Sequence[str] = (),
    limit: Sequence[str] = (),
    extra_vars: Mapping[str, str] | None = None,
    options: Sequence[str] = (),
) -> list[str]:
    """The arguments of ``kolla-ansible command`` on the rendered files in ``config_dir``.

    Secrets have no place in ``extra_vars``: arguments are in the process list.
    Source: kolla_ansible/ansible.py, 22.2.0.

    >>> argv(Path("/v"), "deploy", Path("/b/kolla"), tags=["nova", "heat"])[3:]
    ['--inventory', '/b/kolla/inventory.yml', '--configdir', '/b/kolla', '--tags', 'nova,heat']
    """
    line = [str(venv / "bin" / "python"), str(venv / "bin" / "kolla-ansible"), command]
    line += ["--inventory", str(config_dir / "inventory.yml"), "--configdir", str(config_dir)]
    if tags:
        line += ["--tags", ",".join(tags)]
    if limit:
        line += ["--limit", ",".join(limit)]
    for name, value in (extra_vars or {}).items():
        line += ["--extra", f"{name}={value}"]
    if command in DESTRUCTIVE:
        line.append("--yes-i-really-really-mean-it")
    return [*line, *options]


def environment(venv: Path, ansible_cfg: Path, vault: Sequence[str], inherited: Mapping[str, str]) -> dict[str, str]:
    """The environment of the run: the caller's, without its Ansible and Python settings.

    ``vault`` holds paths of files with vault passwords. Source: ansible-config(1).
    """
    kept = {
        name: value
        for name, value in inherited.items()
        if not name.startswith(("ANSIBLE_", "PYTHON", "KOLLA_")) and name != "VIRTUAL_ENV"
    }
    kept |= {
        "ANSIBLE_CONFIG": str(ansible_cfg),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PATH": os.pathsep.join([str(venv / "bin"), kept.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }
    if vault:
        kept["ANSIBLE_VAULT_IDENTITY_LIST"] = ",".join(f"default@{path}" for path in vault)
    return kept


def mitogen(venv: Path) -> Path | None:
    """The folder of Mitogen's strategies in the venv; None when it has none that goes with its ansible-core.

    Source: mitogen 0.3.54, ``ansible_mitogen/loaders.py``.
    """
    probe = "import ansible_mitogen.loaders as l; l.assert_supported_release(); print(l.__file__)"
    done = subprocess.run(  # noqa: S603
        [str(venv / "bin" / "python"), "-c", probe], capture_output=True, text=True, check=False
    )
    return Path(done.stdout.strip()).parent / "plugins" / "strategy" if done.returncode == 0 else None


def ansible_cfg(
    connection: Connection,
    callbacks: Path,
    collections: Sequence[str] = (),
    library: Sequence[str] = (),
    strategies: Path | None = None,
) -> str:
    """The run's ansible.cfg.

    ``collections`` and ``library`` are folders that are searched before those of the venv; a user's own collections
    are not looked at, because kolla-ansible was tested with those that its release names. ``strategies`` is a folder
    of Mitogen's strategies: without it, tasks run by Ansible's own.
    Source: https://docs.ansible.com/ansible-core/2.19/reference_appendices/config.html
    """
    config = ConfigParser(interpolation=None)
    config["defaults"] = {
        "forks": str(connection.forks),
        "host_key_checking": str(connection.host_key_checking),
        "timeout": str(connection.timeout),
        "callback_plugins": str(callbacks),
        "callbacks_enabled": "kolla_events",
        "collections_path": os.pathsep.join(collections) or os.devnull,
        "interpreter_python": "auto_silent",
        "nocows": "True",
        "retry_files_enabled": "False",
    }
    if strategies:
        config["defaults"]["strategy_plugins"] = str(strategies)
        config["defaults"]["strategy"] = "mitogen_linear"
    if library:
        config["defaults"]["library"] = os.pathsep.join(library)
    if connection.private_key_file:
        config["defaults"]["private_key_file"] = connection.private_key_file
    config["ssh_connection"] = {
        "pipelining": "True",
        "ssh_args": connection.ssh_args,
        "ssh_common_args": connection.ssh_common_args,
        "retries": "2",
    }
    text = StringIO()
    config.write(text)
    return text.getvalue()
