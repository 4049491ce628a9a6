"""The run service: training in the background, in worker processes of low priority.

It stands between a `Split` and the pages that show a run. It knows no Streamlit, so that it is tested, and
used from a notebook, without a server; `dashboard.run_service` is what puts it behind the pages.
"""
