"""What the shipped sites compile to, to be read in reviews. ``pytest tests/golden --update-golden`` writes it anew.

A file for each of Ceph's and kolla-ansible's inputs, and for each chosen host one with all of its files. Left out are
upstream's service groups in the inventory (their own test compares them) and files that an earlier host has just so.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from armature.compile import artefacts
from armature.compile.data import groups
from armature.compile.kolla_inventory import kolla_inventory
from armature.compile.text import yaml_text
from armature.load import load_site
from armature.model import Role, Site

HERE = Path(__file__).parent
INVENTORIES = HERE.parents[1] / "inventories"
SITES = ["lab", "lon1"]
KINDS = (Role.CONTROL, Role.COMPUTE, Role.STORAGE, Role.ISCSI_GATEWAY)
"""Of the full site, the first host of each kind is kept."""


def chosen(site: Site) -> list[str]:
    """Return the hosts whose files are kept."""
    firsts = [hosts[0] for hosts in map(site.hosts_with, KINDS) if hosts]
    return list(dict.fromkeys(firsts))


def host_text(files: dict[str, str], host: str, seen: dict[str, tuple[str, str]]) -> str:
    """Return all files of a host as one text; ``seen`` keeps path -> (host, text) of those that were written."""
    parts = []
    for path, text in sorted(files.items()):
        if not path.startswith(f"hosts/{host}/"):
            continue
        name = path.removeprefix(f"hosts/{host}")
        earlier, same = seen.setdefault(name, (host, text))
        as_before = earlier != host and same == text
        parts.append(f"===== {name}: as on {earlier}\n" if as_before else f"===== {name}\n{text}")
    return "\n".join(parts)


def golden(site: Site) -> dict[str, str]:
    """Return file name -> text of a site's golden files."""
    files = artefacts(site)
    services = set(groups(site.release))
    inventory = {name: group for name, group in kolla_inventory(site).items() if name not in services}
    texts = {path: text for path, text in files.items() if path.startswith(("ceph/", "kolla/"))}
    texts["kolla/inventory.yml"] = yaml_text(inventory)
    seen: dict[str, tuple[str, str]] = {}
    for host in chosen(site):
        texts[f"{host}.txt"] = host_text(files, host, seen)
    return texts


@pytest.mark.parametrize("name", SITES)
def test_site_compiles_to_its_golden_files(name: str, update_golden: bool) -> None:
    folder = HERE / name
    wanted = golden(load_site(INVENTORIES / name / "site.yml"))
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    if update_golden:
        for path in present - set(wanted):
            (folder / path).unlink()
        for path, text in wanted.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        present = set(wanted)
    assert present == set(wanted)
    for path, text in wanted.items():
        assert (folder / path).read_text() == text, f"{name}/{path}: pytest tests/golden --update-golden, then read it"
