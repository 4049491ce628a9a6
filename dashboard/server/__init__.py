"""What lasts as long as the server process: who is there, what browsers sent, the budget, the runs.

`server()` in `server.py` returns it; the pages reach runs and uploads through it.
"""
