"""Recipes: named settings for network, training and data, and the functions that run one.

The Network page offers them; `run_recipe` trains by one in a line.
"""
