"""The conformance kit for authors of plugins: whether a task does what the contract says.

A plugin's own test calls `assert_conforms`; ``adaptkit tasks --check NAME`` prints what `check` finds.
"""

from adaptkit.testing.findings import Finding
from adaptkit.testing.kit import assert_conforms, check

__all__ = ["Finding", "assert_conforms", "check"]
