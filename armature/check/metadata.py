"""The port of the bare-metal nodes' metadata: who else would listen there."""

from __future__ import annotations

from collections.abc import Iterator

from armature.baremetal import conductors, network_of
from armature.ceph import rgw_hosts
from armature.errors import Problem, where
from armature.iscsi import iscsi_hosts, section
from armature.metadata import PORT
from armature.model import Purpose, Site

_ADVICE = f"{PORT} is where the nodes' metadata is on {{host}}. Use another, such as {{other}}."


def metadata_problems(site: Site) -> Iterator[Problem]:
    """Yield problems of ports that a site chooses and that are the metadata's, on a host that has it."""
    hosts = conductors(site)
    if not hosts:
        return
    described = section(site)
    if described is not None and described.port == PORT and (shared := _shared(hosts, iscsi_hosts(site))):
        yield _problem("ceph", "iscsi", "port", host=shared, other=5010)
    objects = site.ceph.rgw if site.ceph is not None else None
    # An object gateway listens at its host's address on this network alone.
    same_network = network_of(site) in site.networks_for(Purpose.API)
    if objects is not None and objects.port == PORT and same_network and (shared := _shared(hosts, rgw_hosts(site))):
        yield _problem("ceph", "rgw", "port", host=shared, other=8080)
    for key, value in site.kolla_overrides.items():
        if key.endswith("_port") and str(value) == str(PORT):
            yield _problem("kolla_overrides", key, host=hosts[0], other=PORT + 1)


def _shared(hosts: list[str], others: list[str]) -> str | None:
    return next((host for host in hosts if host in others), None)


def _problem(*keys: str, host: str, other: int) -> Problem:
    return Problem(where(*keys), _ADVICE.format(host=host, other=other))
