"""The parts of the Data page: uploads, samples, the class chart, the form of the split.

`pages/data.py` puts them together.
"""
