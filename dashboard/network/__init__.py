"""The parts of the Network page: what a changed setting brings with it, and the picture of the network.

`pages/network.py` puts them together.
"""
