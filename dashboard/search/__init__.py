"""The parts of the page Search: what is varied, the board of the best, and which setting mattered.

`dashboard.runs.search` drives a search, and `mlcore.search` decides in it.
"""
