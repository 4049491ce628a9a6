"""The readers of data files that users bring, one format a module.

They stand between a dataset file and the Dataset on the path.
"""
