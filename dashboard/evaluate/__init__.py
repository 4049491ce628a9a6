"""The parts of the Evaluate page: the confusion matrix, tables and galleries.

`pages/evaluate.py` puts them together.
"""
