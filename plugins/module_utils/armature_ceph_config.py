# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Options in a Ceph cluster's own configuration: what ``ceph config dump`` shows against what is wanted.

The monitors keep an option's value in the form of its type: sizes in bytes, times in seconds, six decimals, true or
false. The type is not in the dump, so every form that a wanted text can take counts as that text.

Source: Ceph 18.2.7, ConfigMonitor::prepare_command, Option::parse_value (common/options.cc), strict_iec_cast and
strict_si_cast (common/strtol.cc), parse_timespan (common/ceph_time.cc).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_ceph import Step

Options = dict[tuple[str, str], str]
"""(section, option) to value. A section is ``global``, a kind of daemon or a daemon, or with a mask osd/class:ssd."""

PREFIXES = "KMGTPE"
SECONDS = {
    **dict.fromkeys(("s", "sec", "second", "seconds"), 1),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600),
    **dict.fromkeys(("d", "day", "days"), 86400),
    **dict.fromkeys(("w", "wk", "week", "weeks"), 7 * 86400),
    **dict.fromkeys(("mo", "month", "months"), 30 * 86400),
    **dict.fromkeys(("y", "yr", "year", "years"), 365 * 86400),
}


@dataclass(frozen=True)
class Plan:
    """Options to set and to remove; ``before`` has the present values of those that are touched."""

    sets: Options
    removals: tuple[tuple[str, str], ...]
    before: Options

    def steps(self) -> list[Step]:
        """Return the commands, in the order of sections and options."""
        return [
            *(
                Step(f"{section}: set {name} to '{value}'", ("config", "set", section, name, value))
                for (section, name), value in sorted(self.sets.items())
            ),
            *(
                Step(f"{section}: remove {name}", ("config", "rm", section, name))
                for section, name in sorted(self.removals)
            ),
        ]


def present(dump: Iterable[dict[str, Any]]) -> Options:
    """Return the options of ``ceph config dump --format json``."""
    return {
        (f"{row['section']}/{row['mask']}" if row["mask"] else row["section"], row["name"]): row["value"]
        for row in dump
    }


def plan(present: Options, wanted: Options, absent: Iterable[tuple[str, str]]) -> Plan:
    """Return what makes the ``wanted`` options so and the ``absent`` ones go; all others stay."""
    sets = {
        key: value for key, value in wanted.items() if key not in present or present[key] not in normal_forms(value)
    }
    removals = tuple(sorted(key for key in set(absent) if key in present))
    return Plan(sets, removals, {key: present[key] for key in (*sets, *removals) if key in present})


def normal_forms(text: str) -> set[str]:
    """Return what the monitors may make of a value, itself among it.

    >>> sorted(normal_forms("2G"))
    ['2000000000', '2147483648', '2G']
    >>> sorted(normal_forms("1h 30m"))
    ['1h 30m', '5400']
    >>> sorted(normal_forms("0.5"))
    ['0.5', '0.500000']
    """
    found = {text}
    if text.lower() in ("true", "false"):
        found.add(text.lower())
    if re.fullmatch(r"[-+]?\d+", text):
        found |= {str(int(text)), "true" if int(text) else "false"}
    if re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text):
        found.add(f"{float(text):.6f}")
    sized = re.fullmatch(rf"([-+]?\d+)([{PREFIXES}B])([iB]?)", text)
    if sized:
        power = PREFIXES.find(sized[2]) + 1
        found.add(str(int(sized[1]) * 1024**power))
        # Plain numbers know no "i", and K means 1000 with them.
        found |= set() if sized[3] else {str(int(sized[1]) * 1000**power)}
    spans = re.findall(r"(\d+)\s*([a-z]+)", text)
    if re.fullmatch(r"(\d+\s*[a-z]+\s*)+", text) and all(unit in SECONDS for _number, unit in spans):
        found.add(str(sum(int(number) * SECONDS[unit] for number, unit in spans)))
    return found
