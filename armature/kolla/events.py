"""What a kolla-ansible run did, folded from the events of plugins/callback/kolla_events.py."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

TERSE = ("non-zero return code", "MODULE FAILURE", "One or more items failed", "Module result deserialization failed")
"""Messages of Ansible that say nothing without the program's own output."""
EXITED = "Container exited with non-zero return code"
"""Message of kolla_container; the container is gone by then, and its output is in the result.
Source: ansible/module_utils/kolla_docker_worker.py, 22.2.0."""

WIDTH = 37
"""Columns of a service's name: the longest play without a role is "Group hosts based on configuration"."""


@dataclass
class Totals:
    """What became of a service's tasks, over all hosts."""

    seconds: float = 0.0
    ok: int = 0
    changed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return f"{duration(self.seconds):>8}  ok {self.ok}, changed {self.changed}, failed {self.failed}"


@dataclass(frozen=True)
class Failure:
    """A task that ended the run on a host."""

    service: str
    host: str
    task: str
    reason: str
    container: str = ""

    def __str__(self) -> str:
        container = f"\n  container: {self.container} (logs: /var/log/kolla on {self.host})" if self.container else ""
        reason = self.reason.replace("\n", "\n             ")
        return (
            f"  service:   {self.service}\n  host:      {self.host}{container}\n  task:      {self.task}\n"
            f"  reason:    {reason}"
        )


@dataclass
class Run:
    """The state of a run after the events fed so far."""

    service: str = ""
    task: str = ""
    host: str = ""
    results: int = 0
    services: dict[str, Totals] = field(default_factory=dict)
    stats: dict[str, dict[str, int]] = field(default_factory=dict)
    _failures: dict[str, Failure] = field(default_factory=dict)
    _since: float = 0.0
    _started: Totals = field(default_factory=Totals)

    def feed(self, event: Mapping[str, Any]) -> str | None:
        """Take one event; returns a line about the service that has just ended, when one has."""
        line = None
        if event["event"] == "task":
            if event["service"] != self.service:
                line = self._end_service(event["at"])
                self.service, self._since = event["service"], event["at"]
                totals = self.services.setdefault(self.service, Totals())
                self._started = Totals(**vars(totals))
            self.task, self.host = event["task"], ""
        elif event["event"] == "result":
            self._take_result(event)
        elif event["event"] == "stats":
            line = self._end_service(event["at"])
            self.service, self.stats = "", event["hosts"]
        return line

    def _take_result(self, event: Mapping[str, Any]) -> None:
        self.results += 1
        self.host = event["host"]
        totals = self.services.setdefault(event["service"], Totals())
        status = event["status"]
        if status in ("failed", "unreachable"):
            totals.failed += 1
            self._failures[event["host"]] = Failure(
                event["service"], event["host"], event["task"], reason(event["result"]), event.get("container", "")
            )
        elif status == "skipped":
            totals.skipped += 1
        else:
            totals.ok += 1
            totals.changed += status == "changed"

    def _end_service(self, at: float) -> str | None:
        if not self.service:
            return None
        totals, before = self.services[self.service], self._started
        totals.seconds += at - self._since
        now = Totals(
            at - self._since,
            totals.ok - before.ok,
            totals.changed - before.changed,
            totals.failed - before.failed,
            totals.skipped - before.skipped,
        )
        return f"{self.service:<{WIDTH}} {now}" if now.ok or now.failed else None

    @property
    def changed(self) -> int:
        """Number of task results that changed something."""
        return sum(totals.changed for totals in self.services.values())

    @property
    def failures(self) -> list[Failure]:
        """The task that ended the run, of each host that it failed on.

        A failure that the run rescued is not one of them: only the hosts that the final statistics count as failed.
        """
        failed = {host for host, counts in self.stats.items() if counts["failures"] or counts["unreachable"]}
        return [failure for host, failure in self._failures.items() if host in failed or not self.stats]

    def summary(self) -> list[str]:
        """Lines of a table: each service that did something, slowest first, and the total."""
        done = sorted(self.services.items(), key=lambda item: -item[1].seconds)
        lines = [f"{name:<{WIDTH}} {totals}" for name, totals in done if totals.ok or totals.failed]
        total = Totals()
        for _, totals in done:
            total = Totals(**{name: value + getattr(totals, name) for name, value in vars(total).items()})
        return [*lines, f"{'total':<{WIDTH}} {total}"]


def reason(result: Mapping[str, Any], lines: int = 8) -> str:
    """Why a task failed, from its result: the message, with the end of the program's output when that says more.

    >>> reason({"msg": "non-zero return code", "stderr": "no such file"})
    'non-zero return code\\nno such file'
    """
    items = [item for item in result.get("results", ()) if item.get("failed") or item.get("unreachable")]
    if items:
        return "\n".join(_of_item(item, lines) for item in items[:3])
    message = str(result.get("censored") or result.get("msg") or "").strip()
    if message.startswith(EXITED):
        return "\n".join([message, *_end(result.get("stderr"), lines), *_end(result.get("stdout"), lines)])
    if not message or message.startswith(TERSE):
        outputs = (_end(result.get(key), lines) for key in ("stderr", "module_stderr", "stdout", "module_stdout"))
        message = "\n".join(filter(None, [message, *next(filter(None, outputs), [])]))
    return message or "Ansible gave no reason; the log has the whole result."


def _of_item(item: Mapping[str, Any], lines: int) -> str:
    text = reason(item, lines)
    label = str(item.get("label") or "")
    return f"{label}: {text}" if label else text


def _end(output: Any, lines: int) -> list[str]:
    return output.strip().splitlines()[-lines:] if isinstance(output, str) else []


def duration(seconds: float) -> str:
    """Minutes and seconds.

    >>> duration(448.4)
    '7m 28s'
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}m {rest:02d}s" if minutes else f"{rest}s"


def last_lines(log: Iterable[str], count: int = 15) -> str:
    """The last ``count`` lines of a log that say something, without terminal colours."""
    kept = [line.rstrip() for line in log if line.strip()]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(kept[-count:]))
