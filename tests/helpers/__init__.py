"""What several test modules share: functions and data, imported by name. Fixtures are in conftest.py."""
