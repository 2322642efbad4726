"""Objects as a tenant has them: Swift and S3 through the VIP, kept in RADOS, served on while a gateway is away."""

from __future__ import annotations

import base64
import hashlib
import hmac
import socket
from collections.abc import Iterator
from email.utils import formatdate
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from ceph import Ceph
from cloud import PREFIX, Cloud, ours, wait
from running_lab import Lab

from armature.ceph import RGW_DATA, RGW_SMALL, rgw_hosts
from armature.compile.ceph_rgw import addresses

CONTAINER = f"{PREFIX}container"
OBJECT = "greeting"
TEXT = b"kept in RADOS\n" * 1000


def remove(store: Any) -> None:
    """Remove every container with the prefix."""
    for container in ours(store.containers()):
        for found in store.objects(container.name):
            store.delete_object(found, container=container.name)
        store.delete_container(container.name)


@pytest.fixture(scope="module")
def store(lab: Lab, cloud: Cloud) -> Iterator[Any]:
    """Return the object store of the administrator's project, which then has one container with one object."""
    if not rgw_hosts(lab.site):
        pytest.skip(f"{lab.name} has no object gateways: make lab SITE=lab-three")
    store = cloud.connection.object_store
    remove(store)
    store.create_container(CONTAINER)
    store.create_object(CONTAINER, OBJECT, data=TEXT)
    yield store
    remove(store)


@pytest.fixture(scope="module")
def address(cloud: Cloud, store: Any) -> str:
    """Return where Keystone says that the project's containers are."""
    return str(cloud.connection.endpoint_for("object-store"))


@pytest.fixture(scope="module")
def anybody(lab: Lab) -> requests.Session:
    """Return a client without a token, which trusts the lab's CA."""
    session = requests.Session()
    session.trust_env = False  # an environment's own CA would go before the lab's
    session.verify = str(lab.build / "kolla/certificates/ca/root.crt")
    return session


def test_keystone_leads_to_the_vip(lab: Lab, cloud: Cloud, address: str) -> None:
    name = lab.site.vips.internal.name
    assert address == f"https://{name}:6780/swift/v1/AUTH_{cloud.connection.current_project_id}"
    found = socket.getaddrinfo(name, 6780, proto=socket.IPPROTO_TCP)
    assert {family for family, *_rest in found} == {socket.AF_INET6}


def test_an_object_comes_back(store: Any) -> None:
    assert store.download_object(OBJECT, container=CONTAINER) == TEXT
    assert [found.name for found in store.objects(CONTAINER)] == [OBJECT]


def test_an_object_is_in_rados(ceph: Ceph, store: Any) -> None:
    names = ceph.run("rados", "--pool", RGW_DATA, "ls").split()
    assert [name for name in names if name.endswith(f"_{OBJECT}")]


def test_pools_are_as_the_site_has_them(lab: Lab, ceph: Ceph, store: Any) -> None:
    assert lab.site.ceph is not None
    assert lab.site.ceph.rgw is not None
    pools = {pool["pool_name"]: pool for pool in ceph.ceph("osd", "pool", "ls", "detail")}
    gateways = {name: pool for name, pool in pools.items() if "rgw" in name}
    assert gateways.keys() >= {RGW_DATA, *RGW_SMALL}
    assert {pool["size"] for pool in gateways.values()} == {lab.site.ceph.rgw.pool.size}
    assert {tuple(pool["application_metadata"]) for pool in gateways.values()} == {("rgw",)}


def test_others_see_what_they_may(store: Any, address: str, anybody: requests.Session) -> None:
    url = f"{address}/{CONTAINER}/{OBJECT}"
    assert anybody.get(url, timeout=60).status_code in (401, 403)
    store.post(f"/{CONTAINER}", headers={"X-Container-Read": ".r:*"}).raise_for_status()
    answer = anybody.get(url, timeout=60)
    assert (answer.status_code, answer.content) == (200, TEXT)
    store.post(f"/{CONTAINER}", headers={"X-Container-Read": ""}).raise_for_status()
    assert anybody.get(url, timeout=60).status_code in (401, 403)


def signature(secret: str, method: str, date: str, path: str) -> str:
    """Return S3's signature of a request without a body. Source: AWS, "Signing and authenticating REST requests"."""
    digest = hmac.new(secret.encode(), f"{method}\n\n\n{date}\n{path}".encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def test_s3_has_the_same_object(cloud: Cloud, address: str, anybody: requests.Session) -> None:
    identity, user = cloud.connection.identity, cloud.connection.current_user_id
    keys = f"/users/{user}/credentials/OS-EC2"
    made = identity.post(keys, json={"tenant_id": cloud.connection.current_project_id})
    made.raise_for_status()
    pair = made.json()["credential"]
    vip, path = urlsplit(address).netloc, f"/{CONTAINER}/{OBJECT}"

    def read(secret: str) -> requests.Response:
        date = formatdate(usegmt=True)
        signed = {"Date": date, "Authorization": f"AWS {pair['access']}:{signature(secret, 'GET', date, path)}"}
        return anybody.get(f"https://{vip}{path}", headers=signed, timeout=60)

    try:
        answer = read(pair["secret"])
        assert (answer.status_code, answer.content) == (200, TEXT)
        assert read("another").status_code == 403
    finally:
        identity.delete(f"{keys}/{pair['access']}").raise_for_status()


def test_gateways_listen_on_one_address(lab: Lab, store: Any) -> None:
    assert lab.site.ceph is not None
    assert lab.site.ceph.rgw is not None
    for host, address in addresses(lab.site).items():
        sockets = lab.ssh("ss", "--no-header", "--listening", "--tcp", "--udp", "--numeric", "--processes", host=host)
        # Their names are those of threads.
        pids = lab.ssh("pidof", "radosgw", host=host).split()
        mine = [line.split()[4] for line in sockets.splitlines() if any(f"pid={pid}," in line for pid in pids)]
        assert mine == [f"[{address}]:{lab.site.ceph.rgw.port}"], host


def test_the_password_is_not_in_the_configuration(ceph: Ceph, store: Any) -> None:
    options = {row["name"] for row in ceph.ceph("config", "dump")}
    assert "rgw_keystone_admin_password_path" in options
    assert "rgw_keystone_admin_password" not in options


@pytest.mark.long
def test_a_gateway_is_lost(lab: Lab, ceph: Ceph, store: Any) -> None:
    if len(rgw_hosts(lab.site)) < 2:
        pytest.skip("needs two gateways: make lab SITE=lab-three")
    host = rgw_hosts(lab.site)[-1]
    (name,) = [d["daemon_name"] for d in ceph.ceph("orch", "ps", host) if d["daemon_type"] == "rgw"]
    unit = f"ceph-{ceph.fsid}@{name}.service"
    lab.ssh("systemctl", "stop", unit, host=host)
    try:
        # HAProxy gives a server up after five looks, two seconds apart.
        served = iter(range(10))

        def again() -> bool | None:
            answer = store.get(f"/{CONTAINER}/{OBJECT}")
            return True if answer.status_code == 200 and next(served, None) is None else None

        wait(again, 120, "ten answers without a gateway")
    finally:
        lab.ssh("systemctl", "start", unit, host=host)
    ceph.wait_healthy()


@pytest.mark.long
def test_a_second_run_changes_nothing(lab: Lab, store: Any) -> None:
    output = lab.play("deploy_rgw.yml")
    recap = [line for line in output.splitlines() if "changed=" in line]
    assert recap
    assert all("changed=0 " in line for line in recap), "\n".join(recap)
