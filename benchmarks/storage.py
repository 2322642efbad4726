"""What Ceph costs and gives on the running lab that SITE names (`lab` without it).

Usage: SITE=lab .venv/bin/python benchmarks/storage.py [disk|memory|bootstrap ...]     disk and memory without arguments

disk       fio on a volume in a virtual machine, and the same on a loop device of this machine
memory     of each of Ceph's daemons
bootstrap  seconds from `cephadm bootstrap` until all placement groups are active and clean, and of `cephadm bootstrap`
           alone. It destroys the lab's Ceph before and after, so it wants a lab without OpenStack: `make lab-hosts`, or
           what playbooks/destroy.yml left. Afterwards the lab has hosts only.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import fio
import fio_tree
import memory
import tasks
from folders import REPOSITORY

from armature.ceph import mon_hosts
from armature.compile.ceph_conf import bootstrap_conf, ceph_facts
from armature.compile.ceph_pools import wanted_pools

# isort: split
from ansible.module_utils.armature_ceph_bootstrap import Wanted, bootstrap_command
from ceph import Ceph
from cloud import Cloud, cached
from running_lab import Lab

DEFAULT = ("disk", "memory")

GOAL_MIB = 2560
"""What all of Ceph may take on the site ``lab``."""

BEGIN = "ceph_cluster : Make the first monitor and manager"
END = "ceph_cluster : Wait until the data is in its places"

IN_GUEST = "/run/tools"

# A disk of the guest by its volume's id, of which virtio-blk shows the first 20 characters.
FIND = """
for disk in /sys/block/vd*; do
  if [ "$(cat $disk/serial)" = {serial} ]; then echo /dev/${{disk##*/}}; fi
done
"""


# disk


def measure_disk(lab: Lab) -> None:
    """Measure a loop device and a volume, and print both."""
    if not (lab.build / "clouds.yaml").is_file():
        sys.exit(f"{lab.name} has no OpenStack. Run make lab SITE={lab.name} first.")
    for left in lab.state.glob("benchmark-*"):  # of a run that was killed
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix="benchmark-", dir=lab.state) as work:
        tree, disk = fio_tree.make(Path(work), fio_tree.this_machine())
        with loop_device(Path(work)) as device:
            loop = fio.figures(on_this_machine(tree, device))
        with tenant(lab, Path(work)) as cloud:
            volume = fio.figures(in_a_server(cloud, disk))
    copies = wanted_pools(lab.site)["volumes"]["size"]
    print(f"fio: {fio.MIB} MiB, {fio.SECONDS} s a job, libaio, direct=1, end_fsync=1")
    print(f"volume in a VM: RBD with {copies} copies; the VM's one core is emulated (TCG, no KVM)")
    print("loop device: a file beside the hosts' disks, with direct I/O, so without this machine's page cache\n")
    print(fio.table({"volume in a VM": volume, "loop device": loop}))


@contextmanager
def loop_device(folder: Path) -> Iterator[str]:
    """Yield a loop device over a new file in ``folder``."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        os.truncate(file.name, fio.MIB << 20)
        device = fio_tree.run("losetup", "--find", "--show", "--direct-io=on", file.name).strip()
        held = open(device, "rb")  # noqa: SIM115
        # While it is open, this only tells the kernel to detach it when it is closed: however this process ends.
        fio_tree.run("losetup", "--detach", device)
    with held:
        yield device


def on_this_machine(tree: Path, device: str) -> str:
    """Run the guest's own fio on a device of this machine and return its output."""
    enter = 'mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
    return fio_tree.run("unshare", "--mount", "sh", "-c", enter, str(tree), *fio.arguments(device))


@contextmanager
def tenant(lab: Lab, folder: Path) -> Iterator[Cloud]:
    """Yield the cloud, and remove from it all that was made."""
    cloud = Cloud(lab, folder)
    cloud.clean()
    try:
        yield cloud
    finally:
        cloud.clean()


def in_a_server(cloud: Cloud, disk: Path) -> str:
    """Run fio in a server, which has it on a volume made from ``disk``, on an empty volume; return its output."""
    tools = cloud.volume("tools", image=cloud.image(disk, "tools").id)
    empty = cloud.volume("empty")
    image = cloud.image(cached("guest-image/x86_64.img"))
    server = cloud.server(cloud.network(), image=image.id, volumes=[tools.id, empty.id])
    cloud.shell(server, fio_tree.MOUNT.format(at=IN_GUEST, device=find(cloud, server, tools)))
    argv = ["chroot", IN_GUEST, *fio.arguments(find(cloud, server, empty))]
    return cloud.shell(server, shlex.join(argv), timeout=600)


def find(cloud: Cloud, server: Any, volume: Any) -> str:
    """Return the path that a server has a volume at."""
    device = cloud.shell(server, FIND.format(serial=volume.id[:20])).strip()
    if not device:
        sys.exit(f"The server has no disk of the volume {volume.id}. Nothing was measured.")
    return device


# memory


def measure_memory(lab: Lab) -> None:
    """Print what each daemon of Ceph takes."""
    ceph = Ceph(lab)
    listed = {daemon["daemon_name"]: daemon for daemon in ceph.ceph("orch", "ps")}
    names = {daemon["container_id"][:12]: name for name, daemon in listed.items() if daemon.get("container_id")}
    inside = memory.by(lambda cgroups: names.get((memory.container(cgroups) or "")[:12]))
    around = memory.by(lambda cgroups: None if memory.container(cgroups) else memory.ceph_unit(cgroups, ceph.fsid))
    print("MiB; shared pages count once. unit: the engine's client beside it; orch ps: what Ceph itself says\n")
    print(f"{'':<24}{'container':>12}{'unit':>12}{'orch ps':>12}")
    for name, daemon in sorted(listed.items()):
        says = f"{daemon['memory_usage'] / 2**20:.1f}" if daemon.get("memory_usage") else "-"
        print(f"{name:<24}{inside.get(name, 0.0):>12.1f}{around.get(name, 0.0):>12.1f}{says:>12}")
    print(f"{'all':<24}{sum(inside.values()):>12.1f}{sum(around.values()):>12.1f}")
    goal = f"; the goal is {GOAL_MIB}" if lab.name == "lab" else ""
    print(f"\nall of Ceph: {sum(inside.values()) + sum(around.values()):.0f} MiB{goal}")


# bootstrap


def measure_bootstrap(lab: Lab) -> None:
    """Deploy Ceph on the hosts, bootstrap it by hand, and print how long each took.

    The cluster's own records begin with its first monitor, some time after cephadm did. So the playbook's tasks are
    timed. Every five seconds, the last one looks whether all groups are active and clean, and the health HEALTH_OK.
    """
    ceph = Ceph(lab)
    destroy = ("destroy_ceph.yml", "-e", f"confirm={ceph.fsid}")
    os.environ["ANSIBLE_CALLBACKS_ENABLED"] = tasks.CALLBACK
    lab.play(*destroy)
    ran = tasks.tasks(lab.play("deploy_ceph.yml"))
    if groups := unclean(ceph):
        sys.exit(f"Placement groups are not active and clean after the playbook, so its time says nothing: {groups}")
    lab.play(*destroy)
    try:
        alone = bootstrap_by_hand(lab, ceph)
    finally:
        lab.play(*destroy)
    begin = next(task.begin for task in ran if task.name == BEGIN)
    end = next(task.end for task in ran if task.name == END)
    print("seconds; tasks of one second and more\n")
    for task in ran:
        if begin <= task.begin < end and task.end - task.begin >= 1:
            print(f"  {task.name:<66}{task.end - task.begin:>10.1f}")
    print(f"{'cephadm bootstrap until all placement groups are active and clean':<68}{end - begin:>10.1f}")
    print(f"{'all of playbooks/deploy_ceph.yml':<68}{ran[-1].end:>10.1f}")
    print(f"{'cephadm bootstrap alone, by hand: a monitor and a manager':<68}{alone:>10.1f}")
    print(f"\n{lab.name} has hosts only now. make lab SITE={lab.name} deploys the rest.")


def unclean(ceph: Ceph, seconds: float = 120) -> Any:
    """Return the states of placement groups when not all of them are active and clean within ``seconds``, else [].

    Object gateways make pools of their own when they start, after the playbook has looked.
    """
    deadline = time.monotonic() + seconds
    while True:
        groups = ceph.ceph("status")["pgmap"]["pgs_by_state"]
        if groups and all(group["state_name"].startswith("active+clean") for group in groups):
            return []
        if time.monotonic() > deadline:
            return groups or "there are none"
        time.sleep(2)


def bootstrap_by_hand(lab: Lab, ceph: Ceph) -> float:
    """Run `cephadm bootstrap` as the playbook does, without it, and return its seconds."""
    conf, host = "/run/benchmark-ceph.conf", mon_hosts(lab.site)[0]
    lab.ssh(f"printf %s {shlex.quote(bootstrap_conf(lab.site) or '')} > {conf}", host=host)
    wanted = Wanted(
        host=host,
        fsid=ceph.fsid,
        image=str(ceph.image),
        engine=str(lab.site.container_engine),
        mon_address=ceph_facts(lab.site)["mon_address"],
        config="",
        ssh_user="root",
        members=[],
    )
    start = time.monotonic()
    lab.ssh(shlex.join(bootstrap_command(wanted, conf, pulled=True)), host=host)
    seconds = time.monotonic() - start
    lab.ssh("rm", conf, host=host)
    return seconds


STAGES = {"disk": measure_disk, "memory": measure_memory, "bootstrap": measure_bootstrap}


def main() -> None:
    """Measure what is asked for and print it."""
    stages = sys.argv[1:] or list(DEFAULT)
    if unknown := set(stages) - set(STAGES):
        sys.exit(f"{unknown.pop()!r} is no stage. Use {', '.join(STAGES)}.")
    lab = Lab(os.environ.get("SITE", "lab"))
    owner = lab.state / "checkout"
    if not owner.is_file() or Path(owner.read_text()).resolve() != REPOSITORY:
        sys.exit(f"There is no lab '{lab.name}' of this checkout. Run make lab SITE={lab.name} here first.")
    if lab.site.ceph is None:
        sys.exit(f"{lab.name} has no Ceph, so there is nothing to measure.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was made is removed
    for stage in STAGES:
        if stage in stages:
            print(f"== {stage}, {lab.name}", flush=True)
            try:
                STAGES[stage](lab)
            except AssertionError as error:  # of the tests' library; it says what failed
                sys.exit(str(error))
            print()


if __name__ == "__main__":
    main()
