"""The conformance kit for authors of plugins: whether a task does what the contract says.

A plugin's own test calls `assert_conforms`; ``adaptkit tasks --check NAME`` prints what `check` finds. The
two tokenizers are of the kinds that real models have, for tests of how a task encodes.
"""

from adaptkit.testing.findings import Finding
from adaptkit.testing.kit import assert_conforms, check
from adaptkit.testing.tiny import byte_level_tokenizer, wordpiece_tokenizer

__all__ = ["Finding", "assert_conforms", "byte_level_tokenizer", "check", "wordpiece_tokenizer"]
