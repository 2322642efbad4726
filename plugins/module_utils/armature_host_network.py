# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""A host's networkd units, and a change of them that the host takes back by itself unless it is confirmed.

A change in steps: the earlier units are copied, a timer is armed that restores them, the new units are written, and a
second timer applies them after the module has answered, so that the answer never travels over a network that is just
being changed. Whoever can read the token that the apply step leaves behind has reached the host through the new
network, and may confirm with it. Both steps are small scripts, so that they need nothing but systemd.

Source: systemd.network(5), systemd.netdev(5), networkctl(1), systemd-run(1) of systemd 252 to 257.
"""

from __future__ import annotations

import fnmatch
import glob
import shlex
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.armature_files import Plan, apply, observe, plan, write

PREFIX = "10-armature-"
"""Of the names of all units that Armature owns."""

UNITS = "/etc/systemd/network"
STATE = "/var/lib/armature/host_network"
"""The unconfirmed change: previous/<unit>, apply, rollback, state. Absent when there is none."""

SUFFIXES = (".link", ".netdev", ".network")
TIMER = {"apply": "armature-network-apply", "rollback": "armature-network-rollback"}

APPLY_DELAY = 2
"""Seconds between the module's answer and the change: the answer must have reached the controller."""

Runner = Callable[[list], "tuple[int, str, str]"]
"""Runs a command (argv) and returns its exit status, output and error output."""


@dataclass(frozen=True)
class State:
    """What became of the latest change: ``none``, ``applying``, ``applied`` (with a token) or ``rolled_back``."""

    name: str
    token: str = ""

    @property
    def unconfirmed(self) -> bool:
        """Whether a rollback is armed, or was when the host went down."""
        return self.name in ("applying", "applied")


def read_state(root: Path = Path("/")) -> State:
    """Return the state of the latest change; one that was confirmed leaves no trace."""
    file = root / STATE.lstrip("/") / "state"
    if not file.is_file():
        return State("none")
    name, _space, token = file.read_text().strip().partition(" ")
    return State(name, token)


def settings(text: str) -> list[tuple[str, str, str]]:
    """Return (section, key, value) of every setting of a unit, in order.

    >>> settings("[Match]\\nName=eth0 eth1\\n# a comment\\n[Network]\\nVLAN=eth0.7\\n")
    [('Match', 'Name', 'eth0 eth1'), ('Network', 'VLAN', 'eth0.7')]
    """
    section, found = "", []
    for line in (raw.strip() for raw in text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif "=" in line and line[0] not in "#;":
            key, _equals, value = line.partition("=")
            found.append((section, key.strip(), value.strip()))
    return found


def matched_names(text: str) -> list[str]:
    """Return the names and patterns of a .network unit's ``Name=`` in ``[Match]``."""
    values = [value for section, key, value in settings(text) if (section, key) == ("Match", "Name")]
    return [name for value in values for name in value.split()]


def netdev_name(text: str) -> str | None:
    """Return the name of the device that a .netdev unit makes."""
    for section, key, value in settings(text):
        if (section, key) == ("NetDev", "Name"):
            return value
    return None


def claimed_links(units: dict[str, str]) -> list[str]:
    """Return the names and patterns of all links that the units (file name -> text) configure or make."""
    claimed = {name for unit, text in units.items() if unit.endswith(".network") for name in matched_names(text)}
    claimed |= {
        name for unit, text in units.items() if unit.endswith(".netdev") for name in [netdev_name(text)] if name
    }
    return sorted(claimed)


def matches(link: str, patterns: list[str]) -> bool:
    """Return whether a link's name meets one of ``patterns``."""
    return any(fnmatch.fnmatch(link, pattern) for pattern in patterns)


def stale_devices(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return the devices that must be deleted on the way from one set of units to the other.

    networkd neither deletes a device whose .netdev unit is gone nor changes one whose unit changed.
    """
    names = {unit: netdev_name(text) for unit, text in before.items() if unit.endswith(".netdev")}
    return sorted({name for unit, name in names.items() if name and after.get(unit) != before[unit]})


def affected_links(before: dict[str, str], after: dict[str, str], links: list[str]) -> list[str]:
    """Return those of ``links`` that a change touches: matched by a unit that differs, or below a device that does."""
    differing = sorted(unit for unit in {*before, *after} if before.get(unit) != after.get(unit))
    changed = [(unit, units[unit]) for units in (before, after) for unit in differing if unit in units]
    texts = [text for unit, text in changed if unit.endswith(".network")]
    devices = {netdev_name(text) for unit, text in changed if unit.endswith(".netdev")}
    for unit, text in after.items():
        if unit.endswith(".network") and any(
            section == "Network" and value in devices for section, _key, value in settings(text)
        ):
            texts.append(text)
    patterns = [pattern for text in texts for pattern in matched_names(text)]
    stale = set(stale_devices(before, after))
    return [link for link in links if link not in stale and matches(link, patterns)]


def apply_script(before: dict[str, str], after: dict[str, str], links: list[str], token: str) -> str:
    """Return the script that makes networkd follow the units ``after``, and leaves ``token`` behind when it has."""
    return _script(
        "Apply the new units. The token at the end is read and sent back over the new network: that confirms it.",
        [*_reload(before, after, links), f"echo {shlex.quote('applied ' + token)} > {STATE}/state"],
    )


def rollback_script(before: dict[str, str], after: dict[str, str], links: list[str]) -> str:
    """Return the script that puts the units ``before`` back in the place of ``after``, and applies them."""
    copies = [f"cp -p {STATE}/previous/{PREFIX}* {UNITS}/"] if before else []
    return _script(
        "Restore the earlier units. Runs when nobody confirmed the new ones in time.",
        [
            f"systemctl stop {TIMER['apply']}.timer || true",
            f"rm -f {UNITS}/{PREFIX}*",
            *copies,
            f"echo rolled_back > {STATE}/state",
            *_reload(after, before, links),
        ],
    )


def _reload(before: dict[str, str], after: dict[str, str], links: list[str]) -> list[str]:
    deletions = [f"networkctl delete {shlex.quote(device)} || true" for device in stale_devices(before, after)]
    udev = {unit for unit in {*before, *after} if unit.endswith(".link") and before.get(unit) != after.get(unit)}
    affected = affected_links(before, after, links)
    return [
        *deletions,
        *(["udevadm control --reload"] if udev else []),
        "networkctl reload",
        # A link may be gone together with the device below it; what counts is whether the host can be reached.
        *(f"networkctl reconfigure {shlex.quote(link)} || true" for link in affected),
    ]


def _script(purpose: str, lines: list[str]) -> str:
    return "\n".join(["#!/bin/sh", f"# {purpose}", "set -e", *lines, ""])


def timer_command(step: str, seconds: int) -> list[str]:
    """Return the command (argv) that runs the script of ``step`` (apply, rollback) in ``seconds``."""
    return [
        "systemd-run",
        f"--unit={TIMER[step]}",
        f"--on-active={seconds}s",
        "--timer-property=AccuracySec=100ms",
        "--collect",
        "/bin/sh",
        f"{STATE}/{step}",
    ]


def stop_timers(run: Runner) -> None:
    """Disarm both timers; one that is not there is no error."""
    for step in ("apply", "rollback"):
        run(["systemctl", "stop", f"{TIMER[step]}.timer"])


def present_units(root: Path = Path("/")) -> dict[str, str]:
    """Return file name -> text of the units that Armature owns on this host."""
    folder = root / UNITS.lstrip("/")
    names = sorted(file.name for file in folder.glob(f"{PREFIX}*")) if folder.is_dir() else []
    return {path.rsplit("/", 1)[1]: text for path, text in observe([f"{UNITS}/{name}" for name in names], root).items()}


def unit_plan(present: dict[str, str], wanted: dict[str, str]) -> Plan:
    """Return what turns the ``present`` units into the ``wanted`` ones; all present units are owned."""
    paths = {f"{UNITS}/{name}": text for name, text in present.items()}
    return plan(paths, {f"{UNITS}/{name}": text for name, text in wanted.items()}, list(paths))


def ifupdown_links(root: Path = Path("/")) -> dict[str, str]:
    """Return link -> file of the links that ifupdown configures; none where ifupdown is not installed.

    Source: interfaces(5): stanzas ``iface``, ``source`` and ``source-directory``.
    """
    if not any((root / path).exists() for path in ("sbin/ifup", "usr/sbin/ifup")):
        return {}
    found: dict[str, str] = {}
    queue, seen = ["/etc/network/interfaces"], set()
    while queue:
        path = queue.pop(0)
        file = root / path.lstrip("/")
        if path in seen or not file.is_file():
            continue
        seen.add(path)
        for words in (line.split() for line in file.read_text(errors="replace").splitlines()):
            if len(words) >= 2 and words[0] == "iface" and words[1] != "lo":
                found.setdefault(words[1], path)
            elif len(words) >= 2 and words[0] in ("source", "source-directory"):
                pattern = str(Path("/etc/network") / words[1]) + ("/*" if words[0] == "source-directory" else "")
                matches = sorted(glob.glob(str(root / pattern.lstrip("/"))))
                queue.extend("/" + str(Path(match).relative_to(root)) for match in matches)
    return found


def shadowing_units(wanted: dict[str, str], root: Path = Path("/")) -> list[tuple[str, str, str]]:
    """Return (foreign unit's path, wanted unit, link) where networkd would take the foreign unit: it sorts first."""
    folders = ("etc/systemd/network", "run/systemd/network", "usr/local/lib/systemd/network", "usr/lib/systemd/network")
    foreign = {}
    for folder in reversed(folders):
        for file in sorted((root / folder).glob("*.network")):
            if not file.name.startswith(PREFIX):
                foreign[file.name] = ("/" + str(file.relative_to(root)), file.read_text(errors="replace"))
    found = []
    for unit, text in sorted(wanted.items()):
        for name, (path, other) in sorted(foreign.items()):
            if unit.endswith(".network") and name < unit:
                found.extend((path, unit, link) for link in matched_names(text) if matches(link, matched_names(other)))
    return found


def begin(
    run: Runner, wanted: dict[str, str], links: list[str], timeout: int, token: str, root: Path = Path("/")
) -> tuple[list[str], int, str]:
    """Arm the rollback, write the ``wanted`` units, and arm their application.

    A change that nobody confirmed yet keeps its rollback target: the units before it. Returns the command that failed,
    its exit status and its message; ([], 0, "") when none did, and then nothing of the new change is left either.
    """
    state = root / STATE.lstrip("/")
    unconfirmed = read_state(root).unconfirmed
    stop_timers(run)
    present = present_units(root)
    if unconfirmed:
        before = {file.name: file.read_text() for file in (state / "previous").glob(f"{PREFIX}*")}
    else:
        shutil.rmtree(state, ignore_errors=True)
        before = present
    for name, text in before.items():
        write(state / "previous" / name, text)
    write(state / "rollback", rollback_script(before, {**wanted, **_gone(present, wanted)}, links))
    write(state / "apply", apply_script(present, wanted, links, token))
    write(state / "state", "applying\n")
    command = timer_command("rollback", timeout)
    status, _output, error = run(command)
    if status != 0:
        shutil.rmtree(state)
        return command, status, error
    apply(unit_plan(present, wanted), root)
    command = timer_command("apply", APPLY_DELAY)
    status, _output, error = run(command)
    if status != 0:
        apply(unit_plan(wanted, present), root)
        stop_timers(run)
        shutil.rmtree(state)
        return command, status, error
    return [], 0, ""


def _gone(present: dict[str, str], wanted: dict[str, str]) -> dict[str, str]:
    """Return the units of an unconfirmed change that the next change drops: a rollback must undo them too."""
    return {name: text for name, text in present.items() if name not in wanted}


def confirm(run: Runner, token: str, root: Path = Path("/")) -> str:
    """End the change that left ``token``: disarm its rollback and forget the earlier units.

    Returns the state found: ``applied`` when the change is confirmed by this call, ``none`` when there was nothing to
    confirm, ``applying`` or ``rolled_back`` when it cannot be, ``other`` when the token is another change's.
    """
    found = read_state(root)
    if found.name != "applied":
        return found.name
    if found.token != token:
        return "other"
    stop_timers(run)
    # The timer may have fired a moment before: its script says so before it touches a link.
    status, _output, _error = run(["systemctl", "is-active", "--quiet", f"{TIMER['rollback']}.service"])
    if status == 0 or read_state(root).name != "applied":
        return "rolled_back"
    shutil.rmtree(root / STATE.lstrip("/"))
    return "applied"
