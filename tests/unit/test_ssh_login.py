import pytest
from ansible.modules import ssh_login as module


class Clock:
    """Time that passes only while somebody sleeps or a command runs."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def attempt(results: list[tuple[int, str, str]], timeout: float) -> dict[str, object]:
    clock, left = Clock(), iter(results)

    def run(argv: list[str]) -> tuple[int, str, str]:
        assert argv == ["ssh", "x"]
        clock.sleep(1)
        return next(left)

    return module.login(["ssh", "x"], timeout, run, clock, clock.sleep)


def test_argv():
    argv = module.ssh("fd00::1", "root", "/k", "uname -a; ip addr")
    assert argv[:4] == ["ssh", "-6", "-F", "none"]
    assert argv[-4:] == ["-i", "/k", "root@fd00::1", "uname -a; ip addr"]
    assert "BatchMode=yes" in argv


def test_it_waits_for_a_machine_that_boots():
    refused = (255, "", "Connection refused")
    assert attempt([refused, refused, (0, "Linux\n", "")], 60) == {"stdout": "Linux\n", "seconds": 7.0, "attempts": 3}


def test_it_gives_up_and_tells_the_last_reason():
    with pytest.raises(module.LoginError) as error:
        attempt([(255, "", "No route to host\n"), (255, "", "Connection refused\n"), (0, "", "")], 5)
    assert str(error.value) == "ssh x ended with status 255 for 4.0 s (2 tries): Connection refused"
