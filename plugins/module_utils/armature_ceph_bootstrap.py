# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The making of a Ceph cluster on its first monitor's host: what is there, and what must be done.

A bootstrap takes half a minute to several, and may be cut off at any step. Before it begins, a mark is left; it goes
when the bootstrap has ended well. What is half made is removed and begun again by itself as long as nothing can be lost
with it: no OSD, no second monitor, and no part of the cluster on another host.

Source: cephadm of Ceph 18.2.7, command_bootstrap, finish_bootstrap_config, save_cluster_config and _rm_cluster.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible.module_utils.armature_ceph_cephadm import (
    DATA,
    CephadmError,
    Runner,
    ask,
    clusters,
    command,
    image_id,
    reason,
)
from ansible.module_utils.armature_files import write

CONF = "/etc/ceph/ceph.conf"
KEYRING = "/etc/ceph/ceph.client.admin.keyring"
PUBLIC_KEY = "/etc/ceph/ceph.pub"

STATE = "/var/lib/armature/ceph_bootstrap"
"""The configuration that the cluster is made with, the lock, and while it is made a mark named by its fsid."""

LOG = "/var/log/armature/ceph_bootstrap.log"
CEPHADM_LOG = "/var/log/ceph/cephadm.log"
DESTROY = "run playbooks/destroy_ceph.yml"


@dataclass(frozen=True)
class Wanted:
    """The cluster to make, and ``host``, where. ``members`` are the other hosts that have a part of the cluster."""

    host: str
    fsid: str
    image: str
    engine: str
    mon_address: str
    config: str
    ssh_user: str
    members: list[str]


@dataclass(frozen=True)
class Cluster:
    """What a host has of a cluster: ``osds`` are its OSDs' names here, ``monitors`` how many its ceph.conf lists."""

    folder: bool
    marked: bool
    admin: bool
    osds: tuple[str, ...]
    monitors: int


def look(fsid: str, root: Path = Path("/")) -> Cluster:
    """Return what this host has of the cluster."""
    folder = root / DATA.lstrip("/") / fsid
    confs = [*sorted(folder.glob("mon.*/config")), folder / "config/ceph.conf"]
    return Cluster(
        folder=folder.is_dir(),
        marked=(root / STATE.lstrip("/") / fsid).is_file(),
        admin=any(file.is_file() for file in (root / KEYRING.lstrip("/"), folder / f"config/{Path(KEYRING).name}")),
        osds=tuple(sorted(entry.name for entry in folder.glob("osd.*"))),
        monitors=max((_monitors(file.read_text(errors="replace")) for file in confs if file.is_file()), default=0),
    )


def _monitors(conf: str) -> int:
    """Return how many monitors a ceph.conf lists; each has one address of the second messenger.

    >>> _monitors("[global]\\n\\tmon_host = [v2:[fd00::1]:3300/0,v1:[fd00::1]:6789/0] [v2:[fd00::2]:3300/0]\\n")
    2
    """
    found = re.search(r"^\s*mon[ _]host\s*=(.*)$", conf, re.MULTILINE)
    return found[1].count("v2:") if found else 0


def conflicts(wanted: Wanted, root: Path = Path("/")) -> list[str]:
    """Return what on this host belongs to another cluster, in house form."""
    host, fsid = wanted.host, wanted.fsid
    found = [
        f"{host}: has a part of the Ceph cluster {other} in {DATA}/{other}; this site's cluster is {fsid}, and a host "
        f"can be in one only. If {other} is given up, {DESTROY} with the site that it was made from, or "
        f"'cephadm rm-cluster --force --fsid {other}' on {host}."
        for other in clusters(root)
        if other != fsid
    ]
    present = [path for path in (CONF, KEYRING, PUBLIC_KEY) if (root / path.lstrip("/")).exists()]
    conf = root / CONF.lstrip("/")
    text = conf.read_text(errors="replace") if conf.is_file() else ""
    named = re.search(r"^\s*fsid\s*=\s*(\S+)", text, re.MULTILINE)
    foreign = named[1] != fsid if named else fsid not in clusters(root)
    if present and foreign and not found:
        whose = f"is of the Ceph cluster {named[1]}" if named else "is of a Ceph cluster that nothing here names"
        found.append(
            f"{host}: {present[0]} {whose}; this site's cluster is {fsid}. If nothing uses {' and '.join(present)}, "
            "move that out of /etc/ceph and run again."
        )
    return found


def plan(wanted: Wanted, present: Cluster) -> str:
    """Return what must be done: ``nothing``, ``make``, or ``remake`` of a half-made cluster. Raises CephadmError."""
    host, fsid, members = wanted.host, wanted.fsid, wanted.members
    others = ", ".join(members)
    if not present.folder:
        if members:
            raise CephadmError(
                f"{host}: the Ceph cluster {fsid} is on {others} already and has no part here; it must not be made "
                f"twice. If {host} was installed anew, put another of the monitors' hosts before it in site.yml; "
                f"if the cluster is given up, {DESTROY} first."
            )
        return "make"
    kept = [*present.osds, *members, *(["a second monitor"] if present.monitors > 1 else [])]
    if present.admin and (kept or not present.marked):
        return "nothing"
    if kept:
        raise CephadmError(
            f"{host}: has a part of the Ceph cluster {fsid} but no {KEYRING}, and the cluster is more than a bootstrap "
            f"that was cut off: it has {', '.join(kept)}. Copy the keyring from another monitor's host, or get it with "
            f"'cephadm shell --fsid {fsid} --name mon.{host} -- ceph --name mon. --keyring "
            f"/var/lib/ceph/mon/ceph-{host}/keyring auth get client.admin'. If the cluster is given up, {DESTROY}."
        )
    return "remake"


def bootstrap_command(wanted: Wanted, config: str, pulled: bool) -> list[str]:
    """Return the argv of the bootstrap; ``config`` is a path.

    The initial daemons are left unmanaged until the site's own specs are applied. cephadm shall install no packages;
    ``conflicts`` has seen that the files of /etc/ceph are this cluster's.
    """
    return command(
        wanted.engine,
        "bootstrap",
        *("--fsid", wanted.fsid),
        *("--mon-ip", f"[{wanted.mon_address}]"),
        *("--config", config),
        *("--ssh-user", wanted.ssh_user),
        *(["--skip-pull"] if pulled else []),
        "--skip-prepare-host",
        "--skip-dashboard",
        "--skip-monitoring-stack",
        "--skip-firewalld",
        "--orphan-initial-daemons",
        "--allow-overwrite",
        image=wanted.image,
    )


@contextmanager
def only_one(host: str, root: Path = Path("/")) -> Iterator[None]:
    """Hold the lock: a run whose controller went away still goes on here. Raises CephadmError."""
    folder = root / STATE.lstrip("/")
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CephadmError(
                f"{host}: an earlier run is still making the Ceph cluster here. Wait until it has ended (some minutes; "
                f"follow it in {CEPHADM_LOG}) and run again."
            ) from None
        yield


def check_host(run: Runner, host: str, engine: str) -> None:
    """Raise CephadmError that names everything cephadm misses on this host."""
    status, out, err = run(command(engine, "check-host", "--expect-hostname", host))
    if status != 0:
        missing = re.findall(r"^ERROR: (.+)$", err, re.MULTILINE) or [reason(err or out)]
        raise CephadmError(
            f"{host}: is not ready for Ceph: {'; '.join(missing)}. Run playbooks/deploy_hosts.yml, and run again."
        )


def make(run: Runner, wanted: Wanted, root: Path = Path("/")) -> None:
    """Make the cluster. Raises CephadmError."""
    host = wanted.host
    check_host(run, host, wanted.engine)
    mark, conf = root / STATE.lstrip("/") / wanted.fsid, root / STATE.lstrip("/") / "ceph.conf"
    write(conf, wanted.config, 0o600)
    write(mark, "begun\n")
    pulled = bool(image_id(run, host, wanted.engine, wanted.image))
    argv = bootstrap_command(wanted, str(conf), pulled)
    status, out, err = run(argv)
    _log(root / LOG.lstrip("/"), argv, f"{out}{err}")
    if status != 0:
        raise CephadmError(
            f"{host}: '{' '.join(argv)}' ended with status {status}: {reason(err or out)}. Its output is in {LOG} on "
            f"{host}, every step in {CEPHADM_LOG}. Mend the cause and run again: what was begun is removed first."
        )
    mark.unlink()


def _log(file: Path, argv: list[str], output: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    # Whatever cephadm says while it makes keys is for root only.
    with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as stream:
        stream.write(f"== {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())} {' '.join(argv)}\n{output}\n")


def remove(run: Runner, wanted: Wanted) -> None:
    """Remove what is half made; its logs stay. Waits for a cephadm that still works on it. Raises CephadmError."""
    argv = command(wanted.engine, "rm-cluster", "--force", "--keep-logs", "--fsid", wanted.fsid)
    then = f"What is half made could not be removed: look at {CEPHADM_LOG} on {wanted.host} and run again."
    ask(run, wanted.host, argv, then)


def public_key(run: Runner, wanted: Wanted, root: Path = Path("/")) -> str:
    """Return the public ssh key of the cluster's managers, without a newline. Raises CephadmError.

    Only the host of the bootstrap has it in a file; cephadm gives it to no other.
    """
    host, fsid = wanted.host, wanted.fsid
    for path in (PUBLIC_KEY, f"{DATA}/{fsid}/config/ceph.pub"):
        file = root / path.lstrip("/")
        if file.is_file() and file.read_text().strip():
            return file.read_text().strip()
    ceph = ("shell", "--fsid", fsid, "--", "ceph", "--connect-timeout", "20", "cephadm", "get-pub-key")
    then = f"See that the cluster answers: 'cephadm shell --fsid {fsid} -- ceph status' on {host}."
    return ask(run, host, command(wanted.engine, *ceph, image=wanted.image), then).strip()
