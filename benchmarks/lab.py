#!/usr/bin/env python3
"""Time of `make lab` by role: cold (nothing cached), warm (images and root file system cached), with nothing to do.

Usage: benchmarks/lab.py [cold|warm|idle ...]     all three without arguments; takes the running lab away first

The cold stage fills a cache of its own, which the others then use; without it they use yours.

Prints a table in seconds, and the memory and disk that the lab takes when it runs.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import memory

REPOSITORY = Path(__file__).parents[1]
STATE = Path("/var/lib/armature/lab")
STAGES = ("cold", "warm", "idle")


def make(target: str, environment: dict[str, str]) -> tuple[float, str]:
    """Run a make target; return seconds and what it printed. Raises CalledProcessError when it fails."""
    start = time.monotonic()
    output = subprocess.run(
        ["make", "--no-print-directory", target],
        cwd=REPOSITORY,
        env=os.environ | environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    return time.monotonic() - start, output


def roles(output: str) -> dict[str, float]:
    """Return role -> seconds, summed over the run's recaps (callback ansible.posix.profile_roles)."""
    seconds: dict[str, float] = {}
    for name, figure in re.findall(r"^(\w+) -+ ([0-9.]+)s$", output, re.MULTILINE):
        if name != "total":
            seconds[name] = seconds.get(name, 0.0) + float(figure)
    return seconds


def measure(stage: str, cache: str) -> dict[str, float]:
    """Return the seconds of one stage by role, and ``all``."""
    environment = {"ANSIBLE_CALLBACKS_ENABLED": "ansible.posix.profile_roles", "XDG_CACHE_HOME": cache}
    if stage != "idle":
        make("lab-destroy", environment)
    seconds, output = make("lab", environment)
    return roles(output) | {"all": seconds}


def main() -> None:
    """Measure the stages asked for and print them."""
    stages = sys.argv[1:] or list(STAGES)
    if unknown := set(stages) - set(STAGES):
        sys.exit(f"{unknown.pop()!r} is no stage. Use {', '.join(STAGES)}.")
    with tempfile.TemporaryDirectory(prefix="armature-benchmark-") as empty:
        cache = empty if "cold" in stages else os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        figures = {stage: measure(stage, cache) for stage in stages}
        print(f"{'seconds':<24}" + "".join(f"{stage:>10}" for stage in stages))
        for name in sorted(
            {name for stage in stages for name in figures[stage]}, key=lambda name: (name == "all", name)
        ):
            print(f"{name:<24}" + "".join(f"{figures[stage].get(name, 0.0):>10.1f}" for stage in stages))
        for what, path in (("cache", f"{cache}/armature"), ("hosts", str(STATE))):
            size = subprocess.run(["du", "-sm", path], check=True, capture_output=True, text=True).stdout.split()[0]
            print(f"disk of {what}: {size} MiB")
        hosts = memory.by(lambda cgroups: "lab" if "/armature-lab-lab-" in cgroups else None)
        print(f"memory of the lab: {hosts['lab']:.0f} MiB")


if __name__ == "__main__":
    main()
