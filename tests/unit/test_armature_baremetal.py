"""The plan for Ironic's nodes: what is there, what is wanted, and the steps between."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible.module_utils import armature_baremetal as plans

SITE = "lon1"
CREDENTIALS = {"username": "admin", "password": "s3cret"}
INTERFACES = {"boot_interface": "ipxe", "inspect_interface": "redfish", "storage_interface": "cinder"}
INFO = {"redfish_address": "https://[fd00::1]", "redfish_verify_ca": True}
IQN = "iqn.2026-01.test.good:n1"
PROPERTIES = {"cpu_arch": "aarch64", "capabilities": "boot_mode:uefi,iscsi_boot:True"}


def wanted(**said: Any) -> dict[str, Any]:
    return {
        "name": "n1",
        "driver": "redfish",
        "driver_info": dict(INFO),
        "interfaces": dict(INTERFACES),
        "properties": dict(PROPERTIES),
        "resource_class": "arm",
        "traits": ["CUSTOM_A"],
        "mac": "02:00:00:00:00:01",
        "initiator": IQN,
        "rack": "r1",
        "inspect": False,
    } | said


def present(**said: Any) -> dict[str, Any]:
    """Return a node as Ironic has it once it is all done."""
    mark = plans.fingerprint("n1", CREDENTIALS)
    return {
        "id": "id-1",
        "name": "n1",
        "provision_state": "available",
        "power_state": "power off",
        "instance": None,
        "maintenance": False,
        "maintenance_reason": None,
        "driver": "redfish",
        "driver_info": INFO | {"redfish_username": "admin", "redfish_password": "******"},
        "interfaces": dict(INTERFACES),
        "properties": dict(PROPERTIES),
        "resource_class": "arm",
        "traits": ["CUSTOM_A"],
        "extra": {"armature": plans.extra(wanted(), SITE, mark), "other": 1},
        "ports": [{"id": "p1", "address": "02:00:00:00:00:01", "owned": True}],
        "connectors": [{"id": "c1", "type": "iqn", "connector_id": IQN}],
    } | copy.deepcopy(said)


def plan(nodes: list[dict[str, Any]], here: list[dict[str, Any]], **credentials: str) -> plans.Plan:
    return plans.plan(nodes, here, {node["name"]: CREDENTIALS | credentials for node in nodes}, SITE)


def words(planned: plans.Plan) -> list[str]:
    return [step.words for step in planned.steps.get("n1", [])]


def test_a_node_that_is_as_wanted_is_left_alone() -> None:
    assert plan([wanted()], [present()]) == plans.Plan({}, [])
    assert plan([wanted()], [present(traits=["CUSTOM_A"], power_state="power on")]) == plans.Plan({}, [])


def test_enrolment() -> None:
    planned = plan([wanted()], [])
    assert words(planned) == [
        "enrol it",
        "give it the port 02:00:00:00:00:01",
        f"give it the volume connector {IQN}",
        "give it the traits CUSTOM_A",
        "reach its BMC",
        "offer it to Nova",
    ]
    attributes = planned.steps["n1"][0].arguments["attributes"]
    assert attributes["driver_info"] == INFO | {"redfish_username": "admin", "redfish_password": "s3cret"}
    assert attributes["extra"]["armature"]["site"] == SITE
    assert attributes["storage_interface"] == "cinder"


def test_an_enrolment_with_inspection_and_without_traits() -> None:
    assert words(plan([wanted(inspect=True, traits=[])], []))[3:] == ["reach its BMC", "inspect it", "offer it to Nova"]


def test_ipmi_has_keys_of_its_own() -> None:
    node = wanted(driver="ipmi", driver_info={"ipmi_address": "fd00::1"})
    info = plan([node], []).steps["n1"][0].arguments["attributes"]["driver_info"]
    assert info == {"ipmi_address": "fd00::1", "ipmi_username": "admin", "ipmi_password": "s3cret"}


TAKEN = "take it back from Nova"
OFFERED = ["reach its BMC", "offer it to Nova"]
REMEMBER = "remember what it has"


@pytest.mark.parametrize(
    ("node", "here", "steps"),
    [
        # What tenants do not see is changed in place.
        ({"driver_info": INFO | {"redfish_verify_ca": False}}, {}, ["change the way to its BMC"]),
        ({"rack": "r2"}, {}, [REMEMBER]),
        # The rest while Nova does not have the node.
        ({"traits": ["CUSTOM_B"]}, {}, [TAKEN, "give it the traits CUSTOM_B", "offer it to Nova"]),
        ({"traits": []}, {}, [TAKEN, "give it the traits of none", "offer it to Nova"]),
        ({"resource_class": "big"}, {}, [TAKEN, "give it the resource class big", "offer it to Nova"]),
        (
            {"interfaces": INTERFACES | {"storage_interface": "noop"}},
            {},
            [TAKEN, "change its storage_interface", "offer it to Nova"],
        ),
        ({"properties": PROPERTIES | {"cpu_arch": "x86_64"}}, {}, [TAKEN, "change its properties", "offer it to Nova"]),
        (
            {"mac": "02:00:00:00:00:02"},
            {},
            [
                TAKEN,
                "take away its port 02:00:00:00:00:01",
                "give it the port 02:00:00:00:00:02",
                "offer it to Nova",
            ],
        ),
        # A port that somebody else made does as well.
        ({}, {"ports": [{"id": "p", "address": "02:00:00:00:00:01", "owned": False}]}, []),
        (
            {"initiator": "iqn.2026-01.x:new"},
            {},
            [
                TAKEN,
                f"take away its volume connector {IQN}",
                "give it the volume connector iqn.2026-01.x:new",
                "offer it to Nova",
            ],
        ),
        # Ironic wants a node off when connectors change.
        (
            {},
            {
                "power_state": "power on",
                "connectors": [
                    {"id": "c1", "type": "iqn", "connector_id": IQN},
                    {"id": "c2", "type": "ip", "connector_id": "fd00::9"},
                ],
            },
            [TAKEN, "switch it off", "take away its volume connector fd00::9", "offer it to Nova"],
        ),
        ({}, {"connectors": []}, [TAKEN, f"give it the volume connector {IQN}", "offer it to Nova"]),
        # What an interrupted run left is gone on with.
        ({}, {"provision_state": "enroll"}, OFFERED),
        ({}, {"provision_state": "clean failed"}, OFFERED),
        ({}, {"provision_state": "manageable"}, ["offer it to Nova"]),
        ({"inspect": True}, {"provision_state": "enroll"}, ["reach its BMC", "inspect it", "offer it to Nova"]),
        ({"inspect": True}, {"provision_state": "inspect failed"}, ["reach its BMC", "inspect it", "offer it to Nova"]),
        ({"inspect": True}, {}, []),
        (
            {"driver": "ipmi", "driver_info": {"ipmi_address": "fd00::1"}},
            {},
            [TAKEN, "give it the driver ipmi", "offer it to Nova"],
        ),
    ],
)
def test_changes_of_a_free_node(node: dict[str, Any], here: dict[str, Any], steps: list[str]) -> None:
    planned = plan([wanted(**node)], [present(**here)])
    kept = [word for word in words(planned) if word != REMEMBER or REMEMBER in steps]
    assert (kept, planned.waiting) == (steps, [])


def test_a_new_password_is_followed_though_ironic_tells_none() -> None:
    planned = plan([wanted()], [present()], password="other")
    assert words(planned) == ["change the way to its BMC", REMEMBER]
    (operation,) = planned.steps["n1"][0].arguments["patch"]
    assert operation["value"]["redfish_password"] == "other"


def test_what_is_remembered_is_remembered_last() -> None:
    """An interrupted change is found again: it is not said to be done before it is."""
    planned = plan([wanted(rack="r2", traits=[])], [present()])
    assert words(planned) == [TAKEN, "give it the traits of none", REMEMBER, "offer it to Nova"]


@pytest.mark.parametrize(
    ("now", "ours", "after"),
    [
        ("boot_mode:uefi,iscsi_boot:True", {}, None),
        ("cpu_vt:true,iscsi_boot:True,boot_mode:uefi", {}, None),  # an inspection's stay, the order is nobody's
        ("boot_mode:bios,cpu_vt:true", {}, "boot_mode:uefi,cpu_vt:true,iscsi_boot:True"),
        (
            "boot_mode:uefi,iscsi_boot:True,slot:7",
            {"capabilities": ["boot_mode", "iscsi_boot", "slot"]},
            PROPERTIES["capabilities"],
        ),
        (None, {}, PROPERTIES["capabilities"]),
    ],
)
def test_capabilities(now: str | None, ours: dict[str, Any], after: str | None) -> None:
    here = present(properties={"cpu_arch": "aarch64", "capabilities": now, "memory_mb": 1})
    here["extra"]["armature"] |= ours
    steps = plan([wanted()], [here]).steps.get("n1", [])
    patches = [operation for step in steps for operation in step.arguments.get("patch", [])]
    found = {operation["path"]: operation["value"] for operation in patches}
    assert found.get("/properties/capabilities") == after
    assert "/properties" not in found


@pytest.mark.parametrize("state", ["active", "deploying", "wait call-back", "deploy failed", "deleting", "error"])
def test_a_node_with_a_server_keeps_what_the_server_depends_on(state: str) -> None:
    here = present(provision_state=state, instance="i-1")
    node = wanted(traits=[], resource_class="big", driver_info=INFO | {"redfish_verify_ca": False})
    planned = plan([node], [here])
    assert words(planned) == ["change the way to its BMC"]
    assert planned.waiting == [
        f"n1: it has the server i-1 (state: {state}). What waits for its end: give it the resource class big, "
        "give it the traits of none."
    ]


def test_a_capability_that_waits_to_go_is_still_known_as_ours() -> None:
    here = present(provision_state="active", instance="i-1")
    here["properties"]["capabilities"] += ",slot:7"
    here["extra"]["armature"]["capabilities"] += ["slot"]
    used = plan([wanted(rack="r2")], [here])
    (operation,) = used.steps["n1"][0].arguments["patch"]
    assert operation["value"]["capabilities"] == ["boot_mode", "iscsi_boot", "slot"]
    here["extra"]["armature"] = operation["value"]
    freed = plan([wanted(rack="r2")], [here | {"provision_state": "available", "instance": None}])
    assert words(freed) == [TAKEN, "change its properties", REMEMBER, "offer it to Nova"]


def test_a_node_that_ironic_works_on_waits() -> None:
    planned = plan([wanted(traits=[])], [present(provision_state="cleaning")])
    assert planned.waiting == [
        "n1: Ironic works on it (state: cleaning). What waits for its end: give it the traits of none."
    ]
    assert plan([wanted()], [present(provision_state="verifying")]) == plans.Plan({}, [])


def test_a_node_in_maintenance_is_left_alone() -> None:
    here = present(maintenance=True, maintenance_reason="new fan", provision_state="enroll", traits=[])
    assert plan([wanted()], [here]) == plans.Plan({}, ["n1: is in maintenance (new fan), and stays as it is."])


@pytest.mark.parametrize(
    ("state", "steps"),
    [
        ("available", [TAKEN, "delete it"]),
        ("manageable", ["delete it"]),
        ("enroll", ["delete it"]),
        ("clean failed", [TAKEN, "delete it"]),
    ],
)
def test_a_removed_node_goes(state: str, steps: list[str]) -> None:
    planned = plan([], [present(provision_state=state)])
    assert (words(planned), planned.waiting) == (steps, [])


def test_a_removed_node_with_a_server_stays_and_it_is_said() -> None:
    planned = plan([], [present(provision_state="active", instance="i-1")])
    assert planned == plans.Plan({}, ["n1: is no longer in site.yml and stays: it has the server i-1 (state: active)."])
    assert plan([], [present(instance="i-1")]).steps == {}


@pytest.mark.parametrize("owned", [{}, {"armature": {"site": "fra1"}}, {"armature": "text"}])
def test_other_nodes_are_not_this_site_s(owned: dict[str, Any]) -> None:
    stranger = present(extra=owned)
    assert plan([], [stranger]) == plans.Plan({}, [])
    assert plans.strangers([stranger], {"n1"}, SITE) == [
        "n1: Ironic has a node of this name that Armature did not enrol. Rename or delete that one."
    ]
    assert plans.strangers([stranger], {"n2"}, SITE) == plans.strangers([present()], {"n1"}, SITE) == []


def test_nothing_that_is_shown_has_a_secret() -> None:
    planned = plan([wanted()], [])
    shown = [
        plans.text(planned),
        repr(planned),
        plans.described([wanted()]),
        plans.described([plans.as_wanted(present())]),
    ]
    assert not [text for text in shown if "s3cret" in text or "admin" in text or "******" in text]
    assert "s3cret" not in str(plans.extra(wanted(), SITE, plans.fingerprint("n1", CREDENTIALS)))


def test_a_fingerprint_is_a_node_s_own() -> None:
    assert plans.fingerprint("n1", CREDENTIALS) == plans.fingerprint("n1", dict(CREDENTIALS))
    assert plans.fingerprint("n1", CREDENTIALS) != plans.fingerprint("n2", CREDENTIALS)
    moved = {"username": "admins", "password": "3cret"}
    assert plans.fingerprint("n1", CREDENTIALS) != plans.fingerprint("n1", moved)


def test_a_diff_is_empty_when_nothing_differs() -> None:
    after = {key: value for key, value in wanted().items() if key != "inspect"}
    assert plans.as_wanted(present()) == after
