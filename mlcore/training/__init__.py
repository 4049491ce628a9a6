"""Training: the run, the records that it yields, its batches, and the second process that takes half of them.

`train` in `run.py` is the loop; everything else here serves it.
"""
