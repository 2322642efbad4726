"""Object gateways: what cephadm and OpenStack are told of them.

Source: cephadm of Ceph 18.2.7 (RGWSpec; RgwService; find_ip_on_host); Ceph, "Integrating with OpenStack Keystone";
kolla-ansible 20.6.0 and 22.2.0, role ``ceph-rgw``.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from armature.addresses import host_address, network_prefix
from armature.ceph import rgw_hosts
from armature.ceph_model import Ceph
from armature.model import Purpose, Site

SECTION = "client.rgw"
"""Of Ceph's configuration: all gateways."""

LABEL = "rgw"
"""What cephadm calls their hosts. A service that is placed by it stays right while a host is drained."""

_ID = "objects"
_FOLDER = "/etc/rgw-keystone"
_FILE = "password"
_KEYSTONE_PORT = 5000
"""Source: kolla-ansible, ``keystone_internal_port``."""

_BUNDLES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")
"""Where Debian's libcurl and that of upstream's image read whom to trust. Ceph has no option for it."""

RGW_OPTIONS = frozenset(
    {
        "rgw_keystone_accepted_admin_roles",
        "rgw_keystone_accepted_roles",
        "rgw_keystone_admin_domain",
        "rgw_keystone_admin_password",
        "rgw_keystone_admin_password_path",
        "rgw_keystone_admin_project",
        "rgw_keystone_admin_user",
        "rgw_keystone_api_version",
        "rgw_keystone_implicit_tenants",
        "rgw_keystone_url",
        "rgw_realm",
        "rgw_s3_auth_use_keystone",
        "rgw_swift_account_in_url",
        "rgw_trust_forwarded_https",
        "rgw_zone",
        "rgw_zonegroup",
    }
)
"""Options that a site with gateways leaves to Armature."""


def rgw_options(site: Site) -> dict[str, str]:
    """Return option -> value of the gateways, {} for a site without them.

    The password is read from a file: here everybody who may ask the cluster for its configuration could read it.
    """
    if site.ceph is None or site.ceph.rgw is None:
        return {}
    return {
        "rgw_keystone_url": f"https://{site.vips.internal.name}:{_KEYSTONE_PORT}",
        "rgw_keystone_api_version": "3",
        # Made by kolla-ansible, as are the roles.
        "rgw_keystone_admin_user": "ceph_rgw",
        "rgw_keystone_admin_project": "service",
        "rgw_keystone_admin_domain": "Default",
        "rgw_keystone_admin_password_path": f"{_FOLDER}/{_FILE}",
        "rgw_keystone_accepted_roles": "member, admin",
        "rgw_keystone_accepted_admin_roles": "ResellerAdmin",
        # Two projects may give their containers one name.
        "rgw_keystone_implicit_tenants": "true",
        "rgw_swift_account_in_url": "true",
        "rgw_s3_auth_use_keystone": "true",
        # TLS ends at HAProxy, and clients' own keys for encryption must not travel without it.
        "rgw_trust_forwarded_https": "true",
    }


def rgw_facts(site: Site) -> dict[str, Any]:
    """Return what plays need, {} for a site without gateways.

    ``password_file``, on their hosts; ``urls``, host -> where its gateway answers anybody.
    """
    if site.ceph is None or site.ceph.rgw is None:
        return {}
    return {
        "password_file": f"{_host_folder(site.ceph)}/{_FILE}",
        "urls": {
            host: f"http://[{address}]:{site.ceph.rgw.port}/swift/info" for host, address in addresses(site).items()
        },
    }


def rgw_services(site: Site, authorities: str) -> list[dict[str, Any]]:
    """Return cephadm's service specification of the gateways, none for a site without them.

    ``authorities`` are the certificates (PEM) that Keystone's is to be judged by, "" for those in the image. A gateway
    reads them and its options when it starts, and cephadm starts it anew when an argument of its container changes: a
    label is one, and says what the gateway was started with.
    """
    if site.ceph is None or site.ceph.rgw is None:
        return []
    settings = json.dumps([authorities, rgw_options(site), site.ceph.config.get(SECTION, {})], sort_keys=True)
    spec: dict[str, Any] = {
        "service_type": "rgw",
        "service_id": _ID,
        "placement": {"label": LABEL},
        # A gateway binds to its host's address on this network alone. Without it, also to all of IPv4.
        "networks": [str(network_prefix(site, _network(site)))],
        "spec": {"rgw_frontend_port": site.ceph.rgw.port},
        "extra_container_args": [
            f"--volume={_host_folder(site.ceph)}:{_FOLDER}:ro",
            f"--label=armature.settings={hashlib.sha256(settings.encode()).hexdigest()[:16]}",
        ],
    }
    if authorities:
        text = authorities.rstrip("\n") + "\n"
        spec["custom_configs"] = [{"mount_path": path, "content": text} for path in _BUNDLES]
    return [spec]


def rgw_globals(site: Site) -> dict[str, Any]:
    """Return kolla-ansible's variables about the gateways, {} for a site without them.

    HAProxy gets addresses in brackets: it appends a colon and the port.
    """
    if site.ceph is None or site.ceph.rgw is None:
        return {}
    return {
        "enable_ceph_rgw": True,
        "ceph_rgw_hosts": [
            {"host": host, "ip": f"[{address}]", "port": site.ceph.rgw.port}
            for host, address in addresses(site).items()
        ],
        "ceph_rgw_swift_account_in_url": True,
    }


def addresses(site: Site) -> dict[str, str]:
    """Return host -> the address of its gateway, without brackets."""
    return {host: str(host_address(site, host, _network(site))) for host in rgw_hosts(site)}


def _network(site: Site) -> str:
    for name in site.networks_for(Purpose.API):
        return name
    raise KeyError(Purpose.API.value)


def _host_folder(ceph: Ceph) -> str:
    """Return where the gateways' hosts keep the password: it goes when the cluster is removed from the host."""
    return f"/var/lib/ceph/{ceph.fsid}/rgw-keystone"
