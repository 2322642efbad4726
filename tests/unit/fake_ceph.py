"""A runner in the place of a monitor's host: answers what is asked, and keeps what is changed."""

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph import Ceph

FSID = "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11"
IMAGE = "quay.io/ceph/ceph:v18.2.7"
SHELL = ["cephadm", "--image", IMAGE, "shell", "--fsid", FSID, "--"]
CEPH = [*SHELL, "ceph", "--connect-timeout", "20"]


class FakeCeph:
    """``answers`` has a command -> its answer, or a list of answers in their order of which the last one stays.

    ``failures`` has words of a command -> (status, error output). ``changes`` are argv and input of all other commands.
    """

    def __init__(self, root: Path, answers: dict[str, Any] | None = None) -> None:
        self.root = root
        self.answers = answers or {}
        self.failures: dict[str, tuple[int, str]] = {}
        self.reads: list[str] = []
        self.calls: list[list[str]] = []
        self.changes: list[tuple[list[str], str | None]] = []
        (root / "var/lib/ceph" / FSID).mkdir(parents=True)

    def ceph(self) -> Ceph:
        return Ceph(self.run, FSID, IMAGE, "ctl-0", self.root)

    def run(self, argv: list[str], data: str | None) -> tuple[int, str, str]:
        assert argv[: len(SHELL)] == SHELL
        self.calls.append(argv)
        for words, (status, err) in self.failures.items():
            if words in " ".join(argv):
                return status, "", err
        if argv == [*CEPH, "--format", "json"]:
            assert data is not None
            assert data.endswith("\n")
            # As the interactive program prints: each answer on its line, at the end an empty one.
            return 0, "".join(f"{json.dumps(self._answer(line))}\n" for line in data.splitlines()) + "\n", "said\n"
        if argv[-2:] == ["--format", "json"]:
            assert argv[: len(CEPH)] == CEPH
            assert data is None
            return 0, f"\n{json.dumps(self._answer(' '.join(argv[len(CEPH) : -2])))}", "Inferring config\n"
        self.changes.append((argv, data))
        return 0, "", ""

    def _answer(self, command: str) -> Any:
        self.reads.append(command)
        found = self.answers[command]
        if isinstance(found, Answers):
            return found.pop(0) if len(found) > 1 else found[0]
        return found

    def changed(self) -> list[list[str]]:
        """Return the changing commands from their program on."""
        for argv, _data in self.changes:
            assert argv[: len(SHELL)] == SHELL
        return [argv[len(SHELL) :] for argv, _data in self.changes]


class Answers(list[Any]):
    """Answers to one command, one after another."""


def no_cluster(root: Path) -> FakeCeph:
    """Return a host that has no part of the cluster."""
    fake = FakeCeph(root)
    (root / "var/lib/ceph" / FSID).rmdir()
    return fake


def ceph(*args: str) -> list[str]:
    """Return the words of a command of ``ceph`` in the shell."""
    return ["ceph", "--connect-timeout", "20", *args]
