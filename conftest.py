"""Settings of every test process, made before torch is imported."""

import os

# Threads that wait for one another cost small tensors more than they gain, most of all on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")
