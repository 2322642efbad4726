from pathlib import Path

import pytest
from ansible.modules import horizon_login as module

CA = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"


def test_every_certificate_of_a_bundle_is_trusted(tmp_path: Path):
    commands: list[list[str]] = []

    def run(argv: list[str]) -> tuple[int, str, str]:
        commands.append(argv)
        return 0, "", ""

    module.trust(run, tmp_path, f"# a comment\n{CA.format('one')}{CA.format('two')}")
    store = f"sql:{tmp_path}/.pki/nssdb"
    assert commands == [
        ["certutil", "-d", store, "-N", "--empty-password"],
        ["certutil", "-d", store, "-A", "-t", "C,,", "-n", "cloud-0", "-i", f"{tmp_path}/0.pem"],
        ["certutil", "-d", store, "-A", "-t", "C,,", "-n", "cloud-1", "-i", f"{tmp_path}/1.pem"],
    ]
    assert (tmp_path / "1.pem").read_text() == CA.format("two")


def test_a_refused_certificate_is_told(tmp_path: Path):
    def run(argv: list[str]) -> tuple[int, str, str]:
        return 255, "", "certutil: bad database\n"

    with pytest.raises(module.HorizonError, match=r"ended with status 255: certutil: bad database$"):
        module.trust(run, tmp_path, CA)
