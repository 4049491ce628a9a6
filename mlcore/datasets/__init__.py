"""Data sets: labelled images, how files become one, and how one is split into training and dev set.

Training takes a `Split`; evaluation takes a `Dataset`.
"""
