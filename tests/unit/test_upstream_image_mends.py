"""Mends of what is inside images, on excerpts of upstream's texts that are run."""

from __future__ import annotations

import types
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import pytest

from armature.upstream import MendError, apply_mends, image
from armature.upstream.image_mends import CINDER, CLIENT, PACKAGES

DRIVER = """
class Driver:
    def _set_chap_for_client(self, initiator_iqn, username, password):
        LOG.debug("Setting chap creds to %(user)s : %(pass)s",
                  {'user': username, 'pass': password})

    def _get_lun(self, iscsi_config, lun_name, initiator_iqn):
        lun = None
        target_info = iscsi_config['targets'][self.target_iqn]
        luns = target_info['clients'][initiator_iqn]['luns']
        if lun_name in luns:
            lun = {'id': luns[lun_name]['lun_id']}
        return lun

    def register_disk(self, desc):
            search_str = 'is already mapped on target iqn'
            if desc.find(search_str):
                return
            raise Refused(desc)

    def find_client_luns(self, target_iqn, client_iqn, iscsi_config):
                    clients = iscsi_config['targets'][target_iqn]['clients']
                    client = clients[client_iqn]
                    return client['luns']

    def initialize_connection(self, ips, lun):
        target_portal = ips[0]
        if netutils.is_valid_ipv6(target_portal):
            target_portal = "[%s]:3260" % target_portal
        else:
            target_portal = "%s:3260" % target_portal
        return {
                'target_portal': target_portal,
                'target_lun': lun['id'],
        }

    def _terminate_connection(self, volume, initiator_iqn, target_iqn,
                              iscsi_config):
        self.unexport_disk(initiator_iqn, volume.name, iscsi_config)

        # Try to unregister the disk, since nobody is using it.
        self.unregister_disk(self.target_iqn, volume.name)

        config = self._get_config()

        return self.find_client_luns(target_iqn, initiator_iqn, config)

    def terminate_connection(self, volume, connector):
        iscsi_config = self._get_config()

        if not connector:
            self._terminate_all(volume, iscsi_config)

        initiator_iqn = connector['initiator']
        self._terminate_connection(volume, initiator_iqn, self.target_iqn,
                                   iscsi_config)
        self._delete_disk(volume)
"""

CLIENT_TEXT = """
class Client:
    tries = 5
    delay = 0
    timeout = 60

    def __init__(self, ask, timeout=None):
        self.ask = ask
        self.timeout = timeout

    def request(self):
        r = None
        while r is None and self.tries > 0:
            try:
                r = self.ask()
            except OSError:
                self.tries -= 1
                self.delay = self.delay * 2 + 1
                if self.tries == 0:
                    raise
        return r
"""

VOLUME = types.SimpleNamespace(name="volume-1")
LUN = "volumes/volume-1"


class RefusedError(Exception):
    pass


def mended(text: str, mends: Any) -> str:
    for mend in mends:
        text = mend.apply(text)
        assert mend.apply(text) == text
    return text


def driver_of(text: str, config: dict[str, Any]) -> Any:
    names: dict[str, Any] = {
        "netutils": types.SimpleNamespace(is_valid_ipv6=lambda text: ":" in text),
        "LOG": types.SimpleNamespace(debug=lambda *words: said.append(words)),
        "Refused": RefusedError,
    }
    said: list[Any] = []
    exec(text, names)
    driver = names["Driver"]()
    driver.said, driver.done = said, []
    driver.target_iqn = "iqn"
    driver._lun_name = lambda name: f"volumes/{name}"
    driver._get_config = lambda: config
    for name in ("unexport_disk", "unregister_disk", "_terminate_all", "_delete_disk"):
        setattr(driver, name, lambda *_words, name=name: driver.done.append(name))
    return driver


def config_of(**clients: list[str]) -> dict[str, Any]:
    """Return what gateways know: initiator -> its LUNs."""
    disks = {lun for luns in clients.values() for lun in luns}
    return {
        "disks": {lun: {} for lun in disks},
        "targets": {
            "iqn": {
                "disks": {lun: {} for lun in disks},
                "clients": {name: {"luns": {lun: {"lun_id": 0} for lun in luns}} for name, luns in clients.items()},
            }
        },
    }


@pytest.fixture
def text() -> str:
    return mended(DRIVER, CINDER)


def test_mends_say_why_and_have_names_of_their_own() -> None:
    every = [mend for mends in PACKAGES.values() for mend in mends]
    assert all(mend.why.endswith(".") for mend in every)
    assert len({mend.name for mend in every}) == len(every)


def test_all_portals_are_told_with_brackets(text: str) -> None:
    told = driver_of(text, {}).initialize_connection(["fd00::41", "fd00::42"], {"id": 3})
    assert told == {
        "target_portal": "[fd00::41]:3260",
        "target_lun": 3,
        "target_iqns": ["iqn", "iqn"],
        "target_portals": ["[fd00::41]:3260", "[fd00::42]:3260"],
        "target_luns": [3, 3],
    }


def test_a_forced_detachment_ends(text: str) -> None:
    with pytest.raises(TypeError):
        driver_of(DRIVER, config_of(a=[LUN])).terminate_connection(VOLUME, None)
    driver = driver_of(text, config_of(a=[LUN]))
    driver.terminate_connection(VOLUME, None)
    assert driver.done == ["_terminate_all"]


def test_a_detachment_can_be_done_again(text: str) -> None:
    driver = driver_of(text, config_of())
    driver.terminate_connection(VOLUME, {"initiator": "a"})
    assert driver.done == []
    with pytest.raises(KeyError):
        driver_of(DRIVER, config_of())._get_lun(config_of(), LUN, "a")
    assert driver._get_lun(config_of(), LUN, "a") is None
    assert driver.find_client_luns("iqn", "a", config_of()) == {}


def test_a_volume_that_another_has_stays_with_the_target(text: str) -> None:
    driver = driver_of(text, config_of(a=[], b=[LUN]))
    driver.terminate_connection(VOLUME, {"initiator": "a"})
    assert driver.done == ["unexport_disk", "_delete_disk"]
    alone = config_of(a=[LUN])
    alone["targets"]["iqn"]["clients"] = {}
    driver = driver_of(text, alone)
    driver.terminate_connection(VOLUME, {"initiator": "a"})
    assert driver.done == ["unexport_disk", "unregister_disk", "_delete_disk"]


def test_a_lun_that_is_refused(text: str) -> None:
    driver = driver_of(text, {})
    driver.register_disk("Disk x cannot be used because it is already mapped on target iqn")
    driver_of(DRIVER, {}).register_disk("Image x not found")
    for said in ("Image x not found", None):
        with pytest.raises(RefusedError):
            driver.register_disk(said)


def test_a_password_is_not_in_the_log(text: str) -> None:
    driver = driver_of(text, {})
    driver._set_chap_for_client("a", "a", "s3cret")
    assert driver.said == [("Setting chap creds of %(user)s", {"user": "a"})]


def test_the_client_begins_anew_with_each_request() -> None:
    names: dict[str, Any] = {}
    exec(mended(CLIENT_TEXT, CLIENT), names)
    answers: list[Any] = [OSError(), "first", OSError(), OSError(), OSError(), OSError(), "second", *[OSError()] * 5]

    def ask() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    client = names["Client"](ask)
    assert (client.request(), client.request(), client.timeout) == ("first", "second", 60)
    with pytest.raises(OSError):  # noqa: PT011
        client.request()
    assert names["Client"](ask, 5).timeout == 5


@pytest.mark.parametrize("version", ["26", "28"])
def test_packages_are_mended_where_they_are(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / CINDER[0].file
    file.parent.mkdir(parents=True)
    file.write_text(DRIVER)
    installed = types.SimpleNamespace(version=f"{version}.0.1.dev7", locate_file=lambda name: tmp_path / name)
    monkeypatch.setattr(image, "distribution", lambda _name: installed)
    assert image.mend("cinder") == [mend.name for mend in CINDER]
    assert image.mend("cinder") == []
    assert file.read_text() == mended(DRIVER, CINDER)
    installed.version = "29.0.0"
    with pytest.raises(MendError, match=r"cinder 29: no mends are known for this version\. Use one of 26, 28\."):
        image.mend("cinder")


def test_packages_that_are_not_there(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def absent(_name: str) -> None:
        raise PackageNotFoundError

    monkeypatch.setattr(image, "distribution", absent)
    assert image.main(["cinder"]) == 1
    assert image.main(["nova"]) == 1
    assert capsys.readouterr().err == (
        "cinder: is not installed here.\nnova: has no mends. Use one of cinder, rbd-iscsi-client.\n"
    )


def test_the_client_is_mended_in_its_version_alone(tmp_path: Path) -> None:
    with pytest.raises(MendError, match=r"rbd-iscsi-client 0\.1\.9: no mends are known"):
        apply_mends(tmp_path, "0.1.9", CLIENT, "rbd-iscsi-client")
