"""The command ``armature``: what can be done with a site without touching a host."""

from __future__ import annotations

import argparse
import io
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from armature import compile as compiler
from armature.errors import SiteError, did_you_mean
from armature.load import load_site
from armature.model import Site
from armature.output_folder import FolderError, write_folder
from armature.plan_table import address_rows, print_rows, site_summary

INVENTORIES = Path("inventories")

EXIT_OK = 0
EXIT_PROBLEMS = 1
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as a shell has it; argparse ends with 2 on a wrong usage."""


class CommandError(Exception):
    """What a command cannot do, in one sentence and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return the exit status: 0 done, 1 problems, 130 interrupted. A wrong usage exits with 2."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that the terminal cannot show is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    options = _parser().parse_args(arguments)
    try:
        status = int(options.run(options))
        sys.stdout.flush()
    except (SiteError, FolderError, CommandError) as error:
        print(error, file=sys.stderr)
        return EXIT_PROBLEMS
    except BrokenPipeError:
        # The reader of a pipe went away: nothing is left to say. Source: Python's docs, "Note on SIGPIPE".
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_PROBLEMS
    except OSError as error:
        print(f"{error.filename or 'output'}: {error.strerror}. Free the disk or change the path.", file=sys.stderr)
        return EXIT_PROBLEMS
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return EXIT_INTERRUPTED
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="armature",
        description="Checks and compiles sites. Playbooks deploy them.",
        epilog="SITE is a site.yml, its folder, or the name of a folder in inventories/.",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    check = commands.add_parser("check", help="print every problem of sites")
    check.add_argument("sites", nargs="+", metavar="SITE")
    check.set_defaults(run=_check)

    show = commands.add_parser("show", help="print the address plan of a site, or of one machine")
    show.add_argument("site", metavar="SITE")
    show.add_argument("host", nargs="?", metavar="HOST")
    show.set_defaults(run=_show)

    compile_ = commands.add_parser("compile", help="write every artefact of a site into a folder")
    compile_.add_argument("site", metavar="SITE")
    compile_.add_argument(
        "--out", required=True, type=Path, metavar="DIR", help="an empty folder, or one of an earlier compile"
    )
    compile_.set_defaults(run=_compile)

    schema = commands.add_parser("schema", help="print the JSON Schema of site.yml, for editors")
    schema.set_defaults(run=_schema)
    return parser


def site_path(argument: str) -> Path:
    """Return the path of the site file that ``argument`` names: a file, its folder, or a site's bare name."""
    path = Path(argument)
    if path.is_dir():
        return path / "site.yml"
    named = INVENTORIES / argument / "site.yml"
    if not path.exists() and "/" not in argument and not path.suffix:
        if named.is_file():
            return named
        known = sorted(file.parent.name for file in INVENTORIES.glob("*/site.yml"))
        raise CommandError(f"{argument}: no file, and no site in {INVENTORIES}/. {did_you_mean(argument, known)}")
    return path


def _check(options: argparse.Namespace) -> int:
    status = EXIT_OK
    for argument in options.sites:
        try:
            path = site_path(argument)
            site = load_site(path)
        except (SiteError, CommandError) as error:
            print(error)
            status = EXIT_PROBLEMS
        else:
            print(f"{path}: no problems ({site_summary(site)})")
    return status


def _show(options: argparse.Namespace) -> int:
    site = load_site(site_path(options.site))
    rows = address_rows(site)
    if options.host is not None:
        known = [*site.hosts, *site.baremetal]
        if options.host not in known:
            raise CommandError(f"{options.host}: no host of the site {site.name}. {did_you_mean(options.host, known)}")
        rows = [row for row in rows if row.machine == options.host]
    print_rows(rows)
    return EXIT_OK


def _compile(options: argparse.Namespace) -> int:
    site = load_site(site_path(options.site))
    result = write_folder(options.out, compiler.artefacts(site))
    print(f"{options.out}: {result}")
    return EXIT_OK


def _schema(_: argparse.Namespace) -> int:
    print(json.dumps(Site.model_json_schema(), indent=2))
    return EXIT_OK
