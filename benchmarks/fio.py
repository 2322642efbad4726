"""The jobs of fio(1) that measure a block device, and what they print. Whatever the device has on it is lost."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

MIB = 512
"""How much of the device is used. All of it is written first, so that no read finds a hole."""

SECONDS = 15
"""How long a job runs."""


@dataclass(frozen=True)
class Job:
    """One job: its name in the table, fio's ``rw`` and ``bs``, and how many requests are under way at once."""

    name: str
    rw: str
    bs: str
    depth: int


JOBS = (
    Job("sequential write 1M", "write", "1M", 4),
    Job("sequential read 1M", "read", "1M", 4),
    Job("random write 4k", "randwrite", "4k", 16),
    Job("random read 4k", "randread", "4k", 16),
)


@dataclass(frozen=True)
class Figures:
    """What one job reached: requests a second, 10^6 bytes a second, and completion latencies in ms."""

    iops: float
    mb: float
    p50: float
    p99: float


def arguments(device: str) -> list[str]:
    """Return fio's command line. Source: fio(1) 3.39.

    A write job's time ends when its data is on the device (``end_fsync``), not in somebody's cache.
    """
    argv = ["/usr/bin/fio", "--output-format=json", f"--filename={device}", f"--size={MIB}M", "--direct=1"]
    argv += ["--ioengine=libaio", "--thread", "--end_fsync=1", "--percentile_list=50:99"]
    argv += ["--name=fill", "--rw=write", "--bs=1M", "--iodepth=4"]
    for job in JOBS:
        argv += [f"--name={job.name}", "--stonewall", f"--rw={job.rw}", f"--bs={job.bs}", f"--iodepth={job.depth}"]
        argv += ["--time_based", f"--runtime={SECONDS}"]
    return argv


def figures(output: str) -> dict[str, Figures]:
    """Return job -> figures out of fio's JSON, which warnings may precede. Raises ValueError when a job failed."""
    report = json.loads(output[output.find("{") :])
    jobs: dict[str, dict[str, Any]] = {job["jobname"]: job for job in report["jobs"]}
    if failed := [f"{name} (error {job['error']})" for name, job in jobs.items() if job["error"]]:
        raise ValueError(f"fio's jobs failed: {', '.join(failed)}")
    return {job.name: _figures(jobs[job.name]["read" if job.rw.endswith("read") else "write"]) for job in JOBS}


def _figures(measured: dict[str, Any]) -> Figures:
    latency = measured["clat_ns"]["percentile"]
    return Figures(
        iops=measured["iops"],
        mb=measured["bw_bytes"] / 1e6,
        p50=latency["50.000000"] / 1e6,
        p99=latency["99.000000"] / 1e6,
    )


def table(measured: dict[str, dict[str, Figures]]) -> str:
    """Return a table of two devices, ``measured``, and the first one's throughput as a part of the second one's."""
    first, second = measured.values()
    columns = f"{'iops':>10}{'MB/s':>9}{'p50 ms':>9}{'p99 ms':>9}"
    lines = [
        f"{'':<26}" + "".join(f"{name:>37}" for name in measured),
        f"{'':<20}{'depth':>6}" + columns * 2 + f"{'ratio':>9}",
    ]
    for job in JOBS:
        line = f"{job.name:<20}{job.depth:>6}"
        for one in (first[job.name], second[job.name]):
            line += f"{one.iops:>10.0f}{one.mb:>9.1f}{one.p50:>9.2f}{one.p99:>9.2f}"
        lines.append(f"{line}{first[job.name].iops / second[job.name].iops:>9.3f}")
    return "\n".join(lines)
