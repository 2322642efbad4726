"""When a run's tasks began and ended, from what the callback ansible.posix.profile_tasks prints."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

CALLBACK = "ansible.posix.profile_tasks"

# A heading, and below it the time of day, how long the task before took, and how long the run has taken.
_HEADING = re.compile(
    r"^(?:TASKS RECAP|(?:TASK|RUNNING HANDLER) \[(?P<name>.*)\]) \*+\n"
    r".*\)\s+(?P<h>\d+):(?P<m>\d\d):(?P<s>\d\d\.\d+) \*",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Task:
    """A task as the output names it, ``role : name``, with its begin and end in seconds since the run began."""

    name: str
    begin: float
    end: float


def tasks(output: str) -> list[Task]:
    """Return the tasks of a run in the order in which they ran."""
    seen = [
        (heading["name"], int(heading["h"]) * 3600 + int(heading["m"]) * 60 + float(heading["s"]))
        for heading in _HEADING.finditer(output)
    ]
    return [Task(name, begin, end) for (name, begin), (_next, end) in itertools.pairwise(seen)]
