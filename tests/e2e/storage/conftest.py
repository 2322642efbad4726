"""Storage scenarios share one image and one server; all that they made is removed before and after."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ceph import Ceph
from cloud import Cloud
from running_lab import Lab


@pytest.fixture(scope="session")
def ceph(lab: Lab) -> Ceph:
    return Ceph(lab)


@pytest.fixture(scope="session")
def cloud(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    cloud = Cloud(lab, tmp_path_factory.mktemp("cloud"))
    cloud.clean()
    yield cloud
    cloud.clean()


@pytest.fixture(scope="session")
def guest_file() -> Path:
    """The lab's own guest image."""
    cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(cache, "armature/guest-image/x86_64.img")


@pytest.fixture(scope="session")
def image(cloud: Cloud, guest_file: Path) -> Any:
    return cloud.image(guest_file)


@pytest.fixture(scope="session")
def network(cloud: Cloud) -> Any:
    return cloud.network()


@pytest.fixture(scope="session")
def server(cloud: Cloud, image: Any, network: Any) -> Any:
    """A server whose root disk is on RBD."""
    return cloud.server(network, image=image.id)
