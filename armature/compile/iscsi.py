"""iSCSI gateways: what cephadm, the gateways' API and OpenStack are told of them.

Passwords and the key of the API's certificate are no artefact: plays add them to the specification, and kolla-ansible
finds the password among its encrypted variables.

Source: cephadm of Ceph 18.2.7 (IscsiServiceSpec; IscsiService; iscsi-gateway.cfg.j2); ceph-iscsi 3.9 (rbd-target-api);
cinder 28.0.0, ``volume/drivers/ceph/rbd_iscsi.py``; kolla-ansible 20.6.0 and 22.2.0, roles ``cinder`` and
``loadbalancer``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from armature.addresses import vip_address
from armature.ceph import ceph_hosts, storage_address
from armature.iscsi import MODULES, PORTAL, gateway_name, iscsi_hosts, section, target, trusted_addresses
from armature.model import Site

LABEL = "iscsi"
"""What cephadm calls the gateways' hosts. A service that is placed by it stays right while a gateway is taken out."""

USER = "armature"
"""Who uses the API. ceph-iscsi knows one user, who may do everything."""

DISCOVERY_USER = "armature-discovery"

BACKEND = "rbd-iscsi-1"
"""What Cinder calls the backend: a volume type names it."""

PASSWORD = "iscsi_api_password"  # noqa: S105
"""Name of the API's password, among the site's secrets and among kolla-ansible's variables."""

CERTIFICATE = "iscsi_api"
"""Name of the API's certificate among the site's secrets."""

DISCOVERY_PASSWORD = "iscsi_discovery_password"  # noqa: S105

_LENGTHS = {PASSWORD: 32, DISCOVERY_PASSWORD: 16}
"""Letters of passwords. A gateway takes 12 to 16 for discovery. Source: ceph-iscsi 3.9, gwcli/utils.py."""

_ID = "gateways"
_SERVICE = f"iscsi.{_ID}"


def iscsi_facts(site: Site) -> dict[str, Any]:
    """Return what plays need, {} for a site without gateways.

    ``service``, cephadm's name; ``target``; ``user`` and ``port`` of the API; ``discovery_user``, "" for discovery
    without a password; ``gateways``, each with ``host``, ``name`` (what it calls itself) and ``address`` (of its portal
    and its API, no brackets); ``modules`` of the kernel;
    ``ports`` that must be free on a new gateway; ``pool``; ``backend``, Cinder's name of it; ``passwords`` (name ->
    length) and ``certificates`` that the site's secrets must have, and the ``secrets``, the names of all of them.
    """
    described = section(site)
    if described is None:
        return {}
    gateways = [
        {"host": host, "name": gateway_name(site, host), "address": storage_address(site, host)}
        for host in iscsi_hosts(site)
    ]
    names = [site.vips.internal.name, *(gateway["name"] for gateway in gateways)]
    return {
        "service": _SERVICE,
        "target": target(site),
        "user": USER,
        "port": described.port,
        "discovery_user": DISCOVERY_USER if described.discovery_chap else "",
        "gateways": gateways,
        "modules": list(MODULES),
        "ports": [PORTAL, described.port],
        "pool": described.pool,
        "backend": BACKEND,
        "passwords": dict(_LENGTHS),
        "certificates": {CERTIFICATE: {"names": names, "addresses": [gateway["address"] for gateway in gateways]}},
        "secrets": [*_LENGTHS, f"{CERTIFICATE}_certificate", f"{CERTIFICATE}_key"],
    }


def iscsi_artefact(site: Site) -> dict[str, Any]:
    """Return what plays hand over, to be read: the facts, and ``services`` without what follows from secrets."""
    facts = iscsi_facts(site)
    if not facts:
        return {}
    services = iscsi_services(site, dict.fromkeys(facts["secrets"], ""))
    hidden = "extra_container_args"
    return {
        **facts,
        "services": [{key: value for key, value in spec.items() if key != hidden} for spec in services],
    }


def iscsi_members(site: Site) -> list[dict[str, Any]]:
    """Return the cluster's hosts: ``name``, ``address`` and, of ``labels``, the one that the gateways go by."""
    gateways = set(iscsi_hosts(site))
    return [
        {"name": name, "address": storage_address(site, name), "labels": [LABEL] if name in gateways else []}
        for name in ceph_hosts(site)
    ]


def iscsi_services(site: Site, secrets: dict[str, str]) -> list[dict[str, Any]]:
    """Return cephadm's service specification of the gateways, none for a site without them.

    It lacks ``api_password``, ``ssl_cert`` and ``ssl_key``: :func:`iscsi_secrets` has them. A gateway reads all of it
    when it starts, and cephadm starts it anew when an argument of its container changes: a label is one, and says what
    the gateway was started with. Addresses carry no brackets. The managers add the active
    one's address to the list, unless it is there, and make every gateway anew when another becomes active: so all are.
    """
    described = section(site)
    if described is None:
        return []
    spec = {
        "pool": described.pool,
        "api_port": described.port,
        "api_user": USER,
        "api_secure": True,
    }
    started = json.dumps([spec, iscsi_secrets(site, secrets)], sort_keys=True)
    return [
        {
            "service_type": "iscsi",
            "service_id": _ID,
            "placement": {"label": LABEL},
            "spec": {**spec, "trusted_ip_list": ",".join(trusted_addresses(site))},
            "extra_container_args": [f"--label=armature.settings={hashlib.sha256(started.encode()).hexdigest()[:16]}"],
        }
    ]


def iscsi_secrets(site: Site, secrets: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return service -> the keys of its specification that nobody may read, of the site's secrets; {} without them.

    Raises KeyError when a secret is not there.
    """
    if section(site) is None:
        return {}
    keys = {"api_password": PASSWORD, "ssl_cert": f"{CERTIFICATE}_certificate", "ssl_key": f"{CERTIFICATE}_key"}
    return {_SERVICE: {key: secrets[name] for key, name in keys.items()}}


def iscsi_config_files(site: Site) -> dict[str, str]:
    """Return path below kolla-ansible's ``config/`` -> text: Cinder's second backend, and HAProxy before the API.

    {} for a site without gateways. kolla-ansible fills in its own variables.
    """
    described = section(site)
    if described is None:
        return {}
    return {
        "cinder/cinder-volume.conf": _cinder(site, described.pool, described.vip_port),
        "haproxy/services.d/armature-iscsi.cfg": _haproxy(site, described.port, described.vip_port),
    }


def _cinder(site: Site, pool: str, port: int) -> str:
    """Return Cinder's backend; those that kolla-ansible makes of its own variables stay before it."""
    return f"""[DEFAULT]
enabled_backends = {{{{ (cinder_enabled_backends | map(attribute='name') | list + ['{BACKEND}']) | join(',') }}}}

[{BACKEND}]
volume_driver = cinder.volume.drivers.ceph.rbd_iscsi.RBDISCSIDriver
volume_backend_name = {BACKEND}
rbd_pool = {pool}
rbd_user = cinder
rbd_ceph_conf = /etc/ceph/ceph.conf
rados_connect_timeout = 5
report_discard_supported = true
rbd_iscsi_api_url = https://{site.vips.internal.name}:{port}
rbd_iscsi_api_user = {USER}
rbd_iscsi_api_password = {{{{ {PASSWORD} }}}}
rbd_iscsi_target_iqn = {target(site)}
driver_ssl_cert_verify = true
"""


def _haproxy(site: Site, port: int, vip_port: int) -> str:
    """Return HAProxy's part. TLS goes through; one gateway serves all requests, for another may know of them later."""
    servers = [
        f"    server {host} [{storage_address(site, host)}]:{port} check check-ssl verify none inter 5s rise 2 fall 3"
        + (" backup" if number else "")
        for number, host in enumerate(iscsi_hosts(site))
    ]
    head = ["listen iscsi_api", f"    bind [{vip_address(site, 'internal')}]:{vip_port}", "    mode tcp"]
    return "\n".join([*head, *servers]) + "\n"
