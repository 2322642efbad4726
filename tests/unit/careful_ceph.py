"""A monitor's host for tests of what takes something from a cluster: it also says sentences, and may say no."""

from pathlib import Path
from typing import Any

from ansible.module_utils.armature_ceph_gates import CarefulCeph
from fake_ceph import CEPH, FSID, IMAGE, FakeCeph

NO_REMOVALS = "No OSD remove/replace operations reported"
QUEUE = "orch osd rm status"


class FakeCarefulCeph(FakeCeph):
    """``says`` has a plain command -> (status, output, error output); one with an answer of status 0 is no change."""

    def __init__(self, root: Path, answers: dict[str, Any]) -> None:
        super().__init__(root, {"mgr stat": {"available": True, "active_name": "x"}, QUEUE: NO_REMOVALS, **answers})
        self.says: dict[str, tuple[int, str, str]] = {}
        self.asked: list[str] = []
        self.slept: list[float] = []

    def ceph(self) -> CarefulCeph:
        return CarefulCeph(self.run, FSID, IMAGE, "ctl-0", self.root, self.slept.append)

    def run(self, argv: list[str], data: str | None) -> tuple[int, str, str]:
        command = " ".join(argv[len(CEPH) :])
        if command in self.says:
            self.asked.append(command)
            return self.says[command]
        return super().run(argv, data)

    def words(self) -> list[str]:
        """Return the changing commands of ``ceph`` as text."""
        return [" ".join(argv[len(CEPH) :]) for argv, _data in self.changes]


def daemon(name: str, host: str, **more: Any) -> dict[str, Any]:
    """Return an entry of ``orch ps``."""
    kind, _dot, identity = name.partition(".")
    entry = {"daemon_type": kind, "daemon_id": identity, "daemon_name": name, "hostname": host, "status": 1}
    return {**entry, "service_name": {"osd": "osd.disks"}.get(kind, kind), **more}


def osd(number: int, **more: Any) -> dict[str, Any]:
    """Return an OSD in ``osd tree``."""
    entry = {"id": number, "name": f"osd.{number}", "type": "osd", "device_class": "hdd", "crush_weight": 1.0}
    return {**entry, "reweight": 1.0, "status": "up", "exists": 1, **more}


def tree(**hosts: list[dict[str, Any]]) -> dict[str, Any]:
    """Return ``osd tree`` of hosts (``sto_1`` stands for sto-1) with their OSDs, below the root default."""
    names = {name: -number for number, name in enumerate(hosts, 2)}
    nodes: list[dict[str, Any]] = [{"id": -1, "name": "default", "type": "root", "children": list(names.values())}]
    for name, osds in hosts.items():
        children = [entry["id"] for entry in osds]
        nodes += [{"id": names[name], "name": name.replace("_", "-"), "type": "host", "children": children}, *osds]
    return {"nodes": nodes, "stray": []}


def rule(identity: int = 1, kind: str = "host", take: str = "default") -> dict[str, Any]:
    """Return a rule as ``osd crush rule dump`` has it."""
    steps = [
        {"op": "take", "item": -1, "item_name": take},
        {"op": "choose_firstn" if kind == "osd" else "chooseleaf_firstn", "num": 0, "type": kind},
        {"op": "emit"},
    ]
    return {"rule_id": identity, "rule_name": f"armature-{kind}", "type": 1, "steps": steps}


def pools(**sizes: int) -> dict[str, Any]:
    """Return ``osd dump`` with pools of so many copies, all of rule 1."""
    found = [{"pool_name": name, "size": size, "crush_rule": 1} for name, size in sizes.items()]
    return {"pools": found, "nearfull_ratio": 0.85, "crush_node_flags": {}}


def usage(*osds: tuple[int, int, int]) -> dict[str, Any]:
    """Return ``osd df`` of (number, GiB, GiB in use); each holds seven placement groups."""
    return {
        "nodes": [
            {"id": number, "kb": size * 2**20, "kb_used": used * 2**20, "reweight": 1.0, "pgs": 7}
            for number, size, used in osds
        ]
    }
