"""A storage host for tests: disks in a folder, and the commands that look at them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FSID = "3f2c4a52-7c1c-4d5e-9f0a-5a1f5f0c2b11"
OTHER = "00000000-0000-4000-8000-000000000001"
IMAGE = "quay.io/ceph/ceph:v18.2.7"
TB = 10**12


def block(name: str, kind: str = "disk", size: int = 4 * TB, **more: Any) -> dict[str, Any]:
    """Return a device as lsblk has it; ``mounts`` and ``children`` are lists."""
    return {
        "name": name,
        "kname": more.get("kname", name),
        "type": kind,
        "size": size,
        "ro": more.get("ro", False),
        "rota": more.get("rota", True),
        "fstype": None,
        "label": None,
        "model": more.get("model", "ST4000"),
        "vendor": more.get("vendor", "SEAGATE "),
        "mountpoints": more.get("mounts", [None]),
        **({"children": more["children"]} if "children" in more else {}),
    }


def lv(uuid: str, fsid: str, device: str, kind: str = "block") -> dict[str, Any]:
    """Return an OSD's volume as ``ceph-volume lvm list`` has it."""
    tags = {"ceph.cluster_fsid": fsid, "ceph.osd_fsid": uuid, "ceph.type": kind}
    return {"tags": tags, "type": kind, "devices": [device], "path": f"/dev/ceph-{uuid}/{kind}"}


class StorageHost:
    """A host with disks, a record of the commands that were run, and what they answer."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.commands: list[list[str]] = []
        self.blocks: list[dict[str, Any]] = []
        self.signatures: dict[str, list[tuple[str, str]]] = {}
        self.listed: dict[str, Any] = {"inventory": [], "lvm list": {}, "raw list": {}}
        self.volume_groups: dict[str, str] = {}
        self.failing: dict[str, str] = {}
        self.file("/usr/local/sbin/cephadm")

    def file(self, path: str, text: str = "") -> None:
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def disk(self, name: str, path: str = "", kind: str = "disk", **more: Any) -> None:
        """Add a disk with its name in by-path, to lsblk and to ceph-volume's inventory."""
        entry = block(f"/dev/{name}", kind, **more)
        self.blocks.append(entry)
        self.file(f"/dev/{name}")
        links = self.root / "dev/disk/by-path"
        links.mkdir(parents=True, exist_ok=True)
        if path:
            (links / path).symlink_to(f"../../{name}")
        if kind != "loop":
            facts = {"model": entry["model"], "vendor": "SEAGATE", "rotational": "1" if entry["rota"] else "0"}
            size = {"human_readable_size": more.get("shown", "3.64 TB")}
            self.listed["inventory"].append(
                {"path": f"/dev/{name}", "available": True, "rejected_reasons": [], "sys_api": {**facts, **size}}
            )

    def inventory(self, name: str) -> dict[str, Any]:
        return next(entry for entry in self.listed["inventory"] if entry["path"] == f"/dev/{name}")

    def raw(self, uuid: str, fsid: str, device: str, number: int = 3) -> None:
        entry = {"osd_uuid": uuid, "osd_id": number, "ceph_fsid": fsid, "device": device, "type": "bluestore"}
        self.listed["raw list"][uuid] = entry
        self.signatures[device] = [("ceph_bluestore", "")]

    def daemon(self, uuid: str, name: str = "osd.3", fsid: str = FSID) -> None:
        self.file(f"/var/lib/ceph/{fsid}/{name}/fsid", f"{uuid}\n")

    def run(self, argv: list[str]) -> tuple[int, str, str]:
        self.commands.append(argv)
        for words, error in self.failing.items():
            if words in " ".join(argv):
                return 1, "", error
        if argv[0] == "lsblk":
            wanted = [entry for entry in self.blocks if len(argv) == 6 or entry["kname"] == argv[-1]]
            return 0, json.dumps({"blockdevices": wanted}), ""
        if argv[0] == "wipefs" and "--json" in argv:
            return 0, self._wipefs(argv[-1]), ""
        if argv[0] == "wipefs":
            self.signatures.pop(argv[-1], None)
        if argv[0] == "pvs":
            pvs = [{"pv_name": name, "vg_name": group} for name, group in self.volume_groups.items()]
            return 0, json.dumps({"report": [{"pv": pvs}]}), ""
        if "zap" in argv:
            self.zap(argv[-1])
        elif "ceph-volume" in argv:
            words = argv[argv.index("--") + 1 : argv.index("--format")]
            return 0, json.dumps(self.listed[" ".join(words)]), ""
        return 0, "", ""

    def zap(self, device: str) -> None:
        self.signatures.pop(device, None)
        self.listed["raw list"] = {u: e for u, e in self.listed["raw list"].items() if e.get("device") != device}
        for entry in self.blocks:
            if entry["name"] == device:
                entry.pop("children", None)

    def _wipefs(self, device: str) -> str:
        found = self.signatures.get(device, [])
        entries = [
            {"device": device, "offset": "0x0", "type": kind, "uuid": None, "label": label or None}
            for kind, label in found
        ]
        return json.dumps({"signatures": entries})


def paths(*wanted: str, wipe: tuple[str, ...] = (), **uses: Any) -> dict[str, Any]:
    """Return what ``site_ceph_devices`` gives for one group with paths in by-path, or the ``uses`` as they are."""
    names = [f"/dev/disk/by-path/{path}" for path in wanted]
    group = {"group": "hdd", "data": {"paths": names} if names else None, "db": None, "wal": None, **uses}
    return {"groups": [group], "wipe": [f"/dev/disk/by-path/{path}" for path in wipe]}


def options(wanted: dict[str, Any], known: tuple[str, ...] = (), **more: Any) -> dict[str, Any]:
    """Return the options of the modules."""
    common = {"host": "sto-1", "fsid": FSID, "image": IMAGE, "engine": "docker"}
    return {**common, "wanted": wanted, "known_osds": list(known), **more}
