"""YAML text -> a tree of plain values, with every defect of the text found.

Reads the parser's events (libyaml's when PyYAML has it: 1,000 hosts in 0.1 s) rather than its objects. That finds
duplicate keys, keeps hostile nesting off the stack, and resolves scalars by YAML 1.2's core schema: a MAC
address of digits is no sexagesimal number, ``on`` is no boolean, a date is text.

Source: YAML 1.2.2, section 10.3.2 (core schema); yaml.org/type/int.html (what YAML 1.1 made of 52:54:00:12:34:56).
"""

from __future__ import annotations

import re
from typing import Any

import yaml

from armature.errors import Problem, quote, where

MOST_NESTING = 24
"""Levels of mappings and lists. A site has 6; kolla's deepest documented values have about as many again."""

_PARSER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?(0|[1-9][0-9]{0,38})|0x[0-9a-fA-F]{1,32}|0o[0-7]{1,43}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_STANDARD_TAGS = {f"tag:yaml.org,2002:{name}": name for name in ("str", "int", "float", "bool", "null", "map", "seq")}


def parse_tree(text: str) -> tuple[Any, list[Problem]]:
    """Return the document in ``text`` (dicts, lists, str, int, float, bool, None) and what is wrong with the text.

    Mappings keep the file's order. The tree is None when the text is so wrong that nothing else can be said.
    """
    builder = _Builder()
    try:
        for event in yaml.parse(text, Loader=_PARSER):
            builder.take(event)
    except _TooDeepError as too_deep:
        return None, [too_deep.problem]
    except yaml.MarkedYAMLError as error:
        return None, [_syntax_problem(error, text)]
    except yaml.YAMLError as error:
        return None, [Problem("", f"no valid YAML: {' '.join(str(error).split())}. Correct it.")]
    return (None if builder.unsound else builder.document), builder.problems


class _TooDeepError(Exception):
    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Builder:
    """Turns events into values, one stack entry a level: [container, path, key that waits for its value]."""

    def __init__(self) -> None:
        self.document: Any = None
        self.problems: list[Problem] = []
        self.unsound = False
        """Whether the document is not what was meant, so that nothing else can be said of it."""
        self._stack: list[tuple[dict[str, Any] | list[Any], tuple[str | int, ...]]] = []
        self._keys: list[str | None] = []
        self._documents = 0

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._start(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
            self._keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            self._alias(event)
        elif isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents == 2:
                self.unsound = True
                self._report(event, (), "a second document starts here. Keep one site in one file")

    def _report(self, event: yaml.Event, path: tuple[str | int, ...], message: str) -> None:
        line = _line(event)
        place = where(*path) if path else f"line {line}"
        self.problems.append(Problem(place, f"{message}{f' (line {line})' if path else ''}."))

    def _wants_key(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1][0], dict) and self._keys[-1] is None

    def _next_path(self) -> tuple[str | int, ...]:
        if not self._stack:
            return ()
        container, path = self._stack[-1]
        if isinstance(container, list):
            return (*path, len(container))
        key = self._keys[-1]
        return path if key is None else (*path, key)

    def _add(self, value: Any) -> None:
        if not self._stack:
            if self._documents == 1:
                self.document = value
            return
        container, _ = self._stack[-1]
        if isinstance(container, list):
            container.append(value)
            return
        key = self._keys[-1]
        assert key is not None  # noqa: S101 (a key was taken before its value)
        container.setdefault(key, value)
        self._keys[-1] = None

    def _start(self, event: yaml.MappingStartEvent | yaml.SequenceStartEvent) -> None:
        path = self._next_path()
        self._reject_marks(event, path)
        if len(self._stack) >= MOST_NESTING:
            raise _TooDeepError(
                Problem(
                    f"line {_line(event)}",
                    f"nested more than {MOST_NESTING} levels deep. Check the indentation and the brackets.",
                )
            )
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        if self._wants_key():
            self.unsound = True
            self._report(event, path, f"a key is {quote(value)}. Write keys as plain words")
            self._keys[-1] = f"line {_line(event)}"
            self._stack.append((value, path))
            self._keys.append(None)
            return
        self._add(value)
        self._stack.append((value, path))
        self._keys.append(None)

    def _alias(self, event: yaml.AliasEvent) -> None:
        self._report(
            event,
            self._next_path(),
            f"refers to the anchor '{event.anchor}'. Write the value out: anchors hide what a site is",
        )
        if self._wants_key():
            self.unsound = True
            self._keys[-1] = f"line {_line(event)}"
        else:
            self._add(None)

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        path = self._next_path()
        self._reject_marks(event, path)
        plain = event.implicit[0] and not event.style
        value = _resolve(event.value) if plain else event.value
        if not self._wants_key():
            self._add(value)
            return
        container, path = self._stack[-1]
        key = event.value
        if not isinstance(value, str):
            self._report(event, (*path, key), f'the key {key} is no text here. Quote it: "{key}"')
        if key == "<<" and plain:
            self._report(event, (*path, key), "merges a mapping. Write the values out: merging hides what a site is")
        if key in container:
            self._report(event, (*path, key), "the key stands here a second time. Keep one")
        self._keys[-1] = key

    def _reject_marks(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, path: tuple[str | int, ...]) -> None:
        if event.tag is not None and event.tag != "!":
            shown = _STANDARD_TAGS.get(event.tag)
            tag = f"!!{shown}" if shown else event.tag
            advice = "ansible-vault's values belong into secrets/" if tag == "!vault" else "Write the value without it"
            self._report(event, path, f"carries the tag {quote(tag)}. {advice}")


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _resolve(text: str) -> Any:
    """Return the plain scalar's value by YAML 1.2's core schema; anything doubtful stays text.

    >>> _resolve("0x10"), _resolve("2026.1"), _resolve("52:54:00:12:34:56"), _resolve("on")
    (16, 2026.1, '52:54:00:12:34:56', 'on')
    """
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text, 0)
    if _FLOAT.fullmatch(text) and not text.isdigit():
        number = float(text)
        return number if abs(number) != float("inf") else text
    return text


def _syntax_problem(error: yaml.MarkedYAMLError, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return Problem("", f"no valid YAML: {error.problem}. Correct it.")
    place = f"line {mark.line + 1}"
    lines = text.splitlines()
    line = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return Problem(place, "a tab indents the line. Use spaces.")
    if error.problem and "found character" in error.problem and "\t" in line:
        return Problem(place, "a tab stands where YAML wants spaces. Use spaces.")
    shown = f" at {quote(line.strip())}" if line.strip() else ""
    return Problem(place, f"no valid YAML{shown}: {error.problem}. Correct the line or the one above it.")
