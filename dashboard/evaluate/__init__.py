"""The parts of the Evaluate page: evaluations kept for all, the confusion matrix, tables and galleries.

`pages/evaluate.py` puts them together.
"""
