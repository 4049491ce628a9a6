"""What all tests share: Hypothesis without a clock and one BLAS thread, since a busy machine is no failure.

It stands beside every test; fixtures of one part lie beside that part.
"""

import os

from hypothesis import settings

# Before NumPy is imported, and for the processes that tests start: beside other busy processes two threads
# wait for one another and take many times as long as one.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
settings.register_profile("digit-lab", deadline=None)
settings.load_profile("digit-lab")
