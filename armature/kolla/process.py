"""A program that runs on the controller: followed while it runs, and ended whole."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

POLL = 0.2
"""Seconds between two looks at the events and at the process."""
GRACE = 20.0
"""Seconds that ansible-playbook has to end its own workers after an interrupt."""


class InterruptedRunError(Exception):
    """The run was ended from outside."""


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Turn the first SIGINT or SIGTERM into InterruptedRunError, so that the body can end its child.

    Ansible's worker would kill its own process group at once, of which the child is no member.
    """

    def interrupt(number: int, frame: object) -> None:
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, signal.SIG_IGN)
        raise InterruptedRunError(f"ended by {signal.Signals(number).name}")

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    argv: Sequence[str],
    env: Mapping[str, str],
    cwd: Path,
    log: Path,
    events: Path,
    on_events: Callable[[list[dict[str, Any]]], None],
    keep_open: Sequence[int] = (),
) -> int:
    """Run ``argv`` with its output in ``log``; returns its exit status.

    ``on_events`` gets the JSON objects that were appended to ``events`` since its last call (often none), every
    ``POLL`` seconds. Raises InterruptedRunError, with the child ended, on a signal (see ``interruptible``) and when the
    parent process is gone.
    """
    parent = os.getppid()
    for path in (log, events):
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    with log.open("ab") as output, events.open("rb") as stream:
        child = subprocess.Popen(  # noqa: S603
            list(argv),
            env=dict(env),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=tuple(keep_open),
        )
        try:
            rest = b""
            while child.poll() is None:
                if os.getppid() != parent:
                    raise InterruptedRunError("the ansible-playbook that started it is gone")
                rest = _deliver(rest + stream.read(), on_events)
                time.sleep(POLL)
            _deliver(rest + stream.read() + b"\n", on_events)
        except BaseException:
            end(child)
            raise
    return child.returncode


def _deliver(data: bytes, on_events: Callable[[list[dict[str, Any]]], None]) -> bytes:
    *lines, rest = data.split(b"\n")
    on_events([json.loads(line) for line in lines if line])
    return rest


def end(child: subprocess.Popen[bytes]) -> None:
    """End ``child``, a leader of its session, and every process below it.

    kolla-ansible kills its ansible-playbook a quarter of a second after an interrupt, which would leave the workers
    behind; so the interrupt goes to ansible-playbook itself. Source: subprocess.run in CPython 3.11.
    """
    below = _descendants(child.pid)
    for pid in _children(child.pid) or [child.pid]:
        _send(pid, signal.SIGINT)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pid, started in below.items():
        if _started(pid) == started:
            _send(pid, signal.SIGKILL)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _stat(pid: int) -> list[str]:
    """Fields of /proc/<pid>/stat after the name: state, parent, ... Source: proc_pid_stat(5)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _started(pid: int) -> str:
    fields = _stat(pid)
    return fields[19] if fields else ""


def _children(pid: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    return [other for other in pids if (fields := _stat(other)) and int(fields[1]) == pid]


def _descendants(pid: int) -> dict[int, str]:
    """Process id -> start time of every process below ``pid``; the time tells a process from a later one of its id."""
    found: dict[int, str] = {}
    for child in _children(pid):
        found[child] = _started(child)
        found |= _descendants(child)
    return found
