from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.template import Templar, trust_as_template

from armature import ansible_bridge as bridge
from armature.load import load_site

REPOSITORY = Path(__file__).parents[2]


def load_plugin(path: str) -> ModuleType:
    specification = importlib.util.spec_from_file_location(path.replace("/", "_"), REPOSITORY / path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


FILTERS: dict[str, Callable[..., Any]] = load_plugin("filter_plugins/site.py").FilterModule().filters()
PER_HOST = [
    "site_ceph_devices",
    "site_chrony_conf",
    "site_container_engine_files",
    "site_derived_images",
    "site_hosts_file",
    "site_ironic_templates",
    "site_kernel_modules",
    "site_metadata_files",
    "site_networkd_units",
    "site_sysctl",
]


def variable(name: str) -> dict[str, Any]:
    path = REPOSITORY / f"inventories/{name}/site.yml"
    return bridge.site_variable(load_site(path), str(path))


def is_builtin(value: Any) -> bool:
    if isinstance(value, dict):
        return type(value) is dict and all(map(is_builtin, [*value, *value.values()]))
    if isinstance(value, list):
        return type(value) is list and all(map(is_builtin, value))
    return type(value) in (str, int, float, bool, type(None))


@pytest.mark.parametrize("site", ["lab", "lon1"])
def test_the_variable_is_of_builtin_types(site: str) -> None:
    value = variable(site)
    assert is_builtin(value)
    assert json.loads(json.dumps(value)) == value
    assert value["name"] == site
    assert value["release"] == "2026.1"


@pytest.mark.parametrize("site", ["lab", "lon1"])
@pytest.mark.parametrize("name", FILTERS)
def test_results_are_of_builtin_types(site: str, name: str) -> None:
    value = variable(site)
    arguments: list[Any] = []
    if name in PER_HOST:
        arguments = [next(iter(value["model"]["hosts"]))]
    elif name == "site_ceph_keyrings":
        arguments = [{"client.glance": "[client.glance]\n"}]
    elif name == "site_ceph_rgw_services":
        arguments = ["-----BEGIN CERTIFICATE-----\n"]
    elif name == "site_iscsi_orphans":
        arguments = [{"volumes/volume-1": []}, ["volume-1"], ["1"]]
    elif name in ("site_iscsi_secrets", "site_iscsi_services"):
        arguments = [
            dict.fromkeys((value["model"]["ceph"]["iscsi"] and FILTERS["site_iscsi"](value)["secrets"]) or (), "x")
        ]
    result = FILTERS[name](value, *arguments)
    assert is_builtin(result)
    assert result is None or result != ""


def test_values() -> None:
    lab = variable("lab")
    assert FILTERS["site_release"](lab)["kolla_ansible"] == "22.2.0"
    assert FILTERS["site_summary"](lab) == "lab: no problems (1 host, 2 networks, release 2026.1)"
    assert FILTERS["site_facts_for_verify"](lab)["vip"]["address"] == "fd00:a12a:1ab:1::100"


@pytest.mark.parametrize("name", PER_HOST)
def test_an_unknown_host(name: str) -> None:
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS[name](variable("lab"), "nobody")
    assert str(caught.value) == "'nobody' is unknown to this site. Use a name that site.yml has."
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("value", [None, "lab", {}, {"name": "lab"}])
def test_what_is_not_the_variable_site(value: Any) -> None:
    with pytest.raises(AnsibleFilterError, match="this is not the variable site"):
        FILTERS["site_summary"](value)


def test_a_broken_model_is_put_into_words() -> None:
    lab = variable("lab")
    model = lab["model"] | {"prefix": "10.0.0.0/8", "domian": "x"}
    with pytest.raises(AnsibleFilterError) as caught:
        FILTERS["site_summary"]({"path": "x/site.yml", "model": model})
    assert str(caught.value).startswith("x/site.yml: 2 problems\n  ")


def test_a_known_model_is_not_read_again() -> None:
    """Ansible's containers template what is read from them; a thousand hosts need not be read for each of them."""

    class Unread(Mapping[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise AssertionError(key)

        def __iter__(self) -> Any:
            raise AssertionError

        def __len__(self) -> int:
            raise AssertionError

    lab = variable("lab")
    assert FILTERS["site_summary"](lab | {"model": Unread()}).startswith("lab: no problems")


@pytest.mark.parametrize("with_digest", [True, False])
def test_filters_in_a_template(with_digest: bool) -> None:
    """The containers that Ansible's templates hand to filters are its own."""
    lab = variable("lab")
    if not with_digest:
        del lab["digest"]
    templar = Templar(variables={"site": lab, "host": "lab-1"})
    templar.environment.filters.update(FILTERS)  # type: ignore[attr-defined]
    text = "{{ site | site_hosts_file(host) }}"
    assert "fd00:a12a:1ab:1::10" in templar.template(trust_as_template(text))
