"""The run service: training in the background, in worker processes of low priority.

The pages reach it through `dashboard.run_service`. It knows no Streamlit, so tests and notebooks can use it
without a server.
"""
