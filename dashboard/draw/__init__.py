"""The parts of the Draw page: the canvas, the drawing that it makes, and the answer.

`pages/draw.py` puts them together.
"""
