"""The target of the iSCSI gateways: what is planned, that it is what happens, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.module_utils.armature_iscsi import Gateway, IscsiError
from ansible.module_utils.armature_iscsi_target import Wanted
from ansible.modules.iscsi_target import change
from fake_iscsi import IGW_1, IGW_2, IGW_3, TARGET, FakeGateways

PASSWORD = "discovery-pass"
WANTED = Wanted(TARGET, (IGW_1, IGW_2), "armature-discovery", PASSWORD)
PLAN = [
    f"target {TARGET}: create it",
    "gateway igw-1: add its portal [fd00:3::41]:3260",
    "gateway igw-2: add its portal [fd00:3::42]:3260",
    "discovery: ask for a password",
]


@pytest.fixture
def fake() -> FakeGateways:
    """Two gateways that were told everything."""
    made = FakeGateways(IGW_1, IGW_2)
    change(made.api(), WANTED, [], check=False)
    made.changes.clear()
    return made


def refused(fake: FakeGateways, wanted: Wanted = WANTED, leaving: list[Gateway] | None = None, **more: Any) -> str:
    with pytest.raises(IscsiError) as caught:
        change(fake.api(), wanted, leaving or [], check=False, **more)
    assert fake.changes == []
    return str(caught.value)


def test_a_new_target() -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    planned = change(fake.api(), WANTED, [], check=True)
    assert (planned["changed"], planned["plan"], fake.changes) == (True, PLAN, [])
    done = change(fake.api(), WANTED, [], check=False)
    assert done == planned
    assert fake.changes == [
        ("igw-1", "PUT", f"/api/target/{TARGET}", {}),
        (
            "igw-1",
            "PUT",
            f"/api/gateway/{TARGET}/igw-1.good.test",
            {"ip_address": "fd00:3::41", "skipchecks": "true"},
        ),
        (
            "igw-1",
            "PUT",
            f"/api/gateway/{TARGET}/igw-2.good.test",
            {"ip_address": "fd00:3::42", "skipchecks": "true"},
        ),
        ("igw-1", "PUT", "/api/discoveryauth", {"username": "armature-discovery", "password": PASSWORD}),
    ]
    again = change(fake.api(), WANTED, [], check=False)
    assert (again["changed"], again["plan"], again["diff"]) == (False, [], [])


def test_the_diff_is_what_happened_and_has_no_secret() -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    (diff,) = change(fake.api(), WANTED, [], check=False)["diff"]
    assert diff["before_header"] == "(absent)"
    assert "igw-2.good.test: fd00:3::42" in diff["after"]
    assert PASSWORD not in str(diff)
    assert change(fake.api(), Wanted(TARGET, (IGW_1, IGW_2)), [], check=True)["diff"][0]["before"] == diff["after"]


def test_before_the_gateways_are_there_check_mode_knows_all_the_same() -> None:
    assert change(FakeGateways().api(), WANTED, [], check=True)["plan"] == PLAN
    message = refused(FakeGateways(IGW_1))
    assert message.startswith("igw-2: the gateway's API does not answer at [fd00:3::42]:5010 (Connection refused).")


def test_a_gateway_is_added_by_one_that_is_there(fake: FakeGateways) -> None:
    fake.up["igw-3"], fake.names["igw-3"], fake.own["igw-3"] = IGW_3, IGW_3.name, [IGW_3.address]
    wanted = Wanted(TARGET, (IGW_3, IGW_1, IGW_2), "armature-discovery", PASSWORD)
    assert change(fake.api(), wanted, [], check=False)["plan"] == ["gateway igw-3: add its portal [fd00:3::43]:3260"]
    assert [host for host, *_ in fake.changes] == ["igw-1"]
    assert set(fake.config["targets"][TARGET]["portals"]) == {IGW_1.name, IGW_2.name, IGW_3.name}


@pytest.mark.parametrize(
    ("user", "password", "plan"),
    [
        ("", "", ["discovery: ask for no password any more"]),
        ("armature-discovery", "another-secret", ["discovery: ask for another password"]),
        ("somebody-else", PASSWORD, ["discovery: ask for another password"]),
    ],
)
def test_who_may_discover(fake: FakeGateways, user: str, password: str, plan: list[str]) -> None:
    wanted = Wanted(TARGET, (IGW_1, IGW_2), user, password)
    assert change(fake.api(), wanted, [], check=False)["plan"] == plan
    auth = fake.config["discovery_auth"]
    assert (auth["username"], auth["password"]) == (user, password)
    assert not change(fake.api(), wanted, [], check=True)["changed"]


@pytest.mark.parametrize("before", [Wanted(TARGET, (IGW_1, IGW_2)), WANTED])
def test_a_discovery_that_was_not_told_to_all_is_told_again(before: Wanted) -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    change(fake.api(), before, [], check=False)
    fake.listening = False
    wanted = Wanted(TARGET, (IGW_1, IGW_2), "armature-discovery", "another-secret")
    with pytest.raises(IscsiError, match=r"discovery: ask for .* answered 503: discovery auth failed"):
        change(fake.api(), wanted, [], check=False)
    auth = fake.config["discovery_auth"]
    assert (auth["username"], auth["password"]) == (before.user, before.password)
    fake.listening = True
    assert change(fake.api(), wanted, [], check=False)["changed"]
    assert not change(fake.api(), wanted, [], check=True)["changed"]


def test_a_target_that_lets_in_everybody(fake: FakeGateways) -> None:
    fake.config["targets"][TARGET]["acl_enabled"] = False
    assert change(fake.api(), WANTED, [], check=False)["plan"] == [f"target {TARGET}: let in known initiators alone"]
    assert not change(fake.api(), WANTED, [], check=True)["changed"]


def test_luns_and_initiators_are_left_alone(fake: FakeGateways) -> None:
    target = fake.config["targets"][TARGET]
    target["clients"]["iqn.1993-08.org.debian:01:a"] = {"auth": {}, "luns": {"volumes/volume-1": {"lun_id": 0}}}
    assert not change(fake.api(), WANTED, [], check=False)["changed"]


def test_a_gateway_that_the_site_has_not(fake: FakeGateways) -> None:
    assert refused(fake, Wanted(TARGET, (IGW_1,), "armature-discovery", PASSWORD)) == (
        "igw-2.good.test: is a gateway of the target and not of the site. Take it out with "
        "playbooks/drain_iscsi_gateway.yml -e gateway=igw-2, or give it back its role."
    )


def test_a_gateway_that_moved(fake: FakeGateways) -> None:
    moved = Gateway("igw-2", IGW_2.name, "fd00:3::52")
    fake.own["igw-2"] = [moved.address]
    assert refused(fake, Wanted(TARGET, (IGW_1, moved), "armature-discovery", PASSWORD)) == (
        "igw-2: its portal is at fd00:3::42, in site.yml at fd00:3::52. "
        "Give it its old number back, or take it out of the target and add it again."
    )


def test_a_gateway_that_others_would_not_find() -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    fake.names["igw-2"] = "localhost"
    assert refused(fake) == (
        "igw-2: the gateway calls itself 'localhost' and not 'igw-2.good.test'. Its host's name must stand in "
        "/etc/hosts, with the domain after it: run playbooks/deploy_hosts.yml, and start its daemon anew."
    )


def test_a_portal_on_an_address_that_the_host_has_not() -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    fake.own["igw-1"] = ["fd00:1::41"]
    assert refused(fake) == (
        "igw-1: the host has not the address fd00:3::41 of its portal, but fd00:1::41. Run playbooks/deploy_hosts.yml."
    )


@pytest.mark.parametrize(
    ("words", "answer", "message"),
    [
        (
            "config",
            (403, "API access not available to fd00:1::41"),
            "igw-1: the API refuses this host (API access not available to fd00:1::41). It trusts the addresses that "
            "site.yml gives to controllers, managers and gateways: use no other, and run playbooks/deploy_iscsi.yml "
            "after a change.",
        ),
        (
            "sysinfo",
            (401, "username/password mismatch with the configuration file"),
            "igw-1: the API does not take the password in the site's secrets. Run playbooks/deploy_iscsi.yml, which "
            "gives it to the gateways.",
        ),
    ],
)
def test_refusals_of_the_api(fake: FakeGateways, words: str, answer: tuple[int, str], message: str) -> None:
    fake.failures[words] = answer
    assert refused(fake) == message


def test_a_change_that_fails_says_which() -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    fake.failures["gateway/"] = (503, "Gateway creation failed, gateway(s) unavailable:igw-2(UNKNOWN state)")
    with pytest.raises(IscsiError) as caught:
        change(fake.api(), WANTED, [], check=False)
    assert str(caught.value) == (
        "igw-1: gateway igw-1: add its portal [fd00:3::41]:3260: "
        f"PUT /api/gateway/{TARGET}/igw-1.good.test answered 503: "
        "Gateway creation failed, gateway(s) unavailable:igw-2(UNKNOWN state). "
        "Every gateway of the target must be up, and find the others by their names."
    )


ALONE = Wanted(TARGET, (IGW_1,), "armature-discovery", PASSWORD)
LEAVING = [Gateway("igw-2", IGW_2.name, "")]


def test_a_gateway_leaves(fake: FakeGateways) -> None:
    planned = change(fake.api(), ALONE, LEAVING, check=True)
    assert planned["plan"] == ["gateway igw-2: take it out of the target"]
    assert planned["sessions"] == {"igw-2": 0}
    assert fake.changes == []
    assert change(fake.api(), ALONE, LEAVING, check=False) == planned
    assert fake.changes == [("igw-1", "DELETE", f"/api/gateway/{TARGET}/igw-2.good.test", {})]
    assert list(fake.config["targets"][TARGET]["portals"]) == [IGW_1.name]
    assert not change(fake.api(), ALONE, LEAVING, check=False)["changed"]


def test_a_gateway_that_is_used_leaves_when_told_so(fake: FakeGateways) -> None:
    fake.sessions["igw-2"] = 3
    assert refused(fake, ALONE, LEAVING) == (
        "igw-2: has 3 sessions. Initiators with several ways go on by another gateway, others lose their disks. "
        "If that is all right, run again with -e accept_sessions=true. Nothing was changed."
    )
    done = change(fake.api(), ALONE, LEAVING, check=False, accept=True)
    assert done["plan"] == ["gateway igw-2: take it out of the target and its 3 sessions"]


def test_a_lost_gateway_is_forgotten_when_told_so(fake: FakeGateways) -> None:
    del fake.up["igw-2"]
    assert refused(fake, ALONE, LEAVING).startswith("igw-2: does not answer. ")
    done = change(fake.api(), ALONE, LEAVING, check=False, accept=True)
    assert done["plan"] == ["gateway igw-2: take it out of the target, without its help"]
    assert fake.changes[0][3] == {"force": "true"}
    assert list(fake.config["gateways"]) == [IGW_1.name]


def test_the_last_gateway_stays() -> None:
    fake = FakeGateways(IGW_1, IGW_2)
    change(fake.api(), Wanted(TARGET, (IGW_2,)), [], check=False)
    fake.changes.clear()
    assert refused(fake, ALONE, LEAVING, accept=True) == (
        "igw-2.good.test: is the last gateway of the target, and with it all LUNs would go. "
        "Add another gateway first (playbooks/deploy_iscsi.yml)."
    )
