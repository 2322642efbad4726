from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible.modules import cloud_volume_types as module
from openstack.exceptions import HttpException

LUKS = {"provider": "luks", "cipher": "aes-xts-plain64", "key_size": 256, "control_location": "front-end"}


def wanted(name: str = "luks", **said: Any) -> dict[str, Any]:
    return {"name": name, "description": "", "public": True, "backend": None, "encryption": None} | said


class Answer:
    def __init__(self, status: int, body: Any = None) -> None:
        self.status_code, self.body = status, body
        self.content = b"" if body is None else json.dumps(body).encode()
        self.reason, self.url, self.headers = "", "https://cinder.test", {"content-type": "application/json"}
        self.text = self.content.decode()

    def json(self) -> Any:
        return self.body


class FakeCinder:
    """The part of Cinder's API that the module uses, with its refusals; ``used`` names types that volumes have."""

    def __init__(self, *types: dict[str, Any], used: str = "") -> None:
        self.types = {f"id-{n}": copy.deepcopy(type_) for n, type_ in enumerate(types)}
        self.used, self.log = used, []  # type: ignore[var-annotated]

    def get(self, path: str, params: dict[str, str] | None = None) -> Answer:
        if path == "/types":
            assert params == {"is_public": "None"}, "Cinder would list public types alone"
            return Answer(200, {"volume_types": [self.shown(id_) for id_ in self.types]})
        encryption = self.types[path.split("/")[2]]["encryption"]
        return Answer(200, (encryption and {**encryption, "encryption_id": "e1", "deleted": False}) or {})

    def shown(self, id_: str) -> dict[str, Any]:
        type_ = self.types[id_]
        specs = {"multiattach": "<is> True"} | ({"volume_backend_name": type_["backend"]} if type_["backend"] else {})
        shown = {"id": id_, "name": type_["name"], "extra_specs": specs, "is_public": type_["public"]}
        return shown | {"description": type_["description"] or None}

    def request(self, path: str, method: str, json: Any = None) -> Answer:
        self.log.append((method, path, json))
        if path == "/types":
            return self.make(json["volume_type"])
        parts = path.split("/")
        type_ = self.types[parts[2]]
        if len(parts) == 3:
            assert method == "PUT"
            assert set(json["volume_type"]) <= {"name", "description", "is_public"}
            type_ |= {"public" if key == "is_public" else key: value for key, value in json["volume_type"].items()}
            return Answer(200, {"volume_type": {}})
        if type_["name"] == self.used:
            return Answer(400, {"badRequest": {"code": 400, "message": "Volume type in use."}})
        if parts[3] == "extra_specs":
            type_["backend"] = None if method == "DELETE" else json["extra_specs"]["volume_backend_name"]
            assert parts[4:] == (["volume_backend_name"] if method == "DELETE" else [])
        else:
            assert parts[4:] == ([] if method == "POST" else ["e1"])
            type_["encryption"] = None if method == "DELETE" else json["encryption"]
        return Answer(202 if method == "DELETE" else 200, None if method == "DELETE" else json)

    def make(self, body: dict[str, Any]) -> Answer:
        if any(type_["name"] == body["name"] for type_ in self.types.values()):
            return Answer(409, {"conflictingRequest": {"code": 409, "message": "It already exists."}})
        id_ = f"id-{len(self.types)}"
        self.types[id_] = wanted(
            body["name"],
            description=body.get("description", ""),
            public=body["os-volume-type-access:is_public"],
            backend=body.get("extra_specs", {}).get("volume_backend_name"),
        )
        return Answer(200, {"volume_type": {"id": id_, **body}})


def run(cinder: FakeCinder, *types: dict[str, Any]) -> list[str]:
    """Have the types and return the steps, which must leave nothing to do."""
    names = {type_["name"] for type_ in types}
    present = module.observe(cinder, names)
    steps = module.plan(list(types), present)
    module.apply(cinder, steps, present)
    assert module.plan(list(types), module.observe(cinder, names)) == []
    return [f"{step.name}: {step.words}" for step in steps]


PRESENT = wanted(description="old", backend="rbd-1", encryption=LUKS)


@pytest.mark.parametrize(
    ("before", "after", "steps"),
    [
        (None, wanted(), ["make it"]),
        (None, wanted(public=False, backend="rbd-1", description="text"), ["make it"]),
        (None, wanted(encryption=LUKS), ["make it", "encrypt it", "make it public"]),
        (None, wanted(encryption=LUKS, public=False), ["make it", "encrypt it"]),
        (PRESENT, PRESENT, []),
        (PRESENT, PRESENT | {"description": ""}, ["change its description"]),
        (PRESENT, PRESENT | {"public": False}, ["make it private"]),
        (PRESENT | {"public": False}, PRESENT, ["make it public"]),
        (PRESENT, PRESENT | {"backend": "rbd-2"}, ["give it the backend rbd-2"]),
        (PRESENT, PRESENT | {"backend": None}, ["take its backend away"]),
        (PRESENT, PRESENT | {"encryption": LUKS | {"key_size": 128}}, ["change its encryption"]),
        (PRESENT, PRESENT | {"encryption": None}, ["end its encryption"]),
        # What an interrupted run left is encrypted before tenants see it.
        (wanted(public=False), wanted(encryption=LUKS), ["encrypt it", "make it public"]),
    ],
)
def test_what_is_there_becomes_what_is_wanted(
    before: dict[str, Any] | None, after: dict[str, Any], steps: list[str]
) -> None:
    cinder = FakeCinder(wanted("other", description="somebody's"), *([before] if before else []))
    assert run(cinder, after) == [f"luks: {step}" for step in steps]
    assert cinder.types["id-1"] == after
    assert cinder.types["id-0"] == wanted("other", description="somebody's")


def test_nobody_sees_a_type_before_it_is_encrypted():
    cinder = FakeCinder()
    run(cinder, wanted(encryption=LUKS))
    assert cinder.log[0][2]["volume_type"]["os-volume-type-access:is_public"] is False
    assert [path for _method, path, _body in cinder.log] == ["/types", "/types/id-0/encryption", "/types/id-0"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"encryption": LUKS | {"key_size": 128}}, "change its encryption"),
        ({"encryption": None}, "end its encryption"),
        ({"backend": None}, "take its backend away"),
    ],
)
def test_what_volumes_forbid_is_refused_with_a_reason(change: dict[str, Any], words: str) -> None:
    cinder = FakeCinder(PRESENT, used="luks")
    with pytest.raises(module.RefusedError) as error:
        run(cinder, PRESENT | change)
    assert str(error.value) == (
        f"volume type luks: Cinder refuses to {words}: Volume type in use. "
        "Volumes keep what they were made with: leave this type as it was, and add another one."
    )
    assert cinder.types["id-0"] == PRESENT


def test_another_refusal_carries_no_advice_on_volumes():
    cinder = FakeCinder(wanted())
    with pytest.raises(
        module.RefusedError, match=r"^volume type luks: Cinder refuses to make it: It already exists\.$"
    ):
        module.apply(cinder, module.plan([wanted()], {}), {})


def test_a_refusal_from_something_else_than_cinder():
    assert module._reason(Answer(413, "too large")) == "status 413."


def test_a_failure_is_no_refusal():
    cinder = FakeCinder(wanted())
    cinder.get = lambda *_args, **_query: Answer(503, {})  # type: ignore[method-assign]
    with pytest.raises(HttpException):
        module.observe(cinder, {"luks"})


def test_the_text_for_a_diff():
    assert module.text([{"b": 1, "a": None}, {}]) == '{"a": null, "b": 1}\n{}\n'
