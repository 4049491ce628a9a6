"""Ways to study a network: check its gradients, walk through one step, look for a learning rate.

They are for notebooks and for the pages that look inside; training does not need them.
"""
