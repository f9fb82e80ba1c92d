"""Writes docs/cli.md from the help of every command; with --check, only checks that it is up to date.

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

`docs/generate_cli.py` writes this page from the help texts of the program. Change those, not this page.

Reports and predictions go to standard output, progress and messages to standard error. With `--json`,
standard output contains only JSON.

| exit code | meaning |
|----------:|---------|
| 0 | success |
| 1 | the run failed, although everything given was valid |
| 2 | something given is wrong: an option, a file, a row, a plugin, a model, a study |
| 130, 143 | stopped by SIGINT or SIGTERM; the study is intact, and the same command continues it |
| 141 | the program that reads the output has ended, such as `head`; there is no message |

| environment variable | meaning |
|----------------------|---------|
| `ADAPTKIT_STUDIES` | the default of `--studies` |
| `ADAPTKIT_CACHE` | the cache folder (default: `$XDG_CACHE_HOME/adaptkit`, or `~/.cache/adaptkit`) |
| `ADAPTKIT_CACHE_LIMIT` | the largest size of the cache (default: `4G`; `0` keeps nothing) |
"""


def page() -> str:
    """The page, as Markdown."""
    commands = [_section(["adaptkit", name], command) for name, command in cli.commands.items()]
    return "\n".join([HEAD, _section(["adaptkit"], cli), *commands])


def _section(words: list[str], command: click.Command) -> str:
    name = " ".join(words)
    settings = {**cli.context_settings, "terminal_width": WIDTH}
    context = click.Context(command, info_name=name, **settings)
    return f"## {name}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"


def main(arguments: list[str]) -> int:
    """Write the page, or check it; returns 1 if it is out of date."""
    if "--check" not in arguments:
        PAGE.write_text(page(), encoding="utf-8")
        return 0
    if PAGE.exists() and PAGE.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{PAGE} is out of date; run: python docs/generate_cli.py\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
