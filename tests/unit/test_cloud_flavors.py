from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible.modules import cloud_flavors as module
from baremetal_sites import baremetal_site
from openstack.exceptions import HttpException

from armature.compile.baremetal import wanted_flavors

SPECS = {"resources:CUSTOM_X": "1", "resources:VCPU": "0"}


def wanted(name: str = "metal", **said: Any) -> dict[str, Any]:
    usual = {"description": "", "is_public": True, "vcpus": 2, "ram": 4, "disk": 0, "extra_specs": dict(SPECS)}
    return {"name": name} | usual | said


class Answer:
    def __init__(self, status: int, body: Any = None) -> None:
        self.status_code, self.body = status, body
        self.content = b"" if body is None else json.dumps(body).encode()
        self.reason, self.url, self.headers = "", "https://nova.test", {"content-type": "application/json"}
        self.text = self.content.decode()

    def json(self) -> Any:
        return self.body


class FakeNova:
    """The part of Nova's API that the module uses."""

    def __init__(self, *flavors: dict[str, Any], projects: tuple[str, ...] = ()) -> None:
        self.made = 0
        self.flavors: dict[str, dict[str, Any]] = {}
        for flavor in flavors:
            self.keep(copy.deepcopy(flavor) | {"projects": list(projects)})

    def keep(self, flavor: dict[str, Any]) -> str:
        if flavor["name"] in [other["name"] for other in self.flavors.values()]:
            raise AssertionError("Nova answers 409")
        self.made += 1
        self.flavors[f"id-{self.made}"] = {"projects": [], "extra_specs": {}} | flavor
        return f"id-{self.made}"

    def request(self, path: str, method: str, json: Any, microversion: str) -> Answer:
        assert microversion == "2.61"
        if path == "/flavors/detail?is_public=None":
            return Answer(200, {"flavors": [self.shown(id_) for id_ in self.flavors]})
        if (method, path) == ("POST", "/flavors"):
            body = json["flavor"]
            made = {key: body[key] for key in ("name", "vcpus", "ram", "disk", "description")}
            id_ = self.keep(made | {"is_public": body["os-flavor-access:is_public"]})
            return Answer(200, {"flavor": {"id": id_}})
        id_, *deeper = path.split("/")[2:]
        flavor = self.flavors[id_]
        if (method, deeper) == ("GET", ["os-flavor-access"]):
            assert not flavor["is_public"], "Nova answers 404"
            return Answer(200, {"flavor_access": [{"flavor_id": id_, "tenant_id": p} for p in flavor["projects"]]})
        if (method, deeper) == ("DELETE", []):
            del self.flavors[id_]
        elif (method, deeper) == ("PUT", []):
            assert set(json["flavor"]) == {"description"}
            flavor |= json["flavor"]
        elif method == "DELETE":
            del flavor["extra_specs"][deeper[1]]
        elif deeper == ["os-extra_specs"]:
            flavor["extra_specs"] |= json["extra_specs"]
        else:
            assert not flavor["is_public"]
            flavor["projects"].append(json["addTenantAccess"]["tenant"])
        return Answer(202 if method == "DELETE" else 200, None if method == "DELETE" else {})

    def shown(self, id_: str) -> dict[str, Any]:
        flavor = self.flavors[id_]
        shown = {key: flavor[key] for key in ("name", "vcpus", "ram", "disk", "extra_specs")}
        public = {"os-flavor-access:is_public": flavor["is_public"]}
        return shown | public | {"id": id_, "description": flavor["description"] or None}


def run(nova: FakeNova, *flavors: dict[str, Any]) -> list[str]:
    """Have the flavors and return the steps, which must leave nothing to do."""
    names = {flavor["name"] for flavor in flavors}
    present = module.observe(nova, names)
    steps = module.plan(list(flavors), present)
    module.apply(nova, steps, present)
    assert module.plan(list(flavors), module.observe(nova, names)) == []
    return [step.words for step in steps]


AGAIN = ["delete it, for it is made anew", "make it", "say what it asks for"]


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (None, wanted(), ["make it", "say what it asks for"]),
        (None, wanted(is_public=False, description="text"), ["make it", "say what it asks for"]),
        (wanted(), wanted(), []),
        (wanted(is_public=False), wanted(is_public=False), []),
        (wanted(description="old"), wanted(), ["change its description"]),
        (wanted(), wanted(extra_specs=SPECS | {"trait:CUSTOM_A": "required"}), ["say what it asks for"]),
        (wanted(extra_specs=SPECS | {"trait:CUSTOM_A": "required"}), wanted(), ["take trait:CUSTOM_A away"]),
        (wanted(vcpus=3), wanted(), AGAIN),
        (wanted(), wanted(is_public=False), AGAIN),
        (wanted(is_public=False, ram=5), wanted(is_public=False), [*AGAIN, "give it to the project p1"]),
        (wanted(is_public=False), wanted(), AGAIN),
    ],
)
def test_what_is_there_becomes_what_is_wanted(
    before: dict[str, Any] | None, after: dict[str, Any], steps: list[str]
) -> None:
    nova = FakeNova(*([before] if before else []), projects=("p1",))
    assert run(nova, after) == steps


def test_what_others_said_of_a_flavor_stays_also_when_it_is_made_anew() -> None:
    nova = FakeNova(wanted(extra_specs=SPECS | {"hw:foreign": "x"}), wanted("other"))
    run(nova, wanted(ram=8))
    flavors = {flavor["name"]: flavor for flavor in nova.flavors.values()}
    assert flavors["metal"]["extra_specs"] == SPECS | {"hw:foreign": "x"}
    assert flavors["other"]["ram"] == 4


def test_the_compiler_s_flavors_are_what_the_module_takes() -> None:
    nova = FakeNova()
    run(nova, *wanted_flavors(baremetal_site()))
    assert [flavor["disk"] for flavor in nova.flavors.values()] == [0]


def test_a_failure_is_raised() -> None:
    nova = FakeNova()
    nova.request = lambda *_arguments, **_query: Answer(503, {})  # type: ignore[method-assign]
    with pytest.raises(HttpException):
        module.observe(nova, {"metal"})
