"""The app's own layer: everything that knows both Streamlit and mlcore.

It stands between the pages and mlcore on every step of the path. Importing it first, before NumPy, keeps
the web process to one BLAS thread: two sessions that both ask for every core slow each other down.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
