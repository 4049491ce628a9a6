"""The parts of the page Runs: the table, what can be done with a run, and the comparison of several.

`dashboard.runs` is the run service, which knows no page.
"""
