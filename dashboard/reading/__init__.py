"""Files that visitors bring are read here, each in a process of its own; no Streamlit in this folder.

`readings` starts and watches the processes for the page Data; `process` is what runs in them.
"""
