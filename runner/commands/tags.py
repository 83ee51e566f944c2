"""`tagloom tags ...`: what is known of tags, and importing lists of names."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from .. import places
from ..errors import UsageError

if TYPE_CHECKING:
    from ..output import Output


def add_tags(parser: argparse.ArgumentParser) -> None:
    """Add the commands to the parser of `tagloom tags`."""
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    load = commands.add_parser("import", help="import a list of an autocomplete extension: name,type,count,aliases")
    load.set_defaults(run=_import)
    load.add_argument("file", type=Path, metavar="FILE.csv", help="one tag a line; importing it again replaces it")
    load.add_argument(
        "--types", default="danbooru", metavar="NAME", help="what its type numbers mean: danbooru (the default) or e621"
    )
    search = commands.add_parser("search", help="list the tags and names that begin so")
    search.set_defaults(run=_search)
    search.add_argument("prefix", metavar="PREFIX", help="the first letters, in any spelling")
    search.add_argument("--most", type=int, default=20, metavar="N", help="how many (20)")
    info = commands.add_parser("info", help="tell what is known of a tag")
    info.set_defaults(run=_info)
    info.add_argument("name", metavar="NAME", help="a tag, in any spelling")
    for command in (load, search, info):
        command.add_argument("--json", action="store_true", help="print the result as JSON, on one line")


def _import(options: argparse.Namespace, output: Output) -> int:
    from .. import tag_lists

    imported = tag_lists.import_list(options.file, options.types)
    data = {**imported._asdict(), "database": str(places.tag_lists())}
    output.result("imported", data, tag_lists.imported_text(imported))
    return 0


def _search(options: argparse.Namespace, output: Output) -> int:
    from .. import tag_lists

    if options.most < 1:
        raise UsageError(f"--most is {options.most}; it must be at least 1")
    _announce(output)
    found = tag_lists.search(options.prefix, options.most)
    output.result("tags", {"tags": [tag._asdict() for tag in found]}, tag_lists.search_text(found))
    return 0


def _info(options: argparse.Namespace, output: Output) -> int:
    from .. import tag_lists

    _announce(output)
    info = tag_lists.info(options.name)
    text = info.text() if info else f"nothing is known of {options.name!r}"
    output.result("tag", {"tag": info.as_json() if info else None}, text)
    return 0 if info else 1


def _announce(output: Output) -> None:
    """Say that the names of the extra `tags` are put into the file of lists, which takes seconds, the first time."""
    from .. import tag_lists

    if tag_lists.package_is_new():
        output.announce("putting the extra's names into the file of lists; this takes some seconds, once")
