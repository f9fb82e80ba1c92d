"""Functions and data that several test modules use. Fixtures are in the files conftest.py."""
