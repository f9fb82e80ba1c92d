"""``python -m adaptkit``."""

from adaptkit.cli import main

main()
