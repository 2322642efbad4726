"""Compilers: one module an artefact, each a pure function of the site."""

from __future__ import annotations

import json

from armature.compile.ceph_conf import bootstrap_conf, client_conf, config_options
from armature.compile.ceph_pools import wanted_keys, wanted_pools
from armature.compile.ceph_services import spec_documents
from armature.compile.chrony import chrony_conf
from armature.compile.container_engine import container_engine_files
from armature.compile.hosts_file import resolv_conf, site_hosts_file
from armature.compile.inventory import ansible_inventory
from armature.compile.ironic_boot import ironic_templates
from armature.compile.iscsi import iscsi_artefact
from armature.compile.kernel import kernel_files
from armature.compile.kolla_config import config_files
from armature.compile.kolla_globals import kolla_globals
from armature.compile.kolla_inventory import architecture_variables, architectures, kolla_inventory
from armature.compile.metadata import metadata_files
from armature.compile.networkd import networkd_units
from armature.compile.text import yaml_documents, yaml_text
from armature.model import Site


def artefacts(site: Site) -> dict[str, str]:
    """Return path -> text of every artefact: ``inventory.json``, ``ceph/...``, ``kolla/...``, ``hosts/<host>/...``."""
    files = {"inventory.json": json.dumps(ansible_inventory(site), indent=2) + "\n"}
    files |= {f"ceph/{path}": text for path, text in ceph_artefacts(site).items()}
    files |= {f"kolla/{path}": text for path, text in kolla_artefacts(site).items()}
    hosts_file, resolver = site_hosts_file(site), resolv_conf(site)
    for host in site.hosts:
        files |= {f"hosts/{host}/etc/systemd/network/{name}": text for name, text in networkd_units(site, host).items()}
        files[f"hosts/{host}/etc/hosts"] = hosts_file
        if resolver is not None:
            files[f"hosts/{host}/etc/resolv.conf"] = resolver
        files[f"hosts/{host}/etc/chrony/chrony.conf"] = chrony_conf(site, host)
        others = container_engine_files(site, host) | kernel_files(site, host)
        others |= ironic_templates(site, host) | metadata_files(site, host)
        files |= {f"hosts/{host}{path}": text for path, text in others.items()}
    return files


def ceph_artefacts(site: Site) -> dict[str, str]:
    """Return path -> text of what Ceph is told, to be read: plays hand over the same as data. {} without Ceph."""
    bootstrap, conf, iscsi = bootstrap_conf(site), client_conf(site), iscsi_artefact(site)
    if bootstrap is None or conf is None:
        return {}
    return {
        "bootstrap.conf": bootstrap,
        "ceph.conf": conf,
        "specs.yml": yaml_documents(spec_documents(site)),
        "config.yml": yaml_text(config_options(site)),
        "pools.yml": yaml_text(wanted_pools(site)),
        "keys.yml": yaml_text(wanted_keys(site)),
        **({"iscsi.yml": yaml_text(iscsi)} if iscsi else {}),
    }


def kolla_artefacts(site: Site) -> dict[str, str]:
    """Return path -> text of kolla-ansible's inputs: inventory, group variables, globals and override files."""
    files = {
        "inventory.yml": yaml_text(kolla_inventory(site)),
        "globals.yml": yaml_text(kolla_globals(site)),
    }
    for arch in architectures(site):
        if variables := architecture_variables(site, arch):
            files[f"group_vars/{arch.value}.yml"] = yaml_text(variables)
    return files | {f"config/{path}": text for path, text in config_files(site).items()}
