"""What the tests of every scenario share. Each runs with the connection settings of the scenario's site."""

import json
import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Run:
    """What a playbook did: its exit status, its counts by host, and every result of a task as (task, host, result)."""

    status: int
    counts: dict[str, dict[str, int]]
    results: list[tuple[str, str, dict[str, Any]]]

    @property
    def changes(self) -> list[str]:
        return [f"{host}: {task}" for task, host, result in self.results if result.get("changed")]

    @property
    def messages(self) -> list[str]:
        return [result.get("msg", "") for _task, _host, result in self.results if result.get("failed")]


@pytest.fixture(scope="session")
def play() -> Callable[..., Run]:
    """Run a playbook of the scenario: its file name, then options of ansible-playbook."""

    def run(playbook: str, *options: str) -> Run:
        scenario = Path(os.environ["MOLECULE_SCENARIO_DIRECTORY"])
        done = subprocess.run(
            ["ansible-playbook", "--inventory", os.environ["ARMATURE_INVENTORY"], *options, str(scenario / playbook)],
            env={**os.environ, "ANSIBLE_STDOUT_CALLBACK": "ansible.posix.json"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert "{" in done.stdout, done.stdout + done.stderr
        # What other callbacks print stands before or after the report.
        report, _end = json.JSONDecoder().raw_decode(done.stdout[done.stdout.index("{") :])
        results = [
            (task["task"]["name"], host, result)
            for one in report["plays"]
            for task in one["tasks"]
            for host, result in task["hosts"].items()
        ]
        return Run(done.returncode, report["stats"], results)

    return run
