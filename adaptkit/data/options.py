"""How the user said that files are to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adaptkit.data.text import check_encoding
from adaptkit.errors import ConfigError

NAMED_DELIMITERS = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|", "space": " "}
"""Words for delimiters that are hard to type on a command line."""


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What the user said about the form of the files; what is None is found from the file."""

    columns: Mapping[str, str] = field(default_factory=dict)
    """The task's column → the file's column."""

    delimiter: str | None = None
    """The character between the fields of a table, or a word for it such as "tab"."""

    encoding: str | None = None

    reader: str | None = None
    """The reader of a plugin, by name."""

    @property
    def separator(self) -> str | None:
        """The delimiter itself."""
        return (
            None if self.delimiter is None else NAMED_DELIMITERS.get(self.delimiter.lower(), self.delimiter)
        )

    def check(self) -> None:
        """Raise ConfigError if the encoding is unknown, or the delimiter is not one character."""
        check_encoding(self.encoding)
        if self.separator is not None and (len(self.separator) != 1 or self.separator in '"\r\n'):
            raise ConfigError(
                f"delimiter {self.delimiter!r:.40}",
                expected="one character, or one of the words tab, comma, semicolon, pipe and space",
                next_step="Change --delimiter, or leave it out",
                code="bad-delimiter",
            )


AS_FOUND = ReadOptions()
"""Everything is found from the file."""
