"""The app's own layer: everything that knows both Streamlit and mlcore.

The pages are built from it. Importing it before NumPy keeps the web process to one BLAS thread: two
sessions that both ask for every core slow each other down.
"""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
