"""What makes kolla-ansible run again."""

import copy
from collections.abc import Callable
from typing import Any

import pytest

from armature.kolla.applied import differences


def container(**more: str) -> dict[str, str]:
    same = {"id": "c1", "image": "x/keystone:1", "image_id": "i1", "wanted_image_id": "i1", "state": "running"}
    return {**same, "health": "healthy", "started_at": "2026-01-01", **more}


def host() -> dict[str, Any]:
    return {"containers": {"keystone": container()}, "files": {"/etc/kolla/keystone": "h1"}}


APPLIED = {"inputs": "abc", "hosts": {"ctl-0": host()}}


def test_nothing_differs():
    assert differences(APPLIED, "abc", {"ctl-0": host()}) == []


def test_no_record():
    assert differences(None, "abc", {"ctl-0": host()}) == ["No successful run is on record."]


def test_other_inputs():
    assert differences(APPLIED, "abd", {"ctl-0": host()}) == [
        "The configuration, the passwords or kolla-ansible changed."
    ]


def of_container(**more: str) -> Callable[[dict[str, Any]], None]:
    return lambda state: state["containers"]["keystone"].update(more)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda state: state["containers"].clear(), ["ctl-0: container keystone is missing."]),
        (of_container(state="exited"), ["ctl-0: container keystone is exited, not running."]),
        (of_container(health="unhealthy"), ["ctl-0: container keystone is unhealthy."]),
        (of_container(id="c2"), ["ctl-0: container keystone or its image is not the one that was started."]),
        (
            of_container(wanted_image_id="i2"),
            ["ctl-0: container keystone or its image is not the one that was started."],
        ),
        (of_container(health="starting", started_at="2026-02-02"), []),
        (
            lambda state: state["containers"].update(nova_api=container()),
            ["ctl-0: container nova_api was added."],
        ),
        (
            lambda state: state["files"].update({"/etc/kolla/keystone": "h2"}),
            ["ctl-0: /etc/kolla/keystone is not as it was written."],
        ),
        (lambda state: state["files"].clear(), ["ctl-0: /etc/kolla/keystone is not as it was written."]),
    ],
)
def test_a_host_that_differs(change: Callable[[dict[str, Any]], None], expected: list[str]):
    state = copy.deepcopy(host())
    change(state)
    assert differences(APPLIED, "abc", {"ctl-0": state}) == expected


def test_hosts_that_come_and_go():
    assert differences(APPLIED, "abc", {"ctl-1": host()}) == [
        "ctl-1: the last run did not know this host.",
        "ctl-0: the host left the site.",
    ]
