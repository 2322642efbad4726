"""Scenarios on the running lab. `make lab` comes first; each scenario leaves a lab that works."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from ceph import Ceph
from cloud import Cloud
from running_lab import Lab


@pytest.fixture(scope="session")
def lab() -> Lab:
    """The lab that SITE names."""
    return Lab(os.environ.get("SITE", "lab"))


@pytest.fixture(scope="session")
def ceph(lab: Lab) -> Ceph:
    return Ceph(lab)


@pytest.fixture(scope="session")
def cloud(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    cloud = Cloud(lab, tmp_path_factory.mktemp("cloud"))
    cloud.clean()
    yield cloud
    cloud.clean()
