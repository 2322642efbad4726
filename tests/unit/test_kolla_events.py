"""Events of a run -> progress, summary, report of a failure."""

from typing import Any

import pytest

from armature.kolla.events import Run, duration, last_lines, reason


def task(at: float, service: str, name: str = "Copy configuration") -> dict[str, Any]:
    return {"at": at, "event": "task", "service": service, "task": name}


def result(at: float, service: str, status: str, host: str = "ctl-0", **more: Any) -> dict[str, Any]:
    event = {"at": at, "event": "result", "service": service, "task": "Copy configuration", "status": status}
    return {**event, "host": host, "result": {}, **more}


def stats(at: float, **hosts: dict[str, int]) -> dict[str, Any]:
    return {"at": at, "event": "stats", "hosts": hosts}


def counts(failures: int = 0, unreachable: int = 0) -> dict[str, int]:
    return {"ok": 1, "changed": 0, "failures": failures, "unreachable": unreachable}


def feed(*events: dict[str, Any]) -> tuple[Run, list[str]]:
    run = Run()
    return run, [line for event in events if (line := run.feed(event))]


def test_each_service_is_summed_up_when_the_next_begins():
    run, lines = feed(
        task(0, "keystone"),
        result(1, "keystone", "ok"),
        result(2, "keystone", "changed", host="ctl-1"),
        task(60, "glance"),
        result(61, "glance", "ok"),
        stats(70, **{"ctl-0": counts()}),
    )
    assert [" ".join(line.split()) for line in lines] == [
        "keystone 1m 00s ok 2, changed 1, failed 0",
        "glance 10s ok 1, changed 0, failed 0",
    ]
    assert run.changed == 1
    assert [" ".join(line.split()) for line in run.summary()] == [
        "keystone 1m 00s ok 2, changed 1, failed 0",
        "glance 10s ok 1, changed 0, failed 0",
        "total 1m 10s ok 3, changed 1, failed 0",
    ]


def test_a_service_that_comes_back_adds_up():
    run, lines = feed(
        task(0, "nova"), result(1, "nova", "ok"), task(5, "neutron"), result(6, "neutron", "ok"), task(10, "nova"),
        result(11, "nova", "changed"), stats(12, **{"ctl-0": counts()}),
    )  # fmt: skip
    assert run.services["nova"].seconds == 7
    assert " ".join(lines[-1].split()) == "nova 2s ok 1, changed 1, failed 0"


def test_a_service_whose_tasks_were_all_skipped_is_not_shown():
    run, lines = feed(task(0, "aodh"), result(1, "aodh", "skipped"), stats(2, **{"ctl-0": counts()}))
    assert lines == []
    assert run.summary() == [f"{'total':<37}       2s  ok 0, changed 0, failed 0"]


def test_the_moving_line_names_service_task_and_host():
    run, _ = feed(task(0, "nova", "Start nova-api"), result(1, "nova", "ok", host="ctl-2"))
    assert (run.service, run.task, run.host, run.results) == ("nova", "Start nova-api", "ctl-2", 1)


def test_a_failure_names_service_host_container_task_and_reason():
    run, _ = feed(
        task(0, "glance"),
        result(1, "glance", "failed", container="glance_api", result={"msg": "Timed out\nwaiting"}),
        stats(2, **{"ctl-0": counts(failures=1)}),
    )
    assert [str(failure) for failure in run.failures] == [
        "  service:   glance\n  host:      ctl-0\n  container: glance_api (logs: /var/log/kolla on ctl-0)\n"
        "  task:      Copy configuration\n"
        "  reason:    Timed out\n             waiting"
    ]


@pytest.mark.parametrize(
    ("final", "hosts"),
    [
        ({"ctl-0": counts(), "ctl-1": counts(failures=1)}, ["ctl-1"]),
        ({"ctl-0": counts(), "ctl-1": counts(unreachable=1)}, ["ctl-1"]),
        ({"ctl-0": counts(), "ctl-1": counts()}, []),
    ],
)
def test_a_rescued_failure_is_no_failure(final: dict[str, dict[str, int]], hosts: list[str]):
    run, _ = feed(result(1, "a", "failed"), result(1, "a", "unreachable", host="ctl-1"), stats(2, **final))
    assert [failure.host for failure in run.failures] == hosts


def test_failures_count_when_the_run_ended_without_statistics():
    run, _ = feed(task(0, "a"), result(1, "a", "failed"))
    assert [failure.host for failure in run.failures] == ["ctl-0"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ({"msg": "Container is gone"}, "Container is gone"),
        ({"msg": "Container is gone", "stderr": "noise"}, "Container is gone"),
        ({"msg": "non-zero return code", "stderr": "a\nb"}, "non-zero return code\na\nb"),
        ({"msg": "non-zero return code", "stderr": "", "stdout": "c"}, "non-zero return code\nc"),
        ({"msg": "MODULE FAILURE: see stderr", "module_stderr": "Traceback"}, "MODULE FAILURE: see stderr\nTraceback"),
        (
            {"msg": "Container exited with non-zero return code 1", "stderr": "a\nb\n", "stdout": "c\n"},
            "Container exited with non-zero return code 1\na\nb\nc",
        ),
        ({"censored": "the output has been hidden", "msg": "x"}, "the output has been hidden"),
        ({}, "Ansible gave no reason; the log has the whole result."),
        (
            {
                "msg": "One or more items failed",
                "results": [{"failed": True, "msg": "no", "label": "nova"}, {"msg": "ok"}],
            },
            "nova: no",
        ),
        ({"results": [{"failed": True, "msg": "no"}]}, "no"),
    ],
)
def test_reason(outcome: dict[str, Any], expected: str):
    assert reason(outcome) == expected


@pytest.mark.parametrize(("seconds", "text"), [(0, "0s"), (59.4, "59s"), (59.6, "1m 00s"), (3725, "62m 05s")])
def test_duration(seconds: float, text: str):
    assert duration(seconds) == text


def test_last_lines_drops_empty_lines_and_colours():
    assert last_lines(["a\n", "\n", "\x1b[0;31mb\x1b[0m\n", "c\n"], 2) == "b\nc"
