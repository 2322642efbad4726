"""The lab's Ceph cluster as its operator sees it."""

from __future__ import annotations

import json
import shlex
import time
from typing import Any

from running_lab import Lab


class Ceph:
    """The programs of Ceph, in a shell of cephadm's on the first host."""

    def __init__(self, lab: Lab) -> None:
        assert lab.site.ceph is not None, f"{lab.name} has no Ceph"
        self.lab = lab
        self.fsid = str(lab.site.ceph.fsid)
        self.image = lab.site.ceph.image

    def run(self, *command: str) -> str:
        """Run a program of Ceph's and return its output."""
        shell = ["cephadm", "--image", self.image, "shell", "--fsid", self.fsid, "--name", f"mon.{self.lab.host}"]
        argv = [*shell, "--", *command]
        return self.lab.ssh(shlex.join(argv))

    def ceph(self, *arguments: str) -> Any:
        """Return what a command of ceph(8) answers in JSON."""
        return json.loads(self.run("ceph", *arguments, "--format", "json"))

    def rbd(self, *arguments: str) -> Any:
        """Return what a command of rbd(8) answers in JSON."""
        return json.loads(self.run("rbd", *arguments, "--format", "json"))

    def health(self) -> str:
        """Return the cluster's health: HEALTH_OK, HEALTH_WARN or HEALTH_ERR."""
        return str(self.ceph("health")["status"])

    def wait_healthy(self, seconds: float = 420) -> None:
        """Wait until the cluster is well; fails with what it complains about."""
        deadline = time.monotonic() + seconds
        while self.health() != "HEALTH_OK":
            assert time.monotonic() < deadline, f"after {seconds} s: {self.run('ceph', 'health', 'detail')}"
            time.sleep(2)
