"""Plain data as YAML text."""

from __future__ import annotations

from io import StringIO
from typing import Any

from ruamel.yaml import YAML

HEAD = "# Written by Armature.\n"


def yaml_text(data: dict[str, Any]) -> str:
    """Return ``data`` as a YAML document in its own order, one line a value.

    >>> yaml_text({"b": {"c": None}, "a": "fd00::1"})
    '# Written by Armature.\\n---\\nb:\\n  c:\\na: fd00::1\\n'
    """
    yaml = YAML()
    yaml.explicit_start = True
    yaml.width = 4096
    stream = StringIO()
    yaml.dump(data, stream)
    return HEAD + stream.getvalue()
