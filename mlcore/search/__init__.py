"""Looking for good settings: what is tried, what is stopped early, and which setting mattered.

It is for notebooks and for the page Search; training does not need it.
"""
