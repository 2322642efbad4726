"""Problems of a site file and the one form in which people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

_PLAIN_KEY = re.compile(r"[\w/@:+-]+", re.ASCII)
_LONGEST_QUOTE = 60
_LONGEST_CHOICE = 12


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where in the file, and what is wrong and what to do."""

    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}" if self.path else self.message


class SiteError(Exception):
    """A site that cannot be used. ``str()`` is the house form, all problems at once."""

    def __init__(self, path: Path | str, problems: Iterable[Problem]) -> None:
        self.path = Path(path)
        self.problems = list(problems)
        count = len(self.problems)
        head = f"{path}: {count} problem{'' if count == 1 else 's'}"
        super().__init__("\n  ".join([head, *map(str, self.problems)]))


def where(*keys: str | int) -> str:
    """Return the path of a place in the file.

    >>> where("networks", "api", "purposes", 1)
    'networks.api.purposes[1]'
    >>> where("hosts", "cmp 0")
    "hosts['cmp 0']"
    """
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        elif _PLAIN_KEY.fullmatch(key):
            text += f".{key}" if text else key
        else:
            text += f"[{quote(key)}]"
    return text


def quote(value: Any) -> str:
    """Return ``value`` as people wrote it, on one line and of bearable length.

    >>> quote("stroage"), quote(True), quote(None), quote(16)
    ("'stroage'", 'true', 'nothing', '16')
    """
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _LONGEST_QUOTE else f"{text[: _LONGEST_QUOTE - 4]}...{text[-1]}"


def choice(known: Iterable[str], none: str = "There is none to use") -> str:
    """Return the sentence that lists what may be written.

    >>> choice(["api", "storage"])
    'Use one of api, storage'
    """
    names = list(known)
    if not names:
        return none
    if len(names) > _LONGEST_CHOICE:
        names = [*names[:_LONGEST_CHOICE], f"... ({len(names)} in all)"]
    return f"Use {names[0]}" if len(names) == 1 else f"Use one of {', '.join(names)}"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """Return the sentence that helps with a mistyped name: the nearest, or all that are known.

    >>> did_you_mean("stroage", ["api", "storage"])
    "Did you mean 'storage'? Use one of api, storage."
    """
    near = get_close_matches(name, known, n=1) if len(known) > 1 else []
    if not near:
        return f"{choice(known)}."
    others = f" {choice(known)}." if len(known) <= _LONGEST_CHOICE else ""
    return f"Did you mean {near[0]!r}?{others}"
