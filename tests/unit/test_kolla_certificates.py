"""Which certificates a site needs, and when those it has are no longer right."""

import json
from typing import Any

import pytest

from armature.kolla.certificates import made_for, required

BOTH = {"kolla_enable_tls_internal": "yes", "kolla_enable_tls_external": True}


@pytest.mark.parametrize(
    ("settings", "files"),
    [
        ({}, []),
        ({"kolla_enable_tls_internal": False, "kolla_enable_tls_external": "no"}, []),
        (BOTH, ["haproxy-internal.pem", "haproxy.pem"]),
        (
            {**BOTH, "kolla_enable_tls_backend": "True"},
            ["haproxy-internal.pem", "haproxy.pem", "backend-cert.pem", "backend-key.pem"],
        ),
    ],
)
def test_required(settings: dict[str, Any], files: list[str]):
    assert required(settings) == files


def test_made_for_follows_names_addresses_and_switches():
    settings = {**BOTH, "kolla_internal_fqdn": "cloud", "kolla_internal_vip_address": "fd00::1", "enable_heat": True}
    assert sorted(json.loads(made_for(settings, "hosts"))) == [
        "kolla_enable_tls_external",
        "kolla_enable_tls_internal",
        "kolla_internal_fqdn",
        "kolla_internal_vip_address",
    ]
    assert made_for(settings, "hosts") == made_for({**settings, "enable_heat": False}, "other hosts")
    assert made_for(settings, "hosts") != made_for({**settings, "kolla_internal_vip_address": "fd00::2"}, "hosts")


def test_made_for_follows_the_hosts_when_their_services_have_certificates():
    settings = {**BOTH, "kolla_enable_tls_backend": True}
    assert made_for(settings, "hosts") != made_for(settings, "other hosts")
