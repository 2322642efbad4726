"""The exact command line, environment and ansible.cfg of a run."""

from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest

from armature.kolla.command import Connection, ansible_cfg, argv, environment, mitogen

VENV = Path("/cache/2026.1-abc")
FOLDER = Path("/repo/build/lab/kolla")
HEAD = [f"{VENV}/bin/python", f"{VENV}/bin/kolla-ansible"]
FILES = ["--inventory", f"{FOLDER}/inventory.yml", "--configdir", str(FOLDER)]


@pytest.mark.parametrize(
    ("command", "more", "expected"),
    [
        ("deploy", {}, [*HEAD, "deploy", *FILES]),
        ("deploy", {"tags": ["nova", "heat"]}, [*HEAD, "deploy", *FILES, "--tags", "nova,heat"]),
        ("reconfigure", {"limit": ["ctl-0"]}, [*HEAD, "reconfigure", *FILES, "--limit", "ctl-0"]),
        ("post-deploy", {"extra_vars": {"a": "b c"}}, [*HEAD, "post-deploy", *FILES, "--extra", "a=b c"]),
        ("destroy", {}, [*HEAD, "destroy", *FILES, "--yes-i-really-really-mean-it"]),
        ("stop", {}, [*HEAD, "stop", *FILES, "--yes-i-really-really-mean-it"]),
        ("deploy", {"options": ["--list-tasks"]}, [*HEAD, "deploy", *FILES, "--list-tasks"]),
    ],
)
def test_argv(command: str, more: dict[str, Any], expected: list[str]):
    assert argv(VENV, command, FOLDER, **more) == expected


def test_environment_keeps_the_caller_and_drops_its_ansible():
    inherited = {
        "HOME": "/root",
        "PATH": "/usr/bin",
        "SSH_AUTH_SOCK": "/run/agent",
        "ANSIBLE_VAULT_PASSWORD_FILE": "/secret",
        "ANSIBLE_CALLBACKS_ENABLED": "timer",
        "KOLLA_CONFIG_PATH": "/etc/kolla",
        "PYTHONPATH": "/elsewhere",
        "VIRTUAL_ENV": "/elsewhere",
    }
    assert environment(VENV, FOLDER / "ansible.cfg", ["/proc/1/fd/3", "/proc/1/fd/4"], inherited) == {
        "HOME": "/root",
        "PATH": f"{VENV}/bin:/usr/bin",
        "SSH_AUTH_SOCK": "/run/agent",
        "ANSIBLE_CONFIG": f"{FOLDER}/ansible.cfg",
        "ANSIBLE_VAULT_IDENTITY_LIST": "default@/proc/1/fd/3,default@/proc/1/fd/4",
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
        "PYTHONUNBUFFERED": "1",
    }


def test_environment_without_a_vault():
    assert "ANSIBLE_VAULT_IDENTITY_LIST" not in environment(VENV, FOLDER / "ansible.cfg", [], {})


def parsed(text: str) -> ConfigParser:
    config = ConfigParser(interpolation=None)
    config.read_string(text)
    return config


def test_ansible_cfg_reaches_hosts_as_armature_does():
    connection = Connection("/keys/id", "-o A=1", "-o UserKnownHostsFile=/k%h", host_key_checking=False, forks=7)
    config = parsed(ansible_cfg(connection, Path("/repo/plugins/callback")))
    assert dict(config["ssh_connection"]) == {
        "pipelining": "True",
        "ssh_args": "-o A=1",
        "ssh_common_args": "-o UserKnownHostsFile=/k%h",
        "retries": "2",
    }
    defaults = dict(config["defaults"])
    assert defaults["private_key_file"] == "/keys/id"
    assert defaults["host_key_checking"] == "False"
    assert defaults["forks"] == "7"
    assert defaults["callback_plugins"] == "/repo/plugins/callback"
    assert defaults["callbacks_enabled"] == "kolla_events"
    assert defaults["collections_path"] == "/dev/null"
    assert "library" not in defaults


def test_ansible_cfg_has_mitogen_where_there_is_some():
    defaults = parsed(ansible_cfg(Connection(), Path("/c"), strategies=Path("/v/strategy")))["defaults"]
    assert (defaults["strategy"], defaults["strategy_plugins"]) == ("mitogen_linear", "/v/strategy")
    assert "strategy" not in parsed(ansible_cfg(Connection(), Path("/c")))["defaults"]


@pytest.mark.parametrize(("status", "found"), [(0, Path("/v/ansible_mitogen/plugins/strategy")), (1, None)])
def test_mitogen_is_used_when_it_knows_the_ansible_of_the_venv(tmp_path: Path, status: int, found: Path | None):
    python = tmp_path / "bin/python"
    python.parent.mkdir()
    python.write_text(f"#!/bin/sh\necho /v/ansible_mitogen/loaders.py\nexit {status}\n")
    python.chmod(0o755)
    assert mitogen(tmp_path) == found


def test_ansible_cfg_puts_given_folders_first():
    defaults = parsed(ansible_cfg(Connection(), Path("/c"), ["/a", "/b"], ["/l"]))["defaults"]
    assert (defaults["collections_path"], defaults["library"]) == ("/a:/b", "/l")
    assert "private_key_file" not in defaults
