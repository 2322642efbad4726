from __future__ import annotations

import re

import pytest

from armature.model import Arch, HostDistribution, Site
from armature.release import RELEASES, release
from armature.services import CORE


def test_the_default_release_is_known() -> None:
    assert Site.model_fields["release"].default in RELEASES
    default = HostDistribution(Site.model_fields["host_distribution"].default)
    assert default in release(Site.model_fields["release"].default).host_distributions


@pytest.mark.parametrize("name", RELEASES)
def test_answers(name: str) -> None:
    answers = release(name)
    assert answers.name == name
    assert re.fullmatch(r"\d+\.\d+\.\d+", answers.kolla_ansible)
    assert re.fullmatch(r"\d+\.\d+\.\d+", answers.ansible)
    assert {"heat", "horizon", "cinder", "ironic", "prometheus", "grafana"} <= answers.services
    assert not CORE & answers.services


def test_tags() -> None:
    assert release("2025.1").image_tag(Arch.X86_64) == "2025.1-debian-bookworm"
    assert release("2026.1").image_tag(Arch.AARCH64) == "2026.1-debian-trixie-aarch64"


def test_services_differ() -> None:
    assert "zun" in release("2025.1").services - release("2026.1").services
    assert "ironic_pxe_filter" in release("2026.1").services - release("2025.1").services


def test_an_unknown_release() -> None:
    with pytest.raises(KeyError):
        release("2024.1")
