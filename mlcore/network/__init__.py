"""The network and its layers, each with a forward and a backward pass.

Training calls `Network` to compute outputs and gradients; a `Model` calls it to answer.
"""
