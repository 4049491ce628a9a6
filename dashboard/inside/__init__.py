"""The parts of the Inside page: weights as pictures, the way of one image, and one step worked out.

`pages/inside.py` puts them together.
"""
