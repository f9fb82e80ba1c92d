"""Writes docs/cli.md from the help of every verb; with --check only tells whether it is up to date.

python docs/generate_cli.py [--check]
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from adaptkit.cli import cli

PAGE = Path(__file__).with_name("cli.md")
WIDTH = 100
HEAD = """# The command line

Written by `docs/generate_cli.py` from the program's own help; change the help, not this page.

Reports and predictions go to standard output, progress and messages to standard error. With `--json` standard
output holds JSON alone.

| exit code | meaning |
|----------:|---------|
| 0 | done |
| 1 | something failed that the command line could not have told |
| 2 | something given is wrong: an option, a file, a row, a plugin, a model, a study |
| 130, 143 | stopped by SIGINT or SIGTERM; the study is intact, and the same command goes on with it |

`ADAPTKIT_STUDIES` in the environment is the default of `--studies`. `ADAPTKIT_CACHE` is the folder for what
one study keeps for the next (by default `$XDG_CACHE_HOME/adaptkit`, or `~/.cache/adaptkit`),
`ADAPTKIT_CACHE_LIMIT` the most it may hold (`4G`; `0` keeps nothing).
"""


def page() -> str:
    """The whole page, as Markdown."""
    verbs = [_section(["adaptkit", name], command) for name, command in cli.commands.items()]
    return "\n".join([HEAD, _section(["adaptkit"], cli), *verbs])


def _section(words: list[str], command: click.Command) -> str:
    name = " ".join(words)
    settings = {**cli.context_settings, "terminal_width": WIDTH}
    context = click.Context(command, info_name=name, **settings)
    return f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


def main(arguments: list[str]) -> int:
    """Writes the page, or checks it; 1 if it is not what the help says."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE} is not what the help says; run: python docs/generate_cli.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
