"""The parts of the Train page: the plan, the running run, its curves, its result and its downloads.

`pages/train.py` puts them together.
"""
