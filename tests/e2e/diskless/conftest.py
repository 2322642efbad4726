"""Scenarios on the lab with bare metal. `make lab SITE=lab-baremetal` and the image for its machines come first."""

from __future__ import annotations

from typing import Any

import pytest
from cloud import Cloud, cached
from running_lab import Lab

IMAGE = "diskless-image/debian-trixie-arm64.raw"


@pytest.fixture(scope="session", autouse=True)
def _bare_metal(lab: Lab) -> None:
    if not lab.site.baremetal:
        pytest.exit(f"{lab.name} has no bare metal: make e2e-diskless SITE=lab-baremetal", returncode=2)
    if not cached(IMAGE).is_file():
        pytest.exit(f"{cached(IMAGE)} is missing: ansible-playbook playbooks/build_diskless_image.yml", returncode=2)


@pytest.fixture(scope="session")
def image(cloud: Cloud) -> Any:
    """The image of machines without disks, which says what it is for."""
    return cloud.image(cached(IMAGE), "arm64", hw_architecture="aarch64")
