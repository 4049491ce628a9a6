"""The parts of the Home page: test images with the answers of the shipped model.

`pages/home.py` puts them together.
"""
