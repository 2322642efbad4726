"""The running lab as an operator has it."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from armature.load import load_site

REPOSITORY = Path(__file__).parents[2]


class Lab:
    """The lab as an operator has it: make, ssh, and what the playbooks print."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.inventory = REPOSITORY / "inventories" / name
        self.site = load_site(self.inventory / "site.yml")
        self.hosts = list(self.site.hosts)
        self.host = self.hosts[0]
        self.state = Path("/var/lib/armature", name)
        self.build = REPOSITORY / "build" / name

    def make(self, target: str) -> str:
        """Run a make target to its end and return what it printed."""
        return self._run(["make", "--no-print-directory", target, f"SITE={self.name}"])

    def play(self, playbook: str, *arguments: str, site: Path | None = None) -> str:
        """Run a playbook to its end, for another ``site`` file if there is one, and return what it printed."""
        return self._run(self._playbook(playbook, site, *arguments))

    def play_that_fails(self, playbook: str, *arguments: str, site: Path | None = None) -> str:
        """Run a playbook that must fail and return what it printed, with its lines joined."""
        result = self._result(self._playbook(playbook, site, *arguments))
        assert result.returncode != 0, f"{playbook} passed:\n{result.stdout[-4000:]}"
        # Ansible prints YAML, where a quoted line has its apostrophes twice.
        return " ".join(result.stdout.split()).replace("''", "'")

    def _playbook(self, playbook: str, site: Path | None, *arguments: str) -> list[str]:
        program = str(REPOSITORY / ".venv/bin/ansible-playbook")
        return [program, "-i", str(site or self.inventory / "site.yml"), f"playbooks/{playbook}", *arguments]

    def variant(self, folder: Path, change: Callable[[dict[str, Any]], None]) -> Path:
        """Write the lab's inventory to ``folder``, its site changed, and return the path of its site.yml."""
        target = folder / self.name
        shutil.copytree(self.inventory, target, ignore=shutil.ignore_patterns("secrets"))
        tree = yaml.safe_load((target / "site.yml").read_text())
        change(tree)
        (target / "site.yml").write_text(yaml.safe_dump(tree, sort_keys=False))
        return target / "site.yml"

    def _run(self, argv: list[str]) -> str:
        result = self._result(argv)
        assert result.returncode == 0, f"{' '.join(argv)} failed:\n{result.stdout[-4000:]}"
        return result.stdout

    @staticmethod
    def _result(argv: list[str]) -> subprocess.CompletedProcess[str]:
        out = subprocess.PIPE
        return subprocess.run(
            argv, cwd=REPOSITORY, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, text=True, check=False
        )

    def start(self, target: str) -> subprocess.Popen[bytes]:
        """Start a make target in a process group of its own."""
        argv, out = ["make", "--no-print-directory", target, f"SITE={self.name}"], subprocess.DEVNULL
        return subprocess.Popen(argv, cwd=REPOSITORY, stdout=out, stderr=out, start_new_session=True)

    def ssh(self, *command: str, host: str | None = None) -> str:
        """Run a command on a host of the lab, its first one unless told otherwise."""
        argv = self.ssh_argv(*command, host=host)
        return subprocess.run(
            argv, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=300
        ).stdout

    def ssh_argv(self, *command: str, host: str | None = None) -> list[str]:
        """Return the command line that runs a command on a host of the lab."""
        known_hosts = f"UserKnownHostsFile={self.state}/known_hosts"
        options = ["-i", str(self.state / "id_ed25519"), "-o", known_hosts, "-o", "BatchMode=yes"]
        return ["ssh", *options, f"root@{host or self.host}", *command]

    def containers(self, host: str | None = None) -> dict[str, tuple[str, str]]:
        """Return container -> (id, start time) of those that run on a host, the first one unless told otherwise."""
        names = self.ssh("docker", "ps", "--quiet", host=host).split()
        # cephadm's own come and go: one that has gone meanwhile is said on standard error, and the rest is there.
        inspected = json.loads(self.ssh("docker", "inspect", *names, "||", "true", host=host)) if names else []
        return {item["Name"].strip("/"): (item["Id"], item["State"]["StartedAt"]) for item in inspected}

    def wait_healthy(self, seconds: int = 300) -> None:
        """Wait until no container is starting or unhealthy."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            states = self.ssh("docker", "ps", "--format", "'{{.Names}} {{.Status}}'")
            if not re.search(r"unhealthy|starting|Restarting", states):
                return
            time.sleep(3)
        pytest.fail(f"containers are not healthy after {seconds} s:\n{states}")

    def kill_group(self, process: subprocess.Popen[bytes]) -> None:
        """End a run the hard way, as a lost terminal or the OOM killer would."""
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
