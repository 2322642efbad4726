"""Storage scenarios share one image and one server; all that they made is removed before and after."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cloud import Cloud, cached
from writer import Writer


@pytest.fixture(scope="session")
def guest_file() -> Path:
    return cached("guest-image/x86_64.img")


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
