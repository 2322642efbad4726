"""Ansible's names for the core's functions. Each takes the variable ``site``; the function says the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from armature import ansible_bridge as bridge
from armature import derived, orphans
from armature.compile import (
    baremetal,
    ceph_conf,
    ceph_pools,
    ceph_rgw,
    ceph_services,
    chrony,
    container_engine,
    hosts_file,
    ironic_boot,
    iscsi,
    kernel,
    kolla_artefacts,
    metadata,
    networkd,
    verify,
    volume_types,
)


class FilterModule:
    """Filters ``site_<artefact>``, for example ``{{ site | site_hosts_file(inventory_hostname) }}``."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the filters by name."""
        functions: dict[str, Callable[..., Any]] = {
            "site_baremetal_flavors": baremetal.wanted_flavors,
            "site_baremetal_nodes": baremetal.wanted_nodes,
            "site_ceph": ceph_conf.ceph_facts,
            "site_ceph_bootstrap_conf": ceph_conf.bootstrap_conf,
            "site_ceph_conf": ceph_conf.client_conf,
            "site_ceph_config": ceph_conf.config_options,
            "site_ceph_devices": ceph_services.wanted_devices,
            "site_ceph_hosts": ceph_services.host_specs,
            "site_ceph_keyrings": ceph_pools.keyring_files,
            "site_ceph_keys": ceph_pools.wanted_keys,
            "site_ceph_pools": ceph_pools.wanted_pools,
            "site_ceph_rgw": ceph_rgw.rgw_facts,
            "site_ceph_rgw_members": ceph_services.rgw_members,
            "site_ceph_rgw_services": ceph_rgw.rgw_services,
            "site_ceph_services": ceph_services.service_specs,
            "site_chrony_conf": chrony.chrony_conf,
            "site_container_engine_files": container_engine.container_engine_files,
            "site_derived_images": derived.derived_images,
            "site_facts_for_verify": verify.verify_facts,
            "site_hosts_file": hosts_file.hosts_file,
            "site_iscsi": iscsi.iscsi_facts,
            "site_iscsi_members": iscsi.iscsi_members,
            "site_iscsi_orphans": orphans.iscsi_orphans,
            "site_iscsi_secrets": iscsi.iscsi_secrets,
            "site_iscsi_services": iscsi.iscsi_services,
            "site_ironic_templates": ironic_boot.ironic_templates,
            "site_kernel_modules": kernel.kernel_modules,
            "site_kolla_artefacts": kolla_artefacts,
            "site_metadata": metadata.metadata_facts,
            "site_metadata_files": metadata.metadata_files,
            "site_networkd_units": networkd.networkd_units,
            "site_release": bridge.release_answers,
            "site_resolv_conf": hosts_file.resolv_conf,
            "site_summary": bridge.summary,
            "site_sysctl": kernel.sysctl,
            "site_volume_types": volume_types.volume_types,
        }
        return {name: bridge.as_filter(function) for name, function in functions.items()}
