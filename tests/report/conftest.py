from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

# The fictional studies are a module beside these tests, which are no package.
_spec = importlib.util.spec_from_file_location("report_studies", Path(__file__).with_name("studies.py"))
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["report_studies"] = _module
_spec.loader.exec_module(_module)
