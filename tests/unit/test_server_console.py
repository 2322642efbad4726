from types import SimpleNamespace
from typing import Any

from ansible.modules import server_console as module


def test_consoles_and_faults():
    def server(name: str, status: str, fault: dict[str, Any] | None) -> Any:
        return SimpleNamespace(id=name, name=name, status=status, fault=fault)

    servers = [
        server("mine-a", "ACTIVE", None),
        server("mine-b", "ERROR", {"message": "No valid host was found."}),
        server("another", "ACTIVE", None),
    ]
    compute = SimpleNamespace(
        servers=lambda: servers, get_server_console_output=lambda server: {"output": f"console of {server}"}
    )
    assert module.consoles(SimpleNamespace(compute=compute), "mine-") == {
        "mine-a.console.log": "mine-a: ACTIVE \nconsole of mine-a",
        "mine-b.console.log": "mine-b: ERROR No valid host was found.\n",
    }
