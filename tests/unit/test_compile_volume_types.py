from __future__ import annotations

from ceph_sites import ceph_site, problems_of

from armature.compile import kolla_artefacts
from armature.compile.volume_types import volume_types
from armature.model import Site


def site(types: str) -> Site:
    return ceph_site(("services: [prometheus,", f"volume_types: {types}\nservices: [barbican, prometheus,"))


def test_a_type_says_what_cinder_is_told():
    assert volume_types(
        site("{plain: {}, luks: {description: Secret, encrypted: true, public: false, backend: rbd-1}}")
    ) == [
        {"name": "plain", "description": "", "public": True, "backend": None, "encryption": None},
        {
            "name": "luks",
            "description": "Secret",
            "public": False,
            "backend": "rbd-1",
            "encryption": {
                "provider": "luks",
                "cipher": "aes-xts-plain64",
                "key_size": 256,
                "control_location": "front-end",
            },
        },
    ]


def test_a_shorter_key_is_a_wish():
    (luks,) = volume_types(site("{luks: {encrypted: true, key_size: 128}}"))
    assert luks["encryption"]["key_size"] == 128


def test_cinder_is_told_of_a_default_and_of_no_other():
    assert "config/cinder.conf" not in kolla_artefacts(site("{luks: {encrypted: true}}"))
    files = kolla_artefacts(site("{plain: {}, luks: {encrypted: true, default: true}}"))
    assert files["config/cinder.conf"] == "[DEFAULT]\ndefault_volume_type = luks\n"


def test_a_site_without_types_has_none():
    assert volume_types(ceph_site()) == []


def test_an_override_may_stand_for_the_keeper_of_keys():
    types = ("services: [prometheus,", "volume_types: {luks: {encrypted: true}}\nservices: [prometheus,")
    assert problems_of(types) == ["volume_types.luks.encrypted"]
    assert problems_of(types, ("ceph:\n", "kolla_overrides: {enable_barbican: true}\nceph:\n")) == []
