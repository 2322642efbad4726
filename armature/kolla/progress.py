"""Live progress of a run: a moving line on a terminal, a line a service anywhere else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

from armature.kolla.events import Run, duration


def terminal_of(pid: int) -> str | None:
    """The terminal that process ``pid`` writes to, or None.

    An action plugin's process has no terminal of its own (ansible-core 2.19 detaches it); its parent may have one.
    Source: proc_pid_fd(5).
    """
    try:
        target = os.readlink(f"/proc/{pid}/fd/1")
    except OSError:
        return None
    return target if target.startswith(("/dev/pts/", "/dev/tty")) else None


@contextmanager
def progress(run: Run, title: str, terminal: str | None, say: Callable[[str], None]) -> Iterator[Callable[..., None]]:
    """Yield a function that takes new events, feeds them to ``run`` and shows what goes on.

    ``say`` prints a line where there is no ``terminal``.
    """
    started = time.monotonic()
    if terminal is None:

        def show(events: list[dict[str, Any]]) -> None:
            for event in events:
                line = run.feed(event)
                if line:
                    say(f"  {duration(time.monotonic() - started):>8}  {line}")

        yield show
        return

    descriptor = os.open(terminal, os.O_WRONLY | os.O_NOCTTY)
    with os.fdopen(descriptor, "w") as stream:
        console = Console(file=stream, force_terminal=True, width=_width(stream.fileno()), highlight=False)
        with Live(console=console, transient=True, refresh_per_second=4) as live:

            def update(events: list[dict[str, Any]]) -> None:
                for event in events:
                    line = run.feed(event)
                    if line:
                        console.print(f"  {line}", markup=False)
                live.update(_lines(run, title, time.monotonic() - started))

            yield update


def tell(terminal: str | None, message: str) -> None:
    """Write a last line to the terminal, when the ansible-playbook that would print it has stopped listening."""
    if terminal is not None:
        descriptor = os.open(terminal, os.O_WRONLY | os.O_NOCTTY)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(f"{message}\r\n")


def _width(descriptor: int) -> int:
    try:
        return os.get_terminal_size(descriptor).columns or 100
    except OSError:
        return 100


def _lines(run: Run, title: str, elapsed: float) -> Table:
    table = Table.grid(padding=(0, 2), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
    table.add_row(title, f"{duration(elapsed)}, {run.results} results, {run.changed} changed")
    table.add_row(run.service, f"{run.task}  {run.host}".rstrip())
    return table


def open_log(folder: Path, command: str) -> Path:
    """A new log's path in ``folder``, named after the command and the time (UTC)."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder / f"{command}-{time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())}.log"
