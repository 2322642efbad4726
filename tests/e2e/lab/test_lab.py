"""A lab that is disturbed converges, and one that is not is left alone."""

from __future__ import annotations

import re
import time

import pytest
from running_lab import Lab


def changed(output: str) -> dict[str, int]:
    """Return host -> number of changed tasks, over every recap of a run."""
    counts: dict[str, int] = {}
    for host, number in re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", output, re.MULTILINE):
        counts[host] = counts.get(host, 0) + int(number)
    return counts


def test_a_second_run_changes_nothing(lab: Lab) -> None:
    before = lab.containers()
    output = lab.make("lab")
    assert set(changed(output).values()) == {0}, output[-3000:]
    assert "Nothing changed: kolla-ansible has nothing to do." in output
    assert lab.containers() == before


@pytest.mark.long
def test_a_deleted_container_comes_back(lab: Lab) -> None:
    lab.ssh("docker", "rm", "--force", "glance_api")
    output = lab.make("lab")
    assert "container glance_api is missing" in output
    lab.wait_healthy()
    assert "glance_api" in lab.containers()


@pytest.mark.long
def test_a_restarted_host_comes_back(lab: Lab) -> None:
    before = set(lab.containers())
    lab.make("lab-stop")
    lab.make("lab")
    lab.wait_healthy()
    assert set(lab.containers()) == before


@pytest.mark.long
def test_a_killed_run_is_taken_up_again(lab: Lab) -> None:
    lab.ssh("docker", "rm", "--force", "placement_api", "heat_api")
    run = lab.start("lab")
    try:
        deadline = time.monotonic() + 1800
        while "placement_api" not in lab.containers() and time.monotonic() < deadline:
            assert run.poll() is None, "the run ended before it could be killed"
            time.sleep(2)
    finally:
        lab.kill_group(run)
    lab.make("lab")
    lab.wait_healthy()
    assert {"placement_api", "heat_api"} <= set(lab.containers())
