# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""How modules ask and change a Ceph cluster: its program ``ceph``, in cephadm's shell on a host that has a monitor.

Each call starts a container, which takes seconds. What is only read is therefore asked for in one call.

Source: cephadm of Ceph 18.2.7, command_shell and infer_config; ceph.in, main, new_style_command and do_command.
"""

from __future__ import annotations

import json
import re
import shlex
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph_bootstrap import CONF
from ansible.module_utils.armature_ceph_bootstrap import STATE as BOOTSTRAP
from ansible.module_utils.armature_ceph_cephadm import DATA

TIMEOUT = 20
"""Seconds that ``ceph`` waits for a monitor."""

OBJECT_TIMEOUT = 120
"""Seconds that ``rbd`` waits for an OSD; without a limit it waits for ever while a pool has no OSD that serves it."""

LONGEST_REASON = 300
"""Characters of an error that a message carries."""

SILENT = re.compile(r"RADOS timed out|Cluster connection interrupted or timed out|^timed out$", re.MULTILINE)
"""The last one is what a monitor without a quorum leads to: it is there, and lets nobody in."""

Runner = Callable[[list[str], "str | None"], "tuple[int, str, str]"]
"""Runs a command (argv) with an input and returns its exit status, output and error output."""


class CephError(Exception):
    """What stops the module, in house form."""


@dataclass(frozen=True)
class Step:
    """One change of the cluster: ``sentence`` says it to people, ``args`` are a ``program``'s, ``data`` its input."""

    sentence: str
    args: tuple[str, ...]
    data: str | None = None
    program: str = "ceph"


def runner(run_command: Callable[..., tuple[int, str, str]]) -> Runner:
    """Return Ansible's ``run_command`` as a Runner; a program that is not installed has status 127, as in a shell."""

    def run(argv: list[str], data: str | None) -> tuple[int, str, str]:
        try:
            # Ceph expands $cluster and the like by itself.
            return run_command(argv, data=data, handle_exceptions=False, expand_user_and_vars=False)
        except OSError as error:
            return 127, "", f"{argv[0]}: {error.strerror}"

    return run


class Ceph:
    """A cluster, seen from a monitor's host."""

    def __init__(self, run: Runner, fsid: str, image: str, host: str = "", root: Path = Path("/")) -> None:
        self._run = run
        self.fsid = fsid
        self.image = image
        self.host = host or socket.gethostname().partition(".")[0]
        self._root = root

    def exists(self) -> bool:
        """Return whether this host has a part of the cluster."""
        return (self._root / DATA.lstrip("/") / self.fsid).is_dir()

    def found(self, lenient: bool) -> bool:
        """Return whether there is a cluster to ask. Raises CephError when there is none, unless ``lenient``.

        A cluster whose bootstrap was cut off, so that it cannot be asked, is none.
        """
        if not self.exists():
            if lenient:
                return False
            raise CephError(f"{self.host}: no cluster {self.fsid} here. Run playbooks/deploy_ceph.yml.")
        if lenient and (self._root / BOOTSTRAP.lstrip("/") / self.fsid).is_file():
            try:
                self.call("status")
            except CephError:
                return False
        return True

    def call(self, *args: str, data: str | None = None) -> str:
        """Return what ``ceph <args>`` answers. Raises CephError."""
        return self._ask(_ceph(*args), data, _shown(*args))[0]

    def json(self, *args: str) -> Any:
        """Return what ``ceph <args>`` answers in JSON. Raises CephError."""
        return self._documents(_ceph(*args, "--format", "json"), None, _shown(*args), 1)[0]

    def json_all(self, *commands: str) -> list[Any]:
        """Return what several commands that change nothing answer in JSON, asked in one call. Raises CephError.

        Without a command of its own ``ceph`` reads one a line; one that fails leaves its status 0.
        """
        text = "".join(f"{command}\n" for command in commands)
        shown = "; ".join(f"ceph {command}" for command in commands)
        return self._documents(_ceph("--format", "json"), text, shown, len(commands))

    def rbd(self, *args: str) -> None:
        """Call ``rbd <args>``. Raises CephError, also where it complains and ends with status 0, as ``pool init``."""
        shown = shlex.join(["rbd", *args])
        _out, err = self._ask(["rbd", *args], None, shown)
        complaints = [line for line in err.splitlines() if line.startswith("rbd: ")]
        if complaints:
            raise self._error(shown, 0, complaints[-1])

    def rbd_json(self, *args: str) -> Any:
        """Return what ``rbd <args>`` answers in JSON. Raises CephError."""
        return self._documents(["rbd", *args, "--format", "json"], None, shlex.join(["rbd", *args]), 1)[0]

    def with_manager(self, *commands: str) -> list[Any]:
        """Return ``json_all(*commands)``. Raises CephError also when no manager is active.

        A command for the managers would wait for one for ever, so none may be among ``commands``.
        """
        state, *found = self.json_all("mgr stat", *commands)
        if not state["available"]:
            raise CephError(
                f"{self.host}: the Ceph cluster {self.fsid} has no active manager. Look at 'systemctl list-units "
                f"ceph-{self.fsid}@mgr*' on the managers' hosts, start one and run again."
            )
        return found

    def carry_out(self, steps: Iterable[Step]) -> None:
        """Do what a plan says. Raises CephError."""
        for step in steps:
            if step.program == "rbd":
                self.rbd(*step.args)
            else:
                self.call(*step.args, data=step.data)

    def _ask(self, words: list[str], data: str | None, shown: str) -> tuple[str, str]:
        shell = ["cephadm", "--image", self.image, "shell", "--fsid", self.fsid, *self._monitor()]
        argv = [*shell, "--", *words]
        status, out, err = self._run(argv, data)
        if status != 0:
            raise self._error(shown, status, err or out)
        return out, err

    def _monitor(self) -> list[str]:
        """Return the option that names this host's monitor, if it has one.

        Without it cephadm looks for one by itself, and asks Docker for the memory of every container on the way, which
        takes seconds.
        """
        found = sorted((self._root / DATA.lstrip("/") / self.fsid).glob("mon.*"))
        return ["--name", found[0].name] if found else []

    def _documents(self, words: list[str], data: str | None, shown: str, count: int) -> list[Any]:
        out, err = self._ask(words, data, shown)
        if re.search(r"^Error \w+: ", err, re.MULTILINE):
            raise self._error(shown, 0, err)
        decoder, found, rest = json.JSONDecoder(), [], out.lstrip()
        try:
            while rest:
                document, end = decoder.raw_decode(rest)
                found.append(document)
                rest = rest[end:].lstrip()
        except ValueError:
            # What is cut off in the middle may hold a key.
            said = "JSON that is cut off" if rest[0] in "{[" else f"no JSON: '{rest.splitlines()[0][:80]}'"
            raise self._error(shown, 0, said) from None
        if len(found) != count:
            raise self._error(shown, 0, f"{len(found)} answers in JSON instead of {count}")
        return found

    def _error(self, shown: str, status: int, err: str) -> CephError:
        if status == 127 and err.startswith("cephadm:"):
            return CephError(f"{self.host}: {reason(err)}. Run playbooks/deploy_ceph.yml, which installs cephadm.")
        if SILENT.search(err):
            conf = self._root / CONF.lstrip("/")
            known = ", ".join(monitors(conf.read_text(errors="replace"))) if conf.is_file() else ""
            return CephError(
                f"{self.host}: no monitor of the Ceph cluster {self.fsid} answered within {TIMEOUT} s "
                f"({known or f'{CONF} names none'}). See that more than half of their hosts run and reach one another, "
                f"and look at 'systemctl list-units ceph-{self.fsid}@mon*' there; then run again."
            )
        return CephError(
            f"{self.host}: '{shown}' ended with status {status}: {reason(err)}. "
            f"Look at 'cephadm shell --fsid {self.fsid} -- ceph -s' on {self.host}, mend the cause and run again."
        )


def _ceph(*args: str) -> list[str]:
    return ["ceph", "--connect-timeout", str(TIMEOUT), *args]


def _shown(*args: str) -> str:
    return shlex.join(["ceph", *args])


def reason(error: str) -> str:
    """Return the part of a failed command's error output that says why.

    ``ceph`` says ``Error <code>: <why>``, with hints in further lines; a defect in a manager's module comes as a
    traceback. Docker ends with a hint.

    >>> reason("Inferring config\\nError EINVAL: Failed to connect to sto-1.\\nLog: Opening SSH connection\\n")
    'Error EINVAL: Failed to connect to sto-1. Log: Opening SSH connection'
    >>> reason("Error EINVAL: Traceback (most recent call last):\\n  File ...\\nKeyError: 'x'\\n")
    "KeyError: 'x'"
    >>> reason("docker: no such image.\\nSee 'docker run --help'.\\n")
    'docker: no such image'
    """
    lines = [line.strip() for line in error.splitlines() if line.strip() and not line.startswith("See '")]
    if not lines:
        return "no message"
    begins = [number for number, line in enumerate(lines) if re.match(r"Error \w+: ", line)]
    whole = bool(begins) and "Traceback" not in lines[begins[-1]]
    text = " ".join(lines[begins[-1] :] if whole else lines[-1:]).rstrip(".")
    return text if len(text) <= LONGEST_REASON else f"{text[:LONGEST_REASON]} [...]"


def monitors(conf: str) -> list[str]:
    """Return the addresses of the monitors that a ceph.conf lists, each once.

    >>> monitors("[global]\\n\\tmon_host = [v2:[fd00::1]:3300/0,v1:[fd00::1]:6789/0] [v2:[fd00::2]:3300/0]\\n")
    ['[fd00::1]', '[fd00::2]']
    """
    line = re.search(r"^\s*mon[ _]host\s*=(.*)$", conf, re.MULTILINE)
    return list(dict.fromkeys(re.findall(r"v[12]:(\[[^\]]+\]|[^:,\s\]]+):", line[1]))) if line else []


def difference(title: str, before: Any, after: Any) -> list[dict[str, str]]:
    """Return Ansible's diff between two values, of which None is an absent one; empty when they are equal."""
    if before == after:
        return []
    return [
        {
            "before_header": title if before is not None else "(absent)",
            "after_header": title if after is not None else "(absent)",
            "before": "" if before is None else as_text(before),
            "after": "" if after is None else as_text(after),
        }
    ]


def as_text(value: Any, indent: str = "") -> str:
    """Return a value of dicts, lists and scalars as YAML, for people.

    >>> print(as_text({"placement": {"hosts": ["a", "b"]}, "unmanaged": True}), end="")
    placement:
      hosts:
        - a
        - b
    unmanaged: true
    """
    pairs = value.items() if isinstance(value, dict) else [(None, item) for item in value]
    text = ""
    for key, item in pairs:
        head = f"{indent}-" if key is None else f"{indent}{key}:"
        if isinstance(item, (dict, list)) and item:
            text += f"{head}\n{as_text(item, f'{indent}  ')}"
        else:
            text += f"{head} {item if isinstance(item, str) else json.dumps(item)}\n"
    return text
