"""The running lab as an operator has it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
STATE = Path("/var/lib/armature/lab")
HOST = "lab-1"


class Lab:
    """The lab as an operator has it: make, ssh, and what the playbooks print."""

    def make(self, target: str, **environment: str) -> str:
        """Run a make target to its end and return what it printed."""
        result = subprocess.run(
            ["make", "--no-print-directory", target],
            cwd=REPOSITORY,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert result.returncode == 0, f"make {target} failed:\n{result.stdout[-4000:]}"
        return result.stdout

    def start(self, target: str) -> subprocess.Popen[bytes]:
        """Start a make target in a process group of its own."""
        out = subprocess.DEVNULL
        return subprocess.Popen(
            ["make", "--no-print-directory", target], cwd=REPOSITORY, stdout=out, stderr=out, start_new_session=True
        )

    def ssh(self, *command: str) -> str:
        """Run a command on the lab's host."""
        options = [
            "-i",
            str(STATE / "id_ed25519"),
            "-o",
            f"UserKnownHostsFile={STATE}/known_hosts",
            "-o",
            "BatchMode=yes",
        ]
        argv = ["ssh", *options, f"root@{HOST}", *command]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def containers(self) -> dict[str, tuple[str, str]]:
        """Return container -> (id, start time) of those that run."""
        names = self.ssh("docker", "ps", "--quiet").split()
        inspected = json.loads(self.ssh("docker", "inspect", *names))
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
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
