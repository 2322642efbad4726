"""Storage scenarios share one image and one server; all that they made is removed before and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ceph import Ceph
from cloud import Cloud, guest_image
from running_lab import Lab
from writer import Writer


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
    return guest_image()


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


@pytest.fixture
def writing(cloud: Cloud, server: Any) -> Iterator[Writer]:
    """A writer in the server; it must have lost nothing in the end."""
    writer = Writer(cloud, server)
    writer.start()
    yield writer
    assert writer.stop() == "ended"
