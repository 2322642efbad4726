"""What the benchmarks make of the output of fio, Ansible and /proc."""

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
BENCHMARKS = str(REPOSITORY / "benchmarks")
sys.path.append(BENCHMARKS)
fio: Any = importlib.import_module("fio")
memory: Any = importlib.import_module("memory")
tasks: Any = importlib.import_module("tasks")
# Other tests have another module called lab.
sys.path.remove(BENCHMARKS)

IDLE = {"iops": 0.0, "bw_bytes": 0, "clat_ns": {"min": 0}}


def measured(iops: float, p50: int, p99: int) -> dict[str, Any]:
    percentile = {"50.000000": p50, "99.000000": p99}
    return {"iops": iops, "bw_bytes": int(iops * 4096), "clat_ns": {"percentile": percentile}}


def report(error: int = 0) -> str:
    """What fio prints: every job has figures of both directions, also of the one that it did not go."""
    jobs = [{"jobname": "fill", "error": 0, "read": IDLE, "write": measured(1, 1, 1)}]
    for number, job in enumerate(fio.JOBS, 1):
        went = measured(1000.0 * number, 1_500_000 * number, 20_000_000)
        read, write = (went, IDLE) if "read" in job.rw else (IDLE, went)
        jobs.append({"jobname": job.name, "error": error, "read": read, "write": write})
    return json.dumps({"fio version": "fio-3.39", "jobs": jobs})


def test_fio_figures_are_those_of_the_direction_that_the_job_went():
    found = fio.figures(report())
    assert list(found) == [job.name for job in fio.JOBS]
    assert found["sequential write 1M"] == fio.Figures(1000.0, 4.096, 1.5, 20.0)
    assert found["random read 4k"] == fio.Figures(4000.0, 16.384, 6.0, 20.0)


def test_fio_warnings_before_the_report_do_no_harm():
    assert fio.figures(f"fio: cannot lock memory\n{report()}") == fio.figures(report())


def test_a_failed_job_is_no_figure():
    with pytest.raises(ValueError, match=r"^fio's jobs failed: sequential write 1M \(error 5\), "):
        fio.figures(report(error=5))


def test_the_device_is_said_before_the_first_job():
    argv = fio.arguments("/dev/vdc")
    assert argv.index("--filename=/dev/vdc") < argv.index("--name=fill")
    assert [word for word in argv if word.startswith("--name=")] == [f"--name={job}" for job in ("fill", *names())]


def names() -> list[str]:
    return [job.name for job in fio.JOBS]


def test_the_table_has_one_line_a_job_and_the_ratio():
    vm = fio.figures(report())
    fast = {name: fio.Figures(one.iops * 8, one.mb * 8, one.p50, one.p99) for name, one in vm.items()}
    lines = fio.table({"volume in a VM": vm, "loop device": fast}).splitlines()
    assert len({len(line) for line in lines[1:]}) == 1
    assert lines[2].split() == [
        *("sequential", "write", "1M", "4"),
        *("1000", "4.1", "1.50", "20.00"),
        *("8000", "32.8", "1.50", "20.00"),
        "0.125",
    ]


OUTPUT = """
PLAY [Deploy Ceph] *************************************************************

TASK [ceph_cluster : Make the first monitor and manager] ***********************
Saturday 21 November 2026  15:24:42 +0000 (0:00:00.024)       0:00:00.024 *****
changed: [lab-1]

TASK [ceph_cluster : Wait until the data is in its places] *********************
Saturday 21 November 2026  15:25:42 +0000 (0:00:59.5)       0:01:00.024 *****
FAILED - RETRYING: [lab-1]: Wait until the data is in its places (60 retries left).
ok: [lab-1]

RUNNING HANDLER [x : Restart] **************************************************
Saturday 21 November 2026  15:25:43 +0000 (0:00:10.000)       0:01:10.024 *****

PLAY RECAP *********************************************************************
lab-1                      : ok=3    changed=1

TASKS RECAP ********************************************************************
Saturday 21 November 2026  16:25:43 +0000 (0:00:00.695)       1:01:11.000 *****
===============================================================================
ceph_cluster : Make the first monitor and manager ---------------------- 59.50s
"""


def test_a_task_ends_where_the_next_begins():
    assert tasks.tasks(OUTPUT) == [
        tasks.Task("ceph_cluster : Make the first monitor and manager", 0.024, 60.024),
        tasks.Task("ceph_cluster : Wait until the data is in its places", 60.024, 70.024),
        tasks.Task("x : Restart", 70.024, 3671.0),
    ]


@pytest.mark.parametrize("constant", ["BEGIN", "END"])
def test_the_tasks_that_are_timed_exist(constant: str):
    text = (REPOSITORY / "benchmarks/storage.py").read_text()
    (name,) = [line.split('"')[1] for line in text.splitlines() if line.startswith(f"{constant} = ")]
    role, task = name.split(" : ")
    files = (REPOSITORY / "roles" / role / "tasks").glob("*.yml")
    assert any(f"- name: {task}\n" in file.read_text() for file in files)


CONTAINER = "0123456789abcdef" * 4
UNIT = "/host/system.slice/ceph-5b0c7a62@osd.1.service"


@pytest.mark.parametrize(
    ("cgroups", "container", "unit"),
    [
        (f"0::/host/payload/system.slice/docker-{CONTAINER}.scope\n", CONTAINER, None),
        (f"0::{UNIT}/libpod-payload-{CONTAINER}\n", CONTAINER, "osd.1"),
        (f"4:memory:/\n0::{UNIT}\n", None, "osd.1"),
        (f"0::{UNIT}/supervisor\n", None, "osd.1"),
        ("0::/host/system.slice/ceph-another@osd.1.service\n", None, None),
        ("0::/init.scope\n", None, None),
    ],
)
def test_a_process_is_known_by_its_cgroups(cgroups: str, container: str | None, unit: str | None):
    assert memory.container(cgroups) == container
    assert memory.ceph_unit(cgroups, "5b0c7a62") == unit


def test_memory_is_summed_by_owner(tmp_path: Path):
    for number, (group, kib) in enumerate([("a", 1024), ("a", 512), ("b", 2048), ("", 4096)]):
        (tmp_path / str(number)).mkdir()
        (tmp_path / str(number) / "cgroup").write_text(f"0::/{group}\n")
        rollup = f"5567 ---p [rollup]\nRss: {kib * 3} kB\nPss: {kib} kB\nPss_Anon: {kib} kB\n"
        (tmp_path / str(number) / "smaps_rollup").write_text(rollup)
    (tmp_path / "9").mkdir()  # a process that has ended meanwhile
    assert memory.by(lambda cgroups: cgroups.strip()[4:] or None, tmp_path) == {"a": 1.5, "b": 2.0}
