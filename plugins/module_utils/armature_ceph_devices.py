# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""The disks of a Ceph host and what is on them, as lsblk, wipefs and ceph-volume see it.

ceph-volume alone is not enough: it lists no loop devices unless its image says so, says only that a disk is taken but
not by what, and is not there before cephadm is.

Source: ceph-volume of Ceph 18.2.7: inventory (util/device.py, json_report), lvm list (devices/lvm/listing.py) and raw
list (devices/raw/list.py); lsblk(8) and wipefs(8) of util-linux 2.37 to 2.41; pvs(8).
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph_cephadm import DATA, PROGRAM, CephadmError, Runner, ask, command, reason
from ansible.module_utils.armature_ceph_filters import Facts, readable_size

USES = ("data", "wal", "db")
"""In the order in which Ceph chooses disks for them."""

LSBLK = "NAME,KNAME,TYPE,SIZE,RO,ROTA,FSTYPE,LABEL,MODEL,VENDOR,MOUNTPOINTS"
PARTITION_TABLES = ("gpt", "dos", "PMBR")

LINKS = ("/dev/disk/by-path", "/dev/disk/by-id")
"""Where a disk has names that stay; the first one is what site.yml shows."""


@dataclass(frozen=True)
class Block:
    """A block device with what is made of it: partitions, logical volumes, arrays. ``size`` is in bytes.

    ``name`` is what ceph-volume calls it (/dev/mapper/...), ``kname`` what a link in /dev leads to (/dev/dm-0).
    """

    name: str
    kname: str
    kind: str
    size: int
    read_only: bool
    rotational: bool
    content: str
    label: str
    model: str
    vendor: str
    mountpoints: tuple[str, ...] = ()
    children: tuple[Block, ...] = ()

    def walk(self) -> Iterator[Block]:
        """Yield this device and everything that is made of it."""
        yield self
        for child in self.children:
            yield from child.walk()

    def names(self) -> set[str]:
        """Return the names of this device and of everything that is made of it."""
        return {name for block in self.walk() for name in (block.name, block.kname)}


@dataclass(frozen=True)
class Signature:
    """What wipefs finds: ``kind`` as blkid names it (ext4, LVM2_member, gpt, ceph_bluestore, ...)."""

    kind: str
    label: str = ""


@dataclass(frozen=True)
class Osd:
    """An OSD that ceph-volume finds. ``number`` is -1 and ``fsid`` "" where only its database or its log is here."""

    uuid: str
    number: int
    fsid: str
    devices: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its name in Ceph, or its UUID where the number is not known."""
        return f"osd.{self.number}" if self.number >= 0 else f"an OSD ({self.uuid})"


@dataclass(frozen=True)
class Daemon:
    """An OSD's daemon that cephadm keeps on this host, whether it runs or not."""

    fsid: str
    name: str


@dataclass(frozen=True)
class Observed:
    """Everything that a decision about a host's disks needs.

    ``cluster`` is the site's fsid when this host has a part of the cluster, else "";
    ``real`` maps a path to the device it leads to; ``links`` a device to its lasting name; ``signatures`` a device that
    was read to what is on it; ``unreadable`` one that could not be read to the reason; ``busy`` are devices that the
    kernel or a program holds; ``inventory`` is ceph-volume's, by path, None when cephadm is not here; ``daemons`` maps
    an OSD's UUID to its daemon here; ``volume_groups`` a physical volume to its group.
    """

    cluster: str = ""
    blocks: tuple[Block, ...] = ()
    real: dict[str, str] = field(default_factory=dict)
    links: dict[str, str] = field(default_factory=dict)
    signatures: dict[str, tuple[Signature, ...]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    osds: tuple[Osd, ...] = ()
    inventory: dict[str, dict[str, Any]] | None = None
    daemons: dict[str, Daemon] = field(default_factory=dict)
    volume_groups: dict[str, str] = field(default_factory=dict)

    def block(self, kname: str) -> Block | None:
        """Return a device by the name that a link leads to."""
        return next((found for top in self.blocks for found in top.walk() if found.kname == kname), None)

    def groups_on(self, block: Block) -> list[str]:
        """Return the LVM volume groups that have a physical volume on a device, sorted."""
        names = block.names()
        return sorted({group for volume, group in self.volume_groups.items() if group and volume in names})

    def on(self, block: Block) -> tuple[Osd, ...]:
        """Return the OSDs that have something on a device."""
        names = block.names()
        return tuple(osd for osd in self.osds if names.intersection(osd.devices))

    def candidates(self) -> list[Block]:
        """Return the disks among which filters choose, in the order of the managers: by ceph-volume's path."""
        tops = {top.name: top for top in self.blocks}
        if self.inventory is None:
            return [tops[name] for name in sorted(tops) if tops[name].kind == "disk"]
        every = {block.name: block for top in self.blocks for block in top.walk()}
        return [every[path] for path in sorted(self.inventory) if path in every]

    def facts(self, block: Block) -> Facts:
        """Return what filters compare; without ceph-volume, lsblk's word for it."""
        entry = (self.inventory or {}).get(block.name, {}).get("sys_api")
        if not entry:
            return Facts(block.model, block.vendor, readable_size(block.size), block.rotational)
        size = entry.get("human_readable_size") or readable_size(block.size)
        return Facts(entry.get("model") or "", entry.get("vendor") or "", size, entry.get("rotational") == "1")


def blocks_of(text: str) -> tuple[Block, ...]:
    """Return the trees of ``lsblk --json --bytes --paths``."""
    return tuple(_block(entry) for entry in json.loads(text)["blockdevices"])


def _block(entry: dict[str, Any]) -> Block:
    return Block(
        name=entry["name"],
        kname=entry["kname"],
        kind=entry["type"],
        size=int(entry["size"] or 0),
        read_only=bool(entry["ro"]),
        rotational=bool(entry["rota"]),
        content=entry["fstype"] or "",
        label=entry["label"] or "",
        model=(entry["model"] or "").strip(),
        vendor=(entry["vendor"] or "").strip(),
        mountpoints=tuple(point for point in entry["mountpoints"] if point),
        children=tuple(_block(child) for child in entry.get("children", ())),
    )


def lvm_osds(listed: dict[str, list[dict[str, Any]]]) -> list[Osd]:
    """Return the OSDs of ``ceph-volume lvm list --format json``: OSD's number -> its volumes.

    A database or log on a partition follows the volume it belongs to, and names no OSD itself.
    """
    found: list[Osd] = []
    for number, entries in listed.items():
        for entry in entries:
            tags = entry.get("tags", {})
            if "ceph.osd_fsid" in tags:
                devices = tuple(entry.get("devices", ()))
                found.append(Osd(tags["ceph.osd_fsid"], int(number), tags.get("ceph.cluster_fsid", ""), devices))
            elif found:
                last = found[-1]
                found.append(Osd(last.uuid, last.number, last.fsid, (entry["path"],)))
    return found


def raw_osds(listed: dict[str, dict[str, Any]]) -> list[Osd]:
    """Return the OSDs of ``ceph-volume raw list --format json``: OSD's UUID -> its devices."""
    return [
        Osd(
            uuid,
            int(entry.get("osd_id", -1)),
            entry.get("ceph_fsid", ""),
            tuple(entry[name] for name in ("device", "device_db", "device_wal") if entry.get(name)),
        )
        for uuid, entry in listed.items()
    ]


def merged(osds: Iterable[Osd]) -> tuple[Osd, ...]:
    """Return each OSD once, by UUID, with all its devices."""
    found: dict[str, Osd] = {}
    for osd in osds:
        seen = found.get(osd.uuid, osd)
        devices = tuple(sorted({*seen.devices, *osd.devices}))
        found[osd.uuid] = Osd(osd.uuid, max(seen.number, osd.number), seen.fsid or osd.fsid, devices)
    return tuple(found[uuid] for uuid in sorted(found))


def daemons(root: Path = Path("/")) -> dict[str, Daemon]:
    """Return OSD's UUID -> daemon, of all OSDs' folders that cephadm has on this host."""
    files = sorted((root / DATA.lstrip("/")).glob("*/osd.*/fsid"))
    return {file.read_text().strip(): Daemon(file.parts[-3], file.parts[-2]) for file in files}


def observe(
    run: Runner, host: str, engine: str, fsid: str, image: str, wanted: dict[str, Any], root: Path = Path("/")
) -> Observed:
    """Look at the disks of this host. Reads only. Raises CephadmError.

    ``wanted`` is ``{"groups": [{"group", "data", "db", "wal"}], "wipe": [path]}``; a use is None or
    ``{"paths", "model", "vendor", "size", "rotational", "limit"}``.
    """
    uses = [group[use] for group in wanted["groups"] for use in USES if group.get(use)]
    paths = [*(path for use in uses for path in use.get("paths") or ()), *wanted["wipe"]]
    real = {path: _real(path, root) for path in paths if os.path.exists(_below(root, path))}
    blocks = blocks_of(
        ask(run, host, ["lsblk", "--json", "--bytes", "--paths", "--output", LSBLK], "Look at its disks.")
    )
    cluster = fsid if (root / DATA.lstrip("/") / fsid).is_dir() else ""
    seen = Observed(cluster=cluster, blocks=blocks, real=real, links=_links(root), daemons=daemons(root))
    if (root / PROGRAM.lstrip("/")).is_file():
        inventory = _volume(run, host, engine, cluster, image, "inventory")
        osds = (
            *lvm_osds(_volume(run, host, engine, cluster, image, "lvm", "list")),
            *raw_osds(_volume(run, host, engine, cluster, image, "raw", "list")),
        )
        listed = {entry["path"]: entry for entry in inventory}
        seen = replace(seen, inventory=listed, osds=merged(osds))
    by_filter = any(not use.get("paths") for use in uses)
    disks = [seen.block(kname) for kname in dict.fromkeys(real.values())] + (seen.candidates() if by_filter else [])
    return _read(run, host, seen, [disk for disk in disks if disk is not None], root)


def _volume(run: Runner, host: str, engine: str, fsid: str, image: str, *words: str) -> Any:
    """Return what ceph-volume lists. With a ``fsid`` cephadm makes a folder for logs: "" where the cluster is not."""
    cluster = ("--fsid", fsid) if fsid else ()
    argv = command(engine, "ceph-volume", *cluster, "--", *words, "--format", "json", image=image)
    then = f"Run it by hand on {host}; every step is in /var/log/ceph/cephadm.log."
    out = ask(run, host, argv, then)
    try:
        return json.loads(out)
    except ValueError:
        raise CephadmError(f"{host}: '{' '.join(argv)}' answered no JSON: {reason(out)}. {then}") from None


def _read(run: Runner, host: str, seen: Observed, disks: list[Block], root: Path) -> Observed:
    """Return ``seen`` with what is on the disks and their partitions, and who holds them."""
    signatures, unreadable, busy = {}, {}, set()
    for disk in disks:
        for block in (block for block in disk.walk() if block is disk or block.kind == "part"):
            status, out, err = run(["wipefs", "--no-act", "--json", block.kname])
            if status == 0:
                signatures[block.kname] = signatures_of(out)
            else:
                unreadable[block.kname] = reason(err or out)
        if not seen.on(disk):
            busy |= {leaf.kname for leaf in disk.walk() if not leaf.children and _held(_below(root, leaf.kname))}
    groups: dict[str, str] = {}
    volumes = any(signature.kind == "LVM2_member" for found in signatures.values() for signature in found)
    # Without cephadm, as in check mode on a new host, lvm2 may not be there either, and nothing can be wiped.
    if volumes and seen.inventory is not None:
        argv = ["pvs", "--reportformat", "json", "--options", "pv_name,vg_name"]
        out = ask(run, host, argv, "Ceph needs lvm2 on every host: install it, or mend what it complains about.")
        groups = {pv["pv_name"]: pv["vg_name"] for report in json.loads(out)["report"] for pv in report["pv"]}
    return replace(seen, signatures=signatures, unreadable=unreadable, busy=frozenset(busy), volume_groups=groups)


def remains(run: Runner, host: str, block: Block) -> list[str]:
    """Return what is still on a device, by the names of wipefs and lsblk. Raises CephadmError."""
    then = f"Look at 'lsblk {block.kname}' on {host}."
    found = [item.kind for item in signatures_of(ask(run, host, ["wipefs", "--no-act", "--json", block.kname], then))]
    lsblk = ["lsblk", "--json", "--bytes", "--paths", "--output", LSBLK, block.kname]
    trees = blocks_of(ask(run, host, lsblk, then))
    return [*found, *(child.name for tree in trees for child in tree.children)]


def signatures_of(text: str) -> tuple[Signature, ...]:
    """Return what ``wipefs --no-act --json`` found, each kind once: a GPT has two copies and a protective MBR."""
    listed = json.loads(text)["signatures"] if text.strip() else []
    return tuple(dict.fromkeys(Signature(entry["type"], entry.get("label") or "") for entry in listed))


def _held(file: str) -> bool:
    """Return whether the kernel holds a device: mounted, in any namespace, swap, array, mapping. Source: open(2)."""
    try:
        os.close(os.open(file, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False


def _links(root: Path) -> dict[str, str]:
    """Return device -> its lasting name; partitions have theirs in the same folders."""
    found: dict[str, str] = {}
    for folder in LINKS:
        below = Path(_below(root, folder))
        for name in sorted(os.listdir(below)) if below.is_dir() else []:
            found.setdefault(_real(f"{folder}/{name}", root), f"{folder}/{name}")
    return found


def _below(root: Path, path: str) -> str:
    return str(root / path.lstrip("/"))


def _real(path: str, root: Path) -> str:
    real = os.path.realpath(_below(root, path))
    return f"/{os.path.relpath(real, os.path.realpath(root))}"
