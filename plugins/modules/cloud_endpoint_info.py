#!/usr/bin/python
# Copyright the Armature authors
# SPDX-License-Identifier: Apache-2.0
"""Ansible module: which address a cloud's identity service answers from."""

from __future__ import annotations

DOCUMENTATION = r"""
module: cloud_endpoint_info
short_description: Get a token and tell which address gave it
description:
  - Gets a token from Keystone over one connection, and fails unless that connection's peer is the given address.
  - The token is thrown away.
options:
  cloud: {description: Name of the cloud in clouds.yaml., type: str, required: true}
  address: {description: IPv6 address that must answer., type: str, required: true}
  timeout: {description: Seconds to wait for an answer., type: int, default: 60}
requirements: [openstacksdk]
"""

EXAMPLES = r"""
- name: Get a token
  cloud_endpoint_info:
    cloud: kolla-admin
    address: fd00::100
"""

RETURN = r"""
url: {description: Keystone's URL., type: str, returned: success}
peer: {description: Address that answered., type: str, returned: success}
seconds: {description: Time from the connection to the token., type: float, returned: success}
services: {description: Types of the services in the catalogue., type: list, elements: str, returned: success}
"""

import json
import ssl
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from ipaddress import IPv6Address
from typing import Any
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule

Connect = Callable[[str, int], HTTPConnection]


class EndpointError(Exception):
    """No token came, or not from where it should; the message says why and what to do."""


def request_body(auth: dict[str, Any]) -> dict[str, Any]:
    """The request for a token by password, scoped to a project. Source: Identity API v3, POST /v3/auth/tokens."""
    user = {
        "name": auth["username"],
        "password": auth["password"],
        "domain": {"name": auth.get("user_domain_name") or auth.get("domain_name") or "Default"},
    }
    project = {
        "name": auth["project_name"],
        "domain": {"name": auth.get("project_domain_name") or auth.get("domain_name") or "Default"},
    }
    return {"auth": {"identity": {"methods": ["password"], "password": {"user": user}}, "scope": {"project": project}}}


def token(auth: dict[str, Any], address: str, connect: Connect) -> dict[str, Any]:
    """Get a token and return what was seen: url, peer, seconds, services. Raises EndpointError."""
    url = urlsplit(auth["auth_url"])
    host, port = url.hostname or "", url.port or (443 if url.scheme == "https" else 80)
    name = f"{url.scheme}://{url.netloc}"
    start = time.monotonic()
    connection = connect(host, port)
    try:
        connection.connect()
        peer = connection.sock.getpeername()[0]
        if IPv6Address(peer) != IPv6Address(address):
            raise EndpointError(f"{name}: {peer} answers, not the VIP {address}. Correct the address of {host} in DNS.")
        path = f"{url.path.rstrip('/').removesuffix('/v3')}/v3/auth/tokens"
        headers = {"Content-Type": "application/json"}
        connection.request("POST", path, json.dumps(request_body(auth)), headers)
        response = connection.getresponse()
        text = response.read()
    except ValueError as error:
        raise EndpointError(f"{name}: {peer} answers, not the VIP {address}. Give {host} an IPv6 address.") from error
    except (OSError, HTTPException) as error:
        raise EndpointError(f"{name}: no token: {error}. See that HAProxy and Keystone run: docker ps.") from error
    finally:
        connection.close()
    if response.status != 201:
        raise EndpointError(f"{name}: no token: status {response.status}, {text[:200].decode(errors='replace')}")
    services = sorted({service["type"] for service in json.loads(text)["token"]["catalog"]})
    return {"url": name, "peer": peer, "seconds": round(time.monotonic() - start, 2), "services": services}


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cloud": {"type": "str", "required": True},
            "address": {"type": "str", "required": True},
            "timeout": {"type": "int", "default": 60},
        },
        supports_check_mode=True,
    )
    # openstacksdk reads clouds.yaml; it is imported late so that a machine without it gets a sentence, not a traceback.
    try:
        from openstack.config import OpenStackConfig
        from openstack.exceptions import ConfigException
    except ImportError as error:
        module.fail_json(msg=f"{error}. Install Armature with its extra: pip install 'armature[ansible]'")
    timeout = module.params["timeout"]
    try:
        cloud = OpenStackConfig().get_one(cloud=module.params["cloud"]).config
        context = ssl.create_default_context(cafile=cloud.get("cacert"))

        def connect(host: str, port: int) -> HTTPConnection:
            if cloud["auth"]["auth_url"].startswith("https:"):
                return HTTPSConnection(host, port, timeout=timeout, context=context)
            return HTTPConnection(host, port, timeout=timeout)

        seen = token(cloud["auth"], module.params["address"], connect)
    except (EndpointError, ConfigException, OSError) as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **seen)


if __name__ == "__main__":
    main()
