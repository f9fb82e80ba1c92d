"""Settings of every test process, made before torch is imported."""

import os
import signal

# Threads that wait for one another cost small tensors more than they gain, most of all on a busy machine.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# A shell lets its background jobs ignore SIGINT, and the programs that tests start would inherit that.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
