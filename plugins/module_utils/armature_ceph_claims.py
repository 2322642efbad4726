# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Which disks of a host Ceph may take: what is wanted against what is there.

A disk is wiped only when site.yml lists it, nothing on this host uses it, and everything that is on it was understood.
The list stays in site.yml after the disk was taken; so an OSD that the cluster knows, or that has its daemon here, is
never wiped, listed or not.

Source: ceph-volume of Ceph 18.2.7: util/device.py (_check_generic_reject_reasons), devices/lvm/zap.py.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible.module_utils.armature_ceph_devices import PARTITION_TABLES, USES, Block, Daemon, Observed, Osd, Signature
from ansible.module_utils.armature_ceph_filters import FilterError, described, matches

SMALLEST = 5 * 1024**3
"""Bytes: ceph-volume takes no smaller device."""

OPAQUE = ("ceph_bluestore", "crypto_LUKS", "LVM2_member")
"""Signatures behind which an OSD may be, when ceph-volume names none."""

TAKEN = ("free", "osd", "wipe", "unknown")
WIPEABLE = ("disk", "part", "loop", "mpath")
WORDS = {
    "LVM2_member": "an LVM physical volume",
    "ceph_bluestore": "a BlueStore OSD that cannot be read",
    "crypto_LUKS": "an encrypted volume (LUKS)",
    "linux_raid_member": "a member of a Linux RAID array",
    "swap": "swap space",
    "zfs_member": "a member of a ZFS pool",
}


@dataclass(frozen=True)
class Claim:
    """A wanted disk and what became of it.

    ``state`` is ``free``, ``osd`` (of this cluster), ``wipe`` (it will be), ``data`` (not listed to be wiped, or not
    understood), ``refused`` (never for Ceph), ``missing``, or ``unknown`` (cephadm is not here to tell).
    """

    group: str
    use: str
    path: str
    device: str
    size: int
    state: str
    problem: str = ""
    holds: str = ""


@dataclass(frozen=True)
class Verdict:
    """``problems`` are in house form; ``wipe`` are paths as site.yml has them; ``expected`` counts the OSDs of all."""

    claims: tuple[Claim, ...]
    problems: tuple[str, ...]
    wipe: tuple[str, ...]
    expected: int


@dataclass(frozen=True)
class Judge:
    """Decides about the disks of ``host``; ``known`` are the UUIDs of the OSDs that the cluster has."""

    host: str
    fsid: str
    known: frozenset[str]
    listed: frozenset[str]
    """Devices that site.yml lists to be wiped."""
    seen: Observed

    def claim(self, group: str, use: str, path: str, block: Block) -> Claim:
        """Return what becomes of a disk that is there."""
        state, text = self._state(block, path)
        problem = self._sentence(path, block, text) if text else ""
        return Claim(group, use, path, block.kname, block.size, state, problem, self._holds(block))

    def _sentence(self, path: str, block: Block, text: str) -> str:
        return f"{self.host}: {path}{f' ({block.kname})' if path != block.kname else ''} {text}"

    def _state(self, block: Block, path: str) -> tuple[str, str]:
        """Return the state of a disk and, when it is a problem, the words that follow its name."""
        osds = self.seen.on(block)
        if any(osd.uuid in self.known for osd in osds):
            return "osd", ""
        for osd in osds:
            if osd.uuid in self.seen.daemons:
                return "refused", _has_daemon(self.seen.daemons[osd.uuid])
        refusal = self._refusal(block)
        if refusal:
            return "refused", refusal
        holds = self._holds(block)
        if not holds:
            return self._empty(block)
        unclear = self._opaque(block)
        if unclear and self.seen.inventory is None:
            return "unknown", ""
        if block.kname not in self.listed:
            return "data", (
                f"holds {holds}. To take it for Ceph and lose what is on it, add to site.yml: "
                f"ceph: {{wipe: {{{self.host}: [{path}]}}}}."
            )
        obstacle = self._obstacle(block, unclear)
        return ("data", f"holds {holds}{obstacle}") if obstacle else ("wipe", "")

    def _refusal(self, block: Block) -> str:
        """Return why a disk is never for Ceph, "" when it may be."""
        users = self._users(block)
        if users:
            return f"is in use by this host: {', '.join(users)}. It is never wiped. Free it, or take another disk."
        unreadable = [
            self.seen.unreadable[found.kname] for found in block.walk() if found.kname in self.seen.unreadable
        ]
        if unreadable:
            return f"cannot be read: {unreadable[0]}. Replace the disk, or take it out of site.yml."
        if block.read_only:
            return "is read-only. Look at its write protection, or take another disk."
        if block.size < SMALLEST:
            return f"has {block.size // 1024**2} MiB, and Ceph takes no disk below 5120 MiB (5 GiB). Take a larger one."
        return ""

    def _users(self, block: Block) -> list[str]:
        """Return who uses a disk, or something that is made of it."""
        found = list(dict.fromkeys(point for part in block.walk() for point in part.mountpoints))
        users = [f"mounted at {' and '.join(found)}"] if found else []
        for part in block.walk():
            if part is not block and part.kind == "mpath":
                users.append(f"a path of {part.name}, which is the name to use")
            elif part is not block and (part.kind.startswith("raid") or part.kind in ("md", "linear")):
                users.append(f"a member of the array {part.name}")
            elif part is not block and part.kind == "crypt" and not self.seen.on(block):
                users.append(f"opened as {part.name}")
        if not users and any(part.kname in self.seen.busy for part in block.walk()):
            users = ["the kernel or a program holds it"]
        return users

    def _empty(self, block: Block) -> tuple[str, str]:
        entry = (self.seen.inventory or {}).get(block.name, {})
        if entry.get("available", True):
            return "free", ""
        reasons = "; ".join(sorted(entry.get("rejected_reasons") or ["it gives no reason"]))
        return "refused", f"is not taken by Ceph: {reasons}. Take another disk."

    def _holds(self, block: Block) -> str:
        """Return what is on a disk in words, "" for nothing."""
        osds, parts = self.seen.on(block), [part for part in block.children if part.kind == "part"]
        words = [self._osd(osd) for osd in osds]
        found = self.seen.signatures.get(block.kname, ())
        own = [signature for signature in found if signature.kind not in PARTITION_TABLES]
        words += [self._words(signature, block) for signature in own if not (osds and signature.kind in OPAQUE)]
        tables = [signature.kind for signature in found if signature.kind in ("gpt", "dos")]
        if parts:
            words.append(f"{len(parts)} partition{'s' if len(parts) > 1 else ''} ({', '.join(map(self._part, parts))})")
        elif tables and not own:
            words.append(f"an empty partition table ({tables[0]})")
        return " and ".join(words)

    def _part(self, part: Block) -> str:
        own = [self._words(signature, part) for signature in self.seen.signatures.get(part.kname, ())]
        return f"{part.kname}: {' and '.join(own) or 'nothing known'}"

    def _words(self, signature: Signature, block: Block) -> str:
        article = "an" if signature.kind[0] in "aeiox" else "a"
        text = WORDS.get(signature.kind, f"{article} {signature.kind} file system")
        group = self.seen.volume_groups.get(block.name) if signature.kind == "LVM2_member" else None
        label = f" labelled '{signature.label}'" if signature.label else ""
        return f"{text} of the volume group '{group}'" if group else f"{text}{label}"

    def _osd(self, osd: Osd) -> str:
        if osd.uuid in self.known:
            return osd.name
        if osd.fsid == self.fsid:
            return f"{osd.name} with the UUID {osd.uuid}, which this site's cluster does not know"
        return f"{osd.name} of the Ceph cluster {osd.fsid}" if osd.fsid else f"a part of {osd.name}"

    def _opaque(self, block: Block) -> list[str]:
        """Return what an OSD may be behind, of the disk and its partitions, where ceph-volume names none."""
        parts = [part for part in block.walk() if not self.seen.on(part)]
        found = [signature.kind for part in parts for signature in self.seen.signatures.get(part.kname, ())]
        return [kind for kind in found if kind in OPAQUE]

    def _obstacle(self, block: Block, unclear: list[str]) -> str:
        """Return why a disk that is listed is not wiped, "" when it is."""
        if block.kind not in WIPEABLE:
            return f", and is of the kind '{block.kind}', which is not wiped by itself. Empty it by hand."
        shown = {osd.uuid for osd in self.seen.osds}
        hidden = sorted(daemon.name for uuid, daemon in self.seen.daemons.items() if uuid not in shown)
        if unclear and hidden:
            return (
                f". It is listed to be wiped, but {' or '.join(hidden)} may be on it: this host has the daemon, and no "
                f"disk shows its data. Start or remove the daemon, or wipe the disk by hand: {_by_hand(block)}."
            )
        if "ceph_bluestore" in unclear and self.known:
            return (
                ". It is listed to be wiped, but whether the cluster knows this OSD cannot be told. Look at 'cephadm "
                f"ceph-volume -- raw list {block.name}', and wipe the disk by hand: {_by_hand(block)}."
            )
        mine = self.seen.groups_on(block)
        others = sorted(
            volume
            for volume, group in self.seen.volume_groups.items()
            if group in mine and volume not in block.names() and not self._goes(volume)
        )
        if others:
            return (
                f". It is listed to be wiped, but its volume group is also on {', '.join(others)}, which is "
                "not listed or is in use. List it as well, or take the disk out of the group with pvmove and vgreduce."
            )
        return ""

    def _goes(self, volume: str) -> bool:
        """Return whether a physical volume is on another disk that is listed to be wiped, and may be."""
        listed = [found for found in map(self.seen.block, self.listed) if found and volume in found.names()]
        return any(not self._refusal(found) and not self._needed(found) for found in listed)

    def _needed(self, block: Block) -> bool:
        """Return whether a disk has an OSD that the cluster knows, or one with its daemon here."""
        return any(osd.uuid in self.known or osd.uuid in self.seen.daemons for osd in self.seen.on(block))


def _has_daemon(daemon: Daemon) -> str:
    return (
        f"holds {daemon.name} of the Ceph cluster {daemon.fsid}, which this site's cluster does not list, and whose "
        "daemon is on this host. It is never wiped. If it is not needed, remove the daemon: "
        f"'cephadm rm-daemon --force --fsid {daemon.fsid} --name {daemon.name}'."
    )


def _by_hand(block: Block) -> str:
    return f"'cephadm ceph-volume -- lvm zap --destroy {block.name}'"


def judge(host: str, fsid: str, wanted: dict[str, Any], known: list[str], seen: Observed) -> Verdict:
    """Return what becomes of every wanted disk of a host.

    ``wanted`` as in ``observe``; ``known`` are the UUIDs in ``ceph osd dump``.
    """
    listed = frozenset(seen.real[path] for path in wanted["wipe"] if path in seen.real)
    court = Judge(host, fsid, frozenset(known), listed, seen)
    uses = [(group["group"], use, group[use]) for group in wanted["groups"] for use in USES if group.get(use)]
    claims: list[Claim] = []
    problems: list[str] = []
    for group, use, selection in uses:
        for path in selection.get("paths") or ():
            claims.append(_by_path(court, group, use, path, claims))
    named = {claim.device for claim in claims}
    for group, use, selection in uses:
        if not selection.get("paths"):
            chosen, problem = _by_filter(court, group, use, selection, named)
            claims += chosen
            named |= {claim.device for claim in chosen}
            problems += [problem] if problem else []
    problems = [*(claim.problem for claim in claims if claim.problem), *problems]
    each = {group["group"]: group.get("per_device") or 1 for group in wanted["groups"]}
    taken = [claim.group for claim in claims if claim.use == "data" and claim.state in TAKEN]
    return Verdict(
        claims=tuple(claims),
        problems=tuple(problems),
        wipe=tuple(claim.path for claim in claims if claim.state == "wipe"),
        expected=sum(each[group] for group in taken),
    )


def _by_path(court: Judge, group: str, use: str, path: str, earlier: list[Claim]) -> Claim:
    device = court.seen.real.get(path, "")
    block = court.seen.block(device) if device else None
    start = f"{court.host}: {path}{f' ({device})' if device and device != path else ''}"
    if block is None:
        what = "is no block device with a size" if device else "is not there"
        problem = (
            f"{start} {what}. Look at the disk and its cable, or correct the path in site.yml; 'lsblk' and "
            f"'ls -l /dev/disk/by-path' on {court.host} show what there is."
        )
        return Claim(group, use, path, device, 0, "missing", problem)
    twin = next((claim for claim in earlier if claim.device == device), None)
    if twin:
        problem = (
            f"{start} is wanted twice: for {use} of the group '{group}', and as {twin.path} for {twin.use} of "
            f"'{twin.group}'. Name it once."
        )
        return Claim(group, use, path, device, block.size, "refused", problem)
    return court.claim(group, use, path, block)


def _by_filter(
    court: Judge, group: str, use: str, selection: dict[str, Any], named: set[str]
) -> tuple[list[Claim], str]:
    """Return the disks that a filter chooses, and a problem, "" for none.

    A disk that Ceph would pass over is passed over; one that holds data is a problem only when it would be needed.
    """
    where = f"ceph.osds.{group}.{use}"
    limit = selection.get("limit") or 0
    chosen: list[Claim] = []
    waiting: list[Claim] = []
    passed: list[Claim] = []
    disks = [disk for disk in court.seen.candidates() if disk.kname not in named]
    try:
        matching = [disk for disk in disks if matches(selection, court.seen.facts(disk))]
    except FilterError as error:
        return [], f"{court.host}: {where}: {error}."
    for disk in matching:
        claim = court.claim(group, use, court.seen.links.get(disk.kname, disk.name), disk)
        if claim.state in ("refused", "data"):
            (passed if claim.state == "refused" else waiting).append(claim)
        elif claim.state == "osd" or not limit or len(chosen) < limit:
            chosen.append(claim)
    if not limit or len(chosen) < limit:
        chosen += waiting
    if chosen:
        return chosen, ""
    filters = described(selection) or "any"
    if passed:
        reasons = "; ".join(claim.problem.removeprefix(f"{court.host}: ").split(". ")[0] for claim in passed)
        return [], f"{court.host}: {where} ({filters}) matches only disks that Ceph cannot take: {reasons}. Correct it."
    others = ", ".join(_shown(court, disk) for disk in disks) or "no other disk"
    return [], (
        f"{court.host}: {where} ({filters}) matches no disk. Correct the filter, or take the host out of the group. "
        f"{court.host} has {others}; Ceph compares the sizes that are shown here."
    )


def _shown(court: Judge, disk: Block) -> str:
    facts = court.seen.facts(disk)
    kind = "rotating" if facts.rotational else "not rotating"
    name = " ".join(word for word in (facts.vendor, facts.model) if word) or "no model"
    return f"{disk.name} ({name}, {facts.size}, {kind})"
