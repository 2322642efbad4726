"""A run is followed, locked, and ended whole."""

import json
import multiprocessing
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from armature.kolla import KollaError
from armature.kolla.lock import site_lock
from armature.kolla.process import InterruptedRunError, interruptible, run

EVENTS = """
import json, sys, time
with open(sys.argv[1], "a") as stream:
    for number in range(3):
        stream.write(json.dumps({"number": number}) + "\\n")
        stream.flush()
        time.sleep(0.1)
print("out")
print("err", file=sys.stderr)
sys.exit(4)
"""
# Like kolla-ansible: a leader that waits for a child of its own, which has a worker in a session of its own.
TREE = """
import os, signal, subprocess, sys, time
if sys.argv[2] == "leader":
    sys.exit(subprocess.run([sys.executable, __file__, sys.argv[1], "playbook"]).returncode)
if sys.argv[2] == "playbook":
    worker = subprocess.Popen([sys.executable, __file__, sys.argv[1], "worker"], start_new_session=True)
    with open(sys.argv[1], "a") as stream:
        stream.write('{"pids": [%d, %d]}\\n' % (os.getpid(), worker.pid))
    try:
        time.sleep(60)
    except KeyboardInterrupt:
        print("interrupted in an orderly way", flush=True)
        sys.exit(99)
time.sleep(60)
"""


def start(tmp_path: Path, source: str, *more: str, on_events: Any, keep_open: tuple[int, ...] = ()) -> int:
    script = tmp_path / "script.py"
    script.write_text(source)
    events = tmp_path / "events"
    line = [sys.executable, str(script), str(events), *more]
    return run(line, dict(os.environ), tmp_path, tmp_path / "log", events, on_events, keep_open)


def ended(pid: int) -> bool:
    """Whether the process is gone, at the latest a second from now."""
    for _ in range(20):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_events_arrive_and_output_is_logged(tmp_path: Path):
    seen: list[dict[str, Any]] = []
    assert start(tmp_path, EVENTS, on_events=seen.extend) == 4
    assert seen == [{"number": 0}, {"number": 1}, {"number": 2}]
    assert (tmp_path / "log").read_text() == "out\nerr\n"
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in ("log", "events")} == {0o600}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_child_and_everything_below_it(tmp_path: Path, number: signal.Signals):
    pids: list[int] = []

    def interrupt(events: list[dict[str, Any]]) -> None:
        for event in events:
            pids.extend(event["pids"])
            os.kill(os.getpid(), number)

    with pytest.raises(InterruptedRunError, match=f"ended by {number.name}"), interruptible():
        start(tmp_path, TREE, "leader", on_events=interrupt)
    assert len(pids) == 2
    assert all(ended(pid) for pid in pids)
    assert (tmp_path / "log").read_text() == "interrupted in an orderly way\n"


def test_the_handlers_are_as_before(tmp_path: Path):
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with interruptible():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def _parent(tmp_path: Path, pids: Any) -> None:
    # Its child runs the program and reports; then this parent is gone.
    context = multiprocessing.get_context("fork")
    child = context.Process(target=_orphan, args=(tmp_path, pids))
    child.start()
    time.sleep(1.5)
    os._exit(0)


def _orphan(tmp_path: Path, pids: Any) -> None:
    def note(events: list[dict[str, Any]]) -> None:
        for event in events:
            pids.extend(event["pids"])

    try:
        start(tmp_path, TREE, "leader", on_events=note)
    except InterruptedRunError as error:
        (tmp_path / "ended").write_text(str(error))
    os._exit(0)


def test_the_child_ends_when_the_parent_is_gone(tmp_path: Path):
    context = multiprocessing.get_context("fork")
    with context.Manager() as manager:
        pids = manager.list()
        parent = context.Process(target=_parent, args=(tmp_path, pids))
        parent.start()
        parent.join()
        deadline = time.monotonic() + 20
        while not (tmp_path / "ended").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert (tmp_path / "ended").read_text() == "the ansible-playbook that started it is gone"
        assert len(pids) == 2
        assert all(ended(pid) for pid in pids)


def test_a_lock_is_held_once_and_says_by_whom(tmp_path: Path):
    path = tmp_path / "build" / "lock"
    with site_lock(path, "kolla-ansible deploy"):
        holder = json.loads(path.read_text())
        with pytest.raises(KollaError) as raised, site_lock(path, "another"):
            pass
    assert str(raised.value) == (
        f"{path}: {holder['user']} runs kolla-ansible deploy since {holder['since']} (process {os.getpid()}). "
        "Wait for it to end, then run the same command again."
    )
    with site_lock(path, "kolla-ansible deploy"):
        pass


def test_a_child_keeps_the_lock(tmp_path: Path):
    path = tmp_path / "lock"

    def ask(events: list[dict[str, Any]]) -> None:
        if events:
            with pytest.raises(KollaError), site_lock(path, "another"):
                pass

    with site_lock(path, "a run") as held:
        start(tmp_path, EVENTS, on_events=ask, keep_open=(held,))
